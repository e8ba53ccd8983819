/**
 * A client's machine in a world that goes wrong: a network that loses, repeats and delays, a server that dies, tokens that end, a
 * clock that jumps. After every step it checks the invariants of SPEC.md.
 */

import assert from 'node:assert/strict';
import { begin, step } from '../src/machine.ts';
import type { Action, Command, Event, Machine, Settings, Timer } from '../src/machine.ts';
import type { ServerFrame } from '../src/protocol.ts';
import { RECONNECT } from '../src/reconnect.ts';
import type { AnyUpdate, Change } from '../src/types.ts';
import type { Random } from './random.ts';
import { Connection, Room, sees } from './room.ts';
import type { Kept } from './room.ts';

const START = 1_767_780_000_000;

/** Whether an event is about a connection or a question that is over. */
function isVoid(event: Event, { connection, question }: Machine): boolean {
  if (event.type === 'frame' || event.type === 'closed') return event.connection !== connection;
  return (event.type === 'token' || event.type === 'token.failed') && event.question !== question;
}

export class World {
  readonly room = new Room();
  readonly settings: Settings;
  readonly random: Random;
  now = START;
  machine: Machine;
  connection: Connection | null = null;
  timers = new Map<Timer, number>();
  question: { number: number; why: string } | null = null;
  /** Whether the server answers. */
  up = true;
  tokenIsGood = true;
  /** What the view shows: the updates by key, and the numbers that were applied since it last began from nothing. */
  shown = new Map<string, Kept>();
  applied = new Set<number>();
  #ackedAt = -Infinity;
  #unacked = false;
  /** Whether somebody waits for the state. */
  #owed = false;
  /** Whether the position counts for this connection only, because the token has changed. */
  #brittle = false;
  /** How often a fresh token was asked for since a connection was good. */
  #expired = 0;
  /** Close codes after which only `retry` may connect again. */
  #ended = false;
  refs = 0;

  constructor(random: Random, token: Settings['token'], topics: readonly string[] | null) {
    this.random = random;
    const heartbeat = { everyMs: 30_000, answerWithinMs: 10_000 };
    this.settings = { token, reconnect: RECONNECT, heartbeat, hiddenPace: 10_000 };
    this.machine = begin(topics, 0);
    this.happen({ type: 'start' });
  }

