// @ts-check
/**
 * The words of the page, as pure functions: names for the identifiers of the wire, times, and sentences about a closed
 * connection.
 *
 * It deliberately changes nothing that people wrote (titles, summaries, messages).
 */

/** @import {Closed} from './live.js' */
/** @import {Cycle} from './session.js' */
/** @import {RefusalCode, Update} from '../client/src/protocol' */

/** Names that `nameOf` would get wrong by itself. @type {Record<string, string>} */
const NAMES = {
  tradeoffs: 'Trade-offs',
  notes_next_steps: 'Notes and next steps',
};

/**
 * `decision_quality` → `Decision quality`. A text that is not an identifier was written by people and is not changed.
 * @param {string} identifier
 */
export function nameOf(identifier) {
  if (Object.hasOwn(NAMES, identifier)) return NAMES[identifier];
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(identifier)) return identifier;
  const words = identifier.replaceAll('_', ' ');
  return words[0].toUpperCase() + words.slice(1);
}

/**
 * @param {Cycle[]} cycles in their order
 * @param {string} id
 * @returns {string} `Cycle 2`, or the id if the cycle is not known
 */
export function cycleName(cycles, id) {
  const index = cycles.findIndex((cycle) => cycle.id === id);
  return index < 0 ? id : `Cycle ${index + 1}`;
}

/**
 * @param {Cycle[]} cycles
 * @param {Cycle} cycle
 * @returns {string | undefined} where a branched cycle comes from
 */
export function originOf(cycles, { parentId, branchPoint }) {
  if (!parentId) return undefined;
  const from = `Branched from ${cycleName(cycles, parentId)}`;
  return branchPoint ? `${from} at ${nameOf(branchPoint)}` : from;
}

/**
 * The time of day for today, with the date for other days, in the reader's own time zone and format.
 * @param {string} timestamp
 * @param {Date} [today]
 */
export function shortTime(timestamp, today = new Date()) {
  const time = new Date(timestamp);
  if (Number.isNaN(time.getTime())) return timestamp;
  /** @type {Intl.DateTimeFormatOptions} */
  const clock = { hour: '2-digit', minute: '2-digit' };
  const sameDay = time.toDateString() === today.toDateString();
  return time.toLocaleString(undefined, sameDay ? clock : { day: 'numeric', month: 'short', ...clock });
}

/**
 * A number with a real minus sign and at most two decimals.
 * @param {number} value
 */
export function numberText(value) {
  return String(Math.round(value * 100) / 100).replace('-', '−');
}

/**
 * A sentence for every refusal after which the page does not connect again by itself.
 * @type {Record<Exclude<RefusalCode, 'attempts_exceeded' | 'address_full' | 'room_full' | 'room_busy' | 'room_failed'>, string> & Record<string, string>}
 */
const REASONS = {
  bad_session: 'The name of the session is not one that Roomcast accepts.',
  bad_position: 'The page asked to resume at a position that the server does not understand.',
  token_missing: 'The server did not receive a token.',
  token_invalid: 'The token is not valid here.',
  token_revoked: 'The token was revoked.',
  token_expired: 'The token has expired.',
  origin_refused: 'The server does not accept pages from this address.',
  bad_topics: 'The page asked for topics that are not well formed.',
  bad_pace: 'The page asked for a pace that the server does not offer.',
  topic_refused: 'The token does not give access to one of the topics.',
  session_refused: 'The token does not give access to this session.',
  tenant_suspended: 'This server is suspended.',
  tenant_unknown: 'There is nothing at this address.',
  user_full: 'This user has as many connections as a user may have. Close one of them, and load the page again.',
};

/**
 * @param {Pick<Closed, 'code' | 'reason'>} closed
 * @returns {string} a sentence for the reader
 */
export function whyClosed({ code, reason }) {
  if (Object.hasOwn(REASONS, reason)) return REASONS[reason];
  if (code === 1000) return 'The server has ended the connection.';
  return `The server has closed the connection (${code}${reason ? `, ${reason}` : ''}).`;
}

/**
 * The text that a screen reader speaks. Most updates are not worth an interruption.
 * @param {Update} update
 * @returns {string | undefined}
 */
export function announcement(update) {
  if (update.updateType === 'cycle.created') return 'A new cycle has begun.';
  if (update.updateType === 'cycle.completed') return 'A cycle is completed.';
  if (update.updateType !== 'component.completed') return undefined;
  const { componentType, progress } = update.data;
  return `${nameOf(componentType)} completed${progress ? `, ${progress.completed} of ${progress.total}` : ''}.`;
}
