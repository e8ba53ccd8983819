/**
 * Drives a page in a real Chromium for the end-to-end tests, which are written in Rust (tests/e2e/support/browser.rs).
 *
 *     node dashboard/tests/page.ts <url>
 *
 * Reads one command per line of stdin, and answers each with one line: {"ok":true,…} or {"ok":false,"error":"…"}. Deliberately
 * checks nothing and never sleeps: it waits for what the page shows, and the test says what that should be. Settings come in the
 * environment: CHROMIUM, WIDTH, HEIGHT, SCHEME (light, dark), CLOCK (any value: the page's time stands under `advance`).
 */

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';

interface Command {
  cmd: string;
  timeoutMs?: number;
  [argument: string]: unknown;
}

const [, , url] = process.argv;
if (url === undefined) throw new Error('usage: node dashboard/tests/page.ts <url>');
const { CHROMIUM = '/usr/bin/chromium', WIDTH = '1280', HEIGHT = '900', SCHEME = 'light', CLOCK } = process.env;

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const context = await browser.newContext({
  viewport: { width: Number(WIDTH), height: Number(HEIGHT) }, colorScheme: SCHEME === 'dark' ? 'dark' : 'light',
});
const page = await context.newPage();
if (CLOCK !== undefined) await page.clock.install();

/** Errors of the page, and separately the browser's messages about an unreachable network. */
const errors: string[] = [];
const network: string[] = [];
page.on('pageerror', (error) => errors.push(String(error)));
page.on('console', (message) => {
  if (message.type() !== 'error') return;
  const text = message.text();
  (/^WebSocket connection to|net::ERR_/.test(text) ? network : errors).push(text);
});
await page.addInitScript(observeShifts);

interface Shift extends PerformanceEntry {
  value: number;
  hadRecentInput: boolean;
  sources: { node: Node | null; previousRect: DOMRect; currentRect: DOMRect }[];
}

/** Runs in the page: adds up by how much its parts have moved by themselves, and notes which. */
function observeShifts() {
  const seen = window as unknown as { shifted: number; moved: Set<string>; forgetShifts(): void };
  const named = (node: Node | null) => (node instanceof Element ? `${node.tagName}.${node.getAttribute('class')}` : String(node?.parentElement?.className));
  const observer = new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries() as Shift[]) {
      if (hadRecentInput) continue;
      seen.shifted += value;
      for (const { node, previousRect: from, currentRect: to } of sources) seen.moved.add(`${named(node)} from ${from.x},${from.y} to ${to.x},${to.y}`);
    }
  });
  seen.forgetShifts = () => {
    // What the browser has noticed and not told yet is forgotten as well.
    observer.takeRecords();
    Object.assign(seen, { shifted: 0, moved: new Set() });
  };
  seen.forgetShifts();
  observer.observe({ type: 'layout-shift', buffered: true });
}

/** Runs in the page: what a reader sees, and what src/live keeps for tests. */
function shown() {
  const text = (node: Element | null) => (node as HTMLElement | null)?.innerText ?? '';
  const panels = [...document.querySelectorAll('section.panel')];
  const seen = window as unknown as { roomcast?: { seqs: number[]; snapshots: number }; shifted: number; moved: Set<string> };
  return {
    title: document.title,
    heading: text(document.querySelector('h1')),
    status: document.querySelector<HTMLElement>('.badge')?.dataset.status ?? null,
    phase: document.querySelector<HTMLElement>('.badge')?.dataset.phase ?? null,
    notice: text(document.querySelector('[role=alert]')),
    panels: Object.fromEntries(panels.map((panel) => [text(panel.querySelector('h2')), text(panel)])),
    main: text(document.querySelector('main')),
    seqs: [...(seen.roomcast?.seqs ?? [])],
    snapshots: seen.roomcast?.snapshots ?? 0,
    address: location.href,
    shifted: seen.shifted,
    moved: [...seen.moved],
  };
}

const nextFrame = () => page.evaluate(() => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));

async function until<A>(condition: (argument: A) => unknown, argument: A, timeout = 15_000): Promise<void> {
  // Frames are not painted in a page whose time stands, so it is looked at by another clock.
  await page.waitForFunction(condition as never, argument, { timeout, polling: CLOCK === undefined ? 'raf' : 50 });
}

