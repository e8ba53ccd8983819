/**
 * Several tabs that share a connection, in a world that goes wrong: leaders die in the middle of what they say, messages between tabs are late,
 * lost and repeated, tabs come and go, are hidden and shown. After every step it checks the invariants of SPEC.md that are about tabs.
 */

import assert from 'node:assert/strict';
import { begin } from '../src/machine.ts';
import type { Command, Settings } from '../src/machine.ts';
import { Shared } from '../src/shared.ts';
import type { Told } from '../src/shell.ts';
import { FakeChannels, FakeLocks } from './between.ts';
import { FakePage } from './fakes.ts';
import { HIDDEN_PACE, Line, Outside, settings } from './line.ts';
import type { Random } from './random.ts';
import { Shown } from './shown.ts';

const MOST = 4;

export class Tab {
  readonly number: number;
  readonly shared: Shared;
  readonly page = new FakePage();
  readonly shown = new Shown();
  /** What it has asked for and was not told of. */
  readonly asked = new Map<string, Command>();
  line: Line | null = null;
  /** Whether somebody in this tab waits for the state. */
  owed = false;
  #refs = 0;

  constructor(number: number, world: Tabs) {
    this.number = number;
    this.shared = new Shared(begin(world.topics, 0), {
      name: 's',
      locks: world.locks.of(number),
      channel: world.channels.of(number),
      page: this.page as never,
      open: (known, tell) => (this.line = new Line(world.outside, settings(world.token), { ...begin(world.topics, 0), ...known }, tell)),
    }, (told) => this.#told(told));
    this.shared.dispatch({ type: 'start' });
  }

  #told(told: Told | null): void {
    if (told?.do === 'change') {
      if (told.change.reset) this.owed = false;
      this.shown.apply(told.change);
    } else if (told?.do === 'answered' || told?.do === 'refused') this.asked.delete(told.ref ?? '');
  }

  topics(type: 'subscribe' | 'unsubscribe', topic: string): void {
    const ref = `c${(this.#refs += 1)}`;
    this.#ask({ type, topics: [topic], ref }, ref);
  }

  pace(ms: number): void {
    const ref = `c${(this.#refs += 1)}`;
    this.#ask({ type: 'pace', ms, ref }, ref);
  }

  #ask(command: Command, ref: string): void {
    this.asked.set(ref, command);
    this.shared.dispatch({ type: 'command', command });
  }

  state(): void {
    this.owed = true;
    this.shared.dispatch({ type: 'command', command: { type: 'state' } });
  }
}

export class Tabs {
  readonly outside: Outside;
  readonly locks = new FakeLocks();
  readonly channels = new FakeChannels();
  readonly token: Settings['token'];
  readonly topics: readonly string[] | null;
  tabs: Tab[] = [];
  #opened = 0;

  constructor(random: Random, token: Settings['token'], topics: readonly string[] | null) {
    this.outside = new Outside(random);
    [this.token, this.topics] = [token, topics];
    this.open();
  }

  get random(): Random {
    return this.outside.random;
  }

  get any(): Tab {
    return this.random.of(this.tabs);
  }

  /** The connection, if a tab has it. */
  get line(): Line | undefined {
    return this.tabs.find(({ line }) => line !== null)?.line ?? undefined;
  }

  open(): void {
    if (this.tabs.length < MOST) this.tabs.push(new Tab((this.#opened += 1), this));
  }

  /** Closes a tab as its user does. Another one comes if it was the last. */
  close(tab: Tab): void {
    this.tabs = this.tabs.filter((one) => one !== tab);
    tab.shared.dispatch({ type: 'close' });
    if (this.tabs.length === 0) this.open();
  }

  /** A tab crashes. */
  kill(tab: Tab | undefined): void {
    if (!tab) return;
    this.tabs = this.tabs.filter((one) => one !== tab);
    this.channels.cut(tab.number, this.random);
    this.channels.leave(tab.number);
    this.locks.free(tab.number);
    if (this.tabs.length === 0) this.open();
  }

  killLeader(): void {
    this.kill(this.tabs.find(({ line }) => line !== null));
  }

  publish(topic: string | undefined): void {
    const { room, now } = this.outside;
    const update = room.publish(topic, String(this.random.below(3)), now);
    this.line?.hear(update);
  }

  pass(ms: number): void {
    if (this.line) this.line.pass(ms);
    else this.outside.now += ms;
  }

  /** What holds after every step. */
  check(): void {
    const leaders = this.tabs.filter(({ shared }) => shared.leads);
    assert.ok(leaders.length <= 1, 'I11: one tab leads');
    assert.ok(this.tabs.filter(({ line }) => line?.connection).length <= 1, 'I11: one connection');
    for (const { shared, shown } of this.tabs) {
      const { position, seen, owed, brittle } = shared.machine;
      const { room } = this.outside;
      if (position?.epoch === room.epoch && !owed && !brittle && !shared.behind) shown.has(room, seen, position.seq);
    }
  }

  /** Ends all trouble, and gives the tabs time, in which the server is heard of again. In some worlds it never falls silent. */
  async heal(): Promise<void> {
    [this.outside.up, this.outside.tokenIsGood] = [true, true];
    const step = this.random.chance(0.1) ? 1_000 : 9_000;
    for (let ms = 0; ms < 45_000; ms += step) {
      this.pass(step);
      if (step === 1_000) this.publish(undefined);
      await this.quiet();
    }
  }

  /** Lets all happen that happens without time. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < 400; turn += 1) {
      if (turn % 4 === 0) await null;
      const happened = this.locks.grant() || this.locks.answer() || this.channels.deliver(this.random) || this.line?.heal();
      this.check();
      if (!happened) return;
    }
  }

  /** All tabs are level with the room, and know the same. */
  checkLevel(): void {
    const { line } = this;
    assert.ok(line, 'I11: a tab leads');
    for (const { shared, shown, asked, owed } of this.tabs) {
      assert.equal(shared.machine.phase, 'live', 'I11: all are live');
      assert.deepEqual([...(shared.machine.wantsTopics ?? ['*'])].sort(), [...(line.machine.wantsTopics ?? ['*'])].sort(), 'I11: all know the topics');
      shown.is(this.outside.room, line.machine.wantsTopics);
      assert.deepEqual([[...asked.keys()], owed], [[], false], 'I12: what was asked for has happened');
    }
    const { wantsPace } = line.machine;
    const seen = this.tabs.some(({ page }) => page.document.visibilityState === 'visible');
    assert.equal(line.connection?.pace, seen ? wantsPace : Math.max(wantsPace, HIDDEN_PACE), 'I14: who is not seen is slow, who is seen is not');
  }
}
