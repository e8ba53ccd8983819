/** A token ends while a page watches: the page puts another one in its place, keeps its connection, and goes on after the end of the first. */

import assert from 'node:assert/strict';
import { mint, post, renamed } from './backend.ts';
import { browserOf, journey, level, live, open, read, until } from './chromium.ts';
import { stage } from './stage.ts';

/** The client asks for another token six seconds after the greeting at the earliest. */
const FIRST_ENDS_IN_S = 12;

await journey(async (browser) => {
  const first = mint({ endsInS: FIRST_ENDS_IN_S });
  const context = await browserOf(browser, { token: (why) => (why === 'connect' ? first : mint()) });
  const [page, witness] = await Promise.all([open(context), open(context, { fixed: first })]);
  await Promise.all([live(page), live(witness)]);
  await post(renamed('before'));
  await level([page, witness], 1);
  const { state: { expiresAt: end } } = await read(page);

  await until(page, `window.seen.asked.includes('refresh') && window.seen.state.expiresAt > ${end}`);
  assert.ok(end !== null && Date.now() < end, 'asked before the end');
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
  assert.equal((await stage.events('connection.accepted')).length, 2, 'one of each page');
  assert.equal(await stage.connections(), 1);
});
