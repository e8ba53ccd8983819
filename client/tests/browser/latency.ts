/**
 * Measures how long it takes from just before an event is posted until a page in Chromium has painted it: events one by one at a quiet
 * server, and a feed of 50 a second. It fails if one is never painted, but not because of a time. By hand, with a server of `scripts/dev --no-feed`:
 *
 *     URL=http://127.0.0.1:8787 SESSION=demo-session TOKEN=$(target/debug/roomcast token --session demo-session --user you) \
 *       WEBHOOK_SECRET=… CHROMIUM=/usr/bin/chromium node client/tests/browser/latency.ts
 *
 * The secret is `DEMO_WEBHOOK_SECRET` in `.dev.vars`. `EVENTS` is how many events each of the two has, by default 500.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright-core';
import { post, renamed, SESSION } from './backend.ts';
import { browserOf, journey, live, open } from './chromium.ts';
import { percentile } from './figures.ts';
import type { Painted, Quantiles } from './pages/painting.ts';
import { setting } from './stage.ts';

const EVENTS = Number(process.env['EVENTS'] ?? 500);
const FEED_EVERY_MS = 20;
const PARTS = [0.5, 0.95, 0.99];
/** A frame lasts 17 ms, so a pause that is always the same would always meet the same part of a frame. */
const quiet = () => pause(50 + 17 * Math.random());

const now = () => performance.timeOrigin + performance.now();

/** What was measured of one event: milliseconds after the post began. */
interface Measured {
  answered: number;
  applied: number;
  painted: number;
}

/** Events on their way, by title. */
const waiting = new Map<string, (painted: Painted) => void>();

/** Posts one event, and waits until it is painted. `ahead` is by how much the clock of the page is ahead of that of this program. */
async function measure(title: string, ahead: number): Promise<Measured> {
  const told = new Promise<Painted>((resolve) => waiting.set(title, resolve));
  const event = renamed(title);
  const began = now();
  const posted = post(event).then(() => now() - began);
  const { applied, painted } = await told;
  return { answered: await posted, applied: applied - ahead - began, painted: painted - ahead - began };
}

/** By how much the clock of the page is ahead, and how wrong that may be: the best of several questions. */
async function clocks(page: Page): Promise<{ ahead: number; wrong: number }> {
  const asked = [];
  for (let times = 0; times < 50; times += 1) {
    const before = now();
    const there = await page.evaluate<number>('window.now()');
    const after = now();
    asked.push({ ahead: there - (before + after) / 2, wrong: (after - before) / 2 });
  }
  return asked.reduce((best, one) => (one.wrong < best.wrong ? one : best));
}

async function oneByOne(name: string, ahead: number): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (let index = 0; index < EVENTS; index += 1) {
    measured.push(await measure(`${name} ${index}`, ahead));
    await quiet();
  }
  return measured;
}

/** Posts at its own times, whether or not those before are painted. */
async function feed(name: string, ahead: number): Promise<Measured[]> {
  const began = now();
  const measured: Promise<Measured>[] = [];
  for (let index = 0; index < EVENTS; index += 1) {
    await pause(Math.max(0, began + index * FEED_EVERY_MS - now()));
    measured.push(measure(`${name} ${index}`, ahead));
  }
  return Promise.all(measured);
}

/** Measures with a page of its own, so that its histograms are about this only. */
async function run(context: BrowserContext, name: string, play: typeof feed): Promise<void> {
  const page = await open(context, { session: SESSION, fixed: setting('TOKEN') });
  await live(page);
  const { ahead, wrong } = await clocks(page);
  const measured = await play(name, ahead);
  const quantiles = await page.evaluate<Quantiles>(`window.quantiles(${JSON.stringify(PARTS)})`);
  await page.close();
  show(`${name}, ${measured.length} events; the clock of the page is ${ahead.toFixed(2)} ms ahead (± ${wrong.toFixed(2)}), which is taken off`);
  for (const key of ['answered', 'applied', 'painted'] as const) {
    show(`  post to ${key}`, PARTS.map((part) => percentile(measured.map((one) => one[key]), part).toFixed(1)));
  }
  for (const since of ['published', 'sent'] as const) show(`  latency('${since}')`, quantiles[since].map((bound) => `≤ ${bound}`));
}

function show(what: string, figures?: string[]): void {
  console.log(figures ? what.padEnd(24) + figures.map((figure) => figure.padStart(9)).join('') : what);
}

await journey(async (browser) => {
  const context = await browserOf(browser, { page: 'painting' });
  await context.exposeFunction('tell', (all: Painted[]) => all.forEach((painted) => waiting.get(painted.title)?.(painted)));
  show('milliseconds', PARTS.map((part) => `p${part * 100}`));
  await run(context, 'quiet', oneByOne);
  await run(context, '50 a second', feed);
});
