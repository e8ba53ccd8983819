/** The machine against random worlds. `RUNS=…` and `SEED=…` choose how many, and which. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from './random.ts';
import { TOPICS } from './room.ts';
import { World } from './world.ts';

const RUNS = Number(process.env.RUNS ?? 20_000);
const FIRST = Number(process.env.SEED ?? 1);
const STEPS = 60;

type Trouble = (world: World, random: Random) => void;

/** What can happen, and how often. */
const TROUBLES: [number, Trouble][] = [
  [12, (world, random) => world.publish(random.of([undefined, ...TOPICS]))],
  [14, ({ line }) => line.deliverNext()],
  [6, ({ line }) => line.answerToken()],
  [6, ({ line }, random) => line.pass(random.below(20_000))],
  [2, ({ line }, random) => line.pass(random.below(200_000))],
  [1, ({ line }) => line.lose()],
  [1, ({ line }) => line.repeat()],
  [2, ({ line }, random) => line.close(random.of([1001, 1006, 1006, 1012, 4503, 4504, 4508, 4529]))],
  [1, ({ line }, random) => line.close(random.of([1000, 4400, 4403, 4409, 4429]))],
  [1, ({ line, outside }) => {
    outside.tokenIsGood = !outside.tokenIsGood;
    if (!outside.tokenIsGood) line.close(4401, 'token_expired');
  }],
  [1, ({ line }) => line.close(4401, 'token_expired')],
  [1, ({ line, outside }) => {
    outside.up = !outside.up;
    if (!outside.up) line.die();
  }],
  [1, ({ line, outside }) => {
    outside.room.die();
    line.close(1006);
  }],
  // What comes from a connection that is gone.
  [1, ({ line }) => line.dispatch({ type: 'closed', connection: line.machine.connection - 1, code: 1006, reason: '' })],
  [1, ({ line }) => line.dispatch({ type: 'frame', connection: line.machine.connection - 2, frame: { type: 'pong' }, chars: 15 })],
  [1, ({ line }) => line.dispatch({ type: 'token', question: line.machine.question - 1, token: 'old' })],
  [1, ({ line }) => line.dispatch({ type: 'token.failed', question: line.question?.number ?? 0 })],
  // The device sleeps, then its timers ring late.
  [1, ({ outside }) => void (outside.now += 3_600_000)],
  [1, ({ line }) => line.dispatch({ type: 'offline' })],
  [2, ({ line }) => line.dispatch({ type: 'online' })],
  [1, ({ line }) => line.dispatch({ type: 'hidden' })],
  [1, ({ line }) => line.dispatch({ type: 'visible' })],
  [1, ({ line }) => line.dispatch({ type: 'retry' })],
  [1, (world, random) => world.topics('subscribe', random.of(TOPICS))],
  [1, (world, random) => world.topics('unsubscribe', random.of(TOPICS))],
  [1, (world, random) => world.pace(random.below(20_000))],
  [1, (world) => world.command({ type: 'state' })],
  [1, ({ line }) => line.refuseState()],
  [1, ({ line }) => line.refresh()],
  [1, ({ line }) => line.dispatch({ type: 'frame', connection: line.machine.connection, frame: undefined, chars: 3 })],
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

function run(seed: number): void {
  const random = new Random(seed);
  const topics = random.of([null, ['a'], ['a', 'b'], []]);
  const world = new World(random, random.of(['none', 'fixed', 'asked'] as const), topics);
  for (let turn = 0; turn < STEPS; turn += 1) trouble(random)(world, random);
  world.heal();
  world.checkView();
}

test('a command that comes twice is done once', () => {
  const world = new World(new Random(1), 'none', ['a']);
  world.heal();
  for (let time = 0; time < 2; time += 1) world.command({ type: 'subscribe', topics: ['b'], ref: 'r' });
  assert.deepEqual(world.line.connection?.out.map(({ type }) => type), ['subscribed']);
  world.heal();
  world.checkView();
});

test(`the invariants hold in ${RUNS} random worlds, and each ends level with its room`, () => {
  for (let seed = FIRST; seed < FIRST + RUNS; seed += 1) {
    try {
      run(seed);
    } catch (error) {
      assert.fail(`SEED=${seed} RUNS=1 shows it again: ${(error as Error).stack}`);
    }
  }
});
