/** One connection for several tabs. The tabs are clients in this process, which have the same locks and channels as a browser's. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../src/index.ts';
import { begin } from '../src/machine.ts';
import { Shared } from '../src/shared.ts';
import type { AnyUpdate, Client, ConnectOptions } from '../src/index.ts';
import { FakeChannels, FakeLocks } from './between.ts';
import { FakePage, FakeServer, settle } from './fakes.ts';
import { Random } from './random.ts';

let sessions = 0;

interface Tab {
  client: Client<AnyUpdate>;
  /** What its view consists of: the numbers since it last began from nothing. */
  seqs: number[];
}

function tab(server: FakeServer, options: Partial<ConnectOptions> = {}): Tab {
  const client = connect<AnyUpdate>({ url: 'https://live.example', session: `s-${sessions}`, shared: true, ...options, platform: { ...server.platform(), ...options.platform } });
  const seqs: number[] = [];
  client.on('change', ({ reset, updates }) => {
    if (reset) seqs.length = 0;
    seqs.push(...updates.map(({ seq }) => seq));
  });
  return { client, seqs };
}

/** Lets messages between tabs arrive, and timers ring in between. */
async function quiet(server: FakeServer, until: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !until(); turn += 1) {
    await server.pass(100);
    await settle();
  }
  assert.ok(until(), 'it never came to that');
}

const all = (tabs: Tab[], seqs: number[]) => tabs.every((one) => one.seqs.join() === seqs.join());

/** So many tabs that are live. */
async function tabs(server: FakeServer, count: number, options?: Partial<ConnectOptions>): Promise<Tab[]> {
  sessions += 1;
  const opened = Array.from({ length: count }, () => tab(server, options));
  await quiet(server, () => opened.every(({ client }) => client.state.phase === 'live'));
  return opened;
}

const leader = (opened: Tab[]) => opened.filter(({ client }) => client.state.leader);

function close(opened: Tab[]): void {
  for (const { client } of opened) client.close();
}

test('six tabs have one connection, and all see the same', async () => {
  const server = new FakeServer();
  server.publish('a');
  const opened = await tabs(server, 6);
  assert.deepEqual([server.open.length, leader(opened).length], [1, 1]);
  await quiet(server, () => all(opened, [1]));
  server.publish('b');
  server.publish('c');
  await quiet(server, () => all(opened, [1, 2, 3]));
  assert.deepEqual(opened.map(({ client }) => client.latency('sent').count), [2, 2, 2, 2, 2, 2]);
  close(opened);
});

test('a tab that comes later begins with the state', async () => {
  const server = new FakeServer();
  const opened = await tabs(server, 2);
  for (const key of ['a', 'a', 'b']) server.publish(key);
  await quiet(server, () => all(opened, [1, 2, 3]));
  const later = tab(server);
  await quiet(server, () => all([later], [2, 3]));
  server.publish('c');
  await quiet(server, () => all([later], [2, 3, 4]) && all(opened, [1, 2, 3, 4]));
  opened.push(later);
  assert.equal(server.sockets.length, 1);
  close(opened);
});

test('a tab that joins, or wants the state, has no other tab begin anew', async () => {
  const server = new FakeServer();
  const opened = await tabs(server, 3);
  server.publish('a');
  await quiet(server, () => all(opened, [1]));
  const resets = opened.map(() => 0);
  opened.forEach(({ client }, index) => client.on('change', ({ reset }) => reset && (resets[index] = (resets[index] ?? 0) + 1)));
  const asked = () => server.last.sent.filter(({ type }) => type === 'request.state').length;
  const before = asked();
  opened.push(tab(server));
  await quiet(server, () => all(opened, [1]));
  await server.pass(5_000);
  assert.equal(asked() - before, 1, 'the state comes once');
  const follower = opened.findIndex(({ client }) => !client.state.leader);
  opened[follower]?.client.requestState();
  await quiet(server, () => resets[follower] === 1);
  opened.find(({ client }) => client.state.leader)?.client.requestState();
  await quiet(server, () => resets.filter(Boolean).length === 2);
  await server.pass(5_000);
  assert.deepEqual(resets.sort(), [0, 1, 1]);
  server.publish('b');
  await quiet(server, () => all(opened, [1, 2]));
  close(opened);
});

