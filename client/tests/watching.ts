/** A client over fake sockets, and what it has told. */

import assert from 'node:assert/strict';
import { connect } from '../src/index.ts';
import type { AnyUpdate, ConnectOptions, ConnectionState } from '../src/index.ts';
import type { FakeServer } from './fakes.ts';

type Keys = Record<string, number>;

/** The number of the latest update of each key. */
export const latest = (state: Keys, update: AnyUpdate): Keys => ({ ...state, [(update.data as { key: string }).key]: update.seq });

export function watch(server: FakeServer, options: Partial<ConnectOptions> = {}, random?: number) {
  const client = connect<AnyUpdate>({ url: 'https://live.example', session: 's-1', ...options, platform: { ...server.platform(random), ...options.platform } });
  const states: ConnectionState[] = [];
  const seqs: number[] = [];
  const errors: string[] = [];
  client.on('state', (state) => states.push(state));
  client.on('update', ({ seq }) => seqs.push(seq));
  client.on('error', ({ code }) => errors.push(code));
  return { client, states, seqs, errors, view: client.view(latest, {}) };
}

export async function live(server: FakeServer, options?: Partial<ConnectOptions>, random?: number) {
  const watching = watch(server, options, random);
  await server.pass(0);
  assert.equal(watching.client.state.phase, 'live');
  return watching;
}
