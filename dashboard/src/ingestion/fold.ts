/**
 * The view of the ingestion dashboard, and the reducer that folds updates into it.
 *
 * The server keeps the latest update of each ingestion, type of queries and type of errors. So whoever comes late does not
 * know from where a finished ingestion came, nor how often something happened: what is not known is left out. Counts and
 * latencies of the past say what this page has seen.
 */

import type { Update, UpdateData, UpdateOf } from 'roomcast/presets/admin';
import { happened } from './words.ts';
import type { Happened } from './words.ts';

/** Why a file could not be read. */
export interface Fault {
  file: string;
  reason: string;
}

export interface Ingestion {
  id: string;
  /** Its place among those that run, which it keeps until it ends. */
  place: number;
  /** What was ingested. Known at its end. */
  fileName?: string | undefined;
  /** Where it comes from. */
  source?: string | undefined;
  total?: number | undefined;
  files: number;
  nodes?: number | undefined;
  currentFile?: string | undefined;
  /** While it runs, what it does; then how it ended. */
  status: string;
  faults: readonly Fault[];
  startedAt?: string | undefined;
  /** Undefined while it runs. */
  endedAt?: string | undefined;
  durationMs?: number | undefined;
}

export interface Queries {
  type: string;
  at: string;
  latencyMs: number;
  /** Of those that this page has seen, the last ones, oldest first. */
  latencies: readonly number[];
  seen: number;
}

export interface SystemError {
  type: string;
  severity: string;
  component?: string | undefined;
  at: string;
  seen: number;
}

export interface View {
  stats?: UpdateData['stats_update'];
  /** In the order in which they were last heard of. */
  ingestions: ReadonlyMap<string, Ingestion>;
  queries: ReadonlyMap<string, Queries>;
  errors: ReadonlyMap<string, SystemError>;
  feed: readonly Happened[];
}

export const INGESTIONS_KEPT = 200;
export const LATENCIES_KEPT = 40;
export const FEED_KEPT = 100;
export const EMPTY: View = { ingestions: new Map(), queries: new Map(), errors: new Map(), feed: [] };

export function apply(view: View, update: Update): View {
  const changed = { ...view, ...change(view, update) };
  const entry = happened(update);
  return entry === null ? changed : { ...changed, feed: [entry, ...view.feed].slice(0, FEED_KEPT) };
}

function change(view: View, update: Update): Partial<View> {
  switch (update.updateType) {
    case 'stats_update': return { stats: update.data };
    case 'query_complete': return { queries: withLast(view.queries, update.data.queryType, answered(view, update)) };
    case 'error': return { errors: withLast(view.errors, update.data.errorType, failed(view, update)) };
    case 'ingestion_started': return keep(view, started(update, freePlace(view)));
    case 'ingestion_progress': return keep(view, progressed(view.ingestions.get(update.data.ingestionId), update, freePlace(view)));
    case 'ingestion_complete': return keep(view, completed(view.ingestions.get(update.data.ingestionId), update));
    // A newer server may send what this page does not know.
    default: return {};
  }
}

/** The first place that no running ingestion has. */
function freePlace(view: View): number {
  const taken = new Set(running(view).map(({ place }) => place));
  let place = 0;
  while (taken.has(place)) place += 1;
  return place;
}

function started({ data, timestamp }: UpdateOf<'ingestion_started'>, place: number): Ingestion {
  return { id: data.ingestionId, place, source: data.source, total: data.totalFiles, files: 0, status: 'started', faults: [], startedAt: timestamp };
}

function progressed(before: Ingestion | undefined, { data, timestamp }: UpdateOf<'ingestion_progress'>, free: number): Ingestion | undefined {
  // What is heard of after the end, but happened before it, does not begin it again.
  if (before?.endedAt !== undefined && timestamp <= before.endedAt) return before;
  const { ingestionId: id, currentFile, status, filesProcessed, totalFiles, errors } = data;
  return {
    id, place: before?.endedAt === undefined ? (before?.place ?? free) : free, source: before?.source, startedAt: before?.startedAt,
    total: totalFiles ?? before?.total, files: filesProcessed, currentFile, status, faults: errors ?? before?.faults ?? [],
  };
}

function completed(before: Ingestion | undefined, { data, timestamp }: UpdateOf<'ingestion_complete'>): Ingestion {
  const { ingestionId: id, fileName, status, filesProcessed, nodesCreated, durationMs, errors } = data;
  return {
    id, place: before?.place ?? 0, fileName, source: before?.source, startedAt: before?.startedAt, total: before?.total,
    files: filesProcessed, nodes: nodesCreated, status, faults: errors ?? before?.faults ?? [], endedAt: timestamp, durationMs,
  };
}

/** With the ingestion as the last; those that ended longest ago are forgotten. */
function keep(view: View, ingestion: Ingestion | undefined): Partial<View> {
  if (ingestion === undefined) return {};
  const ingestions = withLast(view.ingestions, ingestion.id, ingestion);
  if (ingestions.size > INGESTIONS_KEPT) {
    const oldest = [...ingestions.values()].find(({ endedAt }) => endedAt !== undefined);
    if (oldest) ingestions.delete(oldest.id);
  }
  return { ingestions };
}

function answered({ queries }: View, { data, timestamp }: UpdateOf<'query_complete'>): Queries {
  const before = queries.get(data.queryType);
  const latencies = [...(before?.latencies ?? []), data.latencyMs].slice(-LATENCIES_KEPT);
  return { type: data.queryType, at: timestamp, latencyMs: data.latencyMs, latencies, seen: (before?.seen ?? 0) + 1 };
}

function failed({ errors }: View, { data, timestamp }: UpdateOf<'error'>): SystemError {
  const seen = (errors.get(data.errorType)?.seen ?? 0) + 1;
  return { type: data.errorType, severity: data.severity, component: data.component, at: timestamp, seen };
}

function withLast<T>(map: ReadonlyMap<string, T>, key: string, value: T): Map<string, T> {
  const changed = new Map(map);
  changed.delete(key);
  return changed.set(key, value);
}

const SEVERITIES = ['critical', 'error', 'warning', 'info'];
const rank = ({ severity }: SystemError) => (SEVERITIES.includes(severity) ? SEVERITIES.indexOf(severity) : 1);

/** The worst first, and of those that are as bad by name: so that none changes its place when it happens again. */
export function bySeverity(errors: ReadonlyMap<string, SystemError>): readonly SystemError[] {
  return [...errors.values()].sort((one, other) => rank(one) - rank(other) || (one.type < other.type ? -1 : 1));
}

/** Those that run. */
export function running({ ingestions }: View): readonly Ingestion[] {
  return [...ingestions.values()].filter(({ endedAt }) => endedAt === undefined);
}

/** Those that run, each at its place; at a free place there is none. */
export function places(view: View): readonly (Ingestion | undefined)[] {
  const all = running(view);
  const last = Math.max(-1, ...all.map(({ place }) => place));
  return Array.from({ length: last + 1 }, (_, index) => all.find(({ place }) => place === index));
}

/** Those that ended, the last one first. */
export function ended({ ingestions }: View): readonly Ingestion[] {
  return [...ingestions.values()].filter(({ endedAt }) => endedAt !== undefined).reverse();
}
