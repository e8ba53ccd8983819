// @ts-check
/**
 * The view of one decision session, and the reducer that folds updates into it.
 *
 * The state that the server sends has only the latest update per key. Every update therefore replaces the whole of what
 * it is about, so that a snapshot gives the same view as the full stream. This file deliberately knows nothing of
 * connections, positions or the DOM, and never reads a clock.
 */

/** @import {AnalysisScores, ConversationMessage, CycleCreated, MessagePreview, Progress, Timestamp, Update} from '../client/src/protocol' */

/**
 * @typedef {'not_started' | 'started' | 'completed'} ComponentStatus
 *
 * @typedef {object} Component
 * @property {ComponentStatus} status
 * @property {Timestamp} [since] when it started or, if it is completed, when it was completed
 * @property {number} statusSeq the seq of the update that gave the status; 0 if there was none
 * @property {Progress} [progress] how far the cycle was when this component was completed
 * @property {string} [summary]
 *
 * @typedef {object} Scores
 * @property {Record<string, number>} scores
 * @property {number} [overall]
 * @property {Timestamp} at
 *
 * @typedef {object} Cycle
 * @property {string} id
 * @property {number} createdSeq the seq of its creation; 0 if that has not been seen
 * @property {string} [parentId]
 * @property {string} [branchPoint]
 * @property {ReadonlyMap<string, Component>} components by component type; those never mentioned are absent
 * @property {Scores} [pugh]
 * @property {Scores} [dq]
 * @property {{at: Timestamp, dqScore?: number}} [completed]
 *
 * @typedef {MessagePreview & {seq: number, cycleId: string, componentType: string}} Message
 *
 * @typedef {object} Session
 * @property {string} [title]
 * @property {string} [description]
 * @property {ReadonlyMap<string, Cycle>} cycles by id
 * @property {readonly Message[]} messages oldest first
 */

/** The components of PrOACT, in the order in which a decision goes through them. */
export const COMPONENTS = Object.freeze([
  'issue_raising',
  'problem_frame',
  'objectives',
  'alternatives',
  'consequences',
  'tradeoffs',
  'recommendation',
  'decision_quality',
  'notes_next_steps',
]);

/** The state has the last 50 messages. With more here, the view of the stream would differ from that of the state. */
export const MESSAGES_KEPT = 50;

/** @returns {Session} */
export function emptySession() {
  return { cycles: new Map(), messages: [] };
}

/**
 * The session after one more update. An update type that this page does not know changes nothing.
 * @param {Session} session
 * @param {Update} update
 * @returns {Session}
 */
export function apply(session, update) {
  switch (update.updateType) {
    case 'session.metadata': return { ...session, ...present(update.data, ['title', 'description']) };
    case 'cycle.created': return withCycle(session, update.data.cycleId, created(update.data, update.seq));
    case 'component.started': return withComponent(session, update.data, {
      status: 'started', since: update.timestamp, statusSeq: update.seq, progress: undefined,
    });
    case 'component.completed': return withComponent(session, update.data, {
      status: 'completed', since: update.data.completedAt, statusSeq: update.seq, progress: update.data.progress,
    });
    case 'component.output': return withComponent(session, update.data, { summary: update.data.summary });
    case 'conversation.message': return withMessage(session, update.data, update.seq);
    case 'analysis.scores': return withCycle(session, update.data.cycleId, scored(update.data, update.timestamp));
    case 'cycle.completed': return withCycle(session, update.data.cycleId, {
      completed: { at: update.timestamp, dqScore: update.data.dqScore },
    });
    default: return session;
  }
}

/**
 * Picks only the fields that are there, because a renaming must not remove the description.
 * @template {object} T
 * @template {keyof T} K
 * @param {T} data
 * @param {K[]} names
 * @returns {Partial<Pick<T, K>>}
 */
function present(data, names) {
  const kept = /** @type {Partial<Pick<T, K>>} */ ({});
  for (const name of names) if (data[name] !== undefined) kept[name] = data[name];
  return kept;
}

/**
 * @param {CycleCreated} data
 * @param {number} seq
 * @returns {Partial<Cycle>}
 */
