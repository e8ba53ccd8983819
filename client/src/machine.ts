/**
 * The machine behind a client: a pure function from what is, what happens and when, to what is then and what is to be done.
 * SPEC.md says what always holds.
 *
 * Knows no sockets, no timers and no pages; shell.ts does what it asks for. Randomness is an argument.
 */

import { command, setPace } from './commanding.ts';
import { attempt, closedByServer, drop, giveUp, lost, tokenCame } from './connecting.ts';
import type { ClientFrame, ErrorCode, Position, ServerFrame } from './protocol.ts';
import { heard, pings, REFRESH_AGAIN_MS, sendAck, unreadable } from './receiving.ts';
import type { AnyUpdate, Change, HeartbeatOptions, Phase, PresenceView, ReconnectOptions, Signal, TokenWhy } from './types.ts';

/** What does not change while a client lives. */
export interface Settings {
  /** How tokens are got: from nowhere, always the same, or from a function. */
  token: 'none' | 'fixed' | 'asked';
  reconnect: ReconnectOptions;
  heartbeat: HeartbeatOptions;
  /** The pace of a hidden tab in milliseconds; null if it keeps its own. */
  hiddenPace: number | null;
}

/** Why a connection was lost or given up. */
export interface Fault {
  code: string;
  close: number;
  retries: boolean;
}

export interface Machine {
  phase: Phase;
  position: Position | null;
  /** The topics for which the position counts; null for those that the token allows. */
  seen: readonly string[] | null;
  /** The topics that the connection has, as the server knows. */
  has: readonly string[] | null;
  clientId: string | null;
  /** Failed attempts in a row. */
  failed: number;
  /** Where on the ladder of pauses it is: 1 for the first. Before that, it comes back soon. */
  step: number;
  /** Over how much time the server asks clients to spread their return, in milliseconds. */
  spreadMs: number;
  retryAt: number | null;
  fault: Fault | null;
  topics: readonly string[] | null;
  expiresAt: number | null;
  /** Numbers the connections: what comes from an earlier one is void. */
  connection: number;
  /** Numbers the questions for a token: an answer to an earlier one is void. */
  question: number;
  /** Whether a token was refused since a connection was good. */
  refused: boolean;
  /** Since when the connection is level with the room. */
  liveSince: number | null;
  /** The head of the greeting; null before it. */
  head: number | null;
  /** Whether the greeting has announced a state that has not come. */
  awaits: boolean;
  /** Whether the position is good for this connection only. */
  brittle: boolean;
  /** Whether the view shows topics that are gone, until the state comes that was asked for. */
  forgets: boolean;
  /** Whether the state is wanted: until it comes, also from a later connection, positions are not resumed. */
  owed: boolean;
  /** Characters received since the last ping. */
  unproven: number;
  /** Characters received since the last acknowledgement. */
  unacked: number;
  /** Until when a ping or an attempt has to be answered. */
  answerBy: number | null;
  /** When it acknowledges, if there is something to. */
  ackAt: number | null;
  /** When the server was last heard of. */
  heardAt: number | null;
  /** Which commands wait for an answer, by reference. */
  asked: Readonly<Record<string, Command['type']>>;
  wantsTopics: readonly string[] | null;
  wantsPace: number;
  /** The pace that the server was told. */
  pace: number;
  hidden: boolean;
  /** What the user shows to others; undefined if nothing was set. */
  shows: unknown;
  presence: PresenceView;
}

export type Timer = 'retry' | 'answer' | 'ping' | 'ack' | 'refresh';

/** What clients say of their own accord; `ref` names the answer. */
export type Command =
  | { type: 'subscribe' | 'unsubscribe'; topics: string[]; ref: string }
  | { type: 'pace'; ms: number; ref: string }
  | { type: 'presence'; data: unknown; ref?: string }
  | { type: 'signal'; data: unknown; topic?: string }
  | { type: 'state' };

export type Event =
  | { type: 'start' | 'retry' | 'close' | 'online' | 'offline' | 'visible' | 'hidden' }
  | { type: 'token'; question: number; token: string }
  | { type: 'token.failed'; question: number }
  /** `frame` is undefined if the text was not JSON. */
  | { type: 'frame'; connection: number; frame: ServerFrame | undefined; chars: number }
  | { type: 'closed'; connection: number; code: number; reason: string }
  | { type: 'timer'; timer: Timer }
  | { type: 'command'; command: Command };

/** How a connection is opened. */
export interface Opening {
  connection: number;
  token: string | null;
  resume: Position | null;
  topics: readonly string[] | null;
  resumeTopics: readonly string[] | null;
  pace: number;
}

export type Action =
  | { do: 'open'; opening: Opening }
  | { do: 'ask'; question: number; why: TokenWhy }
  | { do: 'send'; frame: ClientFrame }
  /** Forgets the socket; with a code, it is closed with that. */
  | { do: 'drop'; code?: number }
  | { do: 'wake'; timer: Timer; at: number }
  | { do: 'rest'; timer: Timer }
  /** `known`: whether this is a state that somebody has asked for, so that a view that is level is like that already. */
  | { do: 'change'; change: Change<AnyUpdate>; sentAt: number | null; known?: boolean }
  | { do: 'presence' }
  | { do: 'signal'; signal: Signal }
  | { do: 'answered'; ref: string; value: unknown }
  | { do: 'refused'; ref: string | null; code: ErrorCode; message: string };

/** One call of `step`, while it lasts. */
export interface Turn {
  readonly settings: Settings;
  readonly machine: Machine;
  readonly now: number;
  readonly random: number;
  readonly actions: Action[];
}

