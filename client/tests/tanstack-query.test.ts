/** The cache of a real TanStack Query, over fake sockets. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { QueryClient, QueryObserver } from '@tanstack/query-core';
import { connect } from '../src/index.ts';
import type { AnyUpdate, ConnectOptions } from '../src/index.ts';
import { bindQueries } from '../src/tanstack-query.ts';
import type { Bound } from '../src/tanstack-query.ts';
import { FakeServer, settle } from './fakes.ts';

interface Task {
  id: string;
  version: number;
}

/** Tasks under their keys: an update says which one, and its number is the version. */
async function bound(server: FakeServer, options: Partial<ConnectOptions> = {}) {
  const cache = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity, gcTime: Infinity } } });
  const client = connect<AnyUpdate>({ url: 'https://live.example', session: 's-1', ...options, platform: server.platform() });
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

/** A backend whose answers wait until they are let go. Each tells how often it was asked before. */
function slow() {
  const waiting: (() => void)[] = [];
  let asked = 0;
  const fetch = () => new Promise<Task>((resolve) => {
    const version = 100 * asked++;
    waiting.push(() => resolve(task('a', version)));
  });
  return { fetch, asked: () => asked, answer: () => waiting.shift()?.() };
}

test('a fetch that a snapshot overtakes is done again, also the first one', async () => {
  const server = new FakeServer();
  const { cache, client, fetching } = await bound(server);
  for (const had of [undefined, task('a', 0)]) {
    cache.removeQueries();
    if (had) cache.setQueryData(key('a'), had);
    const { fetch, asked, answer } = slow();
    const fetched = cache.fetchQuery({ queryKey: key('a'), staleTime: 0, queryFn: fetching(fetch) });
    client.requestState();
    await settle();
    answer();
    await settle();
    assert.deepEqual([asked(), cache.getQueryData(key('a'))], [2, had], 'the old answer is not shown');
    answer();
    await fetched;
    assert.deepEqual([asked(), cache.getQueryData(key('a'))], [2, task('a', 100)]);
  }
});

test('a fetch that a snapshot and then an update overtake has the update once', async () => {
  const server = new FakeServer();
  const { cache, client, fetching } = await bound(server);
  const { fetch, answer } = slow();
  const fetched = cache.fetchQuery({ queryKey: key('a'), queryFn: fetching(fetch) });
  client.requestState();
  await settle();
  answer();
  await settle();
  const { seq } = server.publish('a');
  answer();
  await fetched;
  assert.deepEqual(cache.getQueryData(key('a')), task('a', seq));
});

test('a fetch that TanStack Query has given up is not done again', async () => {
  const server = new FakeServer();
  const { cache, client, fetching } = await bound(server);
  const { fetch, asked, answer } = slow();
  const stop = new QueryObserver(cache, { queryKey: key('a'), queryFn: fetching(fetch), staleTime: Infinity }).subscribe(() => {});
  await settle();
  answer();
  await settle();
  void cache.refetchQueries();
  await settle();
  client.requestState();
  await settle();
  assert.equal(asked(), 3, 'the snapshot has begun another one');
  answer();
  await settle();
  answer();
  await settle();
  assert.deepEqual([asked(), cache.getQueryData(key('a'))], [3, task('a', 200)]);
  stop();
});

