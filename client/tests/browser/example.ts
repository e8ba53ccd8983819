/**
 * One of the applications in `examples/`, started as its README says, though against the server of this test: it is live, shows what is
 * posted, comes back when the server was killed, and asks nothing of the backend that it was not shown to miss.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { event, post, postSafely, renamed, url } from './backend.ts';
import { freePort, journey } from './chromium.ts';
import { setting, stage } from './stage.ts';

const START_MS = 60_000;

/** Starts the application, and says where it is. */
async function start(name: string, run: (address: string) => Promise<void>): Promise<void> {
  const cwd = fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));
  const address = `http://127.0.0.1:${await freePort()}/`;
  const options = ['start', '--', '--host', '127.0.0.1', '--port', new URL(address).port, '--strictPort'];
  const env = { ...process.env, ROOMCAST_URL: url, DEMO_TOKEN_SECRET: setting('TOKEN_SECRET') };
  // A group of its own, because npm starts other programs.
  const npm = spawn('npm', options, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(npm, 'exit');
  try {
    await Promise.race([listens(npm.stdout, address), ended.then(() => assert.fail('npm start has ended'))]);
    await run(address);
  } finally {
    if (npm.pid !== undefined && npm.exitCode === null) process.kill(-npm.pid);
    await ended;
  }
}

/** Waits until the application prints its address. */
async function listens(output: NodeJS.ReadableStream, address: string): Promise<void> {
  const printed: string[] = [];
  const lines = createInterface({ input: output });
  const late = setTimeout(() => lines.close(), START_MS);
  // Vite prints it in bold letters.
  const isIt = (line: string) => line.replace(/\u001b\[\d+m/g, '').includes(address);
  for await (const line of lines) {
    printed.push(line);
    if (isIt(line)) break;
  }
  clearTimeout(late);
  assert.ok(printed.some(isIt), `it has not printed ${address}, but: ${printed.join('\n')}`);
  // Nobody reads what comes later.
  output.resume();
}

await journey(async (browser) => {
  await start(setting('EXAMPLE'), async (address) => {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    const asked: string[] = [];
    page.on('request', (request) => request.url().includes('/state') && asked.push(request.url()));
    await post(renamed('Where to go'), event('cycle.created', {}, 'Cycle/c-1'));
    await page.goto(address);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('heading', { name: 'Where to go' }).waitFor();
    asked.length = 0;
    await post(renamed('Where to stay'));
    await page.getByRole('heading', { name: 'Where to stay' }).waitFor();
    assert.deepEqual(asked, [], 'an update makes nobody ask');
    await stage.kill();
    await page.getByRole('button', { name: 'Retry' }).waitFor();
    await stage.start();
    await postSafely(renamed('Where to eat'));
    await page.getByRole('heading', { name: 'Where to eat' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    assert.deepEqual(errors, []);
  });
});
