/** The cache of a real TanStack Query, over fake sockets. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueryClient } from '@tanstack/query-core';
import { connect } from '../src/index.ts';
import type { AnyUpdate } from '../src/index.ts';
import { bindQueries } from '../src/tanstack-query.ts';
import { FakeServer, settle } from './fakes.ts';

interface Task {
  id: string;
  version: number;
}

/** Tasks under their keys: an update says which one, and its number is the version. */
async function bound(server: FakeServer) {
  const cache = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 'static', gcTime: Infinity } } });
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

test('after a snapshot exactly the queries concerned are fetched again', async () => {
  const server = new FakeServer();
  const { cache, client, fetching } = await bound(server);
  const key = (id: string) => ['task', `undefined ${id}`];
  await cache.fetchQuery({ queryKey: key('a'), queryFn: fetching(async () => task('a', 0)) });
  cache.setQueryData(key('b'), task('b', 0));
  cache.setQueryData(key('c'), task('c', 0));
  cache.setQueryData(['something', 'else'], 1);
  server.publish('b');
  client.requestState();
  await settle();
  const invalidated = (queryKey: readonly unknown[]) => cache.getQueryState(queryKey)?.isInvalidated;
  assert.deepEqual([key('a'), key('b'), key('c'), ['something', 'else']].map(invalidated), [true, true, false, false]);
});

test('nothing is written after unbind', async () => {
  const server = new FakeServer();
  const { cache, unbind } = await bound(server);
  cache.setQueryData(['task', 'undefined a'], task('a', 0));
  unbind();
  server.publish('a');
  assert.deepEqual(cache.getQueryData(['task', 'undefined a']), task('a', 0));
});
