/**
 * `roomcast/tanstack-db`: a collection of TanStack DB whose rows come from the updates of a client.
 *
 * A thin adapter: TanStack DB keeps the rows and answers queries. Writes of the user go to the backend as ever; its event brings them back.
 */

import type { CollectionConfig, SyncConfig } from '@tanstack/db';
import { report } from './errors.ts';
import type { AnyUpdate, Client, Update } from './index.ts';

/** What an update does to the rows. */
export type RowChange<T extends object, K extends string | number> = { type: 'put'; row: T } | { type: 'delete'; key: K } | null;

export interface RoomcastCollection<T extends object, K extends string | number, U extends AnyUpdate> {
  id?: string;
  client: Client<U>;
  getKey(row: T): K;
  /** `get` gives the row of a key as it is, for updates that change a part of it. */
  change(update: U, get: (key: K) => T | undefined): RowChange<T, K> | readonly RowChange<T, K>[];
}

/** The options of a collection. A snapshot replaces all rows in one transaction; each change of the tail is one. */
export function roomcastCollectionOptions<T extends object, K extends string | number, U extends AnyUpdate = Update>(
  { id, client, getKey, change }: RoomcastCollection<T, K, U>,
): CollectionConfig<T, K> {
  const sync: SyncConfig<T, K>['sync'] = ({ begin, write, commit, markReady, truncate }) => {
    const rows = new Map<K, T>();
    const one = (done: RowChange<T, K>) => {
      if (done?.type === 'put') {
        const key = getKey(done.row);
        write({ type: rows.has(key) ? 'update' : 'insert', value: done.row });
        rows.set(key, done.row);
      } else if (done && rows.has(done.key)) {
        write({ type: 'delete', key: done.key });
        rows.delete(done.key);
      }
    };
    // An update that cannot be made a row must not keep the others from being one.
    const all = (update: U) => {
      try {
        for (const done of [change(update, (key) => rows.get(key))].flat()) one(done as RowChange<T, K>);
      } catch (error) {
        report(error);
      }
    };
    const off = client.on('change', ({ reset, updates, source }) => {
      if (source === 'optimistic') return;
      begin();
      if (reset) {
        truncate();
        rows.clear();
      }
      updates.forEach(all);
      commit();
      markReady();
    });
    // Who comes late begins with the state.
    if (client.state.position !== null) client.requestState();
    return off;
  };
  return { ...(id !== undefined && { id }), getKey, sync: { sync, rowUpdateMode: 'full' } } as CollectionConfig<T, K>;
}