const text = (value: unknown) => String(value);

/** Runs axe, and says what it found: rule and place. */
async function accessibility(where: Page): Promise<string[]> {
  const source = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
  // The page's policy allows no inline script, but code that the browser's own tools bring.
  await where.evaluate(source);
  return where.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { target: unknown[]; failureSummary?: string }[] }[] }> } };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary = '' }) => `${id}: ${target.join(' ')}: ${failureSummary}`));
  });
}

const commands: Record<string, (command: Command) => Promise<object | void>> = {
  'wait-seqs': ({ count, timeoutMs }) => until((n) => ((window as never as { roomcast?: { seqs: number[] } }).roomcast?.seqs.length ?? 0) >= Number(n), count, timeoutMs),
  'wait-phase': ({ phase, timeoutMs }) => until((wanted) => document.querySelector<HTMLElement>('.badge')?.dataset.phase === wanted, phase, timeoutMs),
  'wait-status': ({ status, timeoutMs }) => until((wanted) => document.querySelector<HTMLElement>('.badge')?.dataset.status === wanted, status, timeoutMs),
  'wait-text': ({ selector, text: wanted, timeoutMs }) => until(
    ([where, what]) => [...document.querySelectorAll<HTMLElement>(where as string)].some((node) => node.innerText.includes(what as string)), [selector, wanted], timeoutMs),
  'wait-no-text': ({ selector, text: unwanted, timeoutMs }) => until(
    ([where, what]) => ![...document.querySelectorAll<HTMLElement>(where as string)].some((node) => node.innerText.includes(what as string)), [selector, unwanted], timeoutMs),
  // An attempt that is under way ends by itself: by a connection, or by a refusal of the network.
  'wait-attempt-over': ({ timeoutMs }) => until(() => !['connecting', 'reconnecting'].includes(document.querySelector<HTMLElement>('.badge')?.dataset.phase ?? ''), null, timeoutMs),
  read: async () => {
    if (CLOCK === undefined) await nextFrame();
    return { ...(await page.evaluate(shown)), errors, network };
  },
  // What a test did itself, such as another size, moves the page as well.
  'forget-shifts': async () => {
    // In the first frame the page is laid out anew; what depends on that, in the next.
    for (let frame = 0; frame < 3; frame += 1) await nextFrame();
    await page.evaluate(() => (window as unknown as { forgetShifts(): void }).forgetShifts());
  },
  axe: async () => ({ findings: await accessibility(page) }),
  // How many pixels of the page cannot be seen without scrolling to the side.
  overflow: async () => ({ pixels: await page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)) }),
  screenshot: async ({ path }) => void (await page.screenshot({ path: text(path), fullPage: true })),
  click: ({ selector }) => page.locator(text(selector)).first().click(),
  fill: ({ selector, text: value }) => page.locator(text(selector)).first().fill(text(value)),
  press: ({ key }) => page.keyboard.press(text(key)),
  media: ({ scheme, motion }) => page.emulateMedia({ ...(scheme ? { colorScheme: scheme as 'dark' } : {}), ...(motion ? { reducedMotion: motion as 'reduce' } : {}) }),
  direction: ({ dir }) => page.evaluate((value) => void (document.documentElement.dir = value), text(dir)),
  size: ({ width, height }) => page.setViewportSize({ width: Number(width), height: Number(height) }),
  advance: async ({ ms }) => void (await page.clock.runFor(Number(ms))),
  go: async ({ url: address }) => void (await page.goto(text(address))),
  offline: () => context.setOffline(true),
  online: () => context.setOffline(false),
  reload: async () => void (await page.reload()),
  quit: () => browser.close(),
};

async function answer(line: string): Promise<object> {
  const command = JSON.parse(line) as Command;
  const run = commands[command.cmd];
  if (run === undefined) throw new Error(`no such command: ${command.cmd}`);
  return (await run(command)) ?? {};
}

page.setDefaultTimeout(15_000);
await page.goto(url);
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === '') continue;
  const reply = await answer(line).then((result) => ({ ok: true, ...result }), (error: unknown) => ({ ok: false, error: String(error) }));
  process.stdout.write(`${JSON.stringify(reply)}\n`);
  if (!browser.isConnected()) break;
}
await browser.close();
