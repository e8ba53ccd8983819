/** React mounts everything twice in StrictMode, and each component still has one connection, which sees each update once and ends with it. */

import assert from 'node:assert/strict';
import { post, renamed } from './backend.ts';
import { browserOf, journey, open, until } from './chromium.ts';
import type { Told } from './pages/strict-mode.tsx';
import { stage } from './stage.ts';

/** `useDashboardLive`, and `useRoomcast` with the other hooks. */
const COMPONENTS = 2;

await journey(async (browser) => {
  const page = await open(await browserOf(browser, { page: 'strict-mode' }));
  const shown = (seqs: number[]) => until(page, `document.querySelector('#hooks')?.textContent === '${seqs.join(' ')}'
    && document.querySelector('#dashboard').textContent === '${seqs.at(-1) ?? ''}'`);
  await until(page, `document.querySelector('#hooks[data-phase=live]') && document.querySelector('#dashboard[data-connected=true]')`);
  assert.equal((await page.evaluate<Told>('window.told')).mounts, 2, 'StrictMode mounts twice');

  for (const title of ['one', 'two']) await post(renamed(title));
  await shown([1, 2]);
  // Other options each time, as they are written in place.
  for (let times = 0; times < 5; times += 1) await page.evaluate('window.renderAgain()');
  await post(...['three', 'four', 'five'].map(renamed));
  await shown([1, 2, 3, 4, 5]);
  const { calls, events } = await page.evaluate<Told>('window.told');
  assert.deepEqual([calls, events], [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5]]);
  assert.equal(await stage.connections(), COMPONENTS);
  assert.equal((await stage.events('connection.accepted')).length, COMPONENTS, 'the first mount has opened none');

  await page.evaluate('window.unmount()');
  await stage.wait('connection.closed', COMPONENTS);
  assert.equal(await stage.connections(), 0);
  assert.deepEqual((await stage.events('connection.closed')).map(({ code }) => code), [1000, 1000]);
});
