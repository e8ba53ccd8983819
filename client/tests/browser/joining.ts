/** Tabs of a shared connection open in the middle of a feed. Each says that it is live when it shows what the others show, and not before. */

import assert from 'node:assert/strict';
import type { BrowserContext, Page } from 'playwright-core';
import { post, renamed } from './backend.ts';
import { browserOf, journey, level, live, open, read, until } from './chromium.ts';

const BEFORE = 3;
const TABS = 4;

/** Opens a tab while updates come. */
async function join(context: BrowserContext): Promise<Page> {
  let joined: Page | undefined;
  const joining = open(context, { shared: true }).then(async (page) => {
    await until(page, `window.seen.seqs.at(-1) >= ${BEFORE}`);
    joined = page;
  });
  while (!joined) await post(renamed('meanwhile'));
  await joining;
  return joined;
}

await journey(async (browser) => {
  const context = await browserOf(browser);
  const first = await open(context, { shared: true });
  await live(first);
  for (let title = 1; title <= BEFORE; title += 1) await post(renamed(`before ${title}`));
  await level([first], BEFORE);
  for (let tab = 0; tab < TABS; tab += 1) {
    const { states } = await read(await join(context));
    const began = states.find(({ phase }) => phase === 'live');
    assert.ok(began && began.seq >= BEFORE, `live with nothing to show: ${JSON.stringify(states.slice(0, 3))}`);
  }
});
