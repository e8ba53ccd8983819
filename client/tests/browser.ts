/**
 * Tabs of a real Chromium that share a connection, for tests/e2e/client.rs: six tabs, the leader goes, the network goes and comes back.
 * Ends with an error if a tab has not seen each update once. The pages are made here, with the client as a bundler makes it.
 */

import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

const [url, token, secret] = [setting('URL'), setting('TOKEN'), setting('WEBHOOK_SECRET')];
const TABS = 6;

/** What a page keeps for this test. */
interface Seen {
  seqs: number[];
  resets: number;
  phase: string;
  leader: boolean;
  /** All phases, in order. */
  phases: string[];
}

const PAGE = `<!doctype html><title>tab</title><script type="module">
  import { connect } from './index.js';
  const client = connect({ url: location.origin, session: 's-1', token: ${JSON.stringify(token)}, shared: true });
  const seen = window.seen = { seqs: [], resets: 0, phase: 'idle', leader: false, phases: [] };
  client.on('state', ({ phase, leader }) => {
    Object.assign(seen, { phase, leader });
    seen.phases.push(phase);
  });
  client.on('change', ({ reset, updates }) => {
    if (reset) seen.seqs = [];
    seen.resets += Number(reset);
    seen.seqs.push(...updates.map(({ seq }) => seq));
  });
</script>`;

async function bundled(): Promise<Map<string, string>> {
  const entry = new URL('../src/index.ts', import.meta.url).pathname;
  const built = await build({ entryPoints: [entry], bundle: true, splitting: true, format: 'esm', outdir: '/client', write: false });
  return new Map(built.outputFiles.map(({ path, text }) => [path, text]));
}

/** Posts an event, signed as in Standard Webhooks. */
async function rename(title: string): Promise<void> {
  const body = JSON.stringify({
    event_id: randomUUID(), event_type: 'session.renamed', aggregate_type: 'Session', aggregate_id: 's-1', occurred_at: new Date().toISOString(),
    payload: { title },
  });
  const [id, at] = [`msg_${randomUUID()}`, String(Math.floor(Date.now() / 1000))];
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = `v1,${createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')}`;
  const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature };
  const answer = await fetch(`${url}/api/events`, { method: 'POST', headers, body });
  assert.equal(answer.status, 202, await answer.text());
}

/** Waits until something holds. Not by frames, of which tabs in the background have none. */
const until = (page: Page, condition: string) => page.waitForFunction(condition, undefined, { polling: 50 });

const read = (page: Page) => page.evaluate<Seen>('window.seen');

/** Waits until all pages have seen updates up to this number, and checks that each came once since the view last began. */
async function level(pages: Page[], head: number): Promise<void> {
  await Promise.all(pages.map((page) => until(page, `window.seen.seqs.at(-1) >= ${head} && window.seen.phase === 'live'`)));
  for (const { seqs } of await Promise.all(pages.map(read))) {
    const wanted = Array.from({ length: head - (seqs[0] ?? 1) + 1 }, (_, index) => (seqs[0] ?? 1) + index);
    assert.deepEqual(seqs, wanted, 'each once, in order');
  }
}

async function leaders(pages: Page[]): Promise<Page[]> {
  const seen = await Promise.all(pages.map(read));
  return pages.filter((_, index) => seen[index]?.leader);
}

const files = await bundled();
// The pages come from this test and not from this machine, so Chromium would not let them connect to it.
const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-features=LocalNetworkAccessChecks'];
const browser = await chromium.launch({ executablePath: setting('CHROMIUM'), args });
try {
  const context = await browser.newContext();
  context.setDefaultTimeout(30_000);
  await context.route('**/client/**', (route) => {
    const path = new URL(route.request().url()).pathname;
    const script = files.get(path);
    if (script === undefined) return route.fulfill({ contentType: 'text/html', body: PAGE });
    return route.fulfill({ contentType: 'text/javascript', body: script });
  });
  const errors: string[] = [];
  context.on('weberror', (error) => errors.push(String(error.error())));
  let pages = await Promise.all(Array.from({ length: TABS }, async () => {
    const page = await context.newPage();
    await page.goto(`${url}/client/tab`);
    return page;
  }));
  await Promise.all(pages.map((page) => until(page, `window.seen.phase === 'live'`)));
  for (const title of ['one', 'two', 'three']) await rename(title);
  await level(pages, 3);

  const [leader, ...others] = await leaders(pages);
  assert.ok(leader && others.length === 0, 'one tab has the connection');
  await leader.close();
  pages = pages.filter((page) => page !== leader);
  await rename('four');
  await level(pages, 4);
  assert.equal((await leaders(pages)).length, 1, 'another one has it now');

  await context.setOffline(true);
  // The browser says that it is offline, though connections to this machine go on: what counts is that the client believes it.
  await Promise.all(pages.map((page) => until(page, `window.seen.phases.includes('waiting')`)));
  await rename('five');
  await context.setOffline(false);
  await level(pages, 5);
  assert.deepEqual(errors, []);
  console.log(JSON.stringify(await Promise.all(pages.map(read))));
} finally {
  await browser.close();
}
