// @ts-check
/**
 * The connection to one session: it opens the socket, keeps it alive, notices when it is dead, and connects again with
 * its position. position.js decides what a frame, a close code or a failed attempt means.
 *
 * It deliberately keeps no view of the session (it hands updates on), never gives up on its own while the close
 * code allows connecting again, and sends nothing but pings and acks.
 */

import { accept, attemptAfter, liveUrl, mayReconnect, retryDelay } from './position.js';

/** @import {MayReconnect, Position, ServerFrame, Update} from '../client/src/protocol' */

/** The room answers exactly this text without waking up. */
const PING = '{"type":"ping"}';

/** After so many characters a ping is sent, to show the room that they were read. The room closes slow clients. */
const PING_AFTER_CHARS = 1 << 20;

/** A recovery of this many characters is shown as read at once, so that the room can let other clients in sooner. */
const RECOVERED_CHARS = 1 << 16;
const PING_EVERY_MS = 30_000;
/** How long after an update the room is told that it was applied. Further updates until then share the ack. */
const ACK_AFTER_MS = 1_000;
/** How long the server may take to answer an upgrade or a ping before the connection counts as dead. */
const ANSWER_WITHIN_MS = 10_000;
/** After a connection that was good for this long, the first retry is quick again. */
const SETTLED_AFTER_MS = 5_000;

/**
 * @typedef {object} Closed
 * @property {number} code 0 if there was no close frame
 * @property {string} reason
 * @property {Exclude<MayReconnect, 'yes'>} reconnect
 *
 * @typedef {object} Listener
 * @property {(updates: Update[], how: 'tail' | 'snapshot' | 'empty') => void} updates 'tail' continues the
 *   view; with the others it starts from nothing
 * @property {(position: Position | null) => void} position
 * @property {(status: 'connecting' | 'live' | 'reconnecting' | 'closed', closed?: Closed) => void} status
 *
 * @typedef {object} Platform what the browser provides; tests replace it
 * @property {typeof WebSocket} WebSocket
 * @property {() => number} random
 * @property {() => number} now
 * @property {string} base
 */

export class Live {
  /** @type {Position | null} */ #position = null;
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #watchdog;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #pings;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #ack;
  /** Characters received since the last ping. */ #unproven = 0;
  /** The room's head in `connected`: the page catches up until it has reached it. */
  #head = Infinity;
  /** When the connection became good, if it did. @type {number | null} */ #liveSince = null;
  #failed = 0;

  /**
   * @param {string} session
   * @param {string} token
   * @param {Listener} listener
   * @param {Platform} [platform]
   */
  constructor(session, token, listener, platform = browser()) {
    this.session = session;
    this.token = token;
    this.listener = listener;
    this.platform = platform;
  }

