/**
 * What a client makes of the frames of the server: it follows positions, answers for what it has read, and keeps what it was
 * told about itself and others.
 */

import { answer, forgetAsked, setPace, settle } from './commanding.ts';
import { same, lost } from './connecting.ts';
import { expect, NOBODY, rest, send, tell, wake } from './machine.ts';
import type { Turn } from './machine.ts';
import { accept } from './position.ts';
import type { PresenceChangedFrame } from './company.ts';
import type { ConnectedFrame, RefreshedFrame, ServerFrame } from './protocol.ts';
import type { AnyUpdate, Change, PresenceView } from './types.ts';

/**
 * How long after an update the room is told that it was applied, at least. Updates until then share the acknowledgement. In a large
 * room it takes as long as its clients take to come back: else their acknowledgements are most of what the room has to do.
 */
const ACK_AFTER_MS = 1_000;

/** After so many characters the room is told soon also if it is large: of slow clients it wants to know. */
const ACK_AFTER_CHARS = 1 << 18;

/** After so many characters a ping is sent, to show the room that they were read: it closes slow clients. */
const PING_AFTER_CHARS = 1 << 20;

/** A recovery of so many characters is shown as read at once, so that the room can let others in sooner. */
const RECOVERED_CHARS = 1 << 16;

/** So long before its end a new token is asked for, if the server has not said so before. */
const REFRESH_BEFORE_MS = 45_000;

/** The reference of what is asked for because the greeting came late. */
const CATCH_UP = 'catch-up';

/** The reference of a request for the state. */
const STATE = 'state';

/** A client may send one token in five seconds. */
export const REFRESH_AGAIN_MS = 6_000;

export function heard(turn: Turn, frame: ServerFrame, chars: number): void {
  const { machine, now } = turn;
  // Without the greeting, nobody knows to which life of the room a frame belongs. There is one.
  if ((machine.head === null) !== (frame.type === 'connected')) return lost(turn, 'gap', 0);
  machine.heardAt = now;
  machine.answerBy = null;
  machine.unproven += chars;
  machine.unacked += chars;
  rest(turn, 'answer');
  if (frame.type === 'connected') greeted(turn, frame);
  const connection = machine.connection;
  follow(turn, frame);
  if (machine.connection !== connection) return;
  about(turn, frame);
  if (machine.unproven >= PING_AFTER_CHARS) pings(turn);
}

/** A frame that is no JSON: the connection is not what it seems. */
export function unreadable(turn: Turn): void {
  lost(turn, 'frame', 0);
}

function greeted(turn: Turn, { clientId, seq, recovery, expiresAt, returnWithinMs = 0 }: ConnectedFrame): void {
  const { machine, settings, now } = turn;
  machine.spreadMs = returnWithinMs;
  machine.phase = 'catching-up';
  machine.clientId = clientId;
  machine.head = seq;
  machine.awaits = recovery === 'snapshot';
  machine.fault = null;
  machine.refused = false;
  machine.presence = NOBODY;
  const kept = recovery === 'replayed' && !same(machine.seen, machine.has);
  ends(turn, expiresAt);
  wake(turn, 'ping', now + settings.heartbeat.everyMs);
  if (machine.shows !== undefined) send(turn, { type: 'presence.set', data: machine.shows });
  if (!kept) machine.seen = machine.has;
  machine.topics = machine.has ?? machine.topics;
  // The view still shows what was left while there was no connection.
  if (kept) forget(turn);
  else if (machine.owed && recovery === 'replayed') want(turn);
  setPace(turn);
  catchUp(turn);
}

/** Asks for the topics that were wanted, or not wanted any more, while the connection was on its way. */
function catchUp(turn: Turn): void {
  const { has, wantsTopics } = turn.machine;
  if (same(has, wantsTopics)) return settle(turn);
  const [had, wants] = [has ?? ['*'], wantsTopics ?? ['*']];
  const [more, less] = [wants.filter((one) => !had.includes(one)), had.filter((one) => !wants.includes(one))];
  const last = more.length > 0 ? 'subscribe' : 'unsubscribe';
  if (less.length > 0) send(turn, { type: 'unsubscribe', topics: less, ...(last === 'unsubscribe' && { ref: CATCH_UP }) });
  if (more.length > 0) send(turn, { type: 'subscribe', topics: more, ref: CATCH_UP });
}

/** Has the view begin anew, because it shows topics that are gone. What comes until then is part of the state, so it is not applied. */
function forget(turn: Turn): void {
  turn.machine.forgets = true;
  want(turn);
}

/** Asks for the state. Without a connection, the next one begins with it. */
export function want(turn: Turn): void {
  turn.machine.owed = true;
  tell(turn, { type: 'request.state', ref: STATE });
}

/** The end of the token, if it has one: a new one is asked for before. */
function ends(turn: Turn, expiresAt: string | undefined): void {
  const { machine, settings, now } = turn;
  machine.expiresAt = expiresAt === undefined ? null : Date.parse(expiresAt);
  rest(turn, 'refresh');
  if (machine.expiresAt !== null && settings.token === 'asked') {
    wake(turn, 'refresh', Math.max(now + REFRESH_AGAIN_MS, machine.expiresAt - REFRESH_BEFORE_MS));
  }
}

