/**
 * Pages sleep, because the lid of the laptop is closed, and their token ends meanwhile. Awake, they ask for another one and go on from where
 * they were; the old one is never shown again. The server has said to one of them why it ends; the other has lost its network before.
 */

import assert from 'node:assert/strict';
import { mint, post, renamed, url } from './backend.ts';
import { begin, browserOf, journey, laptop, level, open, read } from './chromium.ts';
import type { Laptop } from './chromium.ts';
import { Network } from './network.ts';
import { stage } from './stage.ts';

/** Sooner than the client would ask for another token. */
const FIRST_ENDS_IN_S = 6;

async function play({ browser, sleep, wake }: Laptop, network: Network): Promise<void> {
  // Both pages begin with the first token. After that, each is minted once.
  let [first, times] = ['', 0];
  const token = () => {
    times += 1;
    return times <= 2 ? (first ||= mint({ endsInS: FIRST_ENDS_IN_S })) : mint();
  };
  const context = await browserOf(browser, { token });
  const [told, cutOff] = await Promise.all([open(context, { later: true }), open(context, { later: true, url: network.url, reconnect: { baseMs: 300 } })]);
  await begin([told, cutOff]);
  sleep();
  network.cut();

  await stage.wait('connection.closed', 2);
  const codes = (await stage.events('connection.closed')).map(({ code }) => code);
  assert.deepEqual(codes, [1006, 4401], 'one was cut off, and then the token has ended');
  await post(renamed('while they sleep'));
  const woken = Date.now();
  wake();
  await level([told, cutOff], 1);

  const [one, other] = [await read(told), await read(cutOff)];
  for (const { states } of [one, other]) {
    assert.ok(states.every(({ phase, at }) => at >= woken || phase === 'connecting' || phase === 'live'), 'they slept');
  }
  // A page may wake up because it is time for another token, before it hears that it is too late.
  const asked = [one, other].map(({ asked }) => asked.filter((why) => why !== 'refresh'));
  assert.deepEqual(asked, [['connect', 'expired'], ['connect', 'connect']]);
  assert.deepEqual(await stage.events('connection.refused'), [], 'nobody has shown a token that had ended');
  assert.equal((await stage.events('connection.accepted')).length, 4);
}

await journey(async () => {
  const [machine, network] = [await laptop(), await Network.to(url)];
  try {
    await play(machine, network);
  } finally {
    await machine.end();
    network.close();
  }
});