export const NOBODY: PresenceView = { count: null, users: [], sample: false };

/** What a machine knows of its connection while it has none. */
export const UNCONNECTED = {
  clientId: null, expiresAt: null, liveSince: null, head: null, awaits: false, brittle: false, forgets: false, unproven: 0, unacked: 0, answerBy: null, ackAt: null,
};

export function begin(topics: readonly string[] | null, pace: number): Machine {
  return {
    ...UNCONNECTED, phase: 'idle', position: null, seen: topics, has: topics, failed: 0, step: 0, spreadMs: 0, retryAt: null, fault: null, topics: null, connection: 0, question: 0,
    refused: false, owed: false, heardAt: null, asked: {}, wantsTopics: topics, wantsPace: pace, pace, hidden: false, shows: undefined, presence: NOBODY,
  };
}

/** The machine after an event, and what is to be done, in order. */
export function step(settings: Settings, before: Machine, event: Event, now: number, random: number): [Machine, Action[]] {
  const turn: Turn = { settings, machine: { ...before }, now, random, actions: [] };
  if (before.phase !== 'closed') happen(turn, event);
  return [turn.machine, turn.actions];
}

function happen(turn: Turn, event: Event): void {
  const { machine } = turn;
  switch (event.type) {
    case 'start': return machine.phase === 'idle' ? attempt(turn, 'connect') : undefined;
    case 'retry': return isDown(machine) ? again(turn) : undefined;
    case 'close': return close(turn);
    case 'online': return isDown(machine) && machine.fault?.code !== 'closed' ? online(turn) : pings(turn);
    case 'offline': return machine.connection > 0 && !isDown(machine) ? lost(turn, 'offline', 0) : undefined;
    case 'visible': return visible(turn);
    case 'hidden': return hide(turn, true);
    case 'token': return event.question === machine.question ? tokenCame(turn, event.token) : undefined;
    case 'token.failed': return event.question === machine.question ? noToken(turn) : undefined;
    case 'frame': return frame(turn, event);
    case 'closed': return event.connection === machine.connection ? closedByServer(turn, event.code, event.reason) : undefined;
    case 'timer': return rang(turn, event.timer);
    case 'command': return command(turn, event.command);
  }
}

/** Whether nothing is under way. */
function isDown({ phase }: Machine): boolean {
  return phase === 'waiting' || phase === 'failed';
}

function again(turn: Turn): void {
  turn.machine.failed = 0;
  turn.machine.step = 0;
  turn.machine.refused = false;
  attempt(turn, 'connect');
}

/** The network is back. What was refused for another reason would be refused again. */
function online(turn: Turn): void {
  const { phase, fault } = turn.machine;
  if (phase === 'waiting') attempt(turn, 'connect');
  else if (fault?.code === 'attempts') again(turn);
}

function visible(turn: Turn): void {
  hide(turn, false);
  if (turn.machine.phase === 'waiting') attempt(turn, 'connect');
  else pings(turn);
}

function hide(turn: Turn, hidden: boolean): void {
  turn.machine.hidden = hidden;
  setPace(turn);
}

function close(turn: Turn): void {
  drop(turn, 1000);
  turn.machine.phase = 'closed';
  turn.machine.retryAt = null;
}

/** No token could be got. An attempt has failed with that; a connection goes on with the token that it has, and asks again soon. */
function noToken(turn: Turn): void {
  if (turn.machine.head === null) lost(turn, 'token', 0);
  else wake(turn, 'refresh', turn.now + REFRESH_AGAIN_MS);
}

function frame(turn: Turn, event: Extract<Event, { type: 'frame' }>): void {
  if (event.connection !== turn.machine.connection || isDown(turn.machine)) return;
  if (event.frame === undefined) unreadable(turn);
  else heard(turn, event.frame, event.chars);
}

function rang(turn: Turn, timer: Timer): void {
  const { machine, settings, now } = turn;
  switch (timer) {
    case 'retry': return machine.phase === 'waiting' ? attempt(turn, 'connect') : undefined;
    case 'ping': return pings(turn);
    case 'ack': return sendAck(turn);
    case 'refresh': return machine.head === null ? undefined : ask(turn, 'refresh');
    case 'answer': {
      if (machine.answerBy === null) return;
      // The tab was asleep: its timer rings before the answer is read that waits. So it asks once more.
      const slept = now > machine.answerBy + settings.heartbeat.answerWithinMs;
      if (slept && machine.head !== null) return pings(turn);
      return lost(turn, 'no_answer', 0);
    }
  }
}

export function ask(turn: Turn, why: TokenWhy): void {
  turn.machine.question += 1;
  turn.actions.push({ do: 'ask', question: turn.machine.question, why });
}

export function send(turn: Turn, frame: ClientFrame): void {
  turn.actions.push({ do: 'send', frame });
}

/** Says it if there is a connection. */
export function tell(turn: Turn, frame: ClientFrame): void {
  if (turn.machine.head !== null) send(turn, frame);
}

export function wake(turn: Turn, timer: Timer, at: number): void {
  turn.actions.push({ do: 'wake', timer, at });
}

/** Waits for an answer, of the server or to a question for a token. */
export function expect(turn: Turn, withinMs: number): void {
  turn.machine.answerBy = turn.now + withinMs;
  wake(turn, 'answer', turn.machine.answerBy);
}

export function rest(turn: Turn, ...timers: Timer[]): void {
  for (const timer of timers) turn.actions.push({ do: 'rest', timer });
}

export { giveUp };