function follow(turn: Turn, frame: ServerFrame): void {
  const { machine, now } = turn;
  const { position, updates, reset, gap } = accept(machine.position, frame);
  if (gap) {
    machine.position = position;
    return lost(turn, 'gap', 0);
  }
  machine.position = position;
  const known = reset && machine.liveSince !== null && !machine.brittle && !machine.forgets;
  if (frame.type === 'dashboard.state') {
    [machine.awaits, machine.brittle, machine.forgets] = [false, false, false];
    machine.seen = machine.has;
  }
  if (reset) machine.owed = false;
  if (!machine.forgets && (reset || updates.length > 0)) {
    turn.actions.push({ do: 'change', change: { reset, updates, source: source(turn, frame) }, sentAt: sentAt(frame), known });
    acknowledge(turn);
  }
  const level = machine.head !== null && !machine.awaits && !machine.forgets && position !== null && position.seq >= machine.head;
  if (machine.liveSince === null && level) {
    machine.liveSince = now;
    machine.phase = 'live';
    if (machine.unproven >= RECOVERED_CHARS) prove(turn);
  }
}

function source({ machine }: Turn, { type }: ServerFrame): Change<AnyUpdate>['source'] {
  if (type === 'dashboard.state' || type === 'connected') return 'snapshot';
  if (type === 'subscribed') return 'topics';
  return machine.liveSince === null ? 'replay' : 'tail';
}

function sentAt(frame: ServerFrame): number | null {
  return 'sentAt' in frame && typeof frame.sentAt === 'string' ? Date.parse(frame.sentAt) : null;
}

function acknowledge(turn: Turn): void {
  const { machine, now } = turn;
  const soon = machine.unacked >= ACK_AFTER_CHARS;
  const at = now + (soon ? ACK_AFTER_MS : Math.max(ACK_AFTER_MS, machine.spreadMs));
  if (machine.ackAt !== null && machine.ackAt <= at) return;
  machine.ackAt = at;
  wake(turn, 'ack', at);
}

export function sendAck(turn: Turn): void {
  const { machine } = turn;
  [machine.ackAt, machine.unacked] = [null, 0];
  if (machine.position !== null) tell(turn, { type: 'ack', seq: machine.position.seq });
}

/** Shows the room that everything was read. A client that reads nothing may get one ping through, but not two. */
function prove(turn: Turn): void {
  pings(turn);
  send(turn, { type: 'ping' });
}

/** Checks the connection now, and again when it is time. */
export function pings(turn: Turn): void {
  const { machine, settings, now } = turn;
  if (machine.head === null) return;
  machine.unproven = 0;
  send(turn, { type: 'ping' });
  expect(turn, settings.heartbeat.answerWithinMs);
  wake(turn, 'ping', now + settings.heartbeat.everyMs);
}

/** What a frame says that is no update. */
function about(turn: Turn, frame: ServerFrame): void {
  const { machine, settings, actions } = turn;
  switch (frame.type) {
    case 'subscribed':
      return topics(turn, frame.topics, frame.ref);
    case 'unsubscribed':
      topics(turn, frame.topics, frame.ref);
      return forget(turn);
    case 'paced':
      if (frame.ref !== undefined) answer(turn, frame.ref, frame.ms);
      return;
    case 'returning':
      machine.spreadMs = frame.withinMs;
      return;
    case 'auth.expiring':
      if (settings.token === 'asked') ends(turn, new Date(turn.now + REFRESH_BEFORE_MS).toISOString());
      machine.expiresAt = Date.parse(frame.expiresAt);
      return;
    case 'auth.refreshed':
      return refreshed(turn, frame);
    case 'presence.state': {
      const { count, users, sample = false } = frame;
      machine.presence = { count, users, sample };
      actions.push({ do: 'presence' });
      return;
    }
    case 'presence.changed':
      machine.presence = changed(turn, frame);
      actions.push({ do: 'presence' });
      return;
    case 'signal': {
      const { type: _, ...signal } = frame;
      actions.push({ do: 'signal', signal });
      return;
    }
    case 'error':
      if (frame.code === 'busy' && frame.ref === undefined && machine.expiresAt !== null) wake(turn, 'refresh', turn.now + REFRESH_AGAIN_MS);
      // Without the state, the view would stay as it is. Another connection begins with it.
      if (frame.ref === STATE) return lost(turn, frame.code, 0);
      forgetAsked(turn, frame.ref ?? '');
      actions.push({ do: 'refused', ref: frame.ref ?? null, code: frame.code, message: frame.message });
  }
}

function topics(turn: Turn, list: string[], ref: string | undefined): void {
  const { machine } = turn;
  [machine.topics, machine.seen, machine.has] = [list, list, list];
  if (ref === CATCH_UP) settle(turn);
  else if (ref !== undefined) answer(turn, ref, list);
}

/** A new token counts. Topics that it does not allow are gone, and the view with them. */
function refreshed(turn: Turn, { expiresAt, topics: left, recovery }: RefreshedFrame): void {
  const { machine } = turn;
  ends(turn, expiresAt);
  machine.brittle = recovery === 'snapshot';
  const fewer = machine.topics !== null && !same(machine.topics, left);
  machine.topics = left;
  if (!fewer) return;
  [machine.seen, machine.has, machine.wantsTopics] = [left, left, left];
  if (recovery === 'none') forget(turn);
}

function changed({ machine }: Turn, frame: PresenceChangedFrame): PresenceView {
  const { count, users, sample } = machine.presence;
  if (frame.sample) return { count: frame.count, users, sample: true };
  const news = [...frame.changed, ...frame.joined];
  const gone = new Set([...frame.left, ...news.map(({ user }) => user)]);
  return { count: frame.count ?? count, users: [...users.filter(({ user }) => !gone.has(user)), ...news], sample };
}
