/**
 * The past of a session: its updates in order, and the view as of any of them.
 *
 * Memory is bounded: beyond `most` updates, the oldest are dropped, and what they left is what the view begins with. Between, it has a
 * view at every 250th update, so that any point is at most 250 steps away. Knows no clock and no server.
 */

import type { AnyUpdate, Reducer } from 'roomcast';

/** Updates that follow each other, and the view before them. */
interface Stretch<U, S> {
  before: S;
  updates: U[];
}

const STRETCH = 250;

export class Past<U extends AnyUpdate, S> {
  readonly #reducer: Reducer<S, U>;
  readonly #most: number;
  #stretches: Stretch<U, S>[];
  /** The view that was asked for last: the next is often one step further. */
  #last: { count: number; view: S };
  #end: S;

  /** `initial` is the view before the first update. `most` is a multiple of 250. */
  constructor(reducer: Reducer<S, U>, initial: S, most = 10_000) {
    this.#reducer = reducer;
    this.#most = most;
    this.#stretches = [{ before: initial, updates: [] }];
    this.#last = { count: 0, view: initial };
    this.#end = initial;
  }

  get length(): number {
    return (this.#stretches.length - 1) * STRETCH + (this.#stretches.at(-1)?.updates.length ?? 0);
  }

  /** The number of the last update; 0 if there is none. */
  get lastSeq(): number {
    return this.update(this.length)?.seq ?? 0;
  }

  /** The update after which `count` updates have happened. */
  update(count: number): U | undefined {
    return this.#stretches[Math.floor((count - 1) / STRETCH)]?.updates[(count - 1) % STRETCH];
  }

  /** Adds what has happened since. What is known is left out. Says how many of the oldest were dropped for it. */
  add(updates: readonly U[]): number {
    let known = this.lastSeq;
    for (const update of updates) {
      if (update.seq <= known) continue;
      known = update.seq;
      const current = this.#stretches.at(-1);
      if (!current || current.updates.length === STRETCH) this.#stretches.push({ before: this.#end, updates: [update] });
      else current.updates.push(update);
      this.#end = this.#reducer(this.#end, update);
    }
    return this.#trim();
  }

  #trim(): number {
    const surplus = Math.max(0, Math.ceil((this.length - this.#most) / STRETCH));
    this.#stretches.splice(0, surplus);
    const [first] = this.#stretches;
    if (surplus > 0 && first) this.#last = { count: 0, view: first.before };
    return surplus * STRETCH;
  }

  /** The view after the first `count` updates. */
  at(count: number): S {
    const place = Math.min(Math.floor(count / STRETCH), this.#stretches.length - 1);
    const near = this.#last.count <= count && this.#last.count >= place * STRETCH;
    let { count: from, view } = near ? this.#last : { count: place * STRETCH, view: this.#stretches[place]?.before as S };
    for (; from < count; from += 1) {
      const update = this.update(from + 1);
      if (update) view = this.#reducer(view, update);
    }
    this.#last = { count, view };
    return view;
  }
}

/** No pause takes longer than this, so that a night takes no night. */
export const LONGEST_PAUSE_MS = 2_000;

/** How long to wait between two updates at a speed. */
export function pauseBetween(before: AnyUpdate | undefined, next: AnyUpdate, speed: number): number {
  const ms = before ? Date.parse(next.timestamp) - Date.parse(before.timestamp) : 0;
  return Number.isFinite(ms) ? Math.min(LONGEST_PAUSE_MS, Math.max(0, ms) / speed) : 0;
}
