/**
 * The client as its users hold it: listeners, views, answers to what they asked for, optimistic updates, freshness.
 *
 * Connections are the machine's; where its frames come from, a socket of its own or another tab, is the source's.
 */

import { faultError, report, roomcastError } from './errors.ts';
import { Ages } from './freshness.ts';
import type { Command, Event } from './machine.ts';
import type { Source, Told } from './shell.ts';
import type {
  AnyUpdate, Change, Client, ConnectionState, Events, Freshness, Latency, Optimistic, OptimisticOptions, Platform, PresenceView, Reducer, View,
} from './types.ts';
import { folded } from './view.ts';
import type { Folded } from './view.ts';

const CONFIRM_WITHIN_MS = 10_000;

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

/** An update of the user's own that nobody has confirmed. */
interface Pending {
  update: AnyUpdate;
  timer: unknown;
  resolve(update: AnyUpdate): void;
  reject(error: Error): void;
}

export class RoomcastClient<U extends AnyUpdate> implements Client<U> {
  readonly session: string;
  state: ConnectionState;
  readonly #platform: Platform;
  readonly #source: Source;
  readonly #listeners = new Map<string, Set<(value: never) => void>>();
  readonly #views = new Set<Folded>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #ages = new Ages();
  #pending: Pending[] = [];
  #refs = 0;
  /** Whether anything was applied: a view that is made after that asks for the state. */
  #begun = false;

  /** `open` makes the source, which tells the client what comes. */
  constructor(session: string, platform: Platform, open: (tell: (told: Told | null) => void) => Source) {
    this.session = session;
    this.#platform = platform;
    this.#source = open((told) => this.#told(told));
    this.state = stateOf(this.#source);
  }

  get presence(): PresenceView {
    return this.#source.machine.presence;
  }

  on<E extends keyof Events<U>>(event: E, listener: (value: Events<U>[E]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  view<S>(reducer: Reducer<S, U>, initial: S): View<S> {
    const view = folded(reducer, initial);
    this.#views.add(view);
    this.#showPending();
    if (this.#begun) this.#command({ type: 'state' });
    return { get: view.get, subscribe: view.subscribe, close: () => void this.#views.delete(view) };
  }

  requestState(): void {
    this.#command({ type: 'state' });
  }

  subscribe(topics: readonly string[]): Promise<readonly string[]> {
    return this.#asked((ref) => ({ type: 'subscribe', topics: [...topics], ref }));
  }

  unsubscribe(topics: readonly string[]): Promise<readonly string[]> {
    return this.#asked((ref) => ({ type: 'unsubscribe', topics: [...topics], ref }));
  }

  setPace(ms: number): Promise<number> {
    return this.#asked((ref) => ({ type: 'pace', ms, ref }));
  }

  setPresence(data: unknown): void {
    this.#command({ type: 'presence', data });
  }

  signal(data: unknown, topic?: string): void {
    this.#command({ type: 'signal', data, ...(topic !== undefined && { topic }) });
  }

  retry(): void {
    this.#dispatch({ type: 'retry' });
  }

  close(): void {
    this.#dispatch({ type: 'close' });
    const error = roomcastError('closed', 'the client was closed');
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    for (const pending of this.#pending) this.#rollBack(pending, error);
  }

  freshness(of?: { topic?: string; updateType?: string }): Freshness {
    const { phase, heardAt } = this.#source.machine;
    return this.#ages.of(of, phase === 'live', heardAt, this.#platform.now());
  }

  latency(since: 'published' | 'sent'): Latency {
    return this.#ages[since];
  }

  optimistic(update: Omit<U, 'seq' | 'type' | 'timestamp'>, { timeoutMs = CONFIRM_WITHIN_MS }: OptimisticOptions = {}): Optimistic {
    const now = this.#platform.now();
    const correlationId = update.correlationId ?? crypto.randomUUID();
    const whole = { ...update, correlationId, type: 'dashboard.update', seq: 0, timestamp: new Date(now).toISOString() } as unknown as AnyUpdate;
    let pending: Pending | undefined;
    const settled = new Promise<AnyUpdate>((resolve, reject) => {
      const late = () => pending && this.#rollBack(pending, roomcastError('timeout', `nothing has confirmed ${correlationId}`));
      pending = { update: whole, timer: this.#platform.setTimeout(late, timeoutMs), resolve, reject };
      this.#pending.push(pending);
    });
    // Whoever does not wait for it must not be told of an unhandled rejection.
    settled.catch(() => {});
    this.#changePending();
    const refuse = (reason = 'the change was refused') => pending && this.#rollBack(pending, roomcastError('refused', reason));
    return { correlationId, settled, refuse };
  }

  #rollBack(pending: Pending, error: Error): void {
    if (!this.#pending.includes(pending)) return;
    this.#forget(pending);
    pending.reject(error);
    this.#changePending();
  }

  #forget(pending: Pending): void {
    this.#platform.clearTimeout(pending.timer);
    this.#pending = this.#pending.filter((one) => one !== pending);
  }

  #showPending(): void {
    const updates = this.#pending.map(({ update }) => update);
    for (const view of this.#views) view.show(updates);
  }

  #changePending(): void {
    this.#showPending();
    this.#emit('change', { reset: false, updates: [], source: 'optimistic' });
    for (const view of this.#views) view.notify();
  }

  #asked<T>(make: (ref: string) => Command): Promise<T> {
    const ref = `c${(this.#refs += 1)}`;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(ref, { resolve, reject });
      this.#command(make(ref));
    });
  }

  #command(command: Command): void {
    this.#dispatch({ type: 'command', command });
  }

  #dispatch(event: Event): void {
    this.#source.dispatch(event);
  }

  #told(told: Told | null): void {
    if (told === null) return this.#publishState();
    switch (told.do) {
      case 'change': return this.#apply(told.change, told.sentAt);
      case 'presence': return this.#emit('presence', this.presence);
      case 'signal': return this.#emit('signal', told.signal);
      case 'answered': return void this.#answer(told.ref, (one) => one.resolve(told.value as never));
      case 'refused': {
        const error = roomcastError(told.code, told.message);
        if (told.ref === null || !this.#answer(told.ref, (one) => one.reject(error))) this.#emit('error', error);
        return;
      }
    }
  }

  #answer(ref: string, answer: (waiting: Waiting) => void): boolean {
    const waiting = this.#waiting.get(ref);
    this.#waiting.delete(ref);
    if (waiting) answer(waiting);
    return waiting !== undefined;
  }

