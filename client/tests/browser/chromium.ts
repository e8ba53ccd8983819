/**
 * A real Chromium with the pages of `pages/`, which are bundled with the client as an application does it.
 *
 * The pages have the origin of the server, so that it lets them connect.
 */

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { TokenWhy } from '../../src/index.ts';
import { mint, url } from './backend.ts';
import type { PageOptions, Seen } from './pages/record.ts';
import { setting, stage } from './stage.ts';

// The pages come from the journey and not from this machine, so Chromium would not let them connect to it.
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-features=LocalNetworkAccessChecks'];

const WAIT_MS = 30_000;

const LAUNCH = { executablePath: setting('CHROMIUM'), args: ARGUMENTS };

/** Runs a journey in a Chromium. An error that nobody has caught in a page ends it badly. */
export async function journey(play: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await chromium.launch(LAUNCH);
  try {
    await play(browser);
    assert.deepEqual(errors, [], 'errors in pages');
  } finally {
    await browser.close();
    stage.leave();
  }
}

const errors: string[] = [];

/** A machine that can be put to sleep, with a Chromium of its own. */
export interface Laptop {
  browser: Browser;
  /** Its processes do nothing any more, whatever the network brings. */
  sleep(): void;
  wake(): void;
  end(): Promise<void>;
}

export async function laptop(): Promise<Laptop> {
  const server = await chromium.launchServer(LAUNCH);
  // Chromium is in a process group of its own.
  const group = -(server.process().pid ?? NaN);
  const browser = await chromium.connect(server.wsEndpoint());
  return { browser, sleep: () => process.kill(group, 'SIGSTOP'), wake: () => process.kill(group, 'SIGCONT'), end: () => server.kill() };
}

/**
 * Runs a part of a journey in a Chromium whose tabs are hidden when another one is in front. In other browsers here all are visible, because
 * Playwright lets each believe that it has the focus.
 */
export async function withOneTabInFront(play: (context: BrowserContext) => Promise<void>): Promise<void> {
  const port = await freePort();
  const browser = await chromium.launch({ ...LAUNCH, args: [...ARGUMENTS, `--remote-debugging-port=${port}`] });
  try {
    const attached = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
    const [context] = attached.contexts();
    assert.ok(context);
    await play(await prepared(context, {}));
  } finally {
    await browser.close();
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

export interface BrowserOptions {
  /** The page: a file of `pages/`, without its extension. */
  page?: string;
  /** Gives a page its tokens. By default each is good for an hour. */
  token?: (why: TokenWhy) => string;
}

/** A browser of its own: pages in it are its tabs, which share locks, channels and the network. */
export async function browserOf(browser: Browser, options: BrowserOptions = {}): Promise<BrowserContext> {
  return prepared(await browser.newContext(), options);
}

async function prepared(context: BrowserContext, { page = 'watching', token = () => mint() }: BrowserOptions): Promise<BrowserContext> {
  const files = await bundled(page);
  context.setDefaultTimeout(WAIT_MS);
  context.on('weberror', (error) => errors.push(String(error.error())));
  await context.exposeFunction('mint', token);
  await context.route('**/client/**', (route) => {
    const script = files.get(new URL(route.request().url()).pathname);
    if (script !== undefined) return route.fulfill({ contentType: 'text/javascript', body: script });
    return route.fulfill({ contentType: 'text/html', body: `<!doctype html><title>${page}</title><main></main><script type="module" src="./${page}.js"></script>` });
  });
  return context;
}

async function bundled(page: string): Promise<Map<string, string>> {
  const entry = new URL(`pages/${page}`, import.meta.url).pathname;
  const development = { 'process.env.NODE_ENV': '"development"' };
  const built = await build({
    entryPoints: [entry], bundle: true, splitting: true, format: 'esm', jsx: 'automatic', outdir: '/client', write: false, define: development,
  });
  return new Map(built.outputFiles.map(({ path, text }) => [path, text]));
}

/** Opens a page as another tab. `prepare` is called before it loads. */
export async function open(context: BrowserContext, options: PageOptions = {}, prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
  const page = await context.newPage();
  await prepare?.(page);
  await page.goto(`${url}/client/page#${encodeURIComponent(JSON.stringify(options))}`);
  return page;
}

/** Waits until something holds in the page. Not by frames, of which tabs in the background have none. */
export async function until(page: Page, condition: string): Promise<void> {
  try {
    await page.waitForFunction(condition, undefined, { polling: 50 });
  } catch (error) {
    throw new Error(`not so: ${condition}, but ${await page.evaluate('JSON.stringify(window.seen)')}`, { cause: error });
  }
}

/** Connects pages that were opened to do it later, all at the same time. */
export async function begin(pages: Page[]): Promise<void> {
  await Promise.all(pages.map((page) => page.evaluate('window.begin()')));
  await Promise.all(pages.map(live));
}

/** What the page has kept for this journey. */
export const read = (page: Page) => page.evaluate<Seen>('window.seen');

export const live = (page: Page) => until(page, `window.seen?.state.phase === 'live'`);

/** Waits until pages are live and have seen the updates up to this number, and checks that each came once since the view last began. */
export async function level(pages: Page[], head: number): Promise<void> {
  await Promise.all(pages.map((page) => until(page, `window.seen.seqs.at(-1) >= ${head} && window.seen.state.phase === 'live'`)));
  for (const { seqs } of await Promise.all(pages.map(read))) {
    const first = seqs[0] ?? 1;
    assert.deepEqual(seqs, Array.from({ length: head - first + 1 }, (_, index) => first + index), 'each once, in order');
  }
}
