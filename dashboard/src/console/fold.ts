/**
 * The view of the console: what each room has reported of itself, and the reducer that folds reports into it.
 *
 * A report says what the room did since the one before, so the view keeps the last few, for figures over time. A console that
 * comes late has only the latest report of each room.
 */

import type { Update, UpdateData } from 'roomcast/presets/console';

export type Report = UpdateData['room'];
export type Did = Report['did'];

/** A room that has reported. */
export interface Room {
  tenant: string;
  name: string;
  /** Its latest report. */
  last: Report;
  /** The reports that are kept, oldest first; the latest is one of them. */
  reports: readonly Report[];
}

/** The rooms by tenant and name. */
export type Rooms = ReadonlyMap<string, Room>;

export const REPORTS_KEPT = 60;
export const NO_ROOMS: Rooms = new Map();

/** Under which name a room is kept. No name of a tenant has a slash. */
export const keyOf = (tenant: string, name: string): string => `${tenant}/${name}`;

export function apply(rooms: Rooms, update: Update): Rooms {
  if (update.updateType !== 'room') return rooms;
  const { tenant, name } = update.data;
  const key = keyOf(tenant, name);
  const before = rooms.get(key)?.reports ?? [];
  // Another epoch is another room, which does not go on with what the one before did.
  const same = before.filter((report) => sameLife(report, update.data) && report.at <= update.data.since);
  const reports = [...same, update.data].slice(-REPORTS_KEPT);
  return new Map(rooms).set(key, { tenant, name, last: update.data, reports });
}

const sameLife = (one: Report, other: Report): boolean =>
  one.room.epoch === null || other.room.epoch === null || one.room.epoch === other.room.epoch;

/** What a room did in all reports that are kept, and in how many milliseconds. */
export function sumOf(reports: readonly Report[]): { did: Did; ms: number } | null {
  const [first, ...rest] = reports;
  if (first === undefined) return null;
  const did = rest.reduce((sum, report) => added(sum, report.did), first.did);
  return { did, ms: reports.reduce((sum, { since, at }) => sum + at - since, 0) };
}

function added(one: Did, other: Did): Did {
  const sum = <T extends Record<string, number>>(a: T, b: T) =>
    Object.fromEntries(Object.entries(a).map(([name, amount]) => [name, amount + (b[name] ?? 0)])) as T;
  const { turns, alarms, ...amounts } = one;
  const { turns: otherTurns, alarms: otherAlarms, ...otherAmounts } = other;
  return { turns: sum(turns, otherTurns), alarms: sum(alarms, otherAlarms), ...sum(amounts, otherAmounts) };
}
