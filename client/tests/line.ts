/**
 * What is around one machine: its connection to a room, its timers, and its questions for tokens. It does what the machine asks for, and after
 * every step it checks the invariants of SPEC.md that are about connections. What the machine tells, it hands on.
 */

import assert from 'node:assert/strict';
import { step } from '../src/machine.ts';
import type { Action, Event, Machine, Settings, Timer } from '../src/machine.ts';
import type { ServerFrame } from '../src/protocol.ts';
import { RECONNECT } from '../src/reconnect.ts';
import type { Source, Told } from '../src/shell.ts';
import type { Random } from './random.ts';
import { Connection, Room } from './room.ts';

/** What all clients of a world have in common. */
export class Outside {
  readonly room = new Room();
  readonly random: Random;
  now = 1_767_780_000_000;
  /** Whether the server answers. */
  up = true;
  tokenIsGood = true;

  constructor(random: Random) {
    this.random = random;
  }
}

export const HIDDEN_PACE = 10_000;

export function settings(token: Settings['token']): Settings {
  return { token, reconnect: RECONNECT, heartbeat: { everyMs: 30_000, answerWithinMs: 10_000 }, hiddenPace: HIDDEN_PACE };
}

/** Whether an event is about a connection or a question that is over. */
function isVoid(event: Event, { connection, question }: Machine): boolean {
  if (event.type === 'frame' || event.type === 'closed') return event.connection !== connection;
  return (event.type === 'token' || event.type === 'token.failed') && event.question !== question;
}

export class Line implements Source {
  readonly leads = true;
  readonly outside: Outside;
  readonly settings: Settings;
  machine: Machine;
  connection: Connection | null = null;
  timers = new Map<Timer, number>();
  question: { number: number; why: string } | null = null;
  readonly #tell: (told: Told | null) => void;
  readonly #events: Event[] = [];
  #busy = false;
  #ackedAt = -Infinity;
  #unacked = false;
  /** Whether the position counts for this connection only, because the token has changed. */
  #brittle = false;
  /** How often a fresh token was asked for since a connection was good. */
  #expired = 0;
  /** Close codes after which only `retry` may connect again. */
  #ended = false;

  constructor(outside: Outside, settings: Settings, machine: Machine, tell: (told: Told | null) => void) {
    this.outside = outside;
    this.settings = settings;
    this.machine = machine;
    this.#tell = tell;
  }

  /** An event that happens while another one is handled is handled after it. */
  dispatch(event: Event): void {
    this.#events.push(event);
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#events.shift(); next; next = this.#events.shift()) this.#happen(next);
    this.#busy = false;
  }

  #happen(event: Event): void {
    const before = this.machine;
    const copy = JSON.stringify(before);
    const [machine, actions] = step(this.settings, before, event, this.outside.now, this.outside.random.next());
    assert.equal(JSON.stringify(before), copy, 'I1: a step changes nothing but its result');
    if (isVoid(event, before)) assert.deepEqual([machine, actions], [before, []], 'I3: what is over does not count');
    this.machine = machine;
    if (event.type === 'retry' || event.type === 'online') [this.#ended, this.#expired] = [false, 0];
    // Whoever is greeted had a good token.
    if (event.type === 'frame' && event.frame?.type === 'connected') this.#expired = 0;
    if (event.type === 'frame' && event.frame?.type === 'auth.refreshed') this.#brittle = true;
    if (event.type === 'frame' && event.frame?.type === 'dashboard.state') this.#brittle = false;
    for (const action of actions) this.#run(action);
    this.#check();
    this.#tell(null);
  }

