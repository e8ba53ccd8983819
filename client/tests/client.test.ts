/** The client as its users see it, over fake sockets and a clock that is set by hand. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../src/index.ts';
import type { AnyUpdate, ConnectOptions, ConnectionState } from '../src/index.ts';
import { FakePage, FakeServer, settle, START } from './fakes.ts';

type Keys = Record<string, number>;

/** The number of the latest update of each key. */
const latest = (state: Keys, update: AnyUpdate): Keys => ({ ...state, [(update.data as { key: string }).key]: update.seq });

function watch(server: FakeServer, options: Partial<ConnectOptions> = {}, random?: number) {
  const client = connect<AnyUpdate>({ url: 'https://live.example', session: 's-1', ...options, platform: { ...server.platform(random), ...options.platform } });
  const states: ConnectionState[] = [];
  const seqs: number[] = [];
  const errors: string[] = [];
  client.on('state', (state) => states.push(state));
  client.on('update', ({ seq }) => seqs.push(seq));
  client.on('error', ({ code }) => errors.push(code));
  return { client, states, seqs, errors, view: client.view(latest, {}) };
}

async function live(server: FakeServer, options?: Partial<ConnectOptions>, random?: number) {
  const watching = watch(server, options, random);
  await server.pass(0);
  assert.equal(watching.client.state.phase, 'live');
  return watching;
}

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

/** The server does not act on what this client asks for. */
function mute(server: FakeServer): void {
  for (const { connection } of server.open) if (connection) connection.lossy = true;
}

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
