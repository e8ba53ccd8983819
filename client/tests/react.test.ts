/** The hooks in a real React, in StrictMode, over fake sockets. */

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { Window } from 'happy-dom';

const window = new Window({ url: 'https://live.example/board' });
Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true, CustomEvent: window.CustomEvent });

// React looks for a page when it is loaded.
const { act, createElement: h, StrictMode } = await import('react');
const { createRoot } = await import('react-dom/client');
const { renderToString } = await import('react-dom/server');
const hooks = await import('../src/react.ts');

import type { AnyUpdate, ConnectOptions } from '../src/index.ts';
import { FakeServer, settle } from './fakes.ts';

type Root = ReturnType<typeof createRoot>;
let roots: Root[] = [];

async function mount(element: Parameters<Root['render']>[0]): Promise<{ root: Root; text: () => string }> {
  const place = window.document.createElement('div');
  const root = createRoot(place as never);
  roots.push(root);
  await act(async () => {
    root.render(h(StrictMode, null, element));
    await settle();
  });
  return { root, text: () => place.textContent ?? '' };
}

afterEach(async () => {
  await act(async () => roots.forEach((root) => root.unmount()));
  roots = [];
});

function options(server: FakeServer, more: Partial<ConnectOptions> = {}): ConnectOptions {
  return { session: 's-1', ...more, platform: { ...server.platform(), window: window as never } };
}

const count = (sum: number, _: AnyUpdate) => sum + 1;

function Board({ server, session = 's-1' }: { server: FakeServer; session?: string }) {
  const client = hooks.useRoomcast<AnyUpdate>(options(server, { session }));
  const { phase } = hooks.useConnection(client);
  return h('p', null, `${phase} ${hooks.useView(client, count, 0)} ${hooks.usePresence(client).count} ${hooks.useFreshness(client).status}`);
}

test('in StrictMode there is one connection, and none is left when the component goes', async () => {
  const server = new FakeServer();
  const { root, text } = await mount(h(Board, { server }));
  assert.equal(server.sockets.length, 1);
  assert.match(text(), /^live 0 null live$/);
  await act(async () => root.unmount());
  assert.deepEqual([server.open.length, server.last.closed], [0, 1000]);
});

test('a component shows the view, who is here, and how the connection is', async () => {
  const server = new FakeServer();
  server.publish('a');
  const { text } = await mount(h(Board, { server }));
  await act(async () => void server.publish('b'));
  await act(async () => server.last.receive({ type: 'presence.state', count: 3, users: [] }));
  assert.equal(text(), 'live 2 3 live');
  await act(async () => server.last.end(1006));
  assert.equal(text(), 'waiting 2 3 disconnected', 'the view stays');
});

test('a view shows an optimistic change at once, and takes it back when it is refused', async () => {
  const server = new FakeServer();
  let client: ReturnType<typeof hooks.useRoomcast<AnyUpdate>> = null;
  const Titles = () => {
    client = hooks.useRoomcast<AnyUpdate>(options(server));
    return h('p', null, hooks.useView(client, (shown: string[], { seq, data }) => [...shown, `${seq} ${(data as { key: string }).key}`], []).join());
  };
  const { text } = await mount(h(Titles));
  await act(async () => void server.publish('a'));
  let mine: ReturnType<NonNullable<typeof client>['optimistic']> | undefined;
  await act(async () => void (mine = client?.optimistic({ updateType: 'x', data: { key: 'mine' } })));
  assert.equal(text(), '1 undefined a,0 mine', 'unconfirmed updates have the number 0');
  await act(async () => mine?.refuse());
  assert.equal(text(), '1 undefined a');
});

test('another session is another connection, and another function for tokens is none', async () => {
  const server = new FakeServer();
  const asked: string[] = [];
  const Tokens = ({ name, session }: { name: string; session: string }) => {
    hooks.useRoomcast(options(server, { session, token: () => `${asked.push(name)}` }));
    return null;
  };
  const { root } = await mount(h(Tokens, { name: 'one', session: 's-1' }));
  const render = (name: string, session: string) => act(async () => {
    root.render(h(StrictMode, null, h(Tokens, { name, session })));
    await settle();
  });
  await render('two', 's-1');
  assert.deepEqual([server.sockets.length, asked], [1, ['one']]);
  await act(async () => {
    server.last.end(1006);
    await server.pass(3_000);
  });
  assert.deepEqual(asked, ['one', 'two'], 'the latest function is asked');
  await render('two', 's-2');
  assert.deepEqual([server.open.length, server.last.url.pathname], [1, '/api/sessions/s-2/live']);
});

