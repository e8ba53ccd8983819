/**
 * The rows of the table of rooms: what is listed and what has reported, searched and sorted. Pure functions.
 */

import { spent } from './cost.ts';
import type { Spent } from './cost.ts';
import { keyOf, sumOf } from './fold.ts';
import type { Report, Room, Rooms } from './fold.ts';

/** What a row shows of a room. Nothing but its name, if it has not reported. */
export interface Row {
  key: string;
  tenant: string;
  name: string;
  room: Room | null;
  /** The number of its last update, as far as it has said. */
  head: number | null;
  /** Events in a second: over the last period, or none if the room has had nothing to report since. */
  rate: number | null;
  cost: Spent | null;
}

export type Column = 'name' | 'members' | 'head' | 'rate' | 'frames' | 'bytes' | 'hour' | 'million' | 'at';

export interface Sorting {
  by: Column;
  descending: boolean;
}

/** Milliseconds after a report within which the next one has come, if anything has happened. */
export const QUIET_AFTER_MS = 5_000;

/** The rooms of these tenants: all that are listed, and those that have reported. */
export function rowsOf(rooms: Rooms, listed: ReadonlyMap<string, readonly string[]>, now: number): Row[] {
  const rows = new Map<string, Row>();
  for (const [tenant, names] of listed) {
    for (const name of names) rows.set(keyOf(tenant, name), rowOf(tenant, name, rooms.get(keyOf(tenant, name)) ?? null, now));
  }
  for (const [key, room] of rooms) {
    if (listed.has(room.tenant) && !rows.has(key)) rows.set(key, rowOf(room.tenant, room.name, room, now));
  }
  return [...rows.values()];
}

function rowOf(tenant: string, name: string, room: Room | null, now: number): Row {
  const key = keyOf(tenant, name);
  if (room === null) return { key, tenant, name, room, head: null, rate: null, cost: null };
  const sum = sumOf(room.reports);
  const cost = sum && spent(sum.did, room.last.room.members.all, sum.ms);
  const rate = now - room.last.at > QUIET_AFTER_MS ? 0 : rateOf(room.last);
  const head = room.reports.filter((report) => report.room.head !== null).at(-1)?.room.head ?? null;
  return { key, tenant, name, room, head, rate, cost };
}

/** Events in a second; null if the report is of no time. */
export function rateOf({ since, at, did }: Report): number | null {
  return at > since ? (did.events * 1_000) / (at - since) : null;
}

/** What all rooms do together. */
export interface Totals {
  rooms: number;
  /** Those that have reported in the last minute. */
  awake: number;
  members: number;
  rate: number;
  /** US dollars in an hour, of those that have reported in the last minute. */
  perHour: number;
}

export function totalsOf(rows: readonly Row[], now: number): Totals {
  const awake = rows.filter(({ room }) => room !== null && now - room.last.at < 60_000);
  const sum = (of: (row: Row) => number) => awake.reduce((total, row) => total + of(row), 0);
  return {
    rooms: rows.length,
    awake: awake.length,
    members: sum(({ room }) => room?.last.room.members.all ?? 0),
    rate: sum(({ rate }) => rate ?? 0),
    perHour: sum(({ cost }) => cost?.perHour ?? 0),
  };
}

/** Rows whose name or tenant contains the text, whatever its case. */
export function found(rows: readonly Row[], text: string): Row[] {
  const wanted = text.trim().toLowerCase();
  return rows.filter(({ key }) => key.toLowerCase().includes(wanted));
}

/** The rows in this order. Rows without a value come last, whichever the direction. */
export function sorted(rows: readonly Row[], { by, descending }: Sorting): Row[] {
  const order = descending ? -1 : 1;
  return [...rows].sort((one, other) => {
    const [a, b] = [valueOf(one, by), valueOf(other, by)];
    if (a === null || b === null) return Number(a === null) - Number(b === null) || compare(one.key, other.key);
    return order * compare(a, b) || compare(one.key, other.key);
  });
}

const compare = (a: number | string, b: number | string): number => (a < b ? -1 : Number(a > b));

function valueOf({ key, room, head, rate, cost }: Row, by: Column): number | string | null {
  switch (by) {
    case 'name': return key;
    case 'members': return room?.last.room.members.all ?? null;
    case 'head': return head;
    case 'rate': return rate;
    case 'frames': return room?.last.did.frames ?? null;
    case 'bytes': return room?.last.did.bytes ?? null;
    case 'hour': return cost?.perHour ?? null;
    case 'million': return cost?.perMillionEvents ?? null;
    case 'at': return room?.last.at ?? null;
  }
}
