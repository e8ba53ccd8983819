// @ts-check
/**
 * What the page /watch knows about a dashboard's frames, as pure functions: the view after one more frame, the address
 * of the WebSocket, whether to come back after a close, and how long to wait before that.
 *
 * It deliberately opens no socket, reads no clock and draws nothing; watch.js does that. It knows no dashboard: a
 * frame is a text, and all that is read of it is its `type`.
 */

import { mayReconnect, retryDelay } from './position.js';

export const FRAMES_KEPT = 200;

/** Characters of a frame that are kept. The rest of a longer one is only counted, and it is not printed prettily. */
export const CHARS_KEPT = 32_768;

/** Frames without a `type` that is a text, and texts that are not JSON. */
export const NO_TYPE = '(no type)';

/**
 * @typedef {object} Line one line of a frame that is printed prettily
 * @property {string} path where in the frame the line is; unique in the frame
 * @property {string} text
 * @property {'' | ','} comma apart from the text, because a value does not change when another one follows
 * @property {number} since when the line last changed
 *
 * @typedef {Omit<Line, 'since'>} Undated
 *
 * @typedef {object} Latest the latest frame of a type
 * @property {number} count how many frames of the type came
 * @property {number} at when the latest came
 * @property {Line[]} lines
 *
 * @typedef {object} Frame
 * @property {number} number counts all frames, from 1
 * @property {number} at
 * @property {string} text
 *
 * @typedef {object} View
 * @property {number} total how many frames came
 * @property {ReadonlyMap<string, Latest>} types in the order in which they first came
 * @property {readonly Frame[]} frames the newest first
 */

/** @returns {View} */
export function emptyView() {
  return { total: 0, types: new Map(), frames: [] };
}

/**
 * @param {View} view
 * @param {string} text a frame as it was received
 * @param {number} at when, in milliseconds
 * @returns {View} the view after it
 */
export function received(view, text, at) {
  const value = parsed(text);
  const type = typeOf(value);
  const before = view.types.get(type);
  const kept = shortened(text);
  /** @type {Undated[]} */
  const lines = value === undefined || kept !== text ? [{ path: '', text: kept, comma: '' }] : linesOf(text);
  const latest = { count: (before?.count ?? 0) + 1, at, lines: dated(lines, before?.lines ?? [], at) };
  const total = view.total + 1;
  return {
    total,
    types: new Map(view.types).set(type, latest),
    frames: [{ number: total, at, text: kept }, ...view.frames].slice(0, FRAMES_KEPT),
  };
}

/**
 * @param {string} text
 * @returns {any} undefined if the text is not JSON
 */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {any} value */
function typeOf(value) {
  const type = value?.type;
  return typeof type === 'string' && type !== '' ? type : NO_TYPE;
}

/** @param {string} text */
function shortened(text) {
  const more = text.length - CHARS_KEPT;
  return more > 0 ? `${text.slice(0, CHARS_KEPT)}… and ${more} more characters` : text;
}

/**
 * A line that says the same as the line at its path before is as old as that one.
 * @param {Undated[]} lines
 * @param {Line[]} before
 * @param {number} at
 * @returns {Line[]}
 */
function dated(lines, before, at) {
  const known = new Map(before.map((line) => [line.path, line]));
  return lines.map((line) => {
    const old = known.get(line.path);
    return { ...line, since: old?.text === line.text ? old.since : at };
  });
}

// ---- Printing -------------------------------------------------------------------------------------------

/** A name in an object with its colon, or a text, or a bracket, or a comma, or any other value. */
const TOKEN = /"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\],]|[^\s{}[\],"]+/g;

/** Deeper levels are not indented further. */
const DEEPEST_INDENT = 16;

/**
 * Prints JSON with one value per line. The text is not parsed and written again, as that would change what it shows:
 * long numbers, the order of names, names that come twice.
 * @param {string} json which is known to be JSON
 * @returns {Undated[]}
 */
export function linesOf(json) {
  const printer = new Printer();
  for (const token of json.match(TOKEN) ?? []) printer.take(token);
  return printer.lines;
}

class Printer {
  /** @type {Undated[]} */ lines = [];
  /** The objects and lists around the next value. @type {{path: string, size: number}[]} */ #around = [];
  #paths = new Set();
  /** The name of the next value, with its colon. */ #name = '';

  /** @param {string} token */
  take(token) {
    if (token === ',') this.lines[this.lines.length - 1].comma = ',';
    else if (token === '}' || token === ']') this.#close(token);
    else if (token.endsWith(':')) this.#name = token.replace(/\s*:$/, ':');
    else this.#value(token);
  }

  /** @param {string} bracket */
  #close(bracket) {
    const closed = this.#around.pop();
    if (closed?.size === 0) this.lines[this.lines.length - 1].text += bracket;
    else this.#add(`${closed?.path} end`, bracket);
  }

  /** @param {string} token a value, or the bracket that opens one */
  #value(token) {
    const parent = this.#around.at(-1);
    const place = parent ? `${parent.path}/${this.#name || parent.size}` : '';
    const path = this.#add(place, this.#name ? `${this.#name} ${token}` : token);
    if (parent) parent.size += 1;
    if (token === '{' || token === '[') this.#around.push({ path, size: 0 });
    this.#name = '';
  }

  /**
   * @param {string} place
   * @param {string} text
   * @returns {string} the path of the line, which differs from its place if a name comes twice
   */
  #add(place, text) {
    let path = place;
    while (this.#paths.has(path)) path += ' again';
    this.#paths.add(path);
    const indent = '  '.repeat(Math.min(this.#around.length, DEEPEST_INDENT));
    this.lines.push({ path, text: indent + text, comma: '' });
    return path;
  }
}

// ---- The connection -------------------------------------------------------------------------------------

/**
 * @param {string} base the page's own address
 * @param {string} path of the dashboard, with any query parameters, which are kept as they are
 * @param {string | null} token
 * @returns {string | null} the address of the dashboard's WebSocket, or null if it is not on the page's own origin
 */
export function addressOf(base, path, token) {
  if (!path || !URL.canParse(path, base)) return null;
  const url = new URL(path, base);
  if (url.origin !== new URL(base).origin) return null;
  url.protocol = url.protocol.replace('http', 'ws');
  url.hash = '';
  if (token) url.search += `${url.search ? '&' : '?'}token=${encodeURIComponent(token)}`;
  return url.href;
}

/**
 * Also after 4401, unlike the page of decision sessions: the token may be accepted later, and a new one may not be at hand.
 * @param {number} code
 */
export function comesBack(code) {
  return mayReconnect(code) !== 'no';
}

/**
 * @param {number} count 1 for the first reconnect since the connection was last good
 * @param {number} random from 0 up to 1
 * @returns {number} milliseconds to wait before it, from 1 s to 30 s
 */
export function pauseBefore(count, random) {
  return retryDelay(Math.max(1, count), random);
}
