/**
 * The view of any document: the latest update of each type and the one before it, which topics were seen, and what came last.
 *
 * Knows nothing of what updates mean.
 */

import type { AnyUpdate } from 'roomcast';
import { compact } from './lines.ts';

export interface Latest {
  type: string;
  /** How many this page has seen. */
  count: number;
  seq: number;
  at: string;
  topic?: string | undefined;
  data: unknown;
  /** The data of the one before; undefined if there was none. */
  before: unknown;
}

export interface Recent {
  seq: number;
  at: string;
  type: string;
  /** The beginning of its data. */
  text: string;
}

export interface View {
  total: number;
  /** In the order in which they first came, so that none changes its place. */
  types: ReadonlyMap<string, Latest>;
  /** How many updates of each topic were seen. */
  topics: ReadonlyMap<string, number>;
  recent: readonly Recent[];
}

export const TYPES_KEPT = 100;
export const TOPICS_KEPT = 100;
export const RECENT_KEPT = 100;
export const EMPTY: View = { total: 0, types: new Map(), topics: new Map(), recent: [] };

export function apply(view: View, update: AnyUpdate): View {
  const { seq, timestamp: at, updateType: type, topic, data } = update;
  const before = view.types.get(type);
  const latest: Latest = { type, count: (before?.count ?? 0) + 1, seq, at, topic, data, before: before?.data };
  return {
    total: view.total + 1,
    types: bounded(view.types, type, latest, TYPES_KEPT),
    topics: topic === undefined ? view.topics : bounded(view.topics, topic, (view.topics.get(topic) ?? 0) + 1, TOPICS_KEPT),
    recent: [{ seq, at, type, text: compact(data) }, ...view.recent].slice(0, RECENT_KEPT),
  };
}

/** With the value; a new key only if there is room for it. */
function bounded<T>(map: ReadonlyMap<string, T>, key: string, value: T, most: number): ReadonlyMap<string, T> {
  return map.has(key) || map.size < most ? new Map(map).set(key, value) : map;
}
