/** What a view shows: the updates by key, and the numbers that were applied since it last began from nothing. */

import assert from 'node:assert/strict';
import type { AnyUpdate, Change } from '../src/types.ts';
import { sees } from './room.ts';
import type { Kept, Room } from './room.ts';

export class Shown {
  readonly #latest = new Map<string, Kept>();
  readonly #applied = new Set<number>();

  apply({ reset, updates, source }: Change<AnyUpdate>): void {
    if (reset) {
      this.#latest.clear();
      this.#applied.clear();
    }
    let last = 0;
    for (const update of updates as readonly Kept[]) {
      assert.ok(update.seq > last, 'I2: in order');
      last = update.seq;
      assert.ok(!this.#applied.has(update.seq), `I2: ${update.seq} once`);
      this.#applied.add(update.seq);
      const older = source === 'topics' && (this.#latest.get(update.data.key)?.seq ?? 0) > update.seq;
      if (!older) this.#latest.set(update.data.key, update);
    }
  }

  /** Checks that the view has everything of these topics that it has to have at a number. */
  has(room: Room, topics: readonly string[] | null, seq: number): void {
    for (const update of room.folded(topics)) {
      if (update.seq <= seq) assert.ok((this.#latest.get(update.data.key)?.seq ?? 0) >= update.seq, `I2: ${update.seq} was applied`);
    }
  }

  /** Checks that the view is what the room has of the topics that are wanted. */
  is(room: Room, topics: readonly string[] | null): void {
    const wanted = room.folded(topics).map(({ seq }) => seq);
    const shown = [...this.#latest.values()];
    assert.deepEqual(shown.filter((update) => sees(topics, update)).map(({ seq }) => seq).sort((one, other) => one - other), wanted, 'I2: the view is that of the room');
    assert.ok(shown.every((update) => sees(topics, update)), 'I9: what was left is forgotten');
  }
}
