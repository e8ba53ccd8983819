/**
 * TanStack Query with `bindQueries`, in a page and in two tabs that share a connection: a feed of ten seconds causes no request after the
 * first fetches, and the cache shows each update at once. When too much was missed, exactly the queries concerned are fetched again.
 */

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { applicationOf, happen, level, tabOf } from './application.ts';
import { event, post } from './backend.ts';
import { journey, live, read, until } from './chromium.ts';

const FEED_MS = 10_000;
const EVERY_MS = 100;
const BOUND = ['/app/cycle/c-1', '/app/cycle/c-2', '/app/title'];

/** More than is sent to those who come back: they get the state. */
async function muchHappens(): Promise<void> {
  const scores = Object.fromEntries(Array.from({ length: 8_000 }, (_, index) => [`alternative number ${index}`, index]));
  for (let times = 0; times < 6; times += 1) await post(event('pugh_scores.computed', { session_id: 's-1', scores }, 'Cycle/c-1'));
}

await journey(async (browser) => {
  const [alone, both] = [await applicationOf(browser), await applicationOf(browser)];
  const tabs = await Promise.all([tabOf(alone), tabOf(both, { shared: true }), tabOf(both, { shared: true })]);
  await Promise.all(tabs.map(({ page }) => live(page)));
  // Who has seen this has seen the state from which it began.
  await happen(0);
  await level(tabs);
  console.log(`first fetches: ${tabs.map(({ requests }) => requests.length).join(', ')} for 4 queries`);
  for (const tab of tabs) tab.requests.length = 0;

  let events = 1;
  for (const end = Date.now() + FEED_MS; Date.now() < end; events += 1) {
    await happen(events);
    await pause(EVERY_MS);
  }
  await level(tabs);
  assert.deepEqual(tabs.map(({ requests }) => requests), [[], [], []], 'nothing is asked for while updates come');
  assert.deepEqual(tabs.map(({ sockets }) => sockets).sort(), [0, 1, 1], 'one connection alone, one for both tabs');
  console.log(`${events} updates in ${FEED_MS / 1_000} s, and no request`);

  for (const context of [alone, both]) await context.setOffline(true);
  await Promise.all(tabs.map(({ page }) => until(page, `window.seen.state.phase === 'waiting'`)));
  await muchHappens();
  for (const index of [0, 1]) await happen(events + index);
  const before = await Promise.all(tabs.map(({ page }) => read(page)));
  for (const context of [alone, both]) await context.setOffline(false);
  await Promise.all(tabs.map(({ page }, index) => until(page, `window.seen.resets > ${before[index]?.resets}`)));
  await level(tabs);
  for (const { requests } of tabs) assert.deepEqual(requests.sort(), BOUND, 'exactly the queries concerned, once each');
});