  #apply(change: Change<AnyUpdate>, sentAt: number | null): void {
    this.#begun = true;
    this.#ages.note(change.updates, this.#platform.now(), change.source === 'tail', sentAt);
    this.#confirm(change.updates);
    for (const view of this.#views) view.apply(change);
    this.#emit('change', change as Change<U>);
    for (const update of change.updates) this.#emit('update', update as U);
    for (const view of this.#views) view.notify();
  }

  #confirm(updates: readonly AnyUpdate[]): void {
    if (this.#pending.length === 0) return;
    for (const update of updates) {
      const pending = this.#pending.find((one) => one.update.correlationId === update.correlationId);
      if (!pending) continue;
      this.#forget(pending);
      pending.resolve(update);
    }
    this.#showPending();
  }

  #publishState(): void {
    const state = stateOf(this.#source, this.state);
    if (state === this.state) return;
    const lost = state.error !== null && state.error !== this.state.error && !state.error.retries;
    this.state = state;
    this.#emit('state', state);
    if (lost && state.error) this.#emit('error', state.error);
  }

  /** A listener that throws must not keep the others from hearing. */
  #emit<E extends keyof Events<U>>(event: E, value: Events<U>[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        listener(value as never);
      } catch (error) {
        report(error);
      }
    }
  }
}

/** The public state; the one before if nothing in it has changed. */
export function stateOf({ machine, leads }: Pick<Source, 'machine' | 'leads'>, before?: ConnectionState): ConnectionState {
  const { phase, clientId, position, failed, retryAt, fault, topics, expiresAt } = machine;
  const known = before?.error && fault && before.error.code === fault.code && before.error.close === fault.close && before.error.retries === fault.retries;
  const error = fault === null ? null : known ? before.error : faultError(fault);
  const state: ConnectionState = { phase, clientId, position, attempt: failed, retryAt, error, topics, expiresAt, leader: leads };
  const same = before && (Object.keys(state) as (keyof ConnectionState)[]).every((key) => before[key] === state[key]);
  return same ? before : state;
}