  happen(event: Event): void {
    const before = this.machine;
    const copy = JSON.stringify(before);
    const [machine, actions] = step(this.settings, before, event, this.now, this.random.next());
    assert.equal(JSON.stringify(before), copy, 'I1: a step changes nothing but its result');
    if (isVoid(event, before)) assert.deepEqual([machine, actions], [before, []], 'I3: what is over does not count');
    this.machine = machine;
    if (event.type === 'retry' || event.type === 'online') [this.#ended, this.#expired] = [false, 0];
    // Whoever is greeted had a good token.
    if (event.type === 'frame' && event.frame?.type === 'connected') this.#expired = 0;
    if (event.type === 'frame' && event.frame?.type === 'auth.refreshed') this.#brittle = true;
    if (event.type === 'frame' && event.frame?.type === 'dashboard.state') this.#brittle = false;
    if (event.type === 'command' && event.command.type === 'state') this.#owed = true;
    for (const action of actions) this.#run(action);
    this.#check();
  }

  #run(action: Action): void {
    switch (action.do) {
      case 'open': {
        assert.equal(this.connection, null, 'I3: one connection at a time');
        assert.ok(!this.#ended, 'I6: what was ended is not begun again by itself');
        if (this.#brittle) assert.equal(action.opening.resume, null, 'I2: a position of another token is not resumed');
        this.#brittle = false;
        if (this.settings.token !== 'none') assert.notEqual(action.opening.token, null);
        this.connection = new Connection(this.room, action.opening, this.now);
        if (!this.up) this.die();
        else if (this.settings.token !== 'none' && !this.tokenIsGood) {
          this.connection.out.length = 0;
          this.connection.refused = true;
        }
        return;
      }
      case 'ask':
        if (action.why === 'expired') this.#expired += 1;
        assert.ok(this.#expired <= 1, 'I7: a fresh token is tried once');
        this.question = { number: action.question, why: action.why };
        return;
      case 'send':
        assert.notEqual(this.connection, null, 'I3: nothing is said without a connection');
        if (action.frame.type === 'ack') this.#acked(action.frame.seq);
        if (this.connection && !this.connection.dead && !this.connection.refused) this.connection.hear(action.frame);
        return;
      case 'drop':
        this.connection = null;
        return;
      case 'wake': return void this.timers.set(action.timer, action.at);
      case 'rest': return void this.timers.delete(action.timer);
      case 'change': return this.#apply(action.change);
    }
  }

  #acked(seq: number): void {
    assert.ok(this.now - this.#ackedAt >= 1_000 || this.#ackedAt === -Infinity, 'I8: one acknowledgement a second');
    assert.ok(this.#unacked, 'I8: and only of something');
    assert.equal(seq, this.machine.position?.seq);
    [this.#ackedAt, this.#unacked] = [this.now, false];
  }

  #apply({ reset, updates, source }: Change<AnyUpdate>): void {
    if (reset) {
      this.#owed = false;
      this.shown.clear();
      this.applied.clear();
    }
    let last = 0;
    for (const update of updates as readonly Kept[]) {
      assert.ok(update.seq > last, 'I2: in order');
      last = update.seq;
      assert.ok(!this.applied.has(update.seq), `I2: ${update.seq} once`);
      this.applied.add(update.seq);
      const older = source === 'topics' && (this.shown.get(update.data.key)?.seq ?? 0) > update.seq;
      if (!older) this.shown.set(update.data.key, update);
    }
    this.#unacked = true;
  }

  #check(): void {
    const { phase, head, answerBy } = this.machine;
    const waits = this.timers.has('retry');
    assert.equal(phase === 'waiting', waits, 'I5: who waits has a time');
    if (phase === 'waiting' || phase === 'failed' || phase === 'closed') assert.equal(this.connection, null, `I3: ${phase}`);
    if (phase === 'failed' || phase === 'closed') assert.equal(this.timers.size, 0, 'I6: who has given up does nothing');
    if (phase === 'live') assert.ok(!this.machine.awaits, 'I2: live is level');
    if (phase === 'live' || phase === 'catching-up') {
      assert.ok(head !== null && this.timers.has('ping'), 'I4: a connection is looked after');
    }
    if (phase === 'connecting' || phase === 'reconnecting') assert.ok(answerBy !== null && this.timers.has('answer'), 'I4: an attempt has an end');
  }

  /** Lets a frame arrive. */
  deliver(frame: ServerFrame | undefined): void {
    if (frame && this.connection) this.happen({ type: 'frame', connection: this.connection.number, frame, chars: JSON.stringify(frame).length });
  }

  /** The connection is half open: nothing comes any more. */
  die(): void {
    if (!this.connection) return;
    this.connection.out.length = 0;
    this.connection.dead = true;
  }

  deliverNext(): void {
    if (this.connection?.refused) return this.close(4401, 'token_invalid');
    this.deliver(this.connection?.out.shift());
  }

  /** The connection ends with a code. */
  close(code: number, reason = ''): void {
    const { connection } = this;
    if (!connection) return;
    this.connection = null;
    if ((code >= 4400 && code < 4500 && code !== 4401) || code === 1000) this.#ended = true;
    this.happen({ type: 'closed', connection: connection.number, code, reason });
  }

  /** Lets time pass, with the timers that ring in it. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.now = Math.max(this.now, next[1]);
      this.timers.delete(next[0]);
      this.happen({ type: 'timer', timer: next[0] });
    }
    this.now = Math.max(this.now, end);
  }

  #next(end: number): [Timer, number] | undefined {
    const due = [...this.timers].filter(([, at]) => at <= end);
    return due.sort(([, one], [, other]) => one - other)[0];
  }

  answerToken(): void {
    const { question } = this;
    this.question = null;
    if (question) this.happen({ type: 'token', question: question.number, token: 't' });
  }

  publish(topic: string | undefined): void {
    const update = this.room.publish(topic, String(this.random.below(3)), this.now);
    if (this.connection && !this.connection.dead && !this.connection.refused) this.connection.tell(update, this.now);
  }

  /** A token with other permissions has taken the place of the old one. */
  refresh(): void {
    if (this.connection && !this.connection.dead && !this.connection.refused) this.connection.refresh();
  }

  /** The server has refused to send the state, because the client asks for so much. */
  refuseState(): void {
    if (this.machine.head !== null && this.machine.owed) {
      this.deliver({ type: 'error', code: 'rate_limited', message: '', retryable: true, timestamp: '', ref: 'state' });
    }
  }

  command(command: Command): void {
    this.happen({ type: 'command', command });
  }

  /** Ends all trouble, and waits until the client is level with the room. */
  heal(): void {
    [this.up, this.tokenIsGood] = [true, true];
    for (let turn = 0; turn < 400; turn += 1) {
      if (this.machine.phase === 'failed') this.happen({ type: 'retry' });
      if (this.question) this.answerToken();
      else if (this.connection?.refused || this.connection?.out.length) this.deliverNext();
      else if (this.connection?.lossy) {
        // The next update shows that one is missing.
        this.publish(undefined);
        this.connection.lossy = false;
      }
      else if (this.machine.phase === 'live' && !this.connection?.dead) return;
      else this.pass(15_000);
    }
    assert.fail(`I5: it never became live: ${JSON.stringify(this.machine)}`);
  }

  /** The view shows what the room has of the topics that are wanted. */
  checkView(): void {
    assert.ok(!this.#owed, 'I13: who has asked for the state got it');
    const wanted = this.room.folded(this.machine.wantsTopics).map(({ seq }) => seq);
    const shown = [...this.shown.values()].filter((update) => sees(this.machine.wantsTopics, update)).map(({ seq }) => seq);
    assert.deepEqual(shown.sort((one, other) => one - other), wanted, 'I2: the view is that of the room');
    assert.equal([...this.shown.values()].every((update) => sees(this.machine.wantsTopics, update)), true, 'I9: what was left is forgotten');
  }
}
