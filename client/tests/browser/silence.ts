/**
 * Two ways to lose a network. The browser says that it is offline, and the page believes it. Or the network takes everything and delivers nothing,
 * and nobody says so: the page notices ten seconds after a ping that was not answered. With the network, it has what it missed.
 *
 * The clock of the page stands still apart from what it is set on.
 */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { post, renamed, url } from './backend.ts';
import { browserOf, journey, level, live, open, read, until } from './chromium.ts';
import { pass, pauseAfter, settable, stop } from './clock.ts';
import { Network } from './network.ts';

const PING_EVERY_MS = 30_000;
const ANSWER_WITHIN_MS = 10_000;

/** What the page has sent that is a ping. */
function pings(page: Page): string[] {
  const sent: string[] = [];
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => payload === '{"type":"ping"}' && sent.push(payload)));
  return sent;
}

await journey(async (browser) => {
  const network = await Network.to(url);
  const context = await browserOf(browser);
  let sent: string[] = [];
  const page = await open(context, { url: network.url }, async (page) => {
    await settable(page);
    sent = pings(page);
  });
  await live(page);
  await post(renamed('one'));
  await level([page], 1);
  await stop(page);
  assert.deepEqual(sent, []);

  network.silence();
  await post(renamed('two'));
  await pass(page, PING_EVERY_MS);
  await pass(page, ANSWER_WITHIN_MS - 1);
  const { state } = await read(page);
  assert.deepEqual([state.phase, sent.length], ['live', 1], 'it has asked, and may be answered yet');
  await pass(page, 1);
  await until(page, `window.seen.state.phase === 'waiting'`);
  assert.equal((await read(page)).state.code, 'no_answer');

  // The next attempt is not answered either.
  const quick = await pauseAfter(page, 0);
  await Promise.all([page.waitForEvent('websocket'), pass(page, quick)]);
  await pass(page, ANSWER_WITHIN_MS);
  const pause = await pauseAfter(page, 1);
  network.restore();
  await pass(page, pause);
  await level([page], 2);

  await context.setOffline(true);
  await until(page, `window.seen.state.code === 'offline'`);
  await post(renamed('three'));
  await context.setOffline(false);
  await level([page], 3);
  network.close();
});
