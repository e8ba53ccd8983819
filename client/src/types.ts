/**
 * What a user of the client sees: options, events, and the client itself.
 *
 * Types only. The wire is in protocol.ts, the machine that decides everything in machine.ts.
 */

import type { CloseReason, Position, Update as SessionUpdate } from './protocol.ts';

/** The least that every update has. Types of a document's own updates come from `roomcast preset types`. */
export interface AnyUpdate {
  type: 'dashboard.update';
  seq: number;
  topic?: string;
  updateType: string;
  timestamp: string;
  correlationId?: string;
  traceparent?: string;
  data: unknown;
}

/** A token, or a function that gets one. Asked before each connection and before the token ends. */
export type TokenSource = string | ((why: TokenWhy) => string | Promise<string>);

/** Why a token is wanted: `connect` (any token that is not about to end), `expired` (the last one was refused), `refresh` (it ends soon). */
export type TokenWhy = 'connect' | 'expired' | 'refresh';

/** Begins a connection. What it returns is given each frame, a string or an `ArrayBuffer`, in order, and returns its text, or throws. */
export type Inflating = () => (data: unknown) => string;

export interface ConnectOptions {
  /** The deployment, such as `https://live.example` or `https://live.example/t/acme`. By default the page's own origin. */
  url?: string;
  /** The session to watch. */
  session: string;
  /** The path of the endpoint; `{session}` stands for the session. By default `/api/sessions/{session}/live`. */
  path?: string;
  token?: TokenSource;
  /** Topics, or prefixes followed by `*`. By default all that the token allows. */
  topics?: readonly string[];
  /** Milliseconds between two frames, 0 to 60,000. By default 0: at once. */
  pace?: number;
  /** One connection for all tabs of the browser that watch the same with the same user. By default false. */
  shared?: boolean;
  /** What a hidden tab does, or all tabs that share when all are hidden. By default it asks for a pace of 10,000 ms. `false`: nothing. */
  hidden?: { pace: number } | false;
  /** Asks for compressed frames, which `deflate` of `roomcast/deflate` reads. By default none. */
  compress?: Inflating;
  reconnect?: Partial<ReconnectOptions>;
  heartbeat?: Partial<HeartbeatOptions>;
  /** What the platform provides. Tests, and runtimes without a global WebSocket, replace it. */
  platform?: Partial<Platform>;
}

/** When the client connects again. Each is documented in docs/reconnection.md. */
export interface ReconnectOptions {
  /** The first pause after a failed attempt, in milliseconds. Default 3,000. */
  baseMs: number;
  /** By what each further pause is longer. Default 1.5. */
  factor: number;
  /** The longest pause in milliseconds. Default 30,000. */
  maxMs: number;
  /** After how many pauses in a row, without `quickMs`, only `retry()` helps. Default 10; `Infinity` for never. */
  attempts: number;
  /** The part of each pause that is random, 0 to 1. Default 0.2. */
  jitter: number;
  /** After a connection that was healthy, the first pause is at most this long, and the second at most twice, in milliseconds. Default 500. */
  quickMs: number;
  /** Milliseconds after which a connection counts as healthy. Default 5,000. */
  healthyAfterMs: number;
}

export interface HeartbeatOptions {
  /** Milliseconds between two pings. Default 30,000, which wakes no room. */
  everyMs: number;
  /** Milliseconds in which a ping or an attempt must be answered. Default 10,000. */
  answerWithinMs: number;
}

export interface Platform {
  WebSocket: typeof WebSocket;
  /** Milliseconds since 1970. */
  now(): number;
  /** 0 to 1. */
  random(): number;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** The page, if there is one: for `online`, `visibilitychange`, and its address. */
  window?: (Window & typeof globalThis) | undefined;
}

/**
 * Where the connection is.
 * - `idle`: not connected yet (also on a server that renders)
 * - `connecting`: the first attempt
 * - `catching-up`: connected, and being sent what it missed
 * - `live`: level with the room
 * - `waiting`: lost, the next attempt is at `retryAt`
 * - `reconnecting`: an attempt after the first
 * - `failed`: gave up, or the server said that connecting again does not help; `retry()` tries again
 * - `closed`: by `close()`
 */
export type Phase = 'idle' | 'connecting' | 'catching-up' | 'live' | 'waiting' | 'reconnecting' | 'failed' | 'closed';

/** The same object as long as nothing in it changes. */
export interface ConnectionState {
  readonly phase: Phase;
  /** The id that the server gave this connection; null while there is none. */
  readonly clientId: string | null;
  readonly position: Position | null;
  /** Failed attempts in a row. */
  readonly attempt: number;
  /** With `waiting`: when the next attempt is, in milliseconds since 1970. */
  readonly retryAt: number | null;
  /** Why it was lost or failed. */
  readonly error: RoomcastError | null;
  /** All topics of the subscription; `['*']` for all; null until the server has said. */
  readonly topics: readonly string[] | null;
  /** When the connection ends with its token, in milliseconds since 1970. */
  readonly expiresAt: number | null;
  /** Whether this tab has the connection of a shared client. True without `shared`. */
  readonly leader: boolean;
}