test('a fetch that is overtaken by an update that says too little is done again', async () => {
  const server = new FakeServer();
  const { cache, fetching } = await bound(server);
  const answers = [task('a', -1), task('a', 5)];
  let answer = () => {};
  const fetch = () => new Promise<Task>((resolve) => (answer = () => resolve(answers.shift() as Task)));
  const fetched = cache.fetchQuery({ queryKey: key('a'), queryFn: fetching(fetch) });
  await settle();
  server.publish('a');
  answer();
  await settle();
  answer();
  await fetched;
  assert.deepEqual(cache.getQueryData(key('a')), task('a', 5));
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

test('an update that comes after a snapshot does not make a query that nobody shows seem whole', async () => {
  const server = new FakeServer();
  const { cache, client, fetching } = await bound(server);
  shown(cache, fetching, ['a']).stop();
  await settle();
  client.requestState();
  await settle();
  server.publish('a');
  const again = shown(cache, fetching, ['a']);
  await settle();
  assert.deepEqual(again.fetches(), [1]);
  again.stop();
});

test('a query that was put into the cache, and has never been fetched, is fetched after a snapshot', async () => {
  const server = new FakeServer();
  const { cache, client, fetching } = await bound(server);
  cache.setQueryData(key('a'), task('a', 0));
  const own = shown(cache, fetching, ['a']);
  await settle();
  assert.deepEqual(own.fetches(), [0]);
  client.requestState();
  await settle();
  assert.deepEqual(own.fetches(), [1]);
  own.stop();
});

test('the state of a topic that is subscribed to says which queries have missed something, and is not written', async () => {
  const server = new FakeServer();
  const { cache, client, fetching } = await bound(server, { topics: ['t'] });
  cache.setQueryData(['task', 't a'], task('a', 0));
  const fetches: string[] = [];
  const stops = ['u a', 'u b'].map((id) => {
    const queryFn = fetching(async () => task(id, 100 + fetches.push(id)));
    return new QueryObserver(cache, { queryKey: ['task', id], queryFn, staleTime: Infinity }).subscribe(() => {});
  });
  await settle();
  server.publish('a', 'u');
  await client.subscribe(['u']);
  await settle();
  assert.deepEqual([fetches, cache.getQueryData(['task', 'u a'])], [['u a', 'u b', 'u a'], task('u a', 103)]);
  assert.equal(cache.getQueryState(['task', 't a'])?.isInvalidated, false);
  stops.forEach((stop) => stop());
});

test('an update whose keys name a query twice is written once', async () => {
  const server = new FakeServer();
  const { cache, client } = await bound(server);
  bindQueries(cache, client, [{ on: 'x', keys: () => [['count'], ['count']], write: (count) => (count as number) + 1 }]);
  cache.setQueryData(['count'], 0);
  server.publish('a');
  assert.equal(cache.getQueryData(['count']), 1);
});

test('a binding that throws is reported and its query invalidated, and the others are written', async () => {
  const server = new FakeServer();
  const { cache, client, fetching } = await bound(server);
  const { reportError } = globalThis;
  const reported: unknown[] = [];
  globalThis.reportError = (error) => void reported.push(error);
  bindQueries(cache, client, [
    { on: 'x', keys: () => { throw new Error('keys'); }, write: () => 1 },
    { on: 'x', keys: () => [['bad']], write: () => { throw new Error('mine'); } },
    { on: 'x', keys: () => [['good']], write: (count) => (count as number) + 1 },
  ]);
  cache.setQueryData(['bad'], 0);
  cache.setQueryData(['good'], 0);
  server.publish('a');
  globalThis.reportError = reportError;
  assert.deepEqual([reported.map(String), cache.getQueryState(['bad'])?.isInvalidated, cache.getQueryData(['good'])], [['Error: keys', 'Error: mine'], true, 1]);
});

test('what has left the cache is forgotten, and so are updates that were written', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const server = new FakeServer();
  const { cache, client, fetching } = await bound(server);
  const known: WeakRef<object>[] = [];
  const own = <T extends object>(one: T): T => {
    known.push(new WeakRef(one));
    return one;
  };
  bindQueries(cache, client, [{ on: 'x', keys: (update) => [own(['nobody', own(update).seq])], write: () => 1 }]);
  await cache.fetchQuery({ queryKey: own(['task', 'gone']), queryFn: fetching(async () => task('gone', 0)) });
  await cache.fetchQuery({ queryKey: key('a'), queryFn: fetching(async () => task('a', 0)) });
  for (let update = 0; update < 20; update += 1) server.publish('a');
  cache.removeQueries({ queryKey: ['task', 'gone'] });
  await settle();
  collect();
  assert.deepEqual([known.length, known.filter((one) => one.deref() !== undefined).length], [41, 0]);
  assert.deepEqual(cache.getQueryData(key('a')), task('a', 20));
});

test('nothing is written after unbind', async () => {
  const server = new FakeServer();
  const { cache, unbind } = await bound(server);
  cache.setQueryData(['task', 'undefined a'], task('a', 0));
  unbind();
  server.publish('a');
  assert.deepEqual(cache.getQueryData(['task', 'undefined a']), task('a', 0));
});
