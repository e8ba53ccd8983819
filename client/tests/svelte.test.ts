/** The values and stores in a real Svelte, over fake sockets. Runs with the condition `browser`, as a bundler for browsers does. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { Window } from 'happy-dom';
import { compile, compileModule } from 'svelte/compiler';

const window = new Window({ url: 'https://live.example/board' });
Object.assign(globalThis, { window, document: window.document, CustomEvent: window.CustomEvent });
for (const name of ['Node', 'Element', 'HTMLElement', 'Text', 'Comment', 'DocumentFragment', 'HTMLMediaElement'] as const) {
  Object.assign(globalThis, { [name]: window[name] });
}

// Svelte looks for a page when it is loaded.
const { flushSync, mount, unmount } = await import('svelte');
const { get } = await import('svelte/store');
const { live, stateStore, viewStore } = await import('../src/svelte.ts');
const { connect } = await import('../src/index.ts');

import type { AnyUpdate } from '../src/index.ts';
import { FakeServer, settle } from './fakes.ts';

const folder = mkdtempSync(new URL('.compiled-', import.meta.url).pathname);
after(() => rmSync(folder, { recursive: true }));
let files = 0;

/** Compiles a module or a component, and loads it. */
async function load(name: string, source: string) {
  const compiled = name.endsWith('.svelte') ? compile(source, { filename: name }) : compileModule(source, { filename: name });
  const file = `${folder}/${(files += 1)}-${name}.js`;
  writeFileSync(file, compiled.js.code);
  return import(file);
}

const count = (sum: number, _: AnyUpdate) => sum + 1;

async function watching(server: FakeServer) {
  const client = connect<AnyUpdate>({ url: 'https://live.example', session: 's-1', platform: server.platform() });
  const values = live(client);
  const view = values.view(count, 0);
  await server.pass(0);
  return { client, values, view };
}

test('an effect follows state, presence and views, and nothing is followed when it has ended', async () => {
  const server = new FakeServer();
  const { values, view } = await watching(server);
  const { follow } = await load('follow.svelte.js', 'export const follow = (look) => $effect.root(() => { $effect(() => look()); });');
  const seen: string[] = [];
  const end = follow(() => seen.push(`${values.state.phase} ${view.current} ${values.presence.count}`));
  flushSync();
  server.publish('a');
  flushSync();
  server.last.receive({ type: 'presence.state', count: 2, users: [] });
  flushSync();
  server.last.end(1006);
  flushSync();
  assert.deepEqual(seen, ['live 0 null', 'live 1 null', 'live 1 2', 'waiting 1 2']);
  end();
  flushSync();
  await server.pass(3_000);
  assert.equal(seen.length, 4);
});

test('stores have the same', async () => {
  const server = new FakeServer();
  const { client } = await watching(server);
  const view = viewStore(client.view(count, 0));
  const values: number[] = [];
  const stop = view.subscribe((value) => values.push(value));
  server.publish('a');
  assert.deepEqual([values, get(stateStore(client)).phase], [[0, 1], 'live']);
  stop();
  server.publish('b');
  assert.equal(values.at(-1), 1);
});

test('useDashboardLive works in a component as the hook of a plain WebSocket dashboard does', async () => {
  const server = new FakeServer();
  const updates: string[] = [];
  const events: number[] = [];
  window.addEventListener('dashboard:update', (event) => events.push((event as unknown as CustomEvent<AnyUpdate>).detail.seq));
  const module = new URL('../src/svelte.ts', import.meta.url).href;
  const { default: Board } = await load('Board.svelte', `
    <script>
      import { useDashboardLive } from '${module}';
      const { platform, onUpdate } = $props();
      const { state } = useDashboardLive({ sessionId: 's-1', platform, onUpdate });
    </script>
    {#if $state.connected}<span>Live</span>{:else}<span>Reconnecting...</span>{/if} {$state.lastUpdate?.seq}`);
  const target = window.document.createElement('div');
  const platform = { ...server.platform(), window };
  const board = mount(Board, { target: target as never, props: { platform, onUpdate: (update: AnyUpdate) => updates.push(update.updateType) } });
  flushSync();
  assert.match(target.textContent ?? '', /Reconnecting/);
  await settle();
  flushSync();
  assert.match(target.textContent ?? '', /Live/);
  server.publish('a');
  flushSync();
  assert.match(target.textContent ?? '', /Live 1/);
  assert.deepEqual([updates, events], [['x'], [1]]);
  server.last.end(1006);
  flushSync();
  assert.match(target.textContent ?? '', /Reconnecting/);
  await unmount(board);
  await server.pass(60_000);
  assert.equal(server.open.length, 0);
});

test('useDashboardLive connects again after disconnect(), and not when the component is gone', async () => {
  const server = new FakeServer();
  const module = new URL('../src/svelte.ts', import.meta.url).href;
  const { default: Board } = await load('Again.svelte', `
    <script>
      import { useDashboardLive } from '${module}';
      const { platform, tell } = $props();
      const live = useDashboardLive({ sessionId: 's-1', platform });
      tell(live);
      const { state } = live;
    </script>
    {$state.connected}`);
  const target = window.document.createElement('div');
  let live: { disconnect(): void; reconnect(): void } | undefined;
  const board = mount(Board, { target: target as never, props: { platform: { ...server.platform(), window }, tell: (one: typeof live) => (live = one) } });
  flushSync();
  await settle();
  live?.disconnect();
  flushSync();
  assert.deepEqual([target.textContent, server.open.length], ['false', 0]);
  live?.reconnect();
  await settle();
  flushSync();
  assert.deepEqual([target.textContent, server.open.length, server.sockets.length], ['true', 1, 2]);
  await unmount(board);
  live?.reconnect();
  await settle();
  assert.deepEqual([server.open.length, server.sockets.length], [0, 2]);
});
