// Waiting: for something to arrive, or for a promise. Every wait of this package is one of these two, so each has an
// end and says what did not come. Nothing here waits for a time to pass.

import { isDeepStrictEqual } from "node:util";

/** The longest that something may take which happens at once, on a slow machine on which other tests run too. */
export const WAIT_MS = 20_000;

/** How many of the last items a complaint lists. */
const LISTED = 4;

/** What has arrived so far, in order, and can be waited for. */
export class Arrivals {
  items = [];
  #waiting = new Set();

  add(item) {
    this.items.push(item);
    for (const look of [...this.#waiting]) look();
  }

  /** Calls `seen` with each item that comes from now on. */
  each(seen) {
    let at = this.items.length;
    this.#waiting.add(() => {
      while (at < this.items.length) seen(this.items[at++]);
    });
  }

  get last() {
    return this.items.at(-1);
  }

  /** All items that contain `wanted`. */
  all(wanted) {
    return this.items.filter((item) => contains(item, wanted));
  }

  /** The first item that contains `wanted` and came after the item `after`. It may be there already. */
  async until(wanted, { after, ms = WAIT_MS } = {}) {
    let look;
    const found = new Promise((resolve) => {
      look = () => {
        const item = this.items.slice(this.items.indexOf(after) + 1).find((item) => contains(item, wanted));
        if (item !== undefined) resolve(item);
      };
    });
    this.#waiting.add(look);
    look();
    const complaint = () => `${JSON.stringify(wanted)} did not come; the last were ${this.#listed()}`;
    return within(ms, found, complaint).finally(() => this.#waiting.delete(look));
  }

  #listed() {
    return this.items.length === 0 ? "none" : this.items.slice(-LISTED).map((item) => JSON.stringify(item)).join(", ");
  }
}

/** Whether `found` has everything that `wanted` has. An object may have more fields, a list may not have more items. */
export function contains(found, wanted) {
  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject(found) || !isObject(wanted)) return isDeepStrictEqual(found, wanted);
  return Object.entries(wanted).every(([name, value]) => contains(found[name], value));
}

/** What `promise` resolves to, if it does within `ms`. Otherwise an error with `complaint()`. */
export async function within(ms, promise, complaint) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${complaint()} (waited ${ms} ms)`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
