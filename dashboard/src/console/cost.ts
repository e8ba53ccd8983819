/**
 * What a room costs that has said what it did: its reports, with the prices of `roomcast cost`.
 *
 * The command line computes the same in `src/bin/roomcast/cost/reported.rs`; both are checked with `tests/vectors/room-cost.json`.
 */

import prices from '../../../src/metering/prices.json' with { type: 'json' };
import type { Did } from './fold.ts';

/** In US dollars. */
export interface Spent {
  /** Null if no time has passed. */
  perHour: number | null;
  /** Null if there were no events. */
  perMillionEvents: number | null;
}

const HOUR_MS = 3_600_000;
const PING_EVERY_MS = 30_000;
/** Milliseconds that a room is awake for a turn, beside the time for which it could not rest. */
const MOMENT_MS = 5;
/** Milliseconds of CPU in the front Worker, for a post, an upgrade or a read. */
const CPU_MS = 1;
/** Objects that are called for an upgrade or a read: the room, and the seat of the user. */
const CALLED = 2;

/** The date of the prices. */
export const PRICES_AS_OF: string = prices.asOf;

/** What a room with so many members costs that did this in so many milliseconds. */
export function spent(did: Did, members: number, ms: number): Spent {
  const total = dollars(did, members, ms);
  return {
    perHour: ms > 0 ? (total / ms) * HOUR_MS : null,
    perMillionEvents: did.events > 0 ? (total / did.events) * 1e6 : null,
  };
}

function dollars(did: Did, members: number, ms: number): number {
  const { published, joined, read, told, alarm, said } = did.turns;
  const asked = published + joined + read;
  const turns = Object.values(did.turns).reduce((sum, count) => sum + count, 0);
  // The runtime answers pings without the room.
  const messages = said + (members * ms) / PING_EVERY_MS;
  const requests = published + told + alarm + CALLED * (joined + read) + messages / prices.objectRequest.incomingMessagesPerRequest;
  const awakeS = (did.keptMs + turns * MOMENT_MS) / 1_000;
  const millionths = asked * prices.workersRequest.perMillion
    + asked * CPU_MS * prices.workersCpuMs.perMillion
    + requests * prices.objectRequest.perMillion
    + awakeS * prices.objectGbSecond.gbPerObject * prices.objectGbSecond.perMillion
    + did.rowsWritten * prices.rowWritten.perMillion
    // Writing a row also reads the row that it replaces.
    + (did.rowsRead + did.rowsWritten) * prices.rowRead.perMillion;
  return millionths / 1e6;
}
