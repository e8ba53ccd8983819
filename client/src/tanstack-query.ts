/**
 * `roomcast/tanstack-query`: updates are written into the cache of TanStack Query 5, by key and with versions, so that a slow fetch never
 * overwrites a newer push, and nothing is polled.
 *
 * Queries that are kept fresh like this do not age: give them `staleTime: Infinity`. With `'static'`, TanStack Query would not fetch them
 * again after a snapshot, because it ignores that they are invalid. What to write is the caller's; this file only decides when. It
 * remembers nothing of queries that have left the cache.
 */

import type { Query, QueryClient, QueryFunction, QueryFunctionContext, QueryKey } from '@tanstack/query-core';
import { report } from './errors.ts';
import type { AnyUpdate, Change, Client, Update } from './index.ts';

/** How updates of a type change the cache. `on` says which type the update has. */
export type Binding<U extends AnyUpdate = Update> = { [T in U['updateType']]: BindingOf<Extract<U, { updateType: T }>> }[U['updateType']];

export interface BindingOf<U extends AnyUpdate> {
  /** The type of the updates. */
  on: U['updateType'];
  /** The keys of the queries that an update changes. */
  keys(update: U): readonly QueryKey[];
  /**
   * The new data of a query. `undefined`: not enough is known, so the query is invalidated. Not called for a query without data.
   *
   * Each update comes once for what the cache has, in order, and once for the answer of a fetch that was under way. Whether that answer has
   * the update already, only the backend knows. So applying an update twice must be the same as applying it once: set values, or compare
   * versions; do not count.
   */
  write(data: unknown, update: U, key: QueryKey): unknown;
}

export interface Bound {
  /**
   * Wraps the function of a query. If an update of its key came while it was under way, its answer may be from before that update, so the
   * update is applied to it again. If a snapshot came, the answer is dropped, and the function called again. Not for infinite queries, whose
   * function gets one page, while `write` would get all.
   */
  fetching<T, K extends QueryKey>(fetch: QueryFunction<T, K>): QueryFunction<T, K>;
  /** Ends it. The cache stays as it is. */
  unbind(): void;
}

/** An update for a query. */
interface Writing<U extends AnyUpdate> {
  query: Query;
  binding: BindingOf<U>;
  update: U;
  key: QueryKey;
}

/** A fetch that is under way, and the updates of its query since it began. */
interface Flight<U extends AnyUpdate> {
  writings: Writing<U>[];
  /** Whether nobody knows what its answer misses. */
  overtaken: boolean;
}

/** Writes the updates of a client into a cache, from now on. */
export function bindQueries<U extends AnyUpdate = Update>(cache: QueryClient, client: Client<U>, bindings: readonly Binding<U>[]): Bound {
  const queries = new Queries(cache, bindings as readonly BindingOf<U>[]);
  return { unbind: client.on('change', (change) => queries.hear(change)), fetching: (fetch) => queries.fetching(fetch) };
}

class Queries<U extends AnyUpdate> {
  readonly #cache: QueryClient;
  readonly #bindings: readonly BindingOf<U>[];
  /** The latest fetch of each query. TanStack Query has given up those before. */
  readonly #flights = new WeakMap<Query, Flight<U>>();
  /** Queries that updates have changed or that were fetched here, and the functions that fetch here. */
  readonly #bound = new WeakSet<object>();

  constructor(cache: QueryClient, bindings: readonly BindingOf<U>[]) {
    this.#cache = cache;
    this.#bindings = bindings;
  }

  hear({ reset, updates, source }: Change<U>): void {
    if (source === 'optimistic') return;
    const named = updates.flatMap((update) => this.#bindings.flatMap((binding) => (binding.on === update.updateType ? this.#named(binding, update) : [])));
    // The state of a topic, too, is not all that has happened.
    if (!reset && source !== 'topics') return named.forEach((writing) => this.#write(writing));
    const all = reset ? this.#cache.getQueryCache().getAll() : [];
    this.#doubt(new Set([...named.map(({ query }) => query), ...all.filter((query) => this.#isBound(query))]));
  }

  fetching<T, K extends QueryKey>(fetch: QueryFunction<T, K>): QueryFunction<T, K> {
    const fetches: typeof fetch = (context) => {
      const query = this.#find(context.queryKey);
      return query ? this.#fetch(query, () => fetch(context)) : fetch(context);
    };
    this.#bound.add(fetches);
    return fetches;
  }

  /** Fetches for this query, until its answer has not been overtaken. */
  async #fetch<T>(query: Query, fetch: () => T | Promise<T>): Promise<T> {
    const flight: Flight<U> = { writings: [], overtaken: false };
    this.#flights.set(query, flight);
    this.#bound.add(query);
    try {
      const answer = landed(await fetch(), flight);
      if (!flight.overtaken || this.#flights.get(query) !== flight) return answer;
    } finally {
      if (this.#flights.get(query) === flight) this.#flights.delete(query);
    }
    return this.#fetch(query, fetch);
  }

  #write(writing: Writing<U>): void {
    const { query, key } = writing;
    this.#bound.add(query);
    this.#flights.get(query)?.writings.push(writing);
    const { data, isInvalidated } = query.state;
    if (data === undefined) return;
    const newer = written(data, writing);
    if (newer === undefined) return this.#refetch(new Set([query]));
    this.#cache.setQueryData(key, newer);
    // To TanStack Query, data that was set is whole. What was missed before is still missing.
    if (isInvalidated) query.invalidate();
  }

  /** Nobody knows what these queries have missed: exactly they are fetched again. */
  #doubt(queries: ReadonlySet<Query>): void {
    for (const query of queries) {
      const flight = this.#flights.get(query);
      if (flight) flight.overtaken = true;
    }
    // This begins other fetches, which are not overtaken.
    this.#refetch(queries);
  }

  #refetch(queries: ReadonlySet<Query>): void {
    void this.#cache.invalidateQueries({ predicate: (query) => queries.has(query) && query.state.data !== undefined });
  }

  #isBound(query: Query): boolean {
    return this.#bound.has(query) || this.#bound.has(query.options.queryFn as object);
  }

  /** The queries that an update changes, once each, also if the keys name one twice. */
  #named(binding: BindingOf<U>, update: U): Writing<U>[] {
    const keys = new Map((tried(() => binding.keys(update)) ?? []).map((key) => [this.#find(key), key]));
    return [...keys].flatMap(([query, key]) => (query ? [{ query, key, binding, update }] : []));
  }

  #find(key: QueryKey): Query | undefined {
    return this.#cache.getQueryCache().get(this.#cache.defaultQueryOptions({ queryKey: key }).queryHash);
  }
}

/** The answer of a fetch, with what came meanwhile. */
function landed<T, U extends AnyUpdate>(answer: T, flight: Flight<U>): T {
  let newer: unknown = answer;
  for (const writing of flight.writings) {
    newer = written(newer, writing);
    if (newer !== undefined) continue;
    flight.overtaken = true;
    return answer;
  }
  return newer as T;
}

/** The data with an update; `undefined` if not enough is known. */
function written<U extends AnyUpdate>(data: unknown, { binding, update, key }: Writing<U>): unknown {
  return tried(() => binding.write(data, update, key));
}

/** An error in one binding must not keep the others from what has come. */
function tried<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    report(error);
    return undefined;
  }
}