test('a server renders what is there at first, and opens nothing', () => {
  const server = new FakeServer();
  assert.equal(renderToString(h(Board, { server })), '<p>idle 0 null disconnected</p>');
  assert.equal(server.sockets.length, 0);
});

test('signals go out, and the latest listener hears them', async () => {
  const server = new FakeServer();
  const heard: unknown[] = [];
  const Typing = ({ name }: { name: string }) => {
    const client = hooks.useRoomcast(options(server));
    const signal = hooks.useSignal(client, ({ data }) => heard.push([name, data]));
    return h('button', { onClick: () => signal({ typing: true }, 't') }, 'x');
  };
  const { root } = await mount(h(Typing, { name: 'one' }));
  await act(async () => root.render(h(StrictMode, null, h(Typing, { name: 'two' }))));
  await act(async () => server.last.receive({ type: 'signal', clientId: 'c', data: 7 }));
  assert.deepEqual(heard, [['two', 7]]);
});

test('useDashboardLive has the state of a plain WebSocket dashboard, its callback and its window event', async () => {
  const server = new FakeServer();
  server.publish('before');
  const [updates, snapshots, events]: number[][] = [[], [], []];
  window.addEventListener('dashboard:update', (event) => events?.push((event as unknown as CustomEvent<AnyUpdate>).detail.seq));
  const Live = () => {
    const { platform } = options(server);
    const { state } = hooks.useDashboardLive<AnyUpdate>({
      sessionId: 's-1', ...(platform && { platform }), onUpdate: ({ seq }) => updates?.push(seq), onSnapshot: (all) => snapshots?.push(all.length),
    });
    return h('p', null, `${state.connected} ${state.clientId} ${state.lastUpdate?.seq} ${state.error?.message}`);
  };
  const { text } = await mount(h(Live));
  assert.equal(text(), 'true c1 undefined undefined');
  await act(async () => void server.publish('now'));
  assert.equal(text(), 'true c1 2 undefined');
  assert.deepEqual([updates, snapshots, events], [[2], [1], [2]]);
  await act(async () => server.last.end(1006));
  assert.match(text(), /^false null 2 roomcast: the connection was lost/);
});

test('useDashboardLive asks the latest function for a token', async () => {
  const server = new FakeServer();
  const asked: string[] = [];
  const Live = ({ name }: { name: string }) => {
    const { platform } = options(server);
    hooks.useDashboardLive<AnyUpdate>({ sessionId: 's-1', ...(platform && { platform }), token: () => `${asked.push(name)}` });
    return null;
  };
  const { root } = await mount(h(Live, { name: 'one' }));
  await act(async () => root.render(h(StrictMode, null, h(Live, { name: 'two' }))));
  await act(async () => {
    server.last.end(1006);
    await server.pass(3_000);
  });
  assert.deepEqual(asked, ['one', 'two']);
});

test('useDashboardLive connects again after disconnect(), and not when the component is gone', async () => {
  const server = new FakeServer();
  let live: ReturnType<typeof hooks.useDashboardLive> | undefined;
  const updates: number[] = [];
  const Live = () => {
    const { platform } = options(server);
    live = hooks.useDashboardLive<AnyUpdate>({ sessionId: 's-1', ...(platform && { platform }), onUpdate: ({ seq }) => updates.push(seq) }) as never;
    return h('p', null, String(live?.state.connected));
  };
  const { root, text } = await mount(h(Live));
  await act(async () => live?.disconnect());
  assert.deepEqual([text(), server.open.length], ['false', 0]);
  await act(async () => {
    live?.reconnect();
    await settle();
  });
  assert.deepEqual([text(), server.open.length, server.sockets.length], ['true', 1, 2]);
  await act(async () => void server.publish('a'));
  assert.deepEqual(updates, [1]);
  await act(async () => root.unmount());
  live?.reconnect();
  await settle();
  assert.deepEqual([server.open.length, server.sockets.length], [0, 2]);
});
