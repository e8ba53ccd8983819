/** A real collection of TanStack DB, over fake sockets. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCollection } from '@tanstack/db';
import { connect } from '../src/index.ts';
import type { AnyUpdate } from '../src/index.ts';
import { roomcastCollectionOptions } from '../src/tanstack-db.ts';
import { FakeServer, settle } from './fakes.ts';

interface Row {
  id: string;
  seq: number;
  times: number;
}

function collection(server: FakeServer) {
  const client = connect<AnyUpdate>({ url: 'https://live.example', session: 's-1', platform: server.platform() });
  const rows = createCollection(roomcastCollectionOptions<Row, string, AnyUpdate>({
    id: 'rows',
    client,
    getKey: ({ id }) => id,
    change({ seq, data }, get) {
      const id = (data as { key: string }).key.replace('undefined ', '');
      if (id === 'bad') throw new Error('mine');
      if (id.startsWith('no ')) return { type: 'delete', key: id.slice(3) };
      return { type: 'put', row: { id, seq, times: (get(id)?.times ?? 0) + 1 } };
    },
  }));
  return { client, rows };
}

const shown = (rows: { toArray: Row[] }) => rows.toArray.map(({ id, seq, times }) => `${id} ${seq} ${times}`).sort();

test('rows are those of the snapshot, then those of the tail; an update changes, adds or deletes', async () => {
  const server = new FakeServer();
  server.publish('a');
  const { rows } = collection(server);
  await rows.preload();
  assert.deepEqual(shown(rows), ['a 1 1']);
  server.publish('b');
  server.publish('a');
  assert.deepEqual(shown(rows), ['a 3 2', 'b 2 1']);
  server.publish('no b');
  assert.deepEqual(shown(rows), ['a 3 2']);
});

test('a snapshot replaces all rows', async () => {
  const server = new FakeServer();
  server.publish('a');
  const { rows } = collection(server);
  await rows.preload();
  server.room.die();
  server.publish('z');
  await server.pass(6_000);
  server.last.end(1006);
  await server.pass(3_000);
  assert.deepEqual(shown(rows), ['z 1 1']);
});

test('an update that cannot be made a row is reported, and keeps no other from being one', async () => {
  const server = new FakeServer();
  const { reportError } = globalThis;
  const reported: string[] = [];
  globalThis.reportError = (error) => void reported.push(String(error));
  for (const key of ['a', 'bad', 'b']) server.publish(key);
  const { rows } = collection(server);
  await rows.preload();
  server.publish('c');
  globalThis.reportError = reportError;
  assert.deepEqual([shown(rows), reported], [['a 1 1', 'b 3 1', 'c 4 1'], ['Error: mine']]);
});

test('a collection that is made late begins with the state', async () => {
  const server = new FakeServer();
  const { client, rows } = collection(server);
  await server.pass(0);
  server.publish('a');
  await rows.preload();
  await settle();
  assert.deepEqual(shown(rows), ['a 1 1']);
  assert.equal(client.state.phase, 'live');
});
