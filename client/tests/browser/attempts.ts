/**
 * The server is gone: a page tries again with longer and longer pauses, gives up for good, and tries nothing more until it is told to. Then the
 * server is gone once more: when the network is back, and when the tab is shown, the page connects at once.
 *
 * The clock of the page stands still apart from what it is set on, so nothing here happens by chance in time.
 */

import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { post, renamed } from './backend.ts';
import { browserOf, journey, level, live, open, read, until, withOneTabInFront } from './chromium.ts';
import { pass, pauseAfter, settable, stop } from './clock.ts';
import { stage } from './stage.ts';

/** After a healthy connection, the first pause is at most this long, and the second at most twice. */
const QUICK_MS = 500;
const HOUR_MS = 3_600_000;
/** 3 s · 1.5ⁿ, at most 30 s. */
const LADDER_MS = [3_000, 4_500, 6_750, 10_125, 15_188, 22_781, 30_000, 30_000, 30_000, 30_000];
/** Each pause is up to this part of it longer or shorter. */
const JITTER = 0.1;

/** Waits through all pauses. Says how long they were. */
async function climb(page: Page): Promise<number[]> {
  const pauses: number[] = [];
  for (let failed = 0; failed <= 1 + LADDER_MS.length; failed += 1) {
    pauses.push(await pauseAfter(page, failed));
    await pass(page, pauses.at(-1) ?? 0);
  }
  return pauses;
}

async function giveUp(browser: Browser): Promise<void> {
  const context = await browserOf(browser);
  let sockets = 0;
  const page = await open(context, {}, async (page) => {
    await settable(page);
    page.on('websocket', () => (sockets += 1));
  });
  await live(page);
  await stop(page);

  await stage.kill();
  const [first = NaN, second = NaN, ...pauses] = await climb(page);
  assert.ok(first <= QUICK_MS && second <= 2 * QUICK_MS, `${first} and ${second} ms after a healthy connection`);
  for (const [index, wanted] of LADDER_MS.entries()) {
    const pause = pauses[index] ?? NaN;
    assert.ok(pause >= wanted * (1 - JITTER) - 1 && pause <= Math.min(30_000, wanted * (1 + JITTER) + 1), `${pause} ms and not about ${wanted}`);
  }
  await until(page, `window.seen.state.phase === 'failed'`);
  const { state, asked } = await read(page);
  assert.deepEqual([state.code, state.retries, state.retryAt], ['attempts', false, null]);
  assert.equal(sockets, 1 + pauses.length + 2, 'the connection, and an attempt after each pause');

  await stage.start();
  await post(renamed('meanwhile'));
  await pass(page, HOUR_MS);
  const later = await read(page);
  assert.deepEqual([later.state, later.asked.length, sockets], [state, asked.length, 13], 'it has tried nothing in an hour');
  await page.evaluate('window.client.retry()');
  await level([page], 1);

  await downAndUp(page);
  await context.setOffline(true);
  await context.setOffline(false);
  await live(page);
}

/** The server is gone for so long that the page waits for some seconds, which will not pass, and comes back. */
async function downAndUp(page: Page): Promise<void> {
  await stage.kill();
  await until(page, `window.seen.state.phase === 'waiting'`);
  const { state: { attempt } } = await read(page);
  for (const failed of [attempt, attempt + 1, attempt + 2]) await pass(page, await pauseAfter(page, failed));
  assert.ok(await pauseAfter(page, attempt + 3) > 2_000);
  await stage.start();
}

await journey(async (browser) => {
  await giveUp(browser);
  await withOneTabInFront(async (context) => {
    const page = await open(context, {}, settable);
    await live(page);
    await stop(page);
    const other = await context.newPage();
    await other.bringToFront();
    await until(page, `document.visibilityState === 'hidden'`);
    await downAndUp(page);
    await page.bringToFront();
    await live(page);
  });
});