  /** Connects for the first time, or connects again at once without waiting for the rest of the pause. */
  connect() {
    this.#drop();
    const { WebSocket, base } = this.platform;
    const url = liveUrl(base, this.session, this.#position);
    const socket = new WebSocket(url, ['roomcast.v1', `roomcast.bearer.${this.token}`]);
    socket.onmessage = (event) => this.#received(event.data);
    socket.onclose = (event) => this.#closed(event.code, event.reason);
    this.#socket = socket;
    this.listener.status(this.#position || this.#failed > 0 ? 'reconnecting' : 'connecting');
    this.#expectAnswer();
  }

  /** @param {string} token a new token, for example after the old one has expired; the position stays */
  renew(token) {
    this.token = token;
    this.#failed = 0;
    this.connect();
  }

  /** Checks the connection now and not at the next ping, because the network may have been away. */
  wake() {
    if (this.#retry !== undefined) this.connect();
    else if (this.#liveSince !== null) this.#ping();
  }

  /** Gives the connection up at once, because the browser says that the network is gone. */
  lost() {
    if (this.#socket) this.#again(0);
  }

  /** Ends for good. */
  close() {
    this.#socket?.close(1000);
    this.#drop();
  }

  /** @param {unknown} text */
  #received(text) {
    clearTimeout(this.#watchdog);
    /** @type {ServerFrame} */
    let frame;
    try {
      frame = JSON.parse(String(text));
    } catch (error) {
      console.error('roomcast: a frame that is not JSON', error);
      return this.#again(0);
    }
    if (frame.type === 'error') console.error(`roomcast: ${frame.code}: ${frame.message}`);
    if (frame.type === 'connected') this.#greeted(frame.seq);
    this.#unproven += String(text).length;
    this.#take(frame);
    if (this.#socket && this.#unproven >= PING_AFTER_CHARS) this.#ping();
  }

  /** @param {number} head */
  #greeted(head) {
    this.#head = head;
    this.#pings = setInterval(() => this.#ping(), PING_EVERY_MS);
  }

  /** @param {ServerFrame} frame */
  #take(frame) {
    const { position, updates, reset, gap } = accept(this.#position, frame);
    if (reset) this.listener.updates(updates, frame.type === 'dashboard.state' ? 'snapshot' : 'empty');
    else if (updates.length > 0) this.listener.updates(updates, 'tail');
    // Set only now: updates that the listener could not apply count as not seen.
    this.#position = position;
    if (gap) return this.#again(0);
    this.listener.position(position);
    if (updates.length > 0) this.#ack ??= setTimeout(() => this.#acknowledge(), ACK_AFTER_MS);
    if (this.#liveSince === null && position && this.#caughtUp(frame, position)) this.#live();
  }

  /**
   * Whether the page has caught up with the room. A `connected` that announces a snapshot is never enough: a position
   * with the same seq may be one of another epoch.
   * @param {ServerFrame} frame
   * @param {Position} position
   */
  #caughtUp(frame, position) {
    const announced = frame.type === 'connected' && frame.recovery === 'snapshot';
    return !announced && position.seq >= this.#head;
  }

  #live() {
    this.#liveSince = this.platform.now();
    if (this.#unproven >= RECOVERED_CHARS) this.#prove();
    this.listener.status('live');
  }

  /** Tells the room how far the page is. If that is too little, the room sends less. */
  #acknowledge() {
    this.#ack = undefined;
    if (this.#position) this.#socket?.send(JSON.stringify({ type: 'ack', seq: this.#position.seq }));
  }

  /** Shows the room that everything was read. A client that reads nothing may get one ping through, but not two. */
  #prove() {
    this.#ping();
    this.#ping();
  }

  #ping() {
    this.#unproven = 0;
    this.#socket?.send(PING);
    this.#expectAnswer();
  }

  #expectAnswer() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#again(0), ANSWER_WITHIN_MS);
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #closed(code, reason) {
    const reconnect = mayReconnect(code);
    if (reconnect === 'yes') return this.#again(code);
    this.#drop();
    this.listener.status('closed', { code, reason, reconnect });
  }

  /** @param {number} code the close code, 0 if the page itself gave the connection up */
  #again(code) {
    const settled = this.#liveSince !== null && this.platform.now() - this.#liveSince >= SETTLED_AFTER_MS;
    const attempt = attemptAfter(settled ? 0 : this.#failed, code);
    this.#failed = attempt + 1;
    this.#drop();
    this.#retry = setTimeout(() => this.connect(), retryDelay(attempt, this.platform.random()));
    this.listener.status('reconnecting');
  }

  /** Forgets the socket first, so that nothing more from it is handled, and stops every timer. */
  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#liveSince = null;
    this.#head = Infinity;
    this.#unproven = 0;
    clearTimeout(this.#retry);
    clearTimeout(this.#watchdog);
    clearTimeout(this.#ack);
    clearInterval(this.#pings);
    this.#retry = undefined;
    this.#ack = undefined;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

/** @returns {Platform} */
function browser() {
  return { WebSocket, random: Math.random, now: () => performance.now(), base: location.href };
}
