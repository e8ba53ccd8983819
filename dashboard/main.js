// @ts-check
/**
 * Wires the page together: the address and the form name a session and a token, live.js brings updates,
 * session.js folds them, view.js draws at most once per frame.
 *
 * It deliberately keeps the token out of every address that a server sees: it comes in the fragment, moves to
 * this tab's session storage, and is stripped from the address bar.
 *
 * `window.roomcast` is for debugging and for the end-to-end tests: `applied` lists every seq that was received by tail
 * or replay, in the order of applying; `snapshots` counts the `dashboard.state` frames.
 */

import { byId } from './dom.js';
import { Live } from './live.js';
import { apply, emptySession } from './session.js';
import { render } from './view.js';
import { announcement } from './words.js';

/** @import {Position, Update} from '../client/src/protocol' */
/** @import {Closed} from './live.js' */
/** @import {Model} from './view.js' */

/** The length of `applied`. A page that stays open for weeks must not keep a list of everything. */
const DEBUG_SEQS_KEPT = 100_000;

const debug = { applied: /** @type {number[]} */ ([]), snapshots: 0 };
Object.assign(window, { roomcast: debug });

/** @type {Model} */
const model = {
  sessionId: null, session: emptySession(), selected: null, status: 'connecting', needsToken: true, position: null, received: 0,
};
/** @type {Live | null} */
let live = null;
let drawing = false;

/** Draws at most once per frame, however many updates arrive in between. */
function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    render(model, { select });
  });
}

/** @param {string} cycleId the chosen cycle; choosing it again makes the page follow the active cycle */
function select(cycleId) {
  model.selected = model.selected === cycleId ? null : cycleId;
  draw();
}

// ---- What the connection reports ------------------------------------------------------------------------

/** @type {import('./live.js').Listener} */
const listener = {
  updates(updates, how) {
    const start = how === 'tail' ? model.session : emptySession();
    model.session = updates.reduce(apply, start);
    if (how === 'snapshot') debug.snapshots += 1;
    if (how === 'tail') count(updates);
    draw();
  },
  position(position) {
    model.position = position;
    draw();
  },
  status(status, closed) {
    Object.assign(model, { status, closed, needsToken: closed?.reconnect === 'with a new token' });
    if (model.needsToken) withStorage((storage) => storage.removeItem(storageKey(model.sessionId ?? '')));
    draw();
  },
};

/** @param {Update[]} updates */
function count(updates) {
  model.received += updates.length;
  for (const { seq } of updates) debug.applied.push(seq);
  if (debug.applied.length > DEBUG_SEQS_KEPT) debug.applied.splice(0, debug.applied.length - DEBUG_SEQS_KEPT);
  const words = updates.map(announcement).filter(Boolean).at(-1);
  if (words) byId('announcer').textContent = words;
}

// ---- Session and token ----------------------------------------------------------------------------------

/** Three parts of base64url. Any other text is not a token, and may not even be allowed in the header. */
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** @param {string} session */
const storageKey = (session) => `roomcast.token.${session}`;

/**
 * Uses the session storage. If the browser forbids it, the page works until it is reloaded.
 * @param {(storage: Storage) => string | null | void} use
 * @returns {string | null}
 */
function withStorage(use) {
  try {
    return use(sessionStorage) ?? null;
  } catch (error) {
    console.warn('roomcast: no session storage; a reload will ask for the token again', error);
    return null;
  }
}

/** @returns {string | null} the token of the fragment, which is then removed from the address */
function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(null, '', location.pathname + location.search);
  return token;
}

/**
 * @param {string} session
 * @param {string} token
 */
function watch(session, token) {
  if (!TOKEN.test(token)) return refuse('This is not a token: it should be three parts joined by dots.');
  withStorage((storage) => storage.setItem(storageKey(session), token));
  Object.assign(model, { sessionId: session, needsToken: false });
  byId('form-error').hidden = true;
  if (live) return live.renew(token);
  live = new Live(session, token, listener);
  live.connect();
}

/** @param {string} why */
function refuse(why) {
  const error = byId('form-error');
  error.textContent = why;
  error.hidden = false;
  model.needsToken = true;
  draw();
}

/** @param {SubmitEvent} event */
function submitted(event) {
  event.preventDefault();
  const fields = new FormData(/** @type {HTMLFormElement} */ (event.target));
  const [session, token] = [String(fields.get('session')).trim(), String(fields.get('token')).trim()];
  // Another session is another page, with a view, a position and a history entry of its own.
  if (live && session !== live.session) location.assign(`${location.pathname}?session=${encodeURIComponent(session)}#token=${token}`);
  else {
    history.replaceState(null, '', `${location.pathname}?session=${encodeURIComponent(session)}`);
    watch(session, token);
  }
}

function arrive() {
  const session = new URLSearchParams(location.search).get('session');
  const fromLink = takeToken();
  if (!session) return draw();
  model.sessionId = session;
  /** @type {HTMLInputElement} */ (byId('form-session')).value = session;
  const token = fromLink ?? withStorage((storage) => storage.getItem(storageKey(session)));
  if (token) watch(session, token);
  draw();
}

/** Takes the token of a link that was opened in this tab. Only the fragment changes, so the page is not loaded. */
function followedLink() {
  const token = takeToken();
  if (token !== null && model.sessionId) watch(model.sessionId, token);
}

byId('form').addEventListener('submit', submitted);
window.addEventListener('hashchange', followedLink);
window.addEventListener('online', () => live?.wake());
window.addEventListener('offline', () => live?.lost());
document.addEventListener('visibilitychange', () => { if (!document.hidden) live?.wake(); });
arrive();
