/**
 * How fresh a view is, and how late updates come: ages by type and topic, and histograms of delays.
 *
 * Times are milliseconds since 1970. Delays are between two clocks, so a delay below 0 counts as 0.
 */

import type { AnyUpdate, Freshness, Latency } from './types.ts';

/** Upper bounds in milliseconds. */
const BOUNDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 60_000, Infinity];

/** A view whose server has not been heard of for so long is stale: a ping and its answer are overdue. */
const STALE_AFTER_MS = 45_000;

interface Seen {
  occurredAt: number;
  appliedAt: number;
}

export class Ages {
  /** The last update of each type and topic, and of all under the empty name. */
  readonly #by = new Map<string, Seen>();
  readonly published = new Histogram();
  readonly sent = new Histogram();

  /** Notes updates that were applied. What is part of a snapshot or was missed says nothing about delays. */
  note(updates: readonly AnyUpdate[], now: number, tail: boolean, sentAt: number | null): void {
    for (const { updateType, topic, timestamp } of updates) {
      const occurredAt = Date.parse(timestamp);
      const seen = { occurredAt, appliedAt: now };
      this.#by.set('', seen);
      this.#by.set(`type ${updateType}`, seen);
      if (topic !== undefined) this.#by.set(`topic ${topic}`, seen);
      if (tail && Number.isFinite(occurredAt)) this.published.add(now - occurredAt);
    }
    if (tail && sentAt !== null && updates.length > 0) this.sent.add(now - sentAt);
  }

  of(what: { topic?: string; updateType?: string } | undefined, live: boolean, heardAt: number | null, now: number): Freshness {
    const { topic, updateType } = what ?? {};
    const seen = this.#by.get(updateType !== undefined ? `type ${updateType}` : topic !== undefined ? `topic ${topic}` : '');
    const ageMs = heardAt === null ? Infinity : Math.max(0, now - heardAt);
    const status = !live ? 'disconnected' : ageMs > STALE_AFTER_MS ? 'stale' : 'live';
    return { status, ageMs, occurredAt: seen?.occurredAt ?? null, appliedAt: seen?.appliedAt ?? null };
  }
}

class Histogram implements Latency {
  #counts = BOUNDS.map(() => 0);
  count = 0;

  add(ms: number): void {
    const place = BOUNDS.findIndex((bound) => Math.max(0, ms) <= bound);
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
    this.count += 1;
  }

  get buckets() {
    let sum = 0;
    return BOUNDS.map((le, place) => ({ le, count: (sum += this.#counts[place] ?? 0) }));
  }

  /** The upper bound of the bucket in which this part of all delays ends; null if there is none. */
  quantile(q: number): number | null {
    if (this.count === 0) return null;
    return this.buckets.find(({ count }) => count >= q * this.count)?.le ?? null;
  }
}
