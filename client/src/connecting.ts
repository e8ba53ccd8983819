/**
 * Attempts to connect, and how connections end: which token, which position, when again.
 *
 * Does not read frames; receiving.ts does.
 */

import { ask, expect, rest, send, UNCONNECTED, wake } from './machine.ts';
import type { Turn } from './machine.ts';
import { AFTER_HEALTHY, mayReconnect, pauseMs } from './reconnect.ts';
import type { TokenWhy } from './types.ts';

/** A frame may have 4,096 bytes, so a longer token is put in the place of the old one by another connection. */
const TOKEN_CHARS = 3_900;

/** Milliseconds that a function may take to get a token. */
export const TOKEN_WITHIN_MS = 30_000;

/** Begins an attempt: asks for a token if one is needed. */
export function attempt(turn: Turn, why: TokenWhy): void {
  const { machine, settings } = turn;
  rest(turn, 'retry');
  machine.retryAt = null;
  machine.phase = machine.position === null && machine.failed === 0 && machine.connection === 0 ? 'connecting' : 'reconnecting';
  if (settings.token === 'none') return open(turn, null);
  ask(turn, why);
  expect(turn, TOKEN_WITHIN_MS);
}

/** A token came: for an attempt, or to be put in the place of the one that ends. */
export function tokenCame(turn: Turn, token: string): void {
  const { machine } = turn;
  if (machine.phase === 'connecting' || machine.phase === 'reconnecting') return open(turn, token);
  if (machine.head === null) return;
  if (token.length <= TOKEN_CHARS) return send(turn, { type: 'auth.refresh', token });
  drop(turn, 1000);
  machine.phase = 'reconnecting';
  open(turn, token);
}

function open(turn: Turn, token: string | null): void {
  const { machine, settings } = turn;
  machine.connection += 1;
  machine.pace = effectivePace(turn);
  machine.has = machine.wantsTopics;
  const { connection, pace } = machine;
  const resume = machine.owed ? null : machine.position;
  const other = resume !== null && !same(machine.seen, machine.wantsTopics);
  const resumeTopics = other ? (machine.seen ?? ['*']) : null;
  turn.actions.push({ do: 'open', opening: { connection, token, resume, topics: machine.wantsTopics, resumeTopics, pace } });
  expect(turn, settings.heartbeat.answerWithinMs);
}

export function effectivePace({ machine, settings }: Turn): number {
  return machine.hidden && settings.hiddenPace !== null ? Math.max(machine.wantsPace, settings.hiddenPace) : machine.wantsPace;
}

export function same(some: readonly string[] | null, others: readonly string[] | null): boolean {
  const sorted = (topics: readonly string[] | null) => (topics === null ? '*' : [...topics].sort().join(','));
  return sorted(some) === sorted(others);
}

/** The server has closed the connection, or the network has. */
export function closedByServer(turn: Turn, code: number, reason: string): void {
  const { machine, settings } = turn;
  const verdict = mayReconnect(code);
  if (verdict === 'yes') return lost(turn, reason || 'network', code);
  // A fixed token that was refused is refused again.
  const fresh = verdict === 'with a new token' && settings.token === 'asked' && !machine.refused;
  if (!fresh) return giveUp(turn, reason || 'closed', code);
  drop(turn);
  machine.refused = true;
  machine.fault = { code: reason || 'token_expired', close: code, retries: true };
  attempt(turn, 'expired');
}

/** A connection or an attempt was lost: tries again, unless that has failed too often. */
export function lost(turn: Turn, code: string, close: number): void {
  const { machine, settings, now, random } = turn;
  const { attempts, healthyAfterMs } = settings.reconnect;
  const healthy = machine.liveSince !== null && now - machine.liveSince >= healthyAfterMs;
  drop(turn);
  machine.failed = healthy ? 0 : machine.failed + 1;
  machine.step = healthy ? AFTER_HEALTHY : machine.step + 1;
  if (machine.step > attempts) return giveUp(turn, 'attempts', close);
  machine.fault = { code, close, retries: true };
  machine.phase = 'waiting';
  machine.retryAt = now + pauseMs(settings.reconnect, machine, close, random);
  wake(turn, 'retry', machine.retryAt);
}

/** Only `retry()` helps. */
export function giveUp(turn: Turn, code: string, close: number): void {
  drop(turn);
  turn.machine.fault = { code, close, retries: false };
  turn.machine.phase = 'failed';
  turn.machine.retryAt = null;
}

/** Forgets the connection, so that nothing of it counts any more. */
export function drop(turn: Turn, code?: number): void {
  const { machine } = turn;
  // An answer to a question of this connection is void.
  machine.question += 1;
  if (machine.brittle) machine.position = null;
  Object.assign(machine, UNCONNECTED);
  machine.connection += 1;
  rest(turn, 'answer', 'ping', 'ack', 'refresh', 'retry');
  turn.actions.push(code === undefined ? { do: 'drop' } : { do: 'drop', code });
}
