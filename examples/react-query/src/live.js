// The five lines of Roomcast: connect, and write updates into the cache.

import { connect } from 'roomcast';
import { bindQueries } from 'roomcast/tanstack-query';
import { apply, EMPTY, TYPES } from './session.js';

const SESSION = 'demo-session';
const token = () => fetch('/token').then((answer) => answer.text());

const live = connect({ session: SESSION, token });
const keepFresh = (queries) => bindQueries(queries, live, TYPES.map((on) => ({ on, keys: () => [['session']], write: apply })));

export const client = { live: Object.assign(live, { retry: live.retry.bind(live) }), keepFresh };

/** What a backend would answer. Here it is Roomcast's own state, folded with the same function. */
export async function fetchSession() {
  const answer = await fetch(`/api/sessions/${SESSION}/state`, { headers: { authorization: `Bearer ${await token()}` } });
  if (!answer.ok) throw new Error((await answer.json()).detail);
  return (await answer.json()).updates.reduce(apply, EMPTY);
}
