/** What each example of the README has to do. They share one page and a fake server, but Node's, which connects to a real one. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Window } from 'happy-dom';
import type { ReactNode } from 'react';
import { FakeServer, settle } from './fakes.ts';
import { realServer } from './websocket.ts';

const window = new Window({ url: 'https://live.example/board' });
Object.assign(globalThis, { window, document: window.document, CustomEvent: window.CustomEvent, IS_REACT_ACT_ENVIRONMENT: true });
for (const name of ['Node', 'Element', 'HTMLElement', 'Text', 'Comment', 'DocumentFragment', 'HTMLMediaElement'] as const) {
  Object.assign(globalThis, { [name]: window[name] });
}

/** Loads what an example has beside it. React and Svelte look for the page when they are loaded. */
async function beside(file: string, name: string) {
  const loader = join(dirname(file), 'loader.js');
  writeFileSync(loader, 'export const load = (name) => import(name);');
  return (await import(loader)).load(name);
}

async function withReact(file: string): Promise<typeof import('react') & Pick<typeof import('react-dom/client'), 'createRoot'>> {
  return { ...(await beside(file, 'react')), ...(await beside(file, 'react-dom/client')) };
}

const withQuery = (file: string): Promise<typeof import('@tanstack/react-query')> => beside(file, '@tanstack/react-query');

const withSvelte = (file: string): Promise<typeof import('svelte')> => beside(file, 'svelte');

interface Case {
  heading: string;
  /** Loads the example, and checks what it does. */
  run(file: string): Promise<void>;
}

/** What examples take from their readers. */
const given = { getToken: async () => 'a.token', fetchTask: async (id: string) => ({ id, title: 'Draft', status: 'open' }) };

/** A server to which examples connect, as every page does. */
function server(): FakeServer {
  const server = new FakeServer();
  Object.assign(globalThis, { ...given, WebSocket: server.platform().WebSocket });
  return server;
}

const created = (id: string, title: string) => ({ updateType: 'task_created', data: { key: id, data: { task: { id, title, status: 'open' } } } as never });

/** Makes the client of an example that leaves it to its reader, with the package that the example has. */
async function withClient(file: string): Promise<FakeServer> {
  const used = server();
  const { connect } = await beside(file, 'roomcast');
  Object.assign(globalThis, { client: connect({ url: 'https://live.example', session: 's-1', token: given.getToken }) });
  await settle();
  return used;
}

const element = () => window.document.createElement('div');

async function rendered({ act, createRoot }: Awaited<ReturnType<typeof withReact>>, example: ReactNode): Promise<() => string | null> {
  const place = element();
  await act(async () => {
    createRoot(place as never).render(example);
    await settle();
  });
  return () => place.textContent;
}

/** Waits until a page shows something. TanStack Query tells its components by timers. */
async function becomes({ act }: typeof import('react'), text: () => string | null, wanted: string): Promise<void> {
  for (let turn = 0; turn < 500 && text() !== wanted; turn += 1) await act(() => new Promise((resolve) => setTimeout(resolve, 1)));
  assert.equal(text(), wanted);
}

async function plain(file: string): Promise<void> {
  const used = server();
  const shown: string[][] = [];
  Object.assign(globalThis, { render: (titles: string[]) => shown.push(titles) });
  await import(file);
  await settle();
  used.publish('1', undefined, created('1', 'Draft'));
  assert.deepEqual([shown, used.last.protocols], [[['Draft']], ['roomcast.v1', 'roomcast.bearer.a.token']]);
}

async function react(file: string): Promise<void> {
  const used = server();
  const library = await withReact(file);
  const text = await rendered(library, library.createElement((await import(file)).Board));
  assert.equal(text(), 'live: ');
  await library.act(async () => void used.publish('1', undefined, { updateType: 'analysis.scores' }));
  assert.equal(text(), 'live: analysis.scores');
}

