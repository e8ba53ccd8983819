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
  [14, (world) => world.deliverNext()],
  [6, (world) => world.answerToken()],
  [6, (world, random) => world.pass(random.below(20_000))],
  [2, (world, random) => world.pass(random.below(200_000))],
  // Updates are lost, which should not happen; only their numbers can tell.
  [1, (world) => {
    const { connection } = world;
    if (connection?.out[0]?.type !== 'dashboard.updates' || connection.out.some(({ type }) => type !== 'dashboard.updates')) return;
    connection.out.shift();
    connection.lossy = true;
  }],
  // Updates come twice.
  [1, (world) => {
    const next = world.connection?.out[0];
    if (next?.type === 'dashboard.updates') world.deliver(next);
  }],
  [2, (world, random) => world.close(random.of([1001, 1006, 1006, 1012, 4503, 4504, 4508, 4529]))],
  [1, (world, random) => world.close(random.of([1000, 4400, 4403, 4409, 4429]))],
  [1, (world) => {
    world.tokenIsGood = !world.tokenIsGood;
    if (!world.tokenIsGood) world.close(4401, 'token_expired');
  }],
  [1, (world) => world.close(4401, 'token_expired')],
  [1, (world) => {
    world.up = !world.up;
    if (!world.up) world.die();
  }],
  [1, (world) => {
    world.room.die();
    world.close(1006);
  }],
  // What comes from a connection that is gone.
  [1, (world) => world.happen({ type: 'closed', connection: world.machine.connection - 1, code: 1006, reason: '' })],
  [1, (world) => world.happen({ type: 'frame', connection: world.machine.connection - 2, frame: { type: 'pong' }, chars: 15 })],
  [1, (world) => world.happen({ type: 'token', question: world.machine.question - 1, token: 'old' })],
  [1, (world) => world.happen({ type: 'token.failed', question: world.question?.number ?? 0 })],
  // The device sleeps, then its timers ring late.
  [1, (world) => void (world.now += 3_600_000)],
  [1, (world) => world.happen({ type: 'offline' })],
  [2, (world) => world.happen({ type: 'online' })],
  [1, (world) => world.happen({ type: 'hidden' })],
  [1, (world) => world.happen({ type: 'visible' })],
  [1, (world) => world.happen({ type: 'retry' })],
  [1, (world, random) => world.command({ type: 'subscribe', topics: [random.of(TOPICS)], ref: `r${(world.refs += 1)}` })],
  [1, (world, random) => world.command({ type: 'unsubscribe', topics: [random.of(TOPICS)], ref: `r${(world.refs += 1)}` })],
  [1, (world) => world.command({ type: 'state' })],
  [1, (world) => world.refuseState()],
  [1, (world) => world.refresh()],
  [1, (world) => world.happen({ type: 'frame', connection: world.machine.connection, frame: undefined, chars: 3 })],
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

test(`the invariants hold in ${RUNS} random worlds, and each ends level with its room`, () => {
  for (let seed = FIRST; seed < FIRST + RUNS; seed += 1) {
    try {
      run(seed);
    } catch (error) {
      assert.fail(`SEED=${seed} RUNS=1 shows it again: ${(error as Error).stack}`);
    }
  }
});
