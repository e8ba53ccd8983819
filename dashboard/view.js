// @ts-check
/**
 * Draws the page from one model. Drawing the same model twice changes nothing, so main.js may draw whenever
 * something might have changed.
 *
 * It deliberately decides nothing, and has no connection, no storage and no state of its own. It reports what a reader
 * does through `Actions`.
 */

import { byId, keepList, part, setOptional, setText, setTime } from './dom.js';
import { formatPosition } from './position.js';
import { activeCycle, componentsInOrder, cycleProgress, cyclesInOrder, percentOf } from './session.js';
import { cycleName, nameOf, numberText, originOf, shortTime, whyClosed } from './words.js';

/** @import {Position} from '../client/src/protocol' */
/** @import {Closed} from './live.js' */
/** @import {Component, Cycle, Message, Scores, Session} from './session.js' */

/**
 * @typedef {object} Model
 * @property {string | null} sessionId null: nothing to watch yet
 * @property {Session} session
 * @property {string | null} selected the cycle the reader chose; null follows the active one
 * @property {'connecting' | 'live' | 'reconnecting' | 'closed'} status
 * @property {Closed} [closed]
 * @property {boolean} needsToken
 * @property {Position | null} position
 * @property {number} received
 *
 * @typedef {object} Actions
 * @property {(cycleId: string) => void} select
 */

const MESSAGES_SHOWN = 6;

/**
 * @param {Model} model
 * @param {Actions} actions
 */
export function render(model, actions) {
  const cycles = cyclesInOrder(model.session);
  const cycle = cycles.find(({ id }) => id === model.selected) ?? activeCycle(model.session);
  drawConnection(model);
  drawEntry(model);
  drawHeadline(model);
  drawCycles(cycles, cycle, actions);
  drawComponents(cycle);
  drawScores(cycle);
  drawMessages(model.session.messages, cycles);
}

const BADGE = {
  connecting: { status: 'reconnecting', text: 'Connecting…' },
  live: { status: 'live', text: 'Live' },
  reconnecting: { status: 'reconnecting', text: 'Reconnecting…' },
  closed: { status: 'closed', text: 'Offline' },
};

/** @param {Model} model */
function drawConnection({ sessionId, status, closed, needsToken, position, received }) {
  const badge = byId('badge');
  const idle = sessionId === null || (needsToken && !closed);
  badge.hidden = idle;
  badge.dataset.status = BADGE[status].status;
  setText(badge, closed ? offlineText(closed) : BADGE[status].text);
  byId('footer').hidden = idle;
  setText(byId('session-id'), sessionId ?? '');
  setText(byId('position'), formatPosition(position));
  setText(byId('applied'), String(received));
}

/** @param {Closed} closed */
function offlineText({ code, reason }) {
  return `Offline: ${reason ? reason.replaceAll('_', ' ') : `closed with ${code}`}`;
}

/** @param {Model} model */
function drawEntry({ sessionId, closed, needsToken }) {
  byId('entry').hidden = !needsToken;
  byId('notice').hidden = !closed;
  setText(byId('notice-text'), closed ? whyClosed(closed) : '');
  setText(byId('entry-heading'), closed ? 'Continue with a new token' : 'Watch a session');
  const named = sessionId ?? 'demo-session';
  setText(byId('command'), `cargo run --bin roomcast -- token --session ${named} --user you`);
}

/** @param {Model} model */
function drawHeadline({ sessionId, session, status, needsToken, position }) {
  // If nothing was received and nothing will come, an empty dashboard below the form is of no use.
  byId('session').hidden = sessionId === null || (!position && (needsToken || status === 'closed'));
  const title = session.title ?? sessionId;
  setText(byId('title'), title ?? '');
  document.title = title ? `${title} · Roomcast` : 'Roomcast';
  const waiting = position && session.cycles.size === 0 && !session.title;
  setOptional(byId('description'), waiting ? 'Nothing has happened in this session yet.' : session.description);
}

/**
 * @param {Cycle[]} cycles
 * @param {Cycle | undefined} shown
 * @param {Actions} actions
 */
function drawCycles(cycles, shown, actions) {
  keepList(byId('cycles'), 'cycle-template', cycles, ({ id }) => id, (node, cycle) => {
    /** @type {HTMLButtonElement} */
    const button = part(node, '.cycle');
    button.dataset.cycle = cycle.id;
    button.setAttribute('aria-pressed', String(cycle === shown));
    button.onclick = () => actions.select(cycle.id);
    setText(part(node, '.cycle-name'), cycleName(cycles, cycle.id));
    setText(part(node, '.cycle-state'), cycleState(cycle));
    setOptional(part(node, '.cycle-origin'), originOf(cycles, cycle));
  });
}