async function svelte(file: string): Promise<void> {
  const used = server();
  const { flushSync, mount } = await withSvelte(file);
  const target = element();
  mount((await import(file)).default, { target: target as never });
  flushSync();
  assert.equal(target.textContent?.trim(), 'Reconnecting…');
  await settle();
  used.publish('1', undefined, { updateType: 'analysis.scores' });
  flushSync();
  assert.equal(target.textContent?.trim(), 'Live: analysis.scores');
}

async function svelteView(file: string): Promise<void> {
  const used = await withClient(file);
  const { flushSync, mount } = await withSvelte(file);
  const target = element();
  mount((await import(file)).default, { target: target as never, props: { client: (globalThis as never as { client: unknown }).client } });
  used.publish('1');
  flushSync();
  assert.equal(target.textContent?.trim(), '1 updates');
}

async function tanstackQuery(file: string): Promise<void> {
  const used = await withClient(file);
  const [library, { QueryClient, QueryClientProvider }] = [await withReact(file), await withQuery(file)];
  const queryClient = new QueryClient();
  Object.assign(globalThis, { queryClient });
  const { useTask } = await import(file);
  const Shown = () => library.createElement('p', null, JSON.stringify(useTask('1').data ?? null));
  const text = await rendered(library, library.createElement(QueryClientProvider, { client: queryClient }, library.createElement(Shown)));
  await becomes(library, text, '{"id":"1","title":"Draft","status":"open"}');
  used.publish('1', undefined, { updateType: 'task_updated', data: { key: '1', data: { taskId: '1', changes: { status: 'done' } } } as never });
  await becomes(library, text, '{"id":"1","title":"Draft","status":"done"}');
}

async function tanstackDb(file: string): Promise<void> {
  const used = await withClient(file);
  used.publish('1', undefined, created('1', 'Draft'));
  const { tasks } = await import(file);
  await tasks.preload();
  used.publish('2', undefined, created('2', 'Final'));
  assert.deepEqual(tasks.toArray.map(({ title }: { title: string }) => title), ['Draft', 'Final']);
}

/** In a process of its own, with a real WebSocket. */
async function node(file: string): Promise<void> {
  const real = await realServer();
  Object.assign(real.room.publish(undefined, '1', Date.now()), { updateType: 'analysis.scores' });
  const cwd = dirname(file);
  writeFileSync(join(cwd, 'token.txt'), 'a.token');
  writeFileSync(file, readFileSync(file, 'utf8').replace('https://live.example', real.url));
  const program = spawn(process.execPath, [file], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(program.stdout), 'line');
  program.kill();
  real.close();
  assert.deepEqual([line, real.offered], ['1 analysis.scores', ['roomcast.v1, roomcast.bearer.a.token']]);
}

async function fewerBytes(file: string): Promise<void> {
  const used = server();
  await import(file);
  await settle();
  assert.deepEqual([used.last.url.searchParams.get('compress'), used.last.binaryType], ['deflate', 'arraybuffer']);
}

async function history(file: string): Promise<void> {
  const shown: number[] = [];
  const updates = [1, 2].map((seq) => ({ type: 'dashboard.update', seq, updateType: 'x', timestamp: new Date(0).toISOString(), data: {} }));
  const fetch = async () => Response.json({ epoch: 'e', first: 1, head: 2, updates });
  Object.assign(globalThis, { ...given, fetch, show: ({ seq }: { seq: number }) => shown.push(seq) });
  await import(file);
  assert.deepEqual(shown, [1, 2]);
}

/** In the order of the README. */
export const CASES: Case[] = [
  { heading: 'roomcast', run: plain },
  { heading: 'React', run: react },
  { heading: 'Svelte 5', run: svelte },
  { heading: 'Svelte 5', run: svelteView },
  { heading: 'TanStack Query', run: tanstackQuery },
  { heading: 'TanStack DB', run: tanstackDb },
  { heading: 'Node', run: node },
  { heading: 'Fewer bytes', run: fewerBytes },
  { heading: 'History', run: history },
];
