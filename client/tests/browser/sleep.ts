/**
 * Pages sleep, because the lid of the laptop is closed, and their token ends meanwhile. Awake, they ask for another one and go on from where
 * they were; the old one is never shown again. The server has said to one of them why it ends; the other has lost its network before.
 */

import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { mint, post, renamed, url } from './backend.ts';
import { browserOf, journey, laptop, level, live, open, read, until } from './chromium.ts';
import type { Laptop } from './chromium.ts';
import { Network } from './network.ts';
import { stage } from './stage.ts';

/** Sooner than the client would ask for another token. */
const FIRST_ENDS_IN_S = 4;

async function play(desk: Browser, { browser, sleep, wake }: Laptop, network: Network): Promise<void> {
  const first = mint({ endsInS: FIRST_ENDS_IN_S });
  const asked: string[] = [];
  // Both pages begin with the first token. After that, each is minted once.
  const context = await browserOf(browser, { token: (why) => (asked.push(why) <= 2 ? first : mint()) });
  const [told, cutOff] = await Promise.all([open(context), open(context, { url: network.url, reconnect: { baseMs: 300 } })]);
  const awake = await open(await browserOf(desk), { fixed: first });
  await Promise.all([told, cutOff, awake].map(live));
  sleep();
  network.cut();

  // The page that is awake shows that the token has ended.
  await until(awake, `window.seen.state.code === 'token_expired'`);
  await stage.wait('connection.closed', 3);
  await post(renamed('while they sleep'));
  const woken = Date.now();
  wake();
  await level([told, cutOff], 1);

  const [one, other] = [await read(told), await read(cutOff)];
  for (const { states } of [one, other]) assert.ok(states.every(({ phase, at }) => at >= woken || phase === 'connecting' || phase === 'live'), 'they slept');
  assert.deepEqual([one.asked, other.asked], [['connect', 'expired'], ['connect', 'connect']]);
  assert.deepEqual(await stage.events('connection.refused'), [], 'nobody has shown a token that had ended');
  assert.equal((await stage.events('connection.accepted')).length, 5);
}

await journey(async (desk) => {
  const [machine, network] = [await laptop(), await Network.to(url)];
  try {
    await play(desk, machine, network);
  } finally {
    await machine.end();
    network.close();
  }
});
