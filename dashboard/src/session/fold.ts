/**
 * The view of one decision session, and the reducer that folds updates into it.
 *
 * The state that the server sends has only the latest update per key. Every update therefore replaces the whole of what
 * it is about, so that the state gives the same view as the full stream. The exception is `happened`: a page that comes late
 * has only what is kept. Deliberately knows nothing of connections and positions, and never reads a clock.
 */

import type { Update, UpdateData } from 'roomcast/presets/sessions';

export type Progress = NonNullable<UpdateData['component.completed']['progress']>;

export type ComponentStatus = 'not_started' | 'started' | 'completed';

export interface Component {
  status: ComponentStatus;
  /** When it started or, if it is completed, when it was completed. */
  since?: string | undefined;
  /** The number of the update that gave the status; 0 if there was none. */
  statusSeq: number;
  /** How far the cycle was when this component was completed. */
  progress?: Progress | undefined;
  summary?: string | undefined;
}

export type ScoreType = UpdateData['analysis.scores']['scoreType'];

export interface Scores {
  scores: Readonly<Record<string, number>>;
  overall?: number | undefined;
  at: string;
}

export interface Cycle {
  id: string;
  /** The number of the update that created it; 0 if that has not been seen. */
  createdSeq: number;
  parentId?: string | undefined;
  branchPoint?: string | undefined;
  /** By type; those that were never mentioned are absent. */
  components: ReadonlyMap<string, Component>;
  pugh?: Scores;
  dq?: Scores;
  completed?: { at: string; dqScore?: number | undefined };
}

export type Message = UpdateData['conversation.message']['message'] & { seq: number; cycleId: string; componentType: string };

export interface Session {
  title?: string;
  description?: string;
  /** By id. */
  cycles: ReadonlyMap<string, Cycle>;
  /** Oldest first. */
  messages: readonly Message[];
  /** The last updates, newest first. */
  happened: readonly Update[];
}

/** The state has the last 50 messages. With more here, the view of the stream would differ from that of the state. */
export const MESSAGES_KEPT = 50;
export const HAPPENED_KEPT = 100;
export const EMPTY: Session = { cycles: new Map(), messages: [], happened: [] };
export const NOT_STARTED: Component = { status: 'not_started', statusSeq: 0 };

/** The session after one more update. A type of updates that this page does not know changes nothing. */
export function apply(session: Session, update: Update): Session {
  const changed = changedBy(session, update);
  if (changed === session) return session;
  return { ...changed, happened: [update, ...session.happened].slice(0, HAPPENED_KEPT) };
}

function changedBy(session: Session, update: Update): Session {
  switch (update.updateType) {
    case 'session.metadata': return { ...session, ...named(update.data) };
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

/** Only the fields that are there, because a renaming must not remove the description. */
function named({ title, description }: UpdateData['session.metadata']): Partial<Session> {
  return { ...(title !== undefined && { title }), ...(description !== undefined && { description }) };
}

function created({ parentId, branchPoint }: UpdateData['cycle.created'], seq: number): Partial<Cycle> {
  return { createdSeq: seq, parentId, branchPoint };
}

function scored({ scoreType, scores, overallScore }: UpdateData['analysis.scores'], at: string): Partial<Cycle> {
  return { [scoreType]: { scores, overall: overallScore, at } };
}

/** An update may name a cycle whose creation was never published; the cycle then begins with that update. */
function withCycle(session: Session, id: string, change: Partial<Cycle>): Session {
  const before = session.cycles.get(id) ?? { id, createdSeq: 0, components: new Map() };
  return { ...session, cycles: new Map(session.cycles).set(id, { ...before, ...change }) };
}

function withComponent(session: Session, where: { cycleId: string; componentType: string }, change: Partial<Component>): Session {
  const components = session.cycles.get(where.cycleId)?.components ?? new Map<string, Component>();
  const before = components.get(where.componentType) ?? NOT_STARTED;
  return withCycle(session, where.cycleId, { components: new Map(components).set(where.componentType, { ...before, ...change }) });
}

function withMessage(session: Session, { message, cycleId, componentType }: UpdateData['conversation.message'], seq: number): Session {
  const messages = [...session.messages, { ...message, seq, cycleId, componentType }];
  return { ...session, messages: messages.slice(-MESSAGES_KEPT) };
}
