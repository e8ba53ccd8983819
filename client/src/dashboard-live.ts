/**
 * What the hooks `useDashboardLive` of the bindings have in common: a small state, a callback and a window event for each update, as
 * dashboards have it that followed a plain WebSocket before.
 *
 * It knows no framework, and folds nothing: `view` of the client does.
 */

import { connect } from './index.ts';
import type { AnyUpdate, Client, ConnectOptions, Update } from './index.ts';

export interface DashboardLiveOptions<U extends AnyUpdate = Update> extends Omit<ConnectOptions, 'session'> {
  sessionId: string;
  /** Called for each update that happens from now on, and for each that was missed meanwhile. */
  onUpdate?: (update: U) => void;
  /** Called with the state, from which a view begins anew: at first, and when too much was missed. */
  onSnapshot?: (updates: readonly U[]) => void;
  /** Milliseconds before the first retry. Default 3,000. */
  reconnectInterval?: number;
  /** How often in a row it waits and tries again before it gives up. Default 10. */
  maxReconnectAttempts?: number;
}

export interface DashboardLiveState<U extends AnyUpdate = Update> {
  readonly connected: boolean;
  readonly clientId: string | null;
  readonly lastUpdate: U | null;
  readonly error: Error | null;
}

/** The name of the window event; its `detail` is the update. */
export const UPDATE_EVENT = 'dashboard:update';

export const DISCONNECTED: DashboardLiveState<never> = { connected: false, clientId: null, lastUpdate: null, error: null };

/** What the hooks give to those who call them. */
export interface DashboardLive {
  disconnect(): void;
  /** Connects: after `disconnect()`, after it has failed, or before the pause is over. */
  reconnect(): void;
  requestFullState(): void;
}

/** Tells each new state, from `start()` to `end()`. In between, it may connect. The options are asked for when they are needed, so the latest count. */
export function dashboardLive<U extends AnyUpdate>(options: () => DashboardLiveOptions<U>, tell: (state: DashboardLiveState<U>) => void) {
  let client: Client<U> | null = null;
  let started = false;
  const live: DashboardLive = {
    disconnect() {
      client?.close();
      client = null;
    },
    reconnect() {
      if (client) client.retry();
      else if (started) client = watched(options, tell);
    },
    requestFullState: () => client?.requestState(),
  };
  const start = () => {
    started = true;
    live.reconnect();
  };
  const end = () => {
    started = false;
    live.disconnect();
  };
  return { live, start, end };
}

function watched<U extends AnyUpdate>(options: () => DashboardLiveOptions<U>, tell: (state: DashboardLiveState<U>) => void): Client<U> {
  const { sessionId, reconnectInterval = 3_000, maxReconnectAttempts = 10, ...more } = options();
  const reconnect = { ...more.reconnect, baseMs: reconnectInterval, attempts: maxReconnectAttempts };
  const client = connect<U>({ ...more, ...latestToken(options), session: sessionId, reconnect });
  let state: DashboardLiveState<U> = DISCONNECTED;
  const change = (part: Partial<DashboardLiveState<U>>) => tell((state = { ...state, ...part }));
  client.on('state', ({ phase, clientId, error }) => {
    const connected = phase === 'live' || phase === 'catching-up';
    if (connected !== state.connected || clientId !== state.clientId || error !== state.error) change({ connected, clientId, error });
  });
  client.on('error', (error) => change({ error }));
  client.on('change', ({ reset, updates }) => {
    if (reset) return options().onSnapshot?.(updates);
    for (const update of updates) {
      change({ lastUpdate: update });
      options().onUpdate?.(update);
      globalThis.window?.dispatchEvent(new CustomEvent(UPDATE_EVENT, { detail: update }));
    }
  });
  return client;
}

/** The option `token` so that the latest function is asked, if it is one. */
export function latestToken(options: () => Pick<ConnectOptions, 'token'>): Pick<ConnectOptions, 'token'> {
  if (typeof options().token !== 'function') return {};
  return {
    token(why) {
      const { token = '' } = options();
      return typeof token === 'function' ? token(why) : token;
    },
  };
}
