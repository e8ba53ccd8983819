/** The clock of a page, which stands still until it is set on. Sockets and promises go on, so what happens without the clock happens at once. */

import type { Page } from 'playwright-core';
import { until } from './chromium.ts';

/** For `open`: the page gets a clock that can be set. It goes as usual until `stop`. */
export const settable = (page: Page) => page.clock.install();

/** So far ahead is where the clock is stopped: it must not be there before. Long enough for a connection to be healthy by then. */
const AHEAD_MS = 10_000;

export async function stop(page: Page): Promise<void> {
  await page.clock.pauseAt(await page.evaluate<number>('Date.now()') + AHEAD_MS);
}

/** Sets the clock on. Timers that are due by then ring once. */
export const pass = (page: Page, ms: number) => page.clock.fastForward(ms);

/** Waits until the page waits for another attempt after the `failed`-th in a row, and says how long it means to wait. */
export async function pauseAfter(page: Page, failed: number): Promise<number> {
  await until(page, `window.seen.state.phase === 'waiting' && window.seen.state.attempt === ${failed}`);
  return page.evaluate<number>('window.seen.state.retryAt - Date.now()');
}
