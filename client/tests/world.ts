/**
 * A client's machine in a world that goes wrong: a network that loses, repeats and delays, a server that dies, tokens that end, a
 * clock that jumps. After every step, the line checks the invariants of SPEC.md that are about connections, and this the others.
 */

import assert from 'node:assert/strict';
import { begin } from '../src/machine.ts';
import type { Command, Settings } from '../src/machine.ts';
import { HIDDEN_PACE, Line, Outside, settings } from './line.ts';
import type { Random } from './random.ts';
import { Shown } from './shown.ts';

export class World {
  readonly outside: Outside;
  readonly line: Line;
  readonly shown = new Shown();
  /** Whether somebody waits for the state. */
  #owed = false;
  /** What was asked for and has not been answered. */
  readonly #asked = new Set<string>();
  #refs = 0;

  constructor(random: Random, token: Settings['token'], topics: readonly string[] | null) {
    this.outside = new Outside(random);
    this.line = new Line(this.outside, settings(token), begin(topics, 0), (told) => {
      if (told?.do === 'answered' || told?.do === 'refused') this.#asked.delete(told.ref ?? '');
      if (told?.do !== 'change') return;
      if (told.change.reset) this.#owed = false;
      this.shown.apply(told.change);
    });
    this.line.dispatch({ type: 'start' });
  }

  publish(topic: string | undefined): void {
    const { room, random, now } = this.outside;
    this.line.hear(room.publish(topic, String(random.below(3)), now));
  }

  command(command: Command): void {
    if (command.type === 'state') this.#owed = true;
    if ('ref' in command && command.ref) this.#asked.add(command.ref);
    this.line.dispatch({ type: 'command', command });
  }

  topics(type: 'subscribe' | 'unsubscribe', topic: string): void {
    this.command({ type, topics: [topic], ref: `r${(this.#refs += 1)}` });
  }

  pace(ms: number): void {
    this.command({ type: 'pace', ms, ref: `r${(this.#refs += 1)}` });
  }

  /** Ends all trouble, and waits until the client is level with the room. */
  heal(): void {
    [this.outside.up, this.outside.tokenIsGood] = [true, true];
    for (let turn = 0; turn < 400; turn += 1) if (!this.line.heal()) return;
    assert.fail(`I5: it never became live: ${JSON.stringify(this.line.machine)}`);
  }

  checkView(): void {
    assert.ok(!this.#owed, 'I13: who has asked for the state got it');
    const { machine, connection } = this.line;
    this.shown.is(this.outside.room, machine.wantsTopics);
    assert.deepEqual([...this.#asked], [], 'I12: what was asked for has happened');
    assert.equal(connection?.pace, machine.hidden ? Math.max(machine.wantsPace, HIDDEN_PACE) : machine.wantsPace, 'I12: the pace is the one that is wanted');
  }
}
