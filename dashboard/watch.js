// @ts-check
/**
 * Shows the frames and the latest values of any dashboard document. The address names the path of its WebSocket, and
 * what to say there: `/watch?path=/admin/ws/dashboard&say={"action":"ping"}#token=…`. frames.js folds what comes.
 *
 * It deliberately sends nothing of its own, not even pings, and asks for no subprotocol: it sees exactly what the
 * dashboard's own client would see. As that client, it sends its token in the address of the WebSocket. The token
 * is kept out of the address of the page, as in main.js.
 */

import { byId, keepList, part, setOptional, setText, setTime } from './dom.js';
import { addressOf, comesBack, emptyView, pauseBefore, received } from './frames.js';

/** @import {Frame, Latest, Line, View} from './frames.js' */

/**
 * @typedef {{kind: 'connecting'} | {kind: 'live', since: number} | {kind: 'waiting', why: string, until: number}
 *   | {kind: 'closed', why: string}} State
 */

/** After a connection that was good for this long, the first pause is short again. */
const SETTLED_AFTER_MS = 5_000;
const MARKED_FOR_MS = 1_500;

const asked = new URLSearchParams(location.search);
const path = asked.get('path') ?? '';
/** Said on every connection, because a server forgets what a lost one had subscribed to. */
const say = asked.get('say');
/** @type {string | null} */
let token = null;

/** @type {State} */
let state = { kind: 'connecting' };
/** @type {WebSocket | null} */
let socket = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retry;
/** Connections that failed since one was last good. */
let failed = 0;

let view = emptyView();
/** What is shown while the page is paused. @type {View | null} */
let held = null;

// ---- The connection -------------------------------------------------------------------------------------

/** Connects for the first time, or connects again at once without waiting for the rest of the pause. */
function connect() {
  drop();
  const address = addressOf(location.href, path, token);
  if (!address) return refuse();
  setText(byId('access'), token ? 'with a token' : 'without a token');
  socket = new WebSocket(address);
  socket.binaryType = 'arraybuffer';
  socket.onopen = opened;
  socket.onmessage = ({ data }) => came(data);
  socket.onclose = ({ code, reason }) => ended(code, reason);
  become({ kind: 'connecting' });
}

function opened() {
  become({ kind: 'live', since: performance.now() });
  if (say) send(say);
}

/** @param {string | ArrayBuffer} data */
function came(data) {
  const text = typeof data === 'string' ? data : `(a binary frame of ${data.byteLength} bytes)`;
  view = received(view, text, Date.now());
  draw();
}

/**
 * @param {number} code
 * @param {string} reason
 */
function ended(code, reason) {
  const opened = state.kind === 'live';
  if (state.kind === 'live' && performance.now() - state.since >= SETTLED_AFTER_MS) failed = 0;
  const why = `Closed with ${code}${reason ? `, ${reason}` : ''}${opened ? '' : ' before it was open'}`;
  drop();
  if (!comesBack(code)) return become({ kind: 'closed', why });
  failed += 1;
  const pause = pauseBefore(failed, Math.random());
  retry = setTimeout(connect, pause);
  become({ kind: 'waiting', why, until: performance.now() + pause });
}

/** Forgets the socket first, so that nothing more from it is handled. */
function drop() {
  clearTimeout(retry);
  retry = undefined;
  if (!socket) return;
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close();
  socket = null;
}

/** @param {string} text */
function send(text) {
  const open = socket?.readyState === WebSocket.OPEN;
  if (open) socket?.send(text);
  setText(byId('sent'), open ? `Sent at ${PRECISE.format(Date.now())}: ${text}` : '');
  setOptional(byId('send-error'), open ? undefined : 'Nothing was sent, because there is no connection.');
}

// ---- Drawing --------------------------------------------------------------------------------------------

/** @type {Intl.DateTimeFormatOptions} */
const TIME = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
const CLOCK = new Intl.DateTimeFormat(undefined, TIME);
const PRECISE = new Intl.DateTimeFormat(undefined, { ...TIME, fractionalSecondDigits: 3 });

/** @type {Record<State['kind'], string>} the statuses that style.css knows */
const BADGE = { connecting: 'reconnecting', live: 'live', waiting: 'reconnecting', closed: 'closed' };

/** @param {State} next */
function become(next) {
  state = next;
  // Only here, so that a countdown is not read out every second.
  setText(byId('announcer'), words());
  draw();
}

function words() {
  switch (state.kind) {
    case 'connecting': return 'Connecting…';
    case 'live': return 'Live';
    case 'closed': return `${state.why}. It stays closed.`;
    case 'waiting': {
      const seconds = Math.max(0, Math.ceil((state.until - performance.now()) / 1000));
      return `${state.why}. Reconnecting in ${seconds} s`;
    }
  }
}