export interface RoomcastError extends Error {
  /** The close code, or 0 if there was no close frame. */
  readonly close: number;
  /** The reason that the server gave, or one of the client's own. */
  readonly code: CloseReason | 'network' | 'no_answer' | 'gap' | 'offline' | 'token' | 'attempts' | 'frame' | 'timeout' | 'refused' | (string & {});
  /** What to do about it, in a sentence for developers. */
  readonly help: string;
  /** Whether the client goes on by itself. */
  readonly retries: boolean;
}

/** A change of the view. Apply `updates` with one reducer; with `reset`, start from nothing first. */
export interface Change<U extends AnyUpdate = SessionUpdate> {
  readonly reset: boolean;
  readonly updates: readonly U[];
  /** Topics that are gone: forget what they showed. `updates` then has what of the view remains, and `reset` is true. */
  readonly source: 'snapshot' | 'replay' | 'tail' | 'topics' | 'optimistic';
}

/** `(state, update) => state`. Called for snapshot and tail alike; must be pure. */
export type Reducer<S, U extends AnyUpdate = SessionUpdate> = (state: S, update: U) => S;

/** A folded view. `get` returns the same object until it changes. */
export interface View<S> {
  get(): S;
  subscribe(listener: () => void): () => void;
  /** Ends it: nothing is folded any more. */
  close(): void;
}

export interface Person {
  user: string;
  data?: unknown;
}

export interface PresenceView {
  /** How many are here; null where the document has no presence. */
  readonly count: number | null;
  /** Who: everyone up to 200, beyond that a sample. */
  readonly users: readonly Person[];
  readonly sample: boolean;
}

export interface Signal {
  topic?: string;
  user?: string;
  clientId: string;
  data: unknown;
}

/** How fresh a view is. */
export interface Freshness {
  readonly status: 'live' | 'stale' | 'disconnected';
  /** Milliseconds since the server last showed that the view is level: a frame, a pong. Infinity if never. */
  readonly ageMs: number;
  /** When the last update of this key or topic occurred and was applied, in milliseconds since 1970. */
  readonly occurredAt: number | null;
  readonly appliedAt: number | null;
}

/** Milliseconds from an event's `timestamp` (published) and its frame's `sentAt` (sent) to its application. */
export interface Latency {
  readonly count: number;
  /** Upper bounds in milliseconds, and how many updates were at most that late. */
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  quantile(q: number): number | null;
}

export interface OptimisticOptions {
  /** Milliseconds after which it is rolled back. Default 10,000. */
  timeoutMs?: number;
}

export interface Optimistic {
  /** Send this with the command, so that its event carries it: the update that confirms it has the same. */
  readonly correlationId: string;
  /** Fulfilled with the confirming update; rejected with a RoomcastError `timeout` or `refused` after it was rolled back. */
  readonly settled: Promise<AnyUpdate>;
  /** Rolls back, for example because the backend refused the command. */
  refuse(reason?: string): void;
}

export interface Events<U extends AnyUpdate> {
  /** After the view has changed. */
  change: Change<U>;
  /** Each update of the tail, a replay or a snapshot, in order, once. */
  update: U;
  state: ConnectionState;
  presence: PresenceView;
  signal: Signal;
  /** An error about a frame that this client sent, or a frame that could not be read. */
  error: RoomcastError;
}

export interface Client<U extends AnyUpdate = SessionUpdate> {
  readonly session: string;
  readonly state: ConnectionState;
  readonly presence: PresenceView;
  on<E extends keyof Events<U>>(event: E, listener: (value: Events<U>[E]) => void): () => void;
  /**
   * Folds the snapshot and the tail with one reducer. Make views before the first `await` after `connect`: one that is made later asks
   * the server for the state.
   */
  view<S>(reducer: Reducer<S, U>, initial: S): View<S>;
  /** Asks for the state. Views begin anew with it. */
  requestState(): void;
  subscribe(topics: readonly string[]): Promise<readonly string[]>;
  unsubscribe(topics: readonly string[]): Promise<readonly string[]>;
  setPace(ms: number): Promise<number>;
  setPresence(data: unknown): void;
  signal(data: unknown, topic?: string): void;
  /** Applies an update of this client's own at once, until the server confirms it. */
  optimistic(update: Omit<U, 'seq' | 'type' | 'timestamp'>, options?: OptimisticOptions): Optimistic;
  freshness(of?: { topic?: string; updateType?: string }): Freshness;
  latency(since: 'published' | 'sent'): Latency;
  /** Connects at once: after `failed`, or before the pause is over. */
  retry(): void;
  close(): void;
}
