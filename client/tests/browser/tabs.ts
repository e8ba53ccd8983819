/** Six tabs share one connection; the leader goes, then the network goes and comes back. No tab misses anything or sees it twice. */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { post, renamed } from './backend.ts';
import { browserOf, journey, level, live, open, read, until } from './chromium.ts';
import { stage } from './stage.ts';

const TABS = 6;

async function leaders(pages: Page[]): Promise<Page[]> {
  const seen = await Promise.all(pages.map(read));
  return pages.filter((_, index) => seen[index]?.state.leader);
}

await journey(async (browser) => {
  const context = await browserOf(browser);
  let pages = await Promise.all(Array.from({ length: TABS }, () => open(context, { shared: true })));
  await Promise.all(pages.map(live));
  for (const title of ['one', 'two', 'three']) await post(renamed(title));
  await level(pages, 3);

  const [leader, ...others] = await leaders(pages);
  assert.ok(leader && others.length === 0, 'one tab has the connection');
  await leader.close();
  pages = pages.filter((page) => page !== leader);
  await post(renamed('four'));
  await level(pages, 4);
  assert.equal((await leaders(pages)).length, 1, 'another one has it now');

  await context.setOffline(true);
  // The browser says that it is offline, though connections to this machine go on: what counts is that the client believes it.
  await Promise.all(pages.map((page) => until(page, `window.seen.states.some(({ phase }) => phase === 'waiting')`)));
  await post(renamed('five'));
  await context.setOffline(false);
  await level(pages, 5);
  // One for six tabs, one of the next leader, and one after the network came back.
  assert.equal((await stage.events('connection.accepted')).length, 3);
});
