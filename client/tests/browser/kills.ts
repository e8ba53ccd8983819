/**
 * The server is killed ten times under a feed: two pages, and two tabs that share a connection, show in the end what the server has, and have
 * applied each update once. Prints how soon they are live again.
 *
 * `RECONNECT` has options of the client, as JSON.
 */

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { event, postSafely, renamed, state, url } from './backend.ts';
import type { DomainEvent } from './backend.ts';
import { browserOf, journey, level, live, open, read, until } from './chromium.ts';
import { percentile } from './figures.ts';
import type { PageOptions } from './pages/record.ts';
import { apply, EMPTY } from './pages/session.ts';
import { setting, stage } from './stage.ts';

const KILLS = 10;
const EVERY_MS = 10;
const reconnect: NonNullable<PageOptions['reconnect']> = JSON.parse(setting('RECONNECT'));
const { healthyAfterMs = 5_000 } = reconnect;

async function pages(browser: Browser): Promise<Page[]> {
  const [one, two, tabs] = [await browserOf(browser), await browserOf(browser), await browserOf(browser)];
  return Promise.all([open(one, { reconnect }), open(two, { reconnect }), open(tabs, { reconnect, shared: true }), open(tabs, { reconnect, shared: true })]);
}

/** What happens in a session: each component of a cycle is completed once, so that one that is shown twice is seen. */
function happening(index: number): DomainEvent {
  const cycle = `Cycle/c-${Math.floor(index / 100)}`;
  const part = { session_id: 's-1', component_type: `component-${index}` };
  const message = { id: `m-${index}`, role: 'user', content: 'hello', timestamp: new Date().toISOString() };
  return [renamed(`title ${index}`), event('component.completed', part, cycle), event('message.sent', { ...part, cycle_id: cycle, message }, cycle)][index % 3] as DomainEvent;
}

/** Posts from the second event on until it is told to end. Says how many events there were. */
async function feed(end: AbortSignal): Promise<number> {
  let index = 1;
  for (; !end.aborted; index += 1) {
    await postSafely(happening(index));
    await pause(EVERY_MS);
  }
  return index;
}

/** When the server answers, in milliseconds since 1970. */
async function up(): Promise<number> {
  for (;;) {
    const answered = await fetch(`${url}/healthz`).then(({ ok }) => ok, () => false);
    if (answered) return Date.now();
    await pause(5);
  }
}

/** Kills the server, and says how long after its return each page was live, in milliseconds. */
async function kill(watching: Page[]): Promise<number[]> {
  await Promise.all(watching.map((page) => until(page, `window.seen.state.phase === 'live' && Date.now() - window.seen.since >= ${healthyAfterMs}`)));
  await stage.kill();
  const killed = Date.now();
  await Promise.all(watching.map((page) => until(page, `window.seen.state.phase !== 'live'`)));
  const [answered] = await Promise.all([up(), stage.start()]);
  return Promise.all(watching.map(async (page) => {
    await live(page);
    const { states } = await read(page);
    const lost = states.findIndex(({ phase, at }) => phase !== 'live' && at >= killed);
    const again = states.slice(lost).find(({ phase }) => phase === 'live');
    assert.ok(lost >= 0 && again);
    // This program may hear of it later than the page.
    return Math.max(0, again.at - answered);
  }));
}

await journey(async (browser) => {
  const watching = await pages(browser);
  await Promise.all(watching.map(live));
  await postSafely(happening(0));
  await level(watching, 1);
  const end = new AbortController();
  const before = await Promise.all(watching.map(read));
  const feeding = feed(end.signal);
  const recoveries: number[][] = [];
  for (let times = 0; times < KILLS; times += 1) recoveries.push(await kill(watching));
  end.abort();
  const events = await feeding;

  await level(watching, events);
  const { seq, updates } = await state();
  assert.equal(seq, events);
  const wanted = updates.reduce(apply, EMPTY);
  for (const [index, page] of watching.entries()) {
    assert.deepEqual(JSON.parse(await page.innerText('main')), wanted);
    const { seqs, resets } = await read(page);
    assert.deepEqual([seqs.length, resets], [events, before[index]?.resets], 'each once, from the first on');
  }
  const all = recoveries.flat();
  console.log(`${KILLS} kills, ${watching.length} pages, ${events} updates, reconnect ${JSON.stringify(reconnect)}`);
  console.log(`from the server's answer to live: median ${percentile(all, 0.5)} ms, worst ${Math.max(...all)} ms; of each kill: ${JSON.stringify(recoveries)}`);
});
