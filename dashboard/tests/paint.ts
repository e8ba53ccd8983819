/**
 * Measures when pages show their first frame and their largest part, on a slow phone's CPU and network:
 *
 *     CHROMIUM=/usr/bin/chromium node dashboard/tests/paint.ts URL..
 *
 * Prints the medians of five loads with an empty cache, in milliseconds. A measurement, not a test: it fails only if a page does.
 */

import { chromium } from 'playwright-core';

const LOADS = 5;
/** Times slower than this machine. */
const CPU = 4;
/** A slow 4G network: round trip in milliseconds, bytes per second. */
const NETWORK = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 90_000 };

const urls = process.argv.slice(2);
if (urls.length === 0) throw new Error('usage: node dashboard/tests/paint.ts URL..');

interface Painted {
  first: number;
  largest: number;
  shifted: number;
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });

async function load(url: string, slow: boolean): Promise<Painted> {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: CPU });
  if (slow) {
    await devtools.send('Network.enable');
    await devtools.send('Network.emulateNetworkConditions', NETWORK);
  }
  await page.goto(url);
  await page.waitForSelector('.badge[data-phase=live]');
  const painted = await page.evaluate(() => new Promise<Painted>((done) => {
    const [first] = performance.getEntriesByName('first-contentful-paint');
    let [largest, shifted] = [0, 0];
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (largest = entry.startTime))).observe({ type: 'largest-contentful-paint', buffered: true });
    new PerformanceObserver((list) => (list.getEntries() as (PerformanceEntry & { value: number })[]).forEach(({ value }) => (shifted += value))).observe({ type: 'layout-shift', buffered: true });
    setTimeout(() => done({ first: first?.startTime ?? Number.NaN, largest, shifted }), 500);
  }));
  await context.close();
  return painted;
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

for (const url of urls) {
  for (const slow of [false, true]) {
    const loads: Painted[] = [];
    for (let run = 0; run < LOADS; run += 1) loads.push(await load(url, slow));
    const of = (what: keyof Painted) => median(loads.map((painted) => painted[what]));
    const place = new URL(url).pathname;
    console.log(`${place}, CPU ${CPU} × slower${slow ? ', slow 4G' : ''}: first ${of('first').toFixed(0)}, largest ${of('largest').toFixed(0)} ms, moved by ${of('shifted').toFixed(3)}`);
  }
}
await browser.close();