  #run(action: Action): void {
    switch (action.do) {
      case 'open': return this.#open(action.opening);
      case 'ask':
        if (action.why === 'expired') this.#expired += 1;
        assert.ok(this.#expired <= 1, 'I7: a fresh token is tried once');
        this.question = { number: action.question, why: action.why };
        return;
      case 'send':
        assert.notEqual(this.connection, null, 'I3: nothing is said without a connection');
        if (action.frame.type === 'ack') this.#acked(action.frame.seq);
        if (this.#reaches(this.connection)) this.connection.hear(action.frame);
        return;
      case 'drop': return void (this.connection = null);
      case 'wake': return void this.timers.set(action.timer, action.at);
      case 'rest': return void this.timers.delete(action.timer);
      case 'change': this.#unacked = true;
    }
    this.#tell(action);
  }

  #open(opening: Extract<Action, { do: 'open' }>['opening']): void {
    const { room, now, up, tokenIsGood } = this.outside;
    assert.equal(this.connection, null, 'I3: one connection at a time');
    assert.ok(!this.#ended, 'I6: what was ended is not begun again by itself');
    if (this.machine.owed) assert.equal(opening.resume, null, 'I13: who wants the state begins with it');
    if (this.#brittle) assert.equal(opening.resume, null, 'I2: a position of another token is not resumed');
    this.#brittle = false;
    if (this.settings.token !== 'none') assert.notEqual(opening.token, null);
    this.connection = new Connection(room, opening, now);
    if (!up) return this.die();
    if (this.settings.token === 'none' || tokenIsGood) return;
    this.connection.out.length = 0;
    this.connection.refused = true;
  }

  #reaches(connection: Connection | null): connection is Connection {
    return connection !== null && !connection.dead && !connection.refused;
  }

  #acked(seq: number): void {
    const { now } = this.outside;
    assert.ok(now - this.#ackedAt >= 1_000 || this.#ackedAt === -Infinity, 'I8: one acknowledgement a second');
    assert.ok(this.#unacked, 'I8: and only of something');
    assert.equal(seq, this.machine.position?.seq);
    [this.#ackedAt, this.#unacked] = [now, false];
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
    if (frame && this.connection) this.dispatch({ type: 'frame', connection: this.connection.number, frame, chars: JSON.stringify(frame).length });
  }

  deliverNext(): void {
    if (this.connection?.refused) return this.close(4401, 'token_invalid');
    this.deliver(this.connection?.out.shift());
  }

  /** Loses the next frames, if they are updates. That should not happen; only their numbers can tell. */
  lose(): void {
    const { connection } = this;
    if (connection?.out[0]?.type !== 'dashboard.updates' || connection.out.some(({ type }) => type !== 'dashboard.updates')) return;
    connection.out.shift();
    connection.lossy = true;
  }

  /** Updates come twice. */
  repeat(): void {
    const next = this.connection?.out[0];
    if (next?.type === 'dashboard.updates') this.deliver(next);
  }

  /** The connection is half open: nothing comes any more. */
  die(): void {
    if (!this.connection) return;
    this.connection.out.length = 0;
    this.connection.dead = true;
  }

  /** The connection ends with a code. */
  close(code: number, reason = ''): void {
    const { connection } = this;
    if (!connection) return;
    this.connection = null;
    if ((code >= 4400 && code < 4500 && code !== 4401) || code === 1000) this.#ended = true;
    this.dispatch({ type: 'closed', connection: connection.number, code, reason });
  }

  /** An update that was published. */
  hear(update: Parameters<Connection['tell']>[0]): void {
    if (this.#reaches(this.connection)) this.connection.tell(update, this.outside.now);
  }

  /** A token with other permissions has taken the place of the old one. */
  refresh(): void {
    if (this.#reaches(this.connection)) this.connection.refresh();
  }

  /** The server has refused to send the state, because the client asks for so much. */
  refuseState(): void {
    if (this.machine.head === null || !this.machine.owed) return;
    this.deliver({ type: 'error', code: 'rate_limited', message: '', retryable: true, timestamp: '', ref: 'state' });
  }

  answerToken(): void {
    const { question } = this;
    this.question = null;
    if (question) this.dispatch({ type: 'token', question: question.number, token: 't' });
  }

  /** Lets time pass, with the timers that ring in it. */
  pass(ms: number): void {
    const { outside } = this;
    const end = outside.now + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      outside.now = Math.max(outside.now, next[1]);
      this.timers.delete(next[0]);
      this.dispatch({ type: 'timer', timer: next[0] });
    }
    outside.now = Math.max(outside.now, end);
  }

  #next(end: number): [Timer, number] | undefined {
    const due = [...this.timers].filter(([, at]) => at <= end);
    return due.sort(([, one], [, other]) => one - other)[0];
  }

  /** One thing that has to happen until the client is level. False if nothing is left. */
  heal(): boolean {
    if (this.machine.phase === 'failed') this.dispatch({ type: 'retry' });
    if (this.question) this.answerToken();
    else if (this.connection?.refused || this.connection?.out.length) this.deliverNext();
    else if (this.machine.phase === 'live' && !this.connection?.dead && !this.connection?.lossy) return false;
    else if (this.connection?.lossy) {
      // The next update shows that one is missing. An answer that was lost ends with the connection.
      this.connection.lossy = false;
      if (this.machine.owed || Object.keys(this.machine.asked).length > 0) this.close(1006);
      else this.hear(this.outside.room.publish(undefined, '0', this.outside.now));
    } else this.pass(15_000);
    return true;
  }
}
