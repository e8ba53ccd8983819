/** A token ends while a page watches: the page puts another one in its place, keeps its connection, and goes on after the end of the first. */

import assert from 'node:assert/strict';
import { mint, post, renamed } from './backend.ts';
import { begin, browserOf, journey, level, open, read, until } from './chromium.ts';
import { stage } from './stage.ts';

/** The client asks for another token six seconds after the greeting at the earliest. */
const FIRST_ENDS_IN_S = 14;

await journey(async (browser) => {
  let first: string | undefined;
  const context = await browserOf(browser, { token: () => (first ? mint() : (first = mint({ endsInS: FIRST_ENDS_IN_S }))) });
  const page = await open(context, { later: true });
  await begin([page]);
  const witness = await open(context, { fixed: first ?? '' });
  await post(renamed('before'));
  await level([page], 1);

  await until(page, `window.seen.state.expiresAt > window.seen.states.find(({ phase }) => phase === 'live').expiresAt`);
  // Another page shows that the first token has ended: it cannot get a new one, so it is closed, and gives up.
  await until(witness, `window.seen.state.phase === 'failed'`);
  const { code, retries } = (await read(witness)).state;
  assert.deepEqual([code, retries], ['token_expired', false]);
  await post(renamed('after'));
  await level([page], 2);

  const { asked, states } = await read(page);
  assert.deepEqual(asked, ['connect', 'refresh']);
  const since = states.findIndex(({ phase }) => phase === 'live');
  assert.ok(states.slice(since).every(({ phase }) => phase === 'live'), 'the connection was never lost');
  const end = states[since]?.expiresAt ?? 0;
  assert.ok(states.some(({ expiresAt, at }) => at < end && (expiresAt ?? 0) > end), 'replaced before its end');
  assert.equal((await stage.events('connection.accepted')).length, 2, 'one of each page');
  assert.equal(await stage.connections(), 1);
});
