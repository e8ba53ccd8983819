/**
 * Whether and when a client connects again. Pure: randomness is an argument.
 *
 * The table of close codes is tied to the server by tests/vectors/close-codes.json; docs/reconnection.md explains all of it.
 */

import type { MayReconnect } from './protocol.ts';
import type { ReconnectOptions } from './types.ts';

export const RECONNECT: ReconnectOptions = {
  baseMs: 3_000,
  factor: 1.5,
  maxMs: 30_000,
  attempts: 10,
  jitter: 0.2,
  quickMs: 500,
  healthyAfterMs: 5_000,
};

/**
 * The step of the ladder of pauses after a connection that was healthy. Steps below 1 are short, so two attempts come soon: a server that starts
 * anew may not be there for the first.
 */
export const AFTER_HEALTHY = -1;

/** The server counts attempts by the minute, so an earlier one would be refused as well. */
export const TOO_MANY_ATTEMPTS = 4529;
const MINUTE_MS = 60_000;

/** For a code that is not in the table, its range decides. Outside of every range, to connect again is the safer mistake. */
export function mayReconnect(code: number): MayReconnect {
  if (code === 1000 || code === 1009) return 'no';
  if (code === 4401) return 'with a new token';
  return code >= 4400 && code <= 4499 ? 'no' : 'yes';
}

/**
 * Milliseconds before the next attempt, by the step of the ladder: 1 after the first failed attempt. Below that, it comes soon, at a random
 * moment, so that a thousand pages that lost the same server do not come back at once. After a code from 4500, which means that the room is
 * full or failing, it does not come that soon. `spreadMs` is over how much time a server with many clients asks them to come back.
 */
export function pauseMs(options: ReconnectOptions, { step, spreadMs }: { step: number; spreadMs: number }, code: number, random: number): number {
  const { baseMs, factor, maxMs, jitter, quickMs } = options;
  if (code === TOO_MANY_ATTEMPTS) return MINUTE_MS * (1 + jitter * random);
  const crowded = code >= 4500 && code < 4600;
  if (step < 1 && !crowded) return Math.round(step === AFTER_HEALTHY ? Math.max(quickMs, spreadMs) * random : quickMs * (1 + random));
  const longest = Math.min(maxMs, baseMs * factor ** Math.max(0, step - 1));
  return Math.round(Math.min(maxMs, longest * (1 + jitter * (random - 0.5))) + (crowded ? spreadMs * random : 0));
}
