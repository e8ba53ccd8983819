/**
 * Looking back: the past of a session as the log has it, point by point or played, while the live view goes on.
 *
 * Reads the log once and keeps it in memory (past.ts says how much), so that playing needs no server. What happens meanwhile is added
 * at the end. Of what is older than the log, it has what has not changed since: that part of the state.
 */

import type { AnyUpdate, Change, Reducer, RoomcastError } from 'roomcast';
import { pages } from 'roomcast/history';
import { Past, pauseBetween } from './past.ts';
import { deployment } from './place.ts';
import type { Watching } from './watching.svelte.ts';

export const SPEEDS = [1, 10, 60] as const;

export class LookingBack<U extends AnyUpdate, S> {
  /** `live` when nobody looks back. */
  status = $state<'live' | 'reading' | 'past' | 'failed'>('live');
  error = $state.raw<RoomcastError | Error | null>(null);
  /** How many updates there are to go through. */
  length = $state(0);
  /** After how many of them the view is. */
  position = $state(0);
  playing = $state(false);
  speed = $state<number>(10);
  /** The number of the oldest update that there is; above 1, the log does not go back to the beginning. */
  first = $state(1);
  readonly #watching: Watching<U, S>;
  readonly #reducer: Reducer<S, U>;
  readonly #initial: S;
  #past = $state.raw<Past<U, S> | null>(null);
  /** What has happened while the log is read. */
  #meanwhile: U[] = [];
  #unlisten = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Numbers the readings: what belongs to an earlier one is void. */
  #reading = 0;

  constructor(watching: Watching<U, S>, reducer: Reducer<S, U>, initial: S) {
    this.#watching = watching;
    this.#reducer = reducer;
    this.#initial = initial;
  }

  /** Whether the view is not the live one. */
  get away(): boolean {
    return this.#past !== null;
  }

  /** The view as of then, or the live one. */
  get view(): S {
    return this.#past ? this.#past.at(this.position) : this.#watching.view;
  }

  /** The update that happened last, as of then. */
  get update(): U | undefined {
    return this.#past?.update(this.position);
  }

  /** Reads the log, and stands at its end. */
  async open(): Promise<void> {
    const reading = (this.#reading += 1);
    this.status = 'reading';
    this.error = null;
    this.#meanwhile = [];
    this.#unlisten();
    this.#unlisten = this.#watching.now?.client.on('change', (change) => this.#changed(change)) ?? (() => {});
    try {
      const past = await this.#read();
      if (reading === this.#reading) this.#begin(past);
    } catch (error) {
      if (reading === this.#reading) this.#fail(error);
    }
  }

  #begin(past: Past<U, S>): void {
    past.add(this.#meanwhile);
    this.#past = past;
    this.first = past.update(1)?.seq ?? 1;
    this.length = past.length;
    this.position = past.length;
    this.status = 'past';
  }

  #fail(error: unknown): void {
    this.close();
    this.error = error instanceof Error ? error : new Error(String(error));
    this.status = 'failed';
  }

  async #read(): Promise<Past<U, S>> {
    let past: Past<U, S> | null = null;
    for await (const updates of pages<U>(this.#source())) {
      past ??= new Past(this.#reducer, await this.#before(updates[0]?.seq ?? 1));
      past.add(updates);
    }
    return past ?? new Past(this.#reducer, this.#initial);
  }

  #source() {
    const { session, token } = this.#watching;
    return { url: deployment(), session: session ?? '', ...(token !== null && { token }) };
  }

  /** The view before this update, as far as it is known: what is in the state with an older number has not changed since. */
  async #before(seq: number): Promise<S> {
    if (seq <= 1) return this.#initial;
    const { url, session, token } = this.#source();
    const answer = await fetch(`${url}/api/sessions/${encodeURIComponent(session)}/state`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`the state was refused: ${answer.status}`);
    const { updates }: { updates: U[] } = await answer.json();
    return updates.filter((update) => update.seq < seq).reduce(this.#reducer, this.#initial);
  }

  /** The live view has changed. Before a state there may be a gap, so the log is read again. */
  #changed({ reset, source, updates }: Change<U>): void {
    if (source === 'optimistic') return;
    if (reset) return void this.#again();
    if (this.status === 'reading' || !this.#past) return void this.#meanwhile.push(...updates);
    this.#dropped(this.#past.add(updates));
    this.length = this.#past.length;
  }

  #dropped(count: number): void {
    if (count === 0) return;
    this.position = Math.max(0, this.position - count);
    this.first = this.#past?.update(1)?.seq ?? this.first;
  }

  async #again(): Promise<void> {
    const at = this.update?.seq;
    this.pause();
    await this.open();
    if (this.status === 'past' && at !== undefined) this.position = this.#placeOf(at);
  }

  /** After how many updates this number was the last. */
  #placeOf(seq: number): number {
    let place = this.length;
    while (place > 0 && (this.#past?.update(place)?.seq ?? 0) > seq) place -= 1;
    return place;
  }

  seek(position: number): void {
    this.position = Math.min(this.length, Math.max(0, position));
    if (this.playing) this.#next();
  }

  /** Goes on from where it is; from the end, begins anew. */
  play(): void {
    if (this.position >= this.length) this.position = 0;
    this.playing = true;
    this.#next();
  }

  pause(): void {
    this.playing = false;
    clearTimeout(this.#timer);
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    if (this.playing) this.#next();
  }

  #next(): void {
    clearTimeout(this.#timer);
    const next = this.#past?.update(this.position + 1);
    if (!next) return this.pause();
    this.#timer = setTimeout(() => {
      this.position += 1;
      this.#next();
    }, pauseBetween(this.update, next, this.speed));
  }

  /** Back to live. Forgets the past. */
  close(): void {
    this.pause();
    this.#reading += 1;
    this.#unlisten();
    this.#past = null;
    this.#meanwhile = [];
    this.error = null;
    this.status = 'live';
  }
}
