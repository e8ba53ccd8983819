// @ts-check
/**
 * The decisions of a connection, as pure functions: which updates of a frame are new, whether something is missing,
 * where to resume, whether a close allows connecting again, and how long to wait before that.
 *
 * It deliberately opens no socket, sets no timer and reads no clock; live.js does that. It does not look into
 * the updates either; session.js does.
 */

/** @import {MayReconnect, Position, ServerFrame, Update} from '../client/src/protocol' */

/**
 * @typedef {object} Accepted
 * @property {Position | null} position the client's position after the frame
 * @property {Update[]} updates what is new, in order
 * @property {boolean} reset the view starts from nothing before these updates
 * @property {boolean} gap something is missing: connect again with the position
 */

/**
 * What a frame means for a client at this position. `null` is the position of a client that has seen nothing.
 * @param {Position | null} position
 * @param {ServerFrame} frame
 * @returns {Accepted}
 */
export function accept(position, frame) {
  switch (frame.type) {
    case 'connected': return begun(position, frame);
    case 'dashboard.state': return {
      position: { epoch: frame.epoch, seq: frame.seq }, updates: frame.updates, reset: true, gap: false,
    };
    case 'subscribed': return added(position, frame);
    case 'dashboard.update': return continued(position, frame.seq - 1, frame.seq, [frame]);
    case 'dashboard.updates': return continued(position, frame.prev, frame.seq, frame.updates);
    default: return unchanged(position);
  }
}

/**
 * With `none` the room is empty, so anything the client has seen is of another epoch. With `snapshot` the state
 * follows, with its own position. A replay of another epoch would be numbered differently, so it counts as a gap.
 * @param {Position | null} position
 * @param {import('../client/src/protocol').ConnectedFrame} frame
 * @returns {Accepted}
 */
function begun(position, { epoch, seq, recovery }) {
  if (recovery === 'none') return { position: { epoch, seq }, updates: [], reset: true, gap: false };
  const strange = recovery === 'replayed' && position?.epoch !== epoch;
  return strange ? { ...unchanged(null), gap: true } : unchanged(position);
}

/**
 * All updates of a subscription are new, though some may have numbers below the client's position.
 * @param {Position | null} position
 * @param {import('../client/src/protocol').SubscribedFrame} frame
 * @returns {Accepted}
 */
function added(position, { epoch, seq, updates }) {
  if (position?.epoch !== epoch) return { ...unchanged(position), gap: true };
  return { position: { epoch, seq: Math.max(position.seq, seq) }, updates, reset: false, gap: false };
}

/**
 * @param {Position | null} position
 * @param {number} prev
 * @param {number} seq
 * @param {Update[]} updates
 * @returns {Accepted}
 */
function continued(position, prev, seq, updates) {
  if (!position || prev > position.seq) return { ...unchanged(position), gap: true };
  if (seq <= position.seq) return unchanged(position);
  const fresh = updates.filter((update) => update.seq > position.seq);
  return { position: { epoch: position.epoch, seq }, updates: fresh, reset: false, gap: false };
}

/**
 * @param {Position | null} position
 * @returns {Accepted}
 */
function unchanged(position) {
  return { position, updates: [], reset: false, gap: false };
}

/**
 * @param {Position | null} position
 * @returns {string} as it is written in `?resume=` and in an ETag
 */
export function formatPosition(position) {
  return position ? `${position.epoch}:${position.seq}` : '';
}

/**
 * The characters of session names and positions need no escaping in an address. Any other character that somebody
 * typed as part of a name is escaped, and the server refuses it.
 * @param {string} base the page's own address
 * @param {string} session
 * @param {Position | null} position
 * @returns {string} the address of the session's WebSocket; the token is not part of it
 */
export function liveUrl(base, session, position) {
  const name = encodeURIComponent(session).replace(/%(3A|40|2B|3D)/g, decodeURIComponent);
  // The page of a tenant may be below /t/<tenant>/.
  const [tenant = ''] = new URL(base).pathname.match(/^\/t\/[^/]+/) ?? [];
  const url = new URL(`${tenant}/api/sessions/${name}/live`, base);
  url.protocol = url.protocol.replace('http', 'ws');
  if (position) url.search = `?resume=${formatPosition(position)}`;
  return url.href;
}

/**
 * The table of close codes in docs/protocol.md. For a code that is not in it, its range decides. Outside of every
 * range the page connects again: that is the safer mistake, because the pause grows.
 * @param {number} code
 * @returns {MayReconnect}
 */
export function mayReconnect(code) {
  if (code === 1000 || code === 1009) return 'no';
  if (code === 4401) return 'with a new token';
  return code >= 4400 && code <= 4499 ? 'no' : 'yes';
}

export const FIRST_PAUSE_MS = 1_000;
export const LONGEST_PAUSE_MS = 30_000;

/**
 * How long to wait before connecting again. The first attempt comes at a random moment within a second, so that a
 * thousand pages that lost the same server do not return at the same moment. The longest pause doubles with each
 * later attempt, and the shortest is half of it.
 * @param {number} attempt how many attempts have failed since the connection was last good
 * @param {number} random from 0 up to 1
 * @returns {number} milliseconds
 */
export function retryDelay(attempt, random) {
  const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
  return Math.round(attempt === 0 ? ceiling * random : (ceiling * (1 + random)) / 2);
}

/**
 * The number of the attempt from which the pause is computed. After a close code 45xx, which means that the room is
 * full or failing, even the first attempt waits longer.
 * @param {number} failed attempts that failed since the connection was last good
 * @param {number} code the close code
 * @returns {number}
 */
export function attemptAfter(failed, code) {
  return code >= 4500 && code <= 4599 ? Math.max(1, failed) : failed;
}