let drawing = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let later;

/** Draws at most once per frame of the screen, however many frames arrive in between. */
function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    drawStatus();
    const marked = drawView(held ?? view);
    clearTimeout(later);
    if (marked || state.kind === 'waiting') later = setTimeout(draw, 250);
  });
}

function drawStatus() {
  const badge = byId('badge');
  badge.dataset.status = BADGE[state.kind];
  setText(badge, words());
}

/**
 * @param {View} shown
 * @returns {boolean} whether something is marked
 */
function drawView(shown) {
  const count = (/** @type {number} */ n) => `${n} ${n === 1 ? 'frame' : 'frames'}`;
  const paused = held && `Paused after ${count(held.total)}, ${view.total - held.total} more came`;
  setText(byId('count'), paused ?? count(view.total));
  byId('pause').setAttribute('aria-pressed', String(held !== null));
  byId('latest').hidden = byId('frames').hidden = shown.total === 0;
  byId('latest-empty').hidden = byId('frames-empty').hidden = shown.total > 0;
  keepList(byId('types'), 'type-template', [...shown.types], ([type]) => type, drawType);
  keepList(byId('frames'), 'frame-template', [...shown.frames], ({ number }) => String(number), drawFrame);
  return [...shown.types.values()].some(({ at }) => isNew(at));
}

/** Whether what happened at that time is still marked. @param {number} at */
const isNew = (at) => Date.now() - at < MARKED_FOR_MS;

/** Rows that show this and have no mark any more. @type {WeakMap<HTMLElement, Latest>} */
const settled = new WeakMap();

/**
 * @param {HTMLElement} row
 * @param {[string, Latest]} item
 */
function drawType(row, [type, latest]) {
  if (settled.get(row) === latest) return;
  row.classList.toggle('changed', isNew(latest.at));
  setText(part(row, '.type-name'), type);
  setText(part(row, '.type-count'), String(latest.count));
  setTime(part(row, 'time'), new Date(latest.at).toISOString(), () => CLOCK.format(latest.at));
  keepList(part(row, 'code'), 'line-template', latest.lines, ({ path: where }) => where, drawLine);
  if (!isNew(latest.at)) settled.set(row, latest);
}

/**
 * @param {HTMLElement} node
 * @param {Line} line
 */
function drawLine(node, { text, comma, since }) {
  setText(node, text + comma);
  node.classList.toggle('changed', isNew(since));
}

/**
 * @param {HTMLElement} node
 * @param {Frame} frame
 */
function drawFrame(node, { at, text }) {
  setTime(part(node, 'time'), new Date(at).toISOString(), () => PRECISE.format(at));
  setText(part(node, 'code'), text);
}

// ---- The address and the reader -------------------------------------------------------------------------

/** A key for each path, so that no dashboard gets the token of another. */
const STORAGE_KEY = `roomcast.watch.${path}`;

/** @returns {boolean} whether the address has a token, which is then moved to this tab's session storage */
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) history.replaceState(null, '', location.pathname + location.search);
  try {
    if (given) sessionStorage.setItem(STORAGE_KEY, given);
    token = given ?? sessionStorage.getItem(STORAGE_KEY);
  } catch (error) {
    console.warn('roomcast: no session storage; a reload will forget the token', error);
    token = given ?? token;
  }
  return given !== null;
}

function refuse() {
  byId('watch').hidden = byId('badge').hidden = true;
  byId('notice').hidden = false;
  const why = path ? `This server has no path “${path}”.` : 'The address of this page names no path to watch.';
  setText(byId('notice-text'), why);
}

function begin() {
  takeToken();
  if (path) document.title = `${path} · Roomcast`;
  setText(byId('path'), path);
  /** @type {HTMLInputElement} */ (byId('say')).value = say ?? '';
  connect();
}

/** Takes the token of a link that was opened in this tab. Only the fragment changes, so the page is not loaded. */
function followedLink() {
  if (!takeToken()) return;
  failed = 0;
  connect();
}

/** @param {SubmitEvent} event */
function submitted(event) {
  event.preventDefault();
  send(/** @type {HTMLInputElement} */ (byId('say')).value);
}

function pause() {
  held = held ? null : view;
  draw();
}

function clear() {
  view = emptyView();
  if (held) held = view;
  draw();
}

function wake() {
  if (retry !== undefined) connect();
}

byId('form').addEventListener('submit', submitted);
byId('pause').addEventListener('click', pause);
byId('clear').addEventListener('click', clear);
window.addEventListener('hashchange', followedLink);
window.addEventListener('online', wake);
document.addEventListener('visibilitychange', () => { if (!document.hidden) wake(); });
begin();