/** @param {Cycle} cycle */
function cycleState(cycle) {
  if (!cycle.completed) return `In progress, ${cycleProgress(cycle).percent} %`;
  const { dqScore } = cycle.completed;
  return dqScore === undefined ? 'Completed' : `Completed, quality ${numberText(dqScore)}`;
}

/** @param {Cycle | undefined} cycle */
function drawComponents(cycle) {
  const { completed, total, percent } = cycleProgress(cycle);
  setText(byId('progress-text'), `${completed} of ${total} completed`);
  /** @type {HTMLProgressElement} */ (byId('progress')).value = percent;
  keepList(byId('components'), 'component-template', componentsInOrder(cycle), ({ type }) => type, drawComponent);
}

const STATUS = { not_started: 'Not started', started: 'Started', completed: 'Completed' };

/**
 * @param {HTMLElement} node
 * @param {Component & {type: string}} component
 */
function drawComponent(node, { type, status, since, summary, progress }) {
  node.dataset.component = type;
  node.dataset.status = status;
  setText(part(node, '.component-name'), nameOf(type));
  setOptional(part(node, '.component-summary'), summary);
  setText(part(node, '.component-word'), STATUS[status]);
  setTime(part(node, 'time'), since, shortTime);
  node.title = progress ? `${progress.completed} of ${progress.total} (${percentOf(progress)} %)` : '';
}

/** @param {Cycle | undefined} cycle */
function drawScores(cycle) {
  const { pugh, dq } = cycle ?? {};
  byId('scores-empty').hidden = Boolean(pugh || dq);
  byId('pugh').hidden = !pugh;
  byId('dq').hidden = !dq;
  setText(byId('dq-overall'), dq?.overall === undefined ? '' : numberText(dq.overall));
  const ranked = Object.entries(pugh?.scores ?? {}).sort((a, b) => b[1] - a[1]);
  drawBars(byId('pugh-scores'), ranked, Math.max(...ranked.map(([, score]) => Math.abs(score)), 1), true);
  drawBars(byId('dq-scores'), Object.entries(dq?.scores ?? {}), 100, false);
}

/**
 * Pugh scores are better or worse than a baseline, so their bars begin in the middle and go to either side. The scores
 * of decision quality are percentages.
 * @param {HTMLElement} parent
 * @param {[string, number][]} scores
 * @param {number} most the score that fills a bar
 * @param {boolean} signed
 */
function drawBars(parent, scores, most, signed) {
  keepList(parent, 'bar-template', scores, ([name]) => name, (node, [name, score]) => {
    node.dataset.name = name;
    node.dataset.score = String(score);
    setText(part(node, '.score-name'), nameOf(name));
    setText(part(node, '.score-number'), (signed && score > 0 ? '+' : '') + numberText(score));
    const width = Math.min(1, Math.abs(score) / most) * (signed ? 50 : 100);
    const bar = part(node, '.score-value');
    bar.setAttribute('x', String(signed ? 50 - (score < 0 ? width : 0) : 0));
    bar.setAttribute('width', String(width));
    bar.classList.toggle('worse', score < 0);
  });
}

/**
 * Draws the newest messages of all cycles, the newest on top.
 * @param {readonly Message[]} messages
 * @param {Cycle[]} cycles
 */
function drawMessages(messages, cycles) {
  byId('messages-empty').hidden = messages.length > 0;
  const latest = messages.slice(-MESSAGES_SHOWN).reverse();
  keepList(byId('messages'), 'message-template', latest, ({ seq }) => String(seq), (node, message) => {
    node.dataset.role = message.role;
    node.dataset.message = message.id;
    setText(part(node, '.message-role'), nameOf(message.role));
    const component = nameOf(message.componentType);
    const where = cycles.length > 1 ? `${cycleName(cycles, message.cycleId)}, ${component}` : component;
    setText(part(node, '.message-where'), where);
    setTime(part(node, 'time'), message.timestamp, shortTime);
    drawPreview(part(node, '.message-text'), message.contentPreview ?? '');
  });
}

/** A preview is the first 100 characters of a message. A preview of that length is most likely not the whole message. */
const PREVIEW_LENGTH = 100;

/**
 * @param {HTMLElement} node
 * @param {string} preview
 */
function drawPreview(node, preview) {
  setText(node, preview);
  node.classList.toggle('cut', [...preview].length >= PREVIEW_LENGTH);
}
