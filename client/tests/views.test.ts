/** What a client shows, and what it is asked for, over fake sockets and a clock that is set by hand. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeServer, settle } from './fakes.ts';
import { latest, live, watch } from './watching.ts';

/** The server does not act on what this client asks for. */
function mute(server: FakeServer): void {
  for (const { connection } of server.open) if (connection) connection.lossy = true;
}

test('subscriptions are answered, refused, and kept for later connections', async () => {
  const server = new FakeServer();
  server.publish('x', 'a');
  server.publish('y', 'b');
  const { client, view } = await live(server, { topics: ['a'] });
  assert.deepEqual(await client.subscribe(['b']), ['a', 'b']);
  assert.deepEqual(Object.keys(view.get()), ['a x', 'b y']);
  assert.deepEqual(await client.unsubscribe(['a']), ['b']);
  await settle();
  assert.deepEqual(Object.keys(view.get()), ['b y'], 'what was left is forgotten');
  const refused = client.subscribe(['c']);
  const { ref } = server.last.sent.at(-1) ?? {};
  server.last.receive({ type: 'error', code: 'topic_refused', message: 'no', retryable: false, timestamp: '', ref: String(ref) });
  // The fake room has answered before: the first answer counts.
  assert.deepEqual(await refused.catch(({ code }) => code), 'topic_refused');
});

test('what is asked for without a connection happens with the next one', async () => {
  const server = new FakeServer();
  server.publish('y', 'b');
  const { client, view } = watch(server, { topics: ['a'] });
  const [topics, pace] = [client.subscribe(['b']), client.setPace(750)];
  await server.pass(0);
  assert.deepEqual([await topics, await pace], [['a', 'b'], 750]);
  assert.deepEqual(Object.keys(view.get()), ['b y']);
});

test('a pace that is asked for while a connection is on its way is told to the server', async () => {
  const server = new FakeServer();
  server.up = false;
  const { client } = watch(server);
  await server.pass(0);
  const pace = client.setPace(750);
  server.up = true;
  server.accept(server.last);
  assert.equal(await pace, 750);
  assert.deepEqual(server.last.sent, [{ type: 'pace', ms: 750 }]);
});

test('an optimistic update shows at once, and is confirmed by the update with its correlation id', async () => {
  const server = new FakeServer();
  const { client, view } = await live(server);
  const { correlationId, settled } = client.optimistic({ updateType: 'x', data: { key: 'mine' } });
  assert.deepEqual(view.get(), { mine: 0 });
  server.publish('other');
  assert.deepEqual(view.get(), { 'undefined other': 1, mine: 0 });
  server.publish('mine', undefined, { correlationId });
  assert.equal((await settled).seq, 2);
  assert.deepEqual(view.get(), { 'undefined other': 1, 'undefined mine': 2 });
});

test('an optimistic update is rolled back after its time, or when it is refused', async () => {
  const server = new FakeServer();
  const { client, view } = await live(server);
  const late = client.optimistic({ updateType: 'x', data: { key: 'late' } }, { timeoutMs: 2_000 });
  const refused = client.optimistic({ updateType: 'x', data: { key: 'refused' } });
  refused.refuse('403');
  assert.deepEqual(view.get(), { late: 0 });
  await server.pass(2_000);
  assert.deepEqual(view.get(), {});
  assert.deepEqual(await Promise.all([late.settled, refused.settled].map((one) => one.catch(({ code }) => code))), ['timeout', 'refused']);
});

test('a view that is made later begins with the state', async () => {
  const server = new FakeServer();
  server.publish('a');
  const { client, view } = await live(server);
  server.publish('b');
  const later = client.view(latest, {});
  await settle();
  assert.deepEqual(later.get(), { 'undefined a': 1, 'undefined b': 2 });
  assert.deepEqual(view.get(), later.get());
});

test('a view that is made later begins with the state, also if the connection is lost before it comes', async () => {
  const server = new FakeServer();
  const { client } = await live(server);
  server.publish('a');
  await server.pass(6_000);
  mute(server);
  const later = client.view(latest, {});
  await server.pass(0);
  server.last.end(1006);
  server.publish('b');
  await server.pass(500);
  assert.deepEqual([client.state.phase, later.get()], ['live', { 'undefined a': 1, 'undefined b': 2 }]);
});

test('the state can be asked for without a connection, and while one is on its way', async () => {
  for (const when of ['waiting', 'reconnecting'] as const) {
    const server = new FakeServer();
    const { client } = await live(server);
    server.publish('a');
    await server.pass(6_000);
    server.up = false;
    server.last.end(1006);
    if (when === 'reconnecting') await server.pass(500);
    assert.equal(client.state.phase, when);
    const later = client.view(latest, {});
    await server.pass(500);
    server.up = true;
    server.accept(server.last);
    await settle();
    assert.deepEqual([client.state.phase, later.get(), server.sockets.length], ['live', { 'undefined a': 1 }, 2], when);
  }
});

test('a state that is refused is asked for with another connection', async () => {
  const server = new FakeServer();
  server.publish('x', 'a');
  const { client, view } = await live(server, { topics: ['a', 'b'] });
  await server.pass(6_000);
  mute(server);
  void client.unsubscribe(['a']).catch(() => {});
  server.last.receive({ type: 'unsubscribed', ref: 'c1', topics: ['b'] });
  const asked = server.last.sent.find(({ type }) => type === 'request.state');
  server.last.receive({ type: 'error', code: 'rate_limited', message: 'too many', retryable: true, timestamp: '', ref: String(asked?.ref) });
  server.publish('y', 'b');
  await server.pass(3_000);
  assert.deepEqual([client.state.phase, view.get(), server.sockets.length], ['live', { 'b y': 2 }, 2]);
});

test('what was left is forgotten, also if a new token comes and the connection is lost before the state comes', async () => {
  const server = new FakeServer();
  server.publish('x', 'a');
  server.publish('y', 'b');
  const { client, view } = await live(server, { topics: ['a', 'b'] });
  await server.pass(6_000);
  mute(server);
  void client.unsubscribe(['a']).catch(() => {});
  server.last.receive({ type: 'unsubscribed', ref: 'c1', topics: ['b'] });
  server.last.receive({ type: 'auth.refreshed', topics: ['b'], recovery: 'none', expiresAt: new Date(server.now + 600_000).toISOString() });
  server.last.end(1006);
  await server.pass(500);
  assert.deepEqual([client.state.phase, view.get()], ['live', { 'b y': 2 }]);
});

test('a view keeps its identity until it changes, and tells who listens once for each change', async () => {
  const server = new FakeServer();
  const { view } = await live(server);
  let told = 0;
  const stop = view.subscribe(() => (told += 1));
  server.publish('a');
  assert.equal(told, 1);
  const before = view.get();
  server.last.receive({ type: 'pong' });
  assert.ok(view.get() === before && told === 1);
  stop();
  server.publish('b');
  assert.equal(told, 1);
});
