/** Another tab of a shared connection opens. The first one has missed nothing, so none of its queries is fetched again. */

import assert from 'node:assert/strict';
import { applicationOf, happen, level, tabOf } from './application.ts';
import { journey, live } from './chromium.ts';

await journey(async (browser) => {
  const context = await applicationOf(browser);
  const first = await tabOf(context, { shared: true });
  await live(first.page);
  await happen(0);
  await level([first]);
  first.requests.length = 0;
  const second = await tabOf(context, { shared: true });
  await live(second.page);
  await happen(1);
  await level([first, second]);
  assert.deepEqual(first.requests, []);
});
