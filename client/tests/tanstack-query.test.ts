/** The cache of a real TanStack Query, over fake sockets. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueryClient, QueryObserver } from '@tanstack/query-core';
import { connect } from '../src/index.ts';
import type { AnyUpdate } from '../src/index.ts';
import { bindQueries } from '../src/tanstack-query.ts';
import type { Bound } from '../src/tanstack-query.ts';
import { FakeServer, settle } from './fakes.ts';

interface Task {
  id: string;
  version: number;
}

/** Tasks under their keys: an update says which one, and its number is the version. */
async function bound(server: FakeServer) {
  const cache = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity, gcTime: Infinity } } });
  const client = connect<AnyUpdate>({ url: 'https://live.example', session: 's-1', platform: server.platform() });
  const queries = bindQueries(cache, client, [{
    on: 'x',
    keys: ({ data }) => [['task', (data as { key: string }).key]],
    write: (task, { seq }) => ((task as Task).version < 0 ? undefined : { ...(task as Task), version: seq }),
  }]);
  await server.pass(0);
  return { cache, client, ...queries };
}

const task = (id: string, version: number): Task => ({ id, version });
const key = (id: string) => ['task', `undefined ${id}`];

test('an update is written into the query of its key, and into no other', async () => {
  const server = new FakeServer();
  const { cache } = await bound(server);
  cache.setQueryData(['task', 'undefined a'], task('a', 0));
  cache.setQueryData(['task', 'undefined b'], task('b', 0));
  server.publish('a');
  assert.deepEqual(cache.getQueryData(['task', 'undefined a']), task('a', 1));
  assert.deepEqual(cache.getQueryData(['task', 'undefined b']), task('b', 0));
});

test('nothing is written for a query that nobody has asked for', async () => {
  const server = new FakeServer();
  const { cache } = await bound(server);
  server.publish('a');
  assert.deepEqual(cache.getQueryCache().getAll(), []);
});

test('a slow fetch never overwrites a newer update', async () => {
  const server = new FakeServer();
  const { cache, fetching } = await bound(server);
  for (const had of [undefined, task('a', 0)]) {
    const queryKey = ['task', 'undefined a'];
    cache.removeQueries();
    if (had) cache.setQueryData(queryKey, had);
    let answer: (task: Task) => void = () => {};
    const fetched = cache.fetchQuery({ queryKey, staleTime: 0, queryFn: fetching(() => new Promise<Task>((resolve) => (answer = resolve))) });
    await settle();
    const { seq } = server.publish('a');
    answer(task('a', 0));
    await fetched;
    assert.deepEqual(cache.getQueryData(queryKey), task('a', seq));
  }
});

test('a query about which an update says too little is fetched again', async () => {
  const server = new FakeServer();
  const { cache } = await bound(server);
  const queryKey = ['task', 'undefined a'];
  cache.setQueryData(queryKey, task('a', -1));
  server.publish('a');
  assert.equal(cache.getQueryState(queryKey)?.isInvalidated, true);
});

/** Components that show tasks, and how often each task was fetched. */
function shown(cache: QueryClient, fetching: Bound['fetching'], ids: readonly string[]) {
  const fetches = new Map(ids.map((id) => [id, 0]));
  const stops = ids.map((id) => {
    const queryFn = fetching(async () => {
      fetches.set(id, (fetches.get(id) ?? 0) + 1);
      return task(id, 0);
    });
    return new QueryObserver(cache, { queryKey: key(id), queryFn, staleTime: Infinity }).subscribe(() => {});
  });
  return { fetches: () => ids.map((id) => fetches.get(id)), stop: () => stops.forEach((stop) => stop()) };
}

test('after a snapshot exactly the queries concerned are fetched again', async () => {
  const server = new FakeServer();
  const { cache, client, fetching } = await bound(server);
  const others = shown(cache, (fetch) => fetch as never, ['c', 'd']);
  const own = shown(cache, fetching, ['a', 'b']);
  await settle();
  server.publish('c');
  assert.deepEqual([own.fetches(), others.fetches()], [[1, 1], [1, 1]]);
  client.requestState();
  await settle();
  // `c` is known by its update, `a` and `b` by their function, and `d` is nobody's.
  assert.deepEqual([own.fetches(), others.fetches()], [[2, 2], [2, 1]]);
  own.stop();
  others.stop();
});

test('after a gap that is replayed nothing is fetched again, after one that is not the queries concerned are', async () => {
  const server = new FakeServer();
  const { cache, client, fetching } = await bound(server);
  const own = shown(cache, fetching, ['a']);
  const others = shown(cache, (fetch) => fetch as never, ['other']);
  const lose = async (count: number) => {
    for (let lost = 0; lost < count; lost += 1) server.lose('a');
    server.publish('a');
    assert.equal(client.state.error?.code, 'gap');
    await server.pass(6_000);
    assert.equal(client.state.phase, 'live');
  };
  await settle();
  await lose(1);
  assert.deepEqual([own.fetches(), cache.getQueryData(key('a'))], [[1], task('a', 2)]);
  // The log keeps twelve.
  await lose(20);
  assert.deepEqual([own.fetches(), others.fetches()], [[2], [1]]);
  own.stop();
  others.stop();
});

test('a query that nobody shows is fetched again after a snapshot when somebody does', async () => {
  const server = new FakeServer();
  const { cache, client, fetching } = await bound(server);
  shown(cache, fetching, ['a']).stop();
  await settle();
  client.requestState();
  await settle();
  assert.equal(cache.getQueryState(key('a'))?.isInvalidated, true);
  const again = shown(cache, fetching, ['a']);
  await settle();
  assert.deepEqual(again.fetches(), [1]);
  again.stop();
});

test('nothing is written after unbind', async () => {
  const server = new FakeServer();
  const { cache, unbind } = await bound(server);
  cache.setQueryData(['task', 'undefined a'], task('a', 0));
  unbind();
  server.publish('a');
  assert.deepEqual(cache.getQueryData(['task', 'undefined a']), task('a', 0));
});
