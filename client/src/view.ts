/**
 * Folded views: one reducer for snapshot and tail, and on top of that what the user did and nobody has confirmed.
 *
 * Knows no connection.
 */

import type { AnyUpdate, Change, Reducer, View } from './types.ts';

/** What the client does with all its views. */
export interface Folded {
  /** Applies a change. */
  apply(change: Change<AnyUpdate>): void;
  /** Shows these updates on top of what was confirmed. */
  show(pending: readonly AnyUpdate[]): void;
  /** Tells those who listen, if anything has changed. */
  notify(): void;
}

export function folded<S, U extends AnyUpdate>(reducer: Reducer<S, U>, initial: S): Omit<View<S>, 'close'> & Folded {
  const fold = (from: S, updates: readonly AnyUpdate[]) => updates.reduce<S>((state, update) => reducer(state, update as U), from);
  const listeners = new Set<() => void>();
  let [confirmed, shown, told] = [initial, initial, initial];
  let pending: readonly AnyUpdate[] = [];
  return {
    get: () => shown,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    apply({ reset, updates }) {
      confirmed = fold(reset ? initial : confirmed, updates);
      shown = fold(confirmed, pending);
    },
    show(updates) {
      if (updates.length === 0 && pending.length === 0) return;
      pending = updates;
      shown = fold(confirmed, pending);
    },
    notify() {
      if (shown === told) return;
      told = shown;
      for (const listener of [...listeners]) listener();
    },
  };
}
