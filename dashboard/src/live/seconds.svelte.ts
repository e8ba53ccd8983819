/** A clock that templates follow. It ticks once a second, and only while something shows it. */

import { createSubscriber } from 'svelte/reactivity';

export class Seconds {
  readonly #follow = createSubscriber((update) => {
    const timer = setInterval(update, 1_000);
    return () => clearInterval(timer);
  });

  /** Milliseconds since 1970. */
  get now(): number {
    this.#follow();
    return Date.now();
  }
}
