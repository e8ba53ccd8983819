/** One connection for several tabs. The tabs are clients in this process, which have the same locks and channels as a browser's. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../src/index.ts';
import { begin } from '../src/machine.ts';
import { Shared } from '../src/shared.ts';
import type { AnyUpdate, Client, ConnectOptions } from '../src/index.ts';
import { FakeChannels, FakeLocks } from './between.ts';
import { FakeServer, settle } from './fakes.ts';
import { Random } from './random.ts';

let sessions = 0;

interface Tab {
  client: Client<AnyUpdate>;
  /** What its view consists of: the numbers since it last began from nothing. */
  seqs: number[];
}

function tab(server: FakeServer, options: Partial<ConnectOptions> = {}): Tab {
  const client = connect<AnyUpdate>({ url: 'https://live.example', session: `s-${sessions}`, shared: true, ...options, platform: server.platform() });
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
  close(opened);
});

test('a tab that comes later begins with the state', async () => {
  const server = new FakeServer();
  const opened = await tabs(server, 2);
  for (const key of ['a', 'a', 'b']) server.publish(key);
  await quiet(server, () => all(opened, [1, 2, 3]));
  opened.push(tab(server));
  await quiet(server, () => all(opened, [2, 3]));
  server.publish('c');
  await quiet(server, () => all(opened, [2, 3, 4]));
  assert.equal(server.sockets.length, 1);
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
  const surroundings = { name: 's', locks: locks.of(2), channel: channels.of(2), open: () => assert.fail('it does not lead') };
  const shared = new Shared(begin(null, 0), surroundings, (told) => {
    if (told?.do === 'change') seqs.push(...(told.change.reset ? [0] : []), ...told.change.updates.map(({ seq }) => seq));
  });
  shared.dispatch({ type: 'start' });
  const at = (seq: number) => ({ epoch: 'e', seq });
  const numbered = new Map<string, number>();
  const says = (by: string, term: number, reset: boolean, before: number, numbers: number[], n = numbered.get(by) ?? 0) => {
    numbered.set(by, n + 1);
    const updates = numbers.map((seq) => ({ type: 'dashboard.update', seq, updateType: 'x', timestamp: '', data: {} }));
    const told = { do: 'change', change: { reset, updates, source: 'tail' }, sentAt: null };
    const machine = { ...begin(null, 0), heardAt: 1, position: at(numbers.at(-1) ?? before) };
    leader.postMessage({ by, term, n, told, before: at(before), machine });
    while (channels.deliver(random));
  };
  return { shared, seqs, heard, says };
}

test('a tab that has more than the leader drops what it has, and one that has less asks for the state', () => {
  const { shared, seqs, heard, says } = follower();
  says('one', 1, true, 0, [1, 2, 3]);
  says('one', 1, false, 1, [2, 3, 4]);
  assert.deepEqual([seqs, heard, shared.behind], [[0, 1, 2, 3, 4], ['state', 'state'], false]);
  says('one', 1, false, 5, [6]);
  says('one', 1, false, 6, [7]);
  assert.deepEqual([seqs, heard.slice(2), shared.behind], [[0, 1, 2, 3, 4], ['state'], true]);
  says('one', 1, true, 7, [7]);
  says('one', 1, false, 7, [8]);
  assert.deepEqual([seqs.slice(5), shared.behind], [[0, 7, 8], false]);
});

test('what a dead leader has said does not count any more, nor what comes twice', () => {
  const { seqs, heard, says } = follower();
  says('one', 1, true, 0, [1]);
  says('two', 2, false, 1, [2]);
  says('one', 1, true, 0, [1]);
  says('two', 2, false, 1, [2], 0);
  says('two', 2, false, 2, [3]);
  assert.deepEqual(seqs, [0, 1, 2, 3]);
  assert.deepEqual(heard.slice(1).sort(), ['state', 'term 2'], 'it says whom it follows');
});

test('a tab that has missed something a leader has said asks for the state', () => {
  const { shared, seqs, says } = follower();
  says('one', 1, true, 0, [1]);
  // This has the topics of another tab, and leaves the position as it is.
  says('one', 1, false, 1, [], 2);
  assert.deepEqual([seqs, shared.behind], [[0, 1], true]);
});
