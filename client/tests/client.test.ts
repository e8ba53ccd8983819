/** The connection of a client as its users see it, over fake sockets and a clock that is set by hand. What it shows is in views.test.ts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../src/index.ts';
import { FakePage, FakeServer, settle, START } from './fakes.ts';
import { live, watch } from './watching.ts';

test('snapshot and tail go through one reducer', async () => {
  const server = new FakeServer();
  server.publish('a');
  server.publish('a');
  const { view, seqs } = await live(server);
  server.publish('b');
  assert.deepEqual([view.get(), seqs], [{ 'undefined a': 2, 'undefined b': 3 }, [2, 3]]);
});

test('the address has the session, the token is in the list of protocols and nowhere else', async () => {
  const server = new FakeServer();
  await live(server, { session: 'team:7@x', token: 't.o.k', topics: ['a', 'b*'], pace: 250 });
  assert.equal(server.last.url.href, 'wss://live.example/api/sessions/team:7@x/live?topics=a%2Cb*&pace=250');
  assert.deepEqual(server.last.protocols, ['roomcast.v1', 'roomcast.bearer.t.o.k']);
});

test('without an address it is the one of the page, with its tenant', async () => {
  const server = new FakeServer();
  const page = new FakePage();
  const client = connect({ session: 's-1', platform: { ...server.platform(), window: page as never } });
  await settle();
  assert.equal(server.last.url.href, 'wss://live.example/t/acme/api/sessions/s-1/live');
  client.close();
  assert.throws(() => connect({ session: 's-1', platform: server.platform() }), /`url` says where/);
});

test('a lost connection is resumed from the position, and each update applied once', async () => {
  const server = new FakeServer();
  const { client, seqs } = await live(server);
  server.publish('a');
  await server.pass(6_000);
  server.last.end(1006);
  assert.equal(client.state.phase, 'waiting');
  server.publish('b');
  await server.pass(500);
  assert.equal(server.last.url.searchParams.get('resume'), `${server.room.epoch}:1`);
  assert.deepEqual([client.state.phase, seqs], ['live', [1, 2]]);
});

test('a gap is repaired', async () => {
  const server = new FakeServer();
  const { client, seqs } = await live(server);
  server.publish('a');
  const [socket] = server.open;
  server.room.publish(undefined, 'b', server.now);
  const missing = server.room.publish(undefined, 'c', server.now);
  socket?.receive({ type: 'dashboard.updates', prev: 2, seq: 3, sentAt: '', updates: [missing as never] });
  assert.equal(client.state.error?.code, 'gap');
  await server.pass(3_000);
  assert.deepEqual([client.state.phase, seqs], ['live', [1, 2, 3]]);
});

test('it gives up after ten attempts, says what helps, and retry() tries again', async () => {
  const server = new FakeServer();
  server.refuses = [1006, ''];
  const { client, states, errors } = watch(server);
  const waits: number[] = [];
  client.on('state', ({ retryAt, phase }) => phase === 'waiting' && waits.push((retryAt ?? 0) - server.now));
  await server.pass(300_000);
  assert.deepEqual(waits, [3_000, 4_500, 6_750, 10_125, 15_188, 22_781, 30_000, 30_000, 30_000, 30_000]);
  assert.equal(client.state.phase, 'failed');
  assert.deepEqual(errors, ['attempts']);
  assert.match(client.state.error?.message ?? '', /retry\(\)/);
  assert.equal(server.sockets.length, 11);
  assert.ok(states.every((state, index) => state !== states[index - 1]), 'told of changes only');
  server.refuses = null;
  client.retry();
  await server.pass(0);
  assert.equal(client.state.phase, 'live');
});

test('where the close code says so, it does not connect again', async () => {
  const server = new FakeServer();
  const { client, errors } = await live(server);
  server.last.end(4403, 'session_refused');
  await server.pass(600_000);
  assert.deepEqual([client.state.phase, errors, server.sockets.length], ['failed', ['session_refused'], 1]);
  assert.match(client.state.error?.help ?? '', /sessions/);
});

test('each attempt asks for a token, and an expired one is replaced once', async () => {
  const server = new FakeServer();
  const asked: string[] = [];
  const { client } = await live(server, { token: async (why) => `${asked.push(why)}` });
  await server.pass(6_000);
  server.last.end(1006);
  await server.pass(500);
  assert.deepEqual([asked, server.last.protocols[1]], [['connect', 'connect'], 'roomcast.bearer.2']);
  server.refuses = [4401, 'token_expired'];
  server.last.end(4401, 'token_expired');
  await server.pass(0);
  assert.deepEqual([asked.slice(2), client.state.phase], [['expired'], 'failed']);
});

test('a token that cannot be got is asked for again, later', async () => {
  const server = new FakeServer();
  const reported = console.error;
  console.error = () => {};
  let asked = 0;
  const { client } = watch(server, { token: () => (asked++ === 0 ? Promise.reject(new Error('offline')) : 't') });
  await server.pass(0);
  console.error = reported;
  assert.deepEqual([client.state.phase, client.state.error?.code], ['waiting', 'token']);
  await server.pass(3_000);
  assert.equal(client.state.phase, 'live');
});

test('a token that ends is replaced without another connection', async () => {
  const server = new FakeServer();
  const asked: string[] = [];
  await live(server, { token: async (why) => `${asked.push(why)}` });
  server.last.receive({ type: 'auth.expiring', expiresAt: new Date(server.now + 65_000).toISOString() });
  await server.pass(30_000);
  assert.deepEqual(asked, ['connect', 'refresh']);
  assert.deepEqual(server.last.sent.find(({ type }) => type === 'auth.refresh'), { type: 'auth.refresh', token: '2' });
  assert.equal(server.sockets.length, 1);
});

test('a new token that cannot be got is asked for again before the old one ends', async () => {
  const server = new FakeServer();
  const reported = console.error;
  console.error = () => {};
  const asked: string[] = [];
  const { client } = await live(server, { token: (why) => (asked.push(why) === 2 ? Promise.reject(new Error('busy')) : 't') });
  server.last.receive({ type: 'auth.expiring', expiresAt: new Date(server.now + 65_000).toISOString() });
  await server.pass(6_000);
  assert.deepEqual([asked, client.state.phase], [['connect', 'refresh'], 'live']);
  await server.pass(6_000);
  console.error = reported;
  assert.deepEqual(asked, ['connect', 'refresh', 'refresh']);
  assert.equal(server.last.sent.filter(({ type }) => type === 'auth.refresh').length, 1);
});

test('a token that is too long for a frame is brought by another connection', async () => {
  const server = new FakeServer();
  let long = 't';
  const { client } = await live(server, { token: () => long });
  long = 'x'.repeat(4_000);
  server.last.receive({ type: 'auth.expiring', expiresAt: new Date(server.now + 65_000).toISOString() });
  await server.pass(30_000);
  assert.deepEqual([server.sockets.length, server.sockets[0]?.closed, client.state.phase], [2, 1000, 'live']);
});

test('a server that does not answer a ping is left within ten seconds', async () => {
  const server = new FakeServer();
  const { client } = await live(server);
  server.up = false;
  for (const socket of server.open) socket.connection = null;
  await server.pass(30_000);
  assert.equal(client.state.phase, 'live');
  await server.pass(10_000);
  assert.deepEqual([client.state.phase, client.state.error?.code], ['waiting', 'no_answer']);
});

test('it connects at once when the network is back, and when a hidden tab is shown', async () => {
  for (const back of ['online', 'visible'] as const) {
    const server = new FakeServer();
    const page = new FakePage();
    const { client } = await live(server, { platform: { window: page as never } });
    page.says('offline');
    assert.equal(client.state.phase, 'waiting');
    server.refuses = [1006, ''];
    await server.pass(20_000);
    server.refuses = null;
    if (back === 'online') page.says('online');
    else page.show('visible');
    await server.pass(0);
    assert.equal(client.state.phase, 'live', back);
  }
});

test('a hidden tab asks for a slower pace, and for its own when it is shown', async () => {
  const server = new FakeServer();
  const page = new FakePage();
  await live(server, { pace: 500, platform: { window: page as never } });
  page.show('hidden');
  page.show('visible');
  const paces = server.last.sent.filter(({ type }) => type === 'pace').map(({ ms }) => ms);
  assert.deepEqual(paces, [10_000, 500]);
});

test('who is here, who types, and what the user shows', async () => {
  const server = new FakeServer();
  const { client } = await live(server);
  const signals: unknown[] = [];
  client.on('signal', (signal) => signals.push(signal));
  client.setPresence({ mood: 'calm' });
  server.last.receive({ type: 'presence.state', count: 2, users: [{ user: 'ada' }, { user: 'bob', data: 1 }] });
  server.last.receive({ type: 'presence.changed', count: 2, joined: [{ user: 'cyn' }], left: ['ada'], changed: [{ user: 'bob', data: 2 }] });
  assert.deepEqual(client.presence, { count: 2, users: [{ user: 'bob', data: 2 }, { user: 'cyn' }], sample: false });
  server.last.receive({ type: 'signal', clientId: 'c', user: 'bob', data: { typing: true } });
  assert.deepEqual(signals, [{ clientId: 'c', user: 'bob', data: { typing: true } }]);
  await server.pass(6_000);
  server.last.end(1006);
  client.signal('lost');
  await server.pass(500);
  assert.deepEqual(server.last.sent.filter(({ type }) => type !== 'ping' && type !== 'ack'), [{ type: 'presence.set', data: { mood: 'calm' } }]);
});

test('acknowledgements come at most once a second, and only of something', async () => {
  const server = new FakeServer();
  await live(server);
  await server.pass(2_000);
  const before = server.last.sent.length;
  for (let update = 0; update < 5; update += 1) server.publish('a');
  await server.pass(10_000);
  assert.deepEqual(server.last.sent.slice(before), [{ type: 'ack', seq: 5 }]);
});

test('a steady flow of updates is acknowledged each second', async () => {
  const server = new FakeServer();
  await live(server);
  for (let update = 0; update < 20; update += 1) {
    server.publish('a');
    await server.pass(250);
  }
  const acks = server.last.sent.filter(({ type }) => type === 'ack').map(({ seq }) => seq);
  assert.deepEqual(acks.length, 5);
});

test('in a large room acknowledgements take as long as the return of its clients, unless much has come', async () => {
  const server = new FakeServer();
  await live(server);
  await server.pass(2_000);
  server.last.receive({ type: 'returning', withinMs: 8_000 });
  const acks = () => server.last.sent.filter(({ type }) => type === 'ack').length;
  const before = acks();
  server.publish('a');
  await server.pass(7_900);
  assert.equal(acks(), before);
  await server.pass(200);
  assert.equal(acks(), before + 1);
  server.publish('a');
  server.publish('x'.repeat(300_000));
  await server.pass(1_100);
  assert.equal(acks(), before + 2);
});

test('how fresh a view is, and how late updates come', async () => {
  const server = new FakeServer();
  const { client } = watch(server);
  assert.deepEqual(client.freshness(), { status: 'disconnected', ageMs: Infinity, occurredAt: null, appliedAt: null });
  await server.pass(0);
  server.now += 40;
  server.publish('a', 'tasks', { timestamp: new Date(START).toISOString() });
  await server.pass(1_000);
  assert.deepEqual(client.freshness({ topic: 'tasks' }), { status: 'live', ageMs: 1_000, occurredAt: START, appliedAt: START + 40 });
  assert.deepEqual(client.freshness({ updateType: 'other' }), { status: 'live', ageMs: 1_000, occurredAt: null, appliedAt: null });
  const { count, buckets, quantile } = client.latency('published');
  assert.deepEqual([count, buckets.find(({ le }) => le === 20)?.count, quantile.call(client.latency('published'), 0.5)], [1, 0, 50]);
  assert.equal(client.latency('sent').quantile(0.99), 1);
});

test('a listener that throws keeps no other from hearing', async () => {
  const server = new FakeServer();
  const reported: unknown[] = [];
  const { reportError } = globalThis;
  globalThis.reportError = (error) => void reported.push(error);
  const { client, seqs } = watch(server);
  client.on('change', () => {
    throw new Error('mine');
  });
  client.on('update', () => {});
  await server.pass(0);
  server.publish('a');
  globalThis.reportError = reportError;
  assert.deepEqual([seqs, reported.length > 0, client.state.phase], [[1], true, 'live']);
});

test('close() ends everything', async () => {
  const server = new FakeServer();
  const { client } = await live(server);
  const pending = client.subscribe(['a']);
  client.close();
  assert.deepEqual([client.state.phase, server.last.closed, server.open.length], ['closed', 1000, 0]);
  assert.equal(await pending.catch(({ code }) => code), 'closed');
  await server.pass(600_000);
  client.retry();
  assert.equal(server.sockets.length, 1);
});

test('a client of a large room comes back at a moment within the time that the server has said last', async () => {
  const server = new FakeServer();
  const { client } = await live(server, {}, 0.5);
  server.last.receive({ type: 'returning', withinMs: 8_000 });
  await server.pass(6_000);
  server.last.end(1006);
  await settle();
  assert.equal((client.state.retryAt ?? 0) - server.now, 4_000);
});
