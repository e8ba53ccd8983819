/**
 * `roomcast/tanstack-query`: updates are written into the cache of TanStack Query 5, by key and with versions, so that a slow fetch never
 * overwrites a newer push, and nothing is polled.
 *
 * Queries that are kept fresh like this do not age: give them `staleTime: Infinity`. With `'static'`, TanStack Query would not fetch them
 * again after a snapshot, because it ignores that they are invalid. What to write is the caller's; this file only decides when.
 */

import type { QueryClient, QueryFunction, QueryFunctionContext, QueryKey } from '@tanstack/query-core';
import { hashKey } from '@tanstack/query-core';
import type { AnyUpdate, Client, Update } from './index.ts';

/** How updates of a type change the cache. */
export interface Binding<U extends AnyUpdate = Update> {
  /** The type of the updates. */
  on: U['updateType'];
  /** The keys of the queries that an update changes. */
  keys(update: U): readonly QueryKey[];
  /** The new data of a query. `undefined`: not enough is known, so the query is invalidated. Not called for a query without data. */
  write(data: unknown, update: U, key: QueryKey): unknown;
}

export interface Bound {
  /**
   * Wraps the function of a query: if an update of its key came while it was under way, its answer may be from before that update, so the
   * update is applied to it again.
   */
  fetching<T, K extends QueryKey>(fetch: QueryFunction<T, K>): QueryFunction<T, K>;
  /** Ends it. The cache stays as it is. */
  unbind(): void;
}

/** A fetch that is under way, and the updates of its key since it began. */
interface Flight<U extends AnyUpdate> {
  updates: [Binding<U>, U][];
}

/** Writes the updates of a client into a cache, from now on. */
export function bindQueries<U extends AnyUpdate = Update>(cache: QueryClient, client: Client<U>, bindings: readonly Binding<U>[]): Bound {
  const flights = new Map<string, Set<Flight<U>>>();
  /** The keys that an update has changed. After a snapshot, these are the ones that may have missed some. */
  const touched = new Map<string, QueryKey>();
  const apply = (binding: Binding<U>, update: U) => {
    for (const key of binding.keys(update)) {
      const hash = hashKey(key);
      touched.set(hash, key);
      for (const flight of flights.get(hash) ?? []) flight.updates.push([binding, update]);
      write(cache, key, (data) => binding.write(data, update, key));
    }
  };
  const each = (updates: readonly U[]) => {
    for (const update of updates) for (const binding of bindings) if (binding.on === update.updateType) apply(binding, update);
  };
  const off = client.on('change', ({ reset, updates, source }) => {
    if (source === 'optimistic') return;
    if (reset) invalidate(cache, touched, updates.flatMap((update) => bindings.filter(({ on }) => on === update.updateType).flatMap(({ keys }) => keys(update))));
    else each(updates);
  });
  return {
    unbind: off,
    fetching: <T, K extends QueryKey>(fetch: QueryFunction<T, K>) => async (context: QueryFunctionContext<K>) => {
      const hash = hashKey(context.queryKey);
      const flight: Flight<U> = { updates: [] };
      flights.set(hash, (flights.get(hash) ?? new Set()).add(flight));
      touched.set(hash, context.queryKey);
      try {
        const data: T = await fetch(context);
        return flight.updates.reduce<T>((newer, [binding, update]) => (binding.write(newer, update, context.queryKey) ?? newer) as T, data);
      } finally {
        flights.get(hash)?.delete(flight);
      }
    },
  };
}

/** Writes into a query that has data. A fetch that is under way goes on. */
function write(cache: QueryClient, key: QueryKey, change: (data: unknown) => unknown): void {
  const data = cache.getQueryData(key);
  if (data === undefined) return;
  const newer = change(data);
  if (newer === undefined) void cache.invalidateQueries({ queryKey: key, exact: true });
  else cache.setQueryData(key, newer);
}

/** After a snapshot nobody knows what was missed in between: exactly the queries concerned are fetched again, and no others. */
function invalidate(cache: QueryClient, touched: ReadonlyMap<string, QueryKey>, shown: readonly QueryKey[]): void {
  const keys = new Map([...touched, ...shown.map((key) => [hashKey(key), key] as const)]);
  for (const queryKey of keys.values()) {
    if (cache.getQueryData(queryKey) !== undefined) void cache.invalidateQueries({ queryKey, exact: true });
  }
}
