/** A page of TanStack Query: it fetches each query once from the application, and updates keep the cache as it is there. */

import { QueryClient, QueryObserver } from '@tanstack/query-core';
import type { QueryFunction, QueryKey } from '@tanstack/query-core';
import { connect } from '../../../src/index.ts';
import { bindQueries } from '../../../src/tanstack-query.ts';
import { nothing, options, record } from './record.ts';

/** What has happened, in order: titles, or the components of a cycle. */
type Happened = string[];

export interface Cached {
  title: Happened;
  cycles: Happened[];
  profile: Happened;
  /** What an update said that the cache did not show right after it. */
  late: string[];
  /** How many fetches are under way. */
  fetching: number;
}

declare global {
  interface Window {
    cached(): Cached;
  }
}

const seen = (window.seen = nothing());
const client = (window.client = connect(options(seen)));
const cache = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity } } });

// A fetch may have what an update says as well, so writing it twice is the same as once.
const add = (happened: unknown, item: string) => [...new Set([...(happened as Happened), item])];
const { fetching } = bindQueries(cache, client, [
  { on: 'session.metadata', keys: () => [['title']], write: (titles, { data }) => add(titles, (data as { title: string }).title) },
  {
    on: 'component.completed',
    keys: ({ data }) => [['cycle', (data as { cycleId: string }).cycleId]],
    write: (completed, { data }) => add(completed, (data as { componentType: string }).componentType),
  },
]);

const answered = (path: string) => async (): Promise<Happened> => (await fetch(`/app/${path}`)).json();
const queries: [QueryKey, QueryFunction<Happened>][] = [
  [['title'], fetching(answered('title'))],
  [['cycle', 'c-1'], fetching(answered('cycle/c-1'))],
  [['cycle', 'c-2'], fetching(answered('cycle/c-2'))],
  [['profile'], answered('profile')],
];
// As components observe them.
for (const [queryKey, queryFn] of queries) new QueryObserver(cache, { queryKey, queryFn }).subscribe(() => {});

const data = (...key: string[]) => cache.getQueryData<Happened>(key) ?? [];
const late: string[] = [];
record(client, seen);
client.on('change', ({ reset, updates }) => {
  if (reset) return;
  for (const update of updates) {
    const [shown, said] = update.updateType === 'session.metadata' ? [data('title'), update.data.title]
      : update.updateType === 'component.completed' ? [data('cycle', update.data.cycleId), update.data.componentType] : [['nothing'], 'nothing'];
    if (!shown.includes(said)) late.push(said);
  }
});
window.cached = () => ({ title: data('title'), cycles: ['c-1', 'c-2'].map((id) => data('cycle', id)), profile: data('profile'), late, fetching: cache.isFetching() });