test('all tabs begin anew when a topic is left, or a new token shows less', async () => {
  const server = new FakeServer();
  const opened = await tabs(server, 3, { topics: ['a', 'b'] });
  server.publish('x', 'a');
  await quiet(server, () => all(opened, [1]));
  const resets = opened.map(() => 0);
  opened.forEach(({ client }, index) => client.on('change', ({ reset }) => reset && (resets[index] = (resets[index] ?? 0) + 1)));
  await opened[1]?.client.unsubscribe(['b']);
  await quiet(server, () => resets.join() === '1,1,1');
  server.last.connection?.refresh();
  server.hear(server.last, { type: 'ping' } as never);
  await quiet(server, () => resets.join() === '2,2,2');
  close(opened);
});

test('when the leader is closed, another one goes on, and nothing is lost or comes twice', async () => {
  const server = new FakeServer();
  const opened = await tabs(server, 4);
  server.publish('a');
  await quiet(server, () => all(opened, [1]));
  for (let round = 2; round <= 4; round += 1) {
    const [first] = leader(opened);
    assert.ok(first);
    opened.splice(opened.indexOf(first), 1);
    first.client.close();
    // Nobody is connected now.
    server.publish('a');
    const seqs = Array.from({ length: round }, (_, index) => index + 1);
    await quiet(server, () => all(opened, seqs));
    assert.deepEqual([server.open.length, leader(opened).length], [1, 1]);
  }
  assert.ok(server.sockets.slice(1).every(({ url }) => url.searchParams.has('resume')), 'the next one resumes');
  close(opened);
});

test('a leader whose connection is lost resumes for all', async () => {
  const server = new FakeServer();
  const opened = await tabs(server, 3);
  server.publish('a');
  await server.pass(6_000);
  server.last.end(1006);
  server.publish('b');
  await quiet(server, () => all(opened, [1, 2]));
  close(opened);
});

test('a tab that does not lead can subscribe, and hears the answer; the others see it too', async () => {
  const server = new FakeServer();
  server.publish('x', 'a');
  server.publish('y', 'b');
  const opened = await tabs(server, 3, { topics: ['a'] });
  const follower = opened.find(({ client }) => !client.state.leader);
  assert.ok(follower);
  const asked = follower.client.subscribe(['b']);
  await quiet(server, () => opened.every(({ seqs }) => seqs.includes(2)));
  assert.deepEqual(await asked, ['a', 'b']);
  for (const { client } of opened) assert.deepEqual(client.state.topics, ['a', 'b']);
  close(opened);
});

test('what a tab has asked of a leader that is gone is asked of the next', async () => {
  const server = new FakeServer();
  server.publish('y', 'b');
  const opened = await tabs(server, 2, { topics: ['a'] });
  const follower = opened.find(({ client }) => !client.state.leader);
  const [first] = leader(opened);
  assert.ok(follower && first);
  first.client.close();
  const asked = follower.client.subscribe(['b']);
  await quiet(server, () => follower.seqs.includes(1));
  assert.deepEqual(await asked, ['a', 'b']);
  close(opened);
});

/** The paces that the server was told, in order: with the connection, or later. */
function paces(server: FakeServer): number[] {
  return server.sockets.flatMap(({ url, sent }) => [Number(url.searchParams.get('pace') ?? 0), ...sent.filter(({ type }) => type === 'pace').map(({ ms }) => Number(ms))]);
}

async function pages(server: FakeServer, count: number, options: Partial<ConnectOptions> = {}) {
  sessions += 1;
  const all = Array.from({ length: count }, () => {
    const page = new FakePage();
    return { page, ...tab(server, { ...options, platform: { window: page as never } }) };
  });
  await quiet(server, () => all.every(({ client }) => client.state.phase === 'live'));
  return { all, leading: all.find(({ client }) => client.state.leader), others: all.filter(({ client }) => !client.state.leader) };
}

test('a shared connection is slow while all tabs are hidden, and not any more when one is shown', async () => {
  const server = new FakeServer();
  const { all, leading, others } = await pages(server, 3, { pace: 500 });
  leading?.page.show('hidden');
  others[0]?.page.show('hidden');
  await server.pass(1_000);
  assert.deepEqual(paces(server), [500], 'one is seen');
  others[1]?.page.show('hidden');
  await quiet(server, () => paces(server).length === 2);
  others[0]?.page.show('visible');
  await quiet(server, () => paces(server).length === 3);
  assert.deepEqual(paces(server), [500, 10_000, 500]);
  close(all);
});

