/**
 * Queries of a real TanStack Query in random worlds: slow and failing fetches, updates, lost updates, snapshots, components that come and go.
 * In the end, each query has all that the backend has. `SEED=…` chooses which worlds, `RUNS=…` how many: one for fifty of machine.test.ts,
 * because these take longer.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueryClient, QueryObserver } from '@tanstack/query-core';
import { connect } from '../src/index.ts';
import type { AnyUpdate, Client } from '../src/index.ts';
import { bindQueries } from '../src/tanstack-query.ts';
import type { Bound } from '../src/tanstack-query.ts';
import { FakeServer, settle } from './fakes.ts';
import { Random } from './random.ts';

const RUNS = Math.ceil(Number(process.env.RUNS ?? 20_000) / 50);
const FIRST = Number(process.env.SEED ?? 1);
const STEPS = 40;
const IDS = ['a', 'b'];

/** What happened to a thing. */
type Happened = readonly string[];

const idOf = ({ data }: AnyUpdate) => (data as { key: string }).key.replace('undefined ', '');

class World {
  readonly server = new FakeServer();
  readonly random: Random;
  readonly cache = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity, gcTime: Infinity } } });
  readonly client: Client<AnyUpdate>;
  readonly bound: Bound;
  /** What the backend has, by thing. */
  readonly backend = new Map<string, Happened>(IDS.map((id) => [id, []]));
  /** Requests that wait for their answer. */
  readonly requests: ((good: boolean) => void)[] = [];
  readonly shown = new Map<string, () => void>();
  #count = 0;

  constructor(random: Random) {
    this.random = random;
    this.client = connect<AnyUpdate>({ url: 'https://live.example', session: 's-1', reconnect: { attempts: Infinity }, platform: this.server.platform() });
    this.bound = bindQueries(this.cache, this.client, [{
      on: 'x',
      keys: (update) => [[idOf(update)]],
      // Some updates say too little. None counts twice.
      write: (data, { correlationId = '' }) => (correlationId.endsWith('7') ? undefined : [...new Set([...(data as Happened), correlationId])]),
    }]);
  }

  /** Something happens in the backend, and then its update comes, or is lost. */
  happen(lost: boolean): void {
    const [id, what] = [this.random.of(IDS), String((this.#count += 1))];
    this.backend.set(id, [...(this.backend.get(id) ?? []), what]);
    if (lost) Object.assign(this.server.lose(id), { correlationId: what });
    else this.server.publish(id, undefined, { correlationId: what });
  }

  fetch(id: string): Promise<Happened> {
    const before = this.backend.get(id) ?? [];
    const early = this.random.chance(0.5);
    return new Promise((resolve, reject) => this.requests.push((good) => {
      if (good) resolve(early ? before : (this.backend.get(id) ?? []));
      else reject(new Error('the backend is down'));
    }));
  }

  answer(good: boolean): void {
    this.requests.splice(this.random.below(this.requests.length), 1)[0]?.(good);
  }

  show(id: string): void {
    if (this.shown.has(id)) return;
    this.shown.set(id, new QueryObserver(this.cache, { queryKey: [id], queryFn: this.bound.fetching(() => this.fetch(id)) }).subscribe(() => {}));
  }

  hide(id: string): void {
    this.shown.get(id)?.();
    this.shown.delete(id);
  }

  /** Ends all trouble: what was lost shows, everything is answered, and what is known to be old is fetched when somebody looks. */
  async heal(): Promise<void> {
    this.happen(false);
    await this.server.pass(120_000);
    assert.equal(this.client.state.phase, 'live');
    for (const id of IDS) this.show(id);
    for (let turn = 0; turn < 20; turn += 1) {
      while (this.requests.length > 0) this.answer(true);
      await settle();
      // As when the window has the focus again.
      void this.cache.refetchQueries({ predicate: ({ state }) => state.isInvalidated || state.status === 'error' }, { cancelRefetch: false });
    }
  }
}

const TROUBLES: ((world: World) => void | Promise<void>)[] = [
  (world) => world.happen(false),
  (world) => world.happen(false),
  (world) => world.happen(true),
  (world) => world.answer(true),
  (world) => world.answer(true),
  (world) => world.answer(false),
  (world) => world.show(world.random.of(IDS)),
  (world) => world.hide(world.random.of(IDS)),
  (world) => world.client.requestState(),
  (world) => world.server.open[0]?.end(1006),
  (world) => {
    world.server.room.die();
    world.server.open[0]?.end(1006);
  },
  (world) => world.server.pass(world.random.below(20_000)),
  (world) => void world.cache.refetchQueries({ queryKey: [world.random.of(IDS)] }),
  (world) => world.cache.removeQueries({ queryKey: [world.random.of(IDS)], type: 'inactive' }),
];

async function run(seed: number): Promise<void> {
  const random = new Random(seed);
  const world = new World(random);
  for (let turn = 0; turn < STEPS; turn += 1) {
    await random.of(TROUBLES)(world);
    // What a socket or a backend says comes in a task of its own, after all promises of the one before.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await world.heal();
  for (const id of IDS) {
    const { data, isInvalidated } = world.cache.getQueryState<Happened>([id]) ?? {};
    assert.deepEqual([[...(data ?? [])].sort(), isInvalidated], [[...(world.backend.get(id) ?? [])].sort(), false], id);
    world.hide(id);
  }
  world.client.close();
}

test(`in ${RUNS} random worlds each query ends with all that the backend has`, async () => {
  for (let seed = FIRST; seed < FIRST + RUNS; seed += 1) {
    await run(seed).catch((error: Error) => assert.fail(`SEED=${seed} RUNS=1 shows it again: ${error.stack}`));
  }
});