function created(data, seq) {
  return { createdSeq: seq, parentId: data.parentId, branchPoint: data.branchPoint };
}

/**
 * @param {AnalysisScores} data
 * @param {Timestamp} at
 * @returns {Partial<Cycle>}
 */
function scored(data, at) {
  return { [data.scoreType]: { scores: data.scores, overall: data.overallScore, at } };
}

/**
 * An update may name a cycle whose creation was never published; the cycle then begins with that update.
 * @param {Session} session
 * @param {string} id
 * @param {Partial<Cycle>} change
 * @returns {Session}
 */
function withCycle(session, id, change) {
  const before = session.cycles.get(id) ?? { id, createdSeq: 0, components: new Map() };
  return { ...session, cycles: new Map(session.cycles).set(id, { ...before, ...change }) };
}

/**
 * @param {Session} session
 * @param {{cycleId: string, componentType: string}} where
 * @param {Partial<Component>} change
 * @returns {Session}
 */
function withComponent(session, { cycleId, componentType }, change) {
  const components = session.cycles.get(cycleId)?.components ?? new Map();
  const before = components.get(componentType) ?? NOT_STARTED;
  return withCycle(session, cycleId, {
    components: new Map(components).set(componentType, { ...before, ...change }),
  });
}

/** @type {Readonly<Component>} */
const NOT_STARTED = Object.freeze({ status: 'not_started', statusSeq: 0 });

/**
 * @param {Session} session
 * @param {ConversationMessage} data
 * @param {number} seq
 * @returns {Session}
 */
function withMessage(session, { message, cycleId, componentType }, seq) {
  const messages = [...session.messages, { ...message, seq, cycleId, componentType }];
  return { ...session, messages: messages.slice(-MESSAGES_KEPT) };
}

// ---- What the view reads --------------------------------------------------------------------------------

/**
 * The cycles in the order of their creation. Those whose creation was not seen come last, by name.
 * @param {Session} session
 * @returns {Cycle[]}
 */
export function cyclesInOrder(session) {
  const rank = (/** @type {Cycle} */ cycle) => cycle.createdSeq || Infinity;
  return [...session.cycles.values()].sort((a, b) =>
    rank(a) === rank(b) ? compare(a.id, b.id) : rank(a) - rank(b));
}

/**
 * The cycle in which work is going on: the newest open one, else the newest.
 * @param {Session} session
 * @returns {Cycle | undefined}
 */
export function activeCycle(session) {
  const newestFirst = cyclesInOrder(session).reverse();
  return newestFirst.find((cycle) => !cycle.completed) ?? newestFirst[0];
}

/**
 * The nine components in their order, started or not, followed by those that this page does not know.
 * @param {Cycle | undefined} cycle
 * @returns {(Component & {type: string})[]}
 */
export function componentsInOrder(cycle) {
  const seen = cycle?.components ?? new Map();
  const others = [...seen.keys()].filter((type) => !COMPONENTS.includes(type)).sort(compare);
  return [...COMPONENTS, ...others].map((type) => ({ type, ...(seen.get(type) ?? NOT_STARTED) }));
}

/**
 * The progress in the update of the component that was completed last. If there is none, the components are counted.
 * @param {Cycle | undefined} cycle
 * @returns {Required<Progress>}
 */
export function cycleProgress(cycle) {
  const completed = [...(cycle?.components.values() ?? [])].filter((one) => one.status === 'completed');
  const last = completed.sort((a, b) => b.statusSeq - a.statusSeq)[0];
  const { completed: count, total } = last?.progress ?? { completed: completed.length, total: COMPONENTS.length };
  return { completed: count, total, percent: percentOf(last?.progress ?? { completed: count, total }) };
}

/**
 * An event need not say the percentage.
 * @param {Progress} progress
 */
export function percentOf({ completed, total, percent }) {
  return percent ?? (total > 0 ? Math.round((completed * 100) / total) : 0);
}

/**
 * Compares by code unit and not by locale, so that every reader sees the same order.
 * @param {string} a
 * @param {string} b
 */
function compare(a, b) {
  return a < b ? -1 : Number(a > b);
}
