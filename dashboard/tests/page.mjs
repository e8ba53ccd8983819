// Drives the page in a real Chromium for the end-to-end tests, which are written in Rust.
//
//     node dashboard/tests/page.mjs <url>
//
// Reads one command per line of stdin and answers each with one line: {"ok":true,…} or {"ok":false,"error":"…"}.
//
//     {"cmd":"wait-applied","count":12}            until that many updates were received by tail or replay
//     {"cmd":"wait-status","status":"live"}        until the badge says so: live, reconnecting, closed
//     {"cmd":"wait-snapshots","count":1}           until that many states were applied
//     {"cmd":"wait-text","selector":"#title","text":"…"}
//     {"cmd":"read"}                               everything the page shows; see `shown` below
//     {"cmd":"screenshot","path":"/tmp/a.png"}
//     {"cmd":"click","selector":"[data-cycle=…]"}  {"cmd":"fill","selector":"#form-token","text":"…"}
//     {"cmd":"offline"} {"cmd":"online"} {"cmd":"reload"} {"cmd":"quit"}
//
// Waits take "timeoutMs" (15 s by default). This script deliberately checks nothing and never sleeps: it waits for
// what the page shows, and the test says what that should be.

import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const url = process.argv[2];
if (!url) throw new Error('usage: node dashboard/tests/page.mjs <url>');

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const context = await browser.newContext({
  viewport: { width: Number(process.env.WIDTH ?? 1280), height: Number(process.env.HEIGHT ?? 900) },
  colorScheme: process.env.SCHEME === 'dark' ? 'dark' : 'light',
});
const page = await context.newPage();
page.setDefaultTimeout(15_000);

/** Errors of the page, and separately the browser's messages about an unreachable network. */
const errors = [];
const network = [];
page.on('pageerror', (error) => errors.push(String(error)));
page.on('console', (message) => {
  if (message.type() !== 'error') return;
  const text = message.text();
  (/^WebSocket connection to|net::ERR_/.test(text) ? network : errors).push(text);
});

/** Runs in the page: what a reader sees, taken from the DOM, and what main.js keeps for tests. */
function shown() {
  const text = (selector, within = document) => within.querySelector(selector)?.textContent ?? '';
  const all = (selector, map) => [...document.querySelectorAll(selector)].map(map);
  const scores = (id) => Object.fromEntries(all(`#${id} .score`, (node) => [node.dataset.name, Number(node.dataset.score)]));
  return {
    title: text('#title'),
    description: text('#description'),
    status: document.querySelector('#badge').dataset.status,
    badge: text('#badge'),
    notice: text('#notice-text'),
    position: text('#position'),
    count: Number(text('#applied')),
    applied: [...window.roomcast.applied],
    snapshots: window.roomcast.snapshots,
    address: location.href,
    progress: text('#progress-text'),
    cycles: all('.cycle', (node) => ({
      id: node.dataset.cycle,
      name: text('.cycle-name', node),
      state: text('.cycle-state', node),
      origin: text('.cycle-origin', node),
      shown: node.getAttribute('aria-pressed') === 'true',
    })),
    components: all('.component', (node) => ({
      name: node.dataset.component, status: node.dataset.status, summary: text('.component-summary', node),
    })),
    messages: all('.message', (node) => ({
      id: node.dataset.message, role: node.dataset.role, text: text('.message-text', node), where: text('.message-where', node),
    })),
    scores: { pugh: scores('pugh-scores'), dq: scores('dq-scores'), overall: text('#dq-overall') },
  };
}

const nextFrame = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

const until = (condition, argument, timeout) => page.waitForFunction(condition, argument, { timeout: timeout ?? 15_000 });

const commands = {
  'wait-applied': ({ count, timeoutMs }) => until((n) => window.roomcast.applied.length >= n, count, timeoutMs),
  'wait-snapshots': ({ count, timeoutMs }) => until((n) => window.roomcast.snapshots >= n, count, timeoutMs),
  'wait-status': ({ status, timeoutMs }) => until(
    (wanted) => !document.querySelector('#badge').hidden && document.querySelector('#badge').dataset.status === wanted,
    status, timeoutMs),
  'wait-text': ({ selector, text, timeoutMs }) => until(
    (wanted) => document.querySelector(wanted.selector)?.textContent.includes(wanted.text), { selector, text }, timeoutMs),
  read: async () => {
    await nextFrame();
    return { ...await page.evaluate(shown), errors, network };
  },
  screenshot: async ({ path }) => {
    await nextFrame();
    await page.screenshot({ path, fullPage: true });
  },
  click: ({ selector }) => page.click(selector),
  fill: ({ selector, text }) => page.fill(selector, text),
  offline: () => context.setOffline(true),
  online: () => context.setOffline(false),
  reload: () => page.reload(),
  quit: () => browser.close(),
};

/** Runs a command. Only `read` has a result: a wait resolves to a handle into the page, which is not passed on. */
async function answer(line) {
  const command = JSON.parse(line);
  const run = commands[command.cmd];
  if (!run) throw new Error(`no such command: ${command.cmd}`);
  const result = await run(command);
  return command.cmd === 'read' ? result : {};
}

await page.goto(url);
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === '') continue;
  const reply = await answer(line).then((result) => ({ ok: true, ...result }), (error) => ({ ok: false, error: String(error) }));
  process.stdout.write(`${JSON.stringify(reply)}\n`);
  if (!browser.isConnected()) break;
}
await browser.close();