test('a tab that is closed is not seen any more', async () => {
  const server = new FakeServer();
  const { all, leading, others } = await pages(server, 2);
  leading?.page.show('hidden');
  await server.pass(1_000);
  assert.deepEqual(paces(server), [0]);
  others[0]?.client.close();
  // The leader looks again when the server has answered a ping, so that it also notices a tab that has crashed.
  await server.pass(31_000);
  assert.deepEqual(paces(server), [0, 10_000]);
  close(all);
});

test('a hidden tab that becomes the leader stays slow, and does not slow tabs that are seen', async () => {
  for (const seen of [false, true]) {
    const server = new FakeServer();
    const { all, leading, others } = await pages(server, 3);
    for (const { page } of all) page.show('hidden');
    await quiet(server, () => paces(server).length === 2);
    leading?.client.close();
    if (seen) others[1]?.page.show('visible');
    await quiet(server, () => server.sockets.length === 2 && others.some(({ client }) => client.state.leader && client.state.phase === 'live'));
    await quiet(server, () => paces(server).at(-1) === (seen ? 0 : 10_000));
    await server.pass(1_000);
    assert.equal(paces(server).at(-1), seen ? 0 : 10_000);
    close(all);
  }
});

test('with `hidden: false` a shared connection is never slow', async () => {
  const server = new FakeServer();
  const { all } = await pages(server, 2, { hidden: false });
  for (const { page } of all) page.show('hidden');
  await server.pass(31_000);
  assert.deepEqual(paces(server), [0]);
  close(all);
});

test('a tab that is shown has a lost connection come back at once, whoever leads', async () => {
  const server = new FakeServer();
  const { all, others } = await pages(server, 2);
  others[0]?.page.show('hidden');
  server.refuses = [1006, ''];
  server.last.end(1006);
  await server.pass(60_000);
  server.refuses = null;
  const attempts = server.sockets.length;
  others[0]?.page.show('visible');
  for (let turn = 0; turn < 20; turn += 1) await settle();
  assert.equal(server.sockets.length, attempts + 1);
  close(all);
});

test('a tab whose function for tokens fails at first has a connection of its own, and tries again', async () => {
  const server = new FakeServer();
  const { reportError } = globalThis;
  const reported: unknown[] = [];
  globalThis.reportError = (error) => void reported.push(error);
  let asked = 0;
  const alone = tab(server, { token: () => (asked++ === 0 ? Promise.reject(new Error('offline')) : 't') });
  await quiet(server, () => alone.client.state.phase === 'live');
  globalThis.reportError = reportError;
  assert.deepEqual([reported.map(String), asked], [['Error: offline'], 2]);
  close([alone]);
});

test('a tab whose function for tokens does not answer has a connection of its own, which asks again', async () => {
  const server = new FakeServer();
  const { reportError } = globalThis;
  const reported: unknown[] = [];
  globalThis.reportError = (error) => void reported.push(error);
  let asked = 0;
  const alone = tab(server, { token: () => (asked++ === 0 ? new Promise(() => {}) : 't') });
  await server.pass(40_000);
  globalThis.reportError = reportError;
  assert.deepEqual([alone.client.state.phase, reported.map(String), asked], ['live', ['Error: no token'], 2]);
  close([alone]);
});

test('what the first tab shows of itself is told, though nobody led when it said so', async () => {
  const server = new FakeServer();
  sessions += 1;
  const [one, other] = [tab(server), tab(server)];
  one.client.setPresence({ mood: 'calm' });
  await quiet(server, () => [one, other].every(({ client }) => client.state.phase === 'live'));
  const shows = () => server.sockets.flatMap(({ sent }) => sent.filter(({ type }) => type === 'presence.set').map(({ data }) => data));
  await quiet(server, () => shows().length > 0);
  assert.deepEqual(shows(), [{ mood: 'calm' }]);
  close([one, other]);
});

test('tabs of different users, topics or sessions have connections of their own', async () => {
  const server = new FakeServer();
  sessions += 1;
  const token = (sub: string) => `x.${btoa(JSON.stringify({ sub }))}.x`;
  const opened = [
    tab(server, { token: token('ada') }),
    tab(server, { token: token('bob') }),
    tab(server, { token: token('ada'), topics: ['a'] }),
    tab(server, { token: token('ada'), session: 'other' }),
    tab(server, { token: 'of whom?' }),
    tab(server, { token: 'of whom?' }),
  ];
  await quiet(server, () => server.open.length === opened.length);
  close(opened);
});

