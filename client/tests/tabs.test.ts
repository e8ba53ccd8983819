/** Tabs that share a connection, in random worlds. `RUNS=…` and `SEED=…` choose how many, and which. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from './random.ts';
import { TOPICS } from './room.ts';
import { Tabs } from './tabs.ts';

const RUNS = Number(process.env.RUNS ?? 2_000);
const FIRST = Number(process.env.SEED ?? 1);
const STEPS = 80;

type Trouble = (world: Tabs, random: Random) => void;

/** What can happen, and how often. */
const TROUBLES: [number, Trouble][] = [
  [12, (world, random) => world.publish(random.of([undefined, ...TOPICS]))],
  [20, ({ line }) => line?.deliverNext()],
  [40, ({ channels }, random) => channels.deliver(random)],
  [8, ({ locks }) => locks.grant()],
  [12, ({ locks }) => locks.answer()],
  [8, ({ line }) => line?.answerToken()],
  [3, (world, random) => world.pass(random.below(20_000))],
  [1, (world, random) => world.pass(random.below(200_000))],
  [4, (world) => world.open()],
  [1, (world) => world.close(world.any)],
  [2, (world) => world.killLeader()],
  [1, (world) => world.kill(world.any)],
  [2, ({ channels }, random) => channels.lose(random)],
  [2, ({ channels }, random) => channels.repeat(random)],
  [1, ({ line }) => line?.lose()],
  [1, ({ line }) => line?.repeat()],
  [1, ({ line }, random) => line?.close(random.of([1001, 1006, 1012, 4503]))],
  [1, ({ line, outside }) => {
    outside.tokenIsGood = false;
    line?.close(4401, 'token_expired');
  }],
  [1, ({ line, outside }) => {
    outside.up = false;
    line?.die();
  }],
  [8, ({ outside }) => void ([outside.up, outside.tokenIsGood] = [true, true])],
  [1, ({ line, outside }) => {
    outside.room.die();
    line?.close(1006);
  }],
  // The device sleeps, then its timers ring late.
  [1, ({ outside }) => void (outside.now += 3_600_000)],
  [1, ({ line }) => line?.dispatch({ type: 'offline' })],
  [1, ({ line }) => line?.dispatch({ type: 'online' })],
  [1, ({ any }) => any.shared.dispatch({ type: 'retry' })],
  [3, ({ any }, random) => any.topics('subscribe', random.of(TOPICS))],
  [2, ({ any }, random) => any.topics('unsubscribe', random.of(TOPICS))],
  [1, ({ any }, random) => any.pace(random.below(1_000))],
  [1, ({ any }) => any.state()],
  [4, ({ any }) => any.page.show('hidden')],
  [3, ({ any }) => any.page.show('visible')],
  [1, ({ any: { page } }) => {
    for (const state of ['visible', 'hidden', 'visible'] as const) page.show(state);
  }],
  [1, ({ line }) => line?.refuseState()],
  [1, ({ line }) => line?.refresh()],
];

const WEIGHTS = TROUBLES.reduce((sum, [weight]) => sum + weight, 0);

function trouble(random: Random): Trouble {
  let left = random.below(WEIGHTS);
  for (const [weight, one] of TROUBLES) {
    left -= weight;
    if (left < 0) return one;
  }
  throw new Error('the weights do not add up');
}

async function run(seed: number): Promise<void> {
  const random = new Random(seed);
  const world = new Tabs(random, random.of(['none', 'asked'] as const), random.of([null, ['a'], ['a', 'b'], []]));
  while (random.chance(0.75)) world.open();
  for (let turn = 0; turn < STEPS; turn += 1) {
    trouble(random)(world, random);
    world.check();
    // Promises, such as that of a lock, are kept before anything else happens.
    await null;
  }
  await world.heal();
  world.checkLevel();
}

test(`in ${RUNS} random worlds tabs have one connection, and all end level with the room`, async () => {
  for (let seed = FIRST; seed < FIRST + RUNS; seed += 1) {
    await run(seed).catch((error: Error) => assert.fail(`SEED=${seed} RUNS=1 shows it again: ${error.stack}`));
  }
});

/** Two tabs that are live, in a world in which updates never cease. */
async function busy() {
  const world = new Tabs(new Random(1), 'none', ['a']);
  world.open();
  await world.quiet();
  const [leader, follower] = [world.tabs.find(({ line }) => line), world.tabs.find(({ line }) => !line)];
  assert.ok(leader && follower);
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      world.publish('a');
      world.pass(1_000);
      await world.quiet();
    }
  };
  return { world, leader, follower, pass };
}

test('what was asked for and lost on its way is asked for again, though updates never cease', async () => {
  const { world, follower, pass } = await busy();
  follower.topics('subscribe', 'b');
  world.channels.lose(world.random);
  await pass(1);
  assert.equal(follower.asked.size, 1);
  await pass(15);
  assert.equal(follower.asked.size, 0);
});

test('a command that comes twice is done once, and the state is asked for once', async () => {
  const { world, follower, pass } = await busy();
  const heard: string[] = [];
  const { connection } = world.line ?? {};
  assert.ok(connection);
  const hear = connection.hear.bind(connection);
  connection.hear = (frame) => {
    if (frame.type !== 'ping' && frame.type !== 'ack') heard.push(frame.type);
    hear(frame);
  };
  follower.topics('subscribe', 'b');
  follower.state();
  for (let time = 0; time < 2; time += 1) world.channels.repeat(world.random);
  await pass(30);
  assert.deepEqual(heard.sort(), ['request.state', 'subscribe']);
  assert.deepEqual([[...follower.asked.keys()], follower.owed, follower.shared.behind], [[], false, false]);
});

test('a look at who is seen does not count if somebody was shown before it was answered', async () => {
  const { world, leader, follower } = await busy();
  const heard = async () => {
    await null;
    await null;
    while (world.channels.deliver(world.random));
    await null;
  };
  leader.page.show('hidden');
  await world.quiet();
  follower.page.show('hidden');
  await heard();
  follower.page.show('visible');
  await heard();
  assert.ok(world.locks.answer() && world.locks.answer(), 'the leader has looked while nobody was seen');
  await null;
  assert.equal(world.line?.machine.hidden, false);
});

test('a tab that has crashed while it was seen is noticed, though updates never cease', async () => {
  const { world, leader, follower, pass } = await busy();
  leader.page.show('hidden');
  await pass(10);
  assert.equal(world.line?.connection?.pace, 0);
  world.kill(follower);
  await pass(10);
  assert.equal(world.line?.connection?.pace, 10_000);
});
