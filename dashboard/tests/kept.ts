/**
 * What the server's state keeps of a stream, by the document: the latest updates of each key, without what was dropped.
 *
 * For tests of reducers, which treat the state and the stream alike. The truth is the server's; this is as much of it as the
 * built-in documents need: no order by time, and no audience.
 */

import { readFileSync } from 'node:fs';
import type { AnyUpdate } from 'roomcast';

interface Row {
  emit: string;
  key: string;
  topic?: string;
  keep?: number;
  drops?: readonly string[];
  data?: Shape;
}

type Shape = Record<string, unknown>;

const text = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

/** What a page is sent of a document's example file. */
export function fed<U extends AnyUpdate>(name: string): readonly U[] {
  return text(`./fed/${name}.jsonl`).trim().split('\n').map((line) => JSON.parse(line));
}

/** The events of an example file. */
export function events(name: string): readonly { event_type: string; aggregate_id: string; occurred_at: string; payload: Record<string, any> }[] {
  return text(`../../examples/${name}.jsonl`).trim().split('\n').map((line) => JSON.parse(line));
}

/** The state after these updates, in the order of their numbers. */
export function stateOf<U extends AnyUpdate>(name: string, updates: readonly U[]): readonly U[] {
  const { events: rows, tallies = [] } = JSON.parse(text(`../../presets/${name}.json`)) as { events: Row[]; tallies?: Row[] };
  const kept = new Map<string, U[]>();
  for (const update of updates) {
    const row = rowOf([...rows, ...tallies], update);
    for (const drop of row.drops ?? []) forget(kept, filled(drop, update.data));
    const key = filled(row.key, update.data);
    const { keep = 1 } = row;
    if (keep > 0) kept.set(key, [...(kept.get(key) ?? []), update].slice(-keep));
  }
  return [...kept.values()].flat().sort((one, other) => one.seq - other.seq);
}

function forget(kept: Map<string, unknown>, drop: string): void {
  for (const key of [...kept.keys()]) {
    if (key === drop || (drop.endsWith('*') && key.startsWith(drop.slice(0, -1)))) kept.delete(key);
  }
}

/** The row that made an update: the one with its type and topic whose fields are all there; of several, the one with most. */
function rowOf(rows: readonly Row[], update: AnyUpdate): Row {
  const fits = rows.filter(({ emit, topic, data }) =>
    emit === update.updateType && (topic === undefined || filled(topic, update.data) === update.topic) && isOf(data ?? {}, update.data));
  const [row] = fits.sort((one, other) => fields(other.data ?? {}) - fields(one.data ?? {}));
  if (row === undefined) throw new Error(`no row makes ${update.updateType} of the topic ${update.topic}`);
  return row;
}

/** Whether data have all that a row always writes, and where it writes a value, that. */
function isOf(shape: Shape, data: unknown): boolean {
  return Object.entries(shape).every(([name, place]) => {
    const value = (data as Shape)[name.replace('?', '')];
    if (value === undefined) return name.endsWith('?') || 'count' in Object(place);
    const { fields: inner, value: constant } = Object(place) as { fields?: Shape; value?: unknown };
    if (inner) return isOf(inner, value);
    return constant === undefined || JSON.stringify(constant) === JSON.stringify(value);
  });
}

/** How many fields a row always writes; those with a value count more. */
function fields(shape: Shape): number {
  const weights = Object.entries(shape).map(([name, place]) => {
    const { fields: inner, value } = Object(place) as { fields?: Shape; value?: unknown };
    if (inner) return fields(inner);
    return value !== undefined ? 10 : name.endsWith('?') ? 0 : 1;
  });
  return weights.reduce((sum, weight) => sum + weight, 0);
}

/** `project:{metadata.projectId}` with the fields of the data put in. */
function filled(template: string, data: unknown): string {
  return template.replace(/\{([^}]+)\}/g, (_, path: string) => String(path.split('.').reduce<any>((value, step) => value?.[step], data)));
}