/** A tab that follows leaders which this test plays. */
function follower() {
  const [channels, locks, random] = [new FakeChannels(), new FakeLocks(), new Random(1)];
  const leader = channels.of(1);
  const heard: string[] = [];
  leader.onmessage = ({ data }: MessageEvent<{ event?: { type: string; command?: { type: string } }; term?: number }>) => {
    heard.push(data.event ? (data.event.command?.type ?? data.event.type) : `term ${data.term}`);
  };
  const seqs: number[] = [];
  const surroundings = { name: 's', locks: locks.of(2), channel: channels.of(2), page: undefined, open: () => assert.fail('it does not lead') };
  const shared = new Shared(begin(null, 0), surroundings, (told) => {
    if (told?.do === 'change') seqs.push(...(told.change.reset ? [0] : []), ...told.change.updates.map(({ seq }) => seq));
  });
  shared.dispatch({ type: 'start' });
  const at = (seq: number) => ({ epoch: 'e', seq });
  const numbered = new Map<string, number>();
  const says = (by: string, term: number, reset: boolean, before: number, numbers: number[], { n = numbered.get(by) ?? 0, source = 'tail', topics = null as string[] | null } = {}) => {
    numbered.set(by, n + 1);
    const updates = numbers.map((seq) => ({ type: 'dashboard.update', seq, updateType: 'x', timestamp: '', data: {} }));
    const told = { do: 'change', change: { reset, updates, source }, sentAt: null };
    const machine = { ...begin(topics, 0), heardAt: 1, position: at(Math.max(before, ...numbers)) };
    leader.postMessage({ by, term, n, told, before: at(before), machine });
    while (channels.deliver(random));
  };
  return { shared, seqs, heard, says };
}

test('a tab that has more than the leader drops what it has, and one that has less asks for the state', () => {
  const { shared, seqs, heard, says } = follower();
  says('one', 1, true, 0, [1, 2, 3]);
  says('one', 1, false, 1, [2, 3, 4]);
  assert.deepEqual([seqs, heard, shared.behind], [[0, 1, 2, 3, 4], ['state', 'visible'], false]);
  says('one', 1, false, 5, [6]);
  says('one', 1, false, 6, [7]);
  assert.deepEqual([seqs, heard.slice(2), shared.behind], [[0, 1, 2, 3, 4], ['state'], true]);
  says('one', 1, true, 7, [7]);
  says('one', 1, false, 7, [8]);
  assert.deepEqual([seqs.slice(5), shared.behind], [[0, 7, 8], false]);
});

test('what a dead leader has said does not count any more, nor what comes twice', () => {
  const { shared, seqs, heard, says } = follower();
  says('one', 1, true, 0, [1]);
  says('two', 2, false, 1, [2]);
  says('one', 1, true, 0, [1]);
  says('two', 2, false, 2, [3]);
  says('two', 2, false, 1, [2], { n: 0 });
  says('two', 2, true, 3, [5], { n: 2 });
  says('two', 2, false, 5, [6]);
  says('two', 2, true, 3, [5], { n: 2 });
  assert.deepEqual([seqs, shared.machine.position?.seq], [[0, 1, 2, 3, 0, 5, 6], 6]);
  assert.deepEqual(heard.slice(2), ['term 2'], 'it says whom it follows');
});

test('a tab that is beyond a leader does not take the state of a topic', () => {
  const { shared, seqs, says } = follower();
  says('one', 1, true, 0, [1, 4]);
  says('two', 2, false, 1, [2], { source: 'topics' });
  assert.deepEqual([seqs, shared.behind], [[0, 1, 4], true]);
});

test('a tab that has other topics than another leader asks for them, and for the state', () => {
  const { shared, seqs, heard, says } = follower();
  says('one', 1, true, 0, [1], { topics: ['a', 'b'] });
  says('two', 2, false, 1, [2], { topics: ['a'] });
  assert.deepEqual([seqs, shared.behind, heard.slice(2).sort()], [[0, 1], true, ['state', 'state', 'subscribe', 'subscribe']]);
});

test('a tab that has missed something a leader has said asks for the state', () => {
  const { shared, seqs, says } = follower();
  says('one', 1, true, 0, [1]);
  // This has the topics of another tab, and leaves the position as it is.
  says('one', 1, false, 1, [], { n: 2 });
  assert.deepEqual([seqs, shared.behind], [[0, 1], true]);
});
