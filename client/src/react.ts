/**
 * `roomcast/react`, for React 18 and later: each hook subscribes to one thing of a client, so a component renders when that changes.
 *
 * On a server, and before the first effect, there is no client: hooks take `null` and return what is there at first.
 */

import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { DISCONNECTED, dashboardLive, latestToken } from './dashboard-live.ts';
import type { DashboardLiveOptions, DashboardLiveState } from './dashboard-live.ts';
import { stateOf } from './client.ts';
import { connect } from './index.ts';
import { begin, NOBODY } from './machine.ts';
import type { AnyUpdate, Client, ConnectionState, ConnectOptions, Freshness, PresenceView, Reducer, Signal, Update, View } from './index.ts';

export type { DashboardLiveOptions, DashboardLiveState };

/** What there is before there is a client. */
const IDLE = stateOf({ machine: begin(null, 0), leads: true });
const NEVER: Freshness = { status: 'disconnected', ageMs: Infinity, occurredAt: null, appliedAt: null };
const nothing = () => {};

/** What makes another connection necessary, as one text. */
function identity({ url, path, session, topics, pace, shared, token }: ConnectOptions): string {
  return JSON.stringify([url, path, session, topics, pace, shared, typeof token === 'string' ? token : typeof token]);
}

/**
 * A client that lives as long as the component. It is made anew when the address, session, topics, pace or a fixed token change; a
 * function `token` may be another one each time: the latest is asked. In StrictMode, the first mount opens no connection.
 */
export function useRoomcast<U extends AnyUpdate = Update>(options: ConnectOptions): Client<U> | null {
  const [client, setClient] = useState<Client<U> | null>(null);
  const latest = useRef(options);
  latest.current = options;
  const key = identity(options);
  useEffect(() => {
    const made = connect<U>({ ...latest.current, ...latestToken(() => latest.current) });
    setClient(made);
    return () => {
      made.close();
      setClient(null);
    };
  }, [key]);
  return client;
}

/** What a client has at a time, as long as it tells of each change by an event. */
function useOf<T, U extends AnyUpdate>(client: Client<U> | null, event: 'state' | 'presence', get: (client: Client<U>) => T, first: T): T {
  const subscribe = useCallback((changed: () => void) => client?.on(event, changed) ?? nothing, [client, event]);
  return useSyncExternalStore(subscribe, () => (client ? get(client) : first), () => first);
}

/** The state of the connection. */
export function useConnection<U extends AnyUpdate>(client: Client<U> | null): ConnectionState {
  return useOf(client, 'state', ({ state }) => state, IDLE);
}

/** Who is here. */
export function usePresence<U extends AnyUpdate>(client: Client<U> | null): PresenceView {
  return useOf(client, 'presence', ({ presence }) => presence, NOBODY);
}

/** A view of the client. The first reducer and the first state count, so both may be written in place. */
export function useView<S, U extends AnyUpdate>(client: Client<U> | null, reducer: Reducer<S, U>, initial: S): S {
  const [first] = useState({ reducer, initial });
  const [view, setView] = useState<View<S> | null>(null);
  useEffect(() => {
    if (!client) return;
    const made = client.view(first.reducer, first.initial);
    setView(made);
    return () => {
      made.close();
      setView(null);
    };
  }, [client, first]);
  return useSyncExternalStore(view?.subscribe ?? (() => nothing), () => (view ? view.get() : first.initial), () => first.initial);
}

/** Calls `heard` for each signal of others; the latest function counts. Returns a function that signals. */
export function useSignal<U extends AnyUpdate>(client: Client<U> | null, heard?: (signal: Signal) => void): (data: unknown, topic?: string) => void {
  const latest = useRef(heard);
  latest.current = heard;
  useEffect(() => client?.on('signal', (signal) => latest.current?.(signal)), [client]);
  return useCallback((data, topic) => client?.signal(data, topic), [client]);
}

/** How fresh the view, a topic or a type of updates is. Looks every `everyMs`, by default once a second, and when the connection changes. */
export function useFreshness<U extends AnyUpdate>(client: Client<U> | null, of?: { topic?: string; updateType?: string }, everyMs = 1_000): Freshness {
  const { topic, updateType } = of ?? {};
  const [fresh, setFresh] = useState(NEVER);
  useEffect(() => {
    if (!client) return setFresh(NEVER);
    const look = () => setFresh(client.freshness({ ...(topic !== undefined && { topic }), ...(updateType !== undefined && { updateType }) }));
    look();
    const timer = setInterval(look, everyMs);
    const off = client.on('state', look);
    return () => {
      clearInterval(timer);
      off();
    };
  }, [client, topic, updateType, everyMs]);
  return fresh;
}

/** A session with a small state, a callback and a window event for each update. */
export function useDashboardLive<U extends AnyUpdate = Update>(options: DashboardLiveOptions<U>) {
  const [state, setState] = useState<DashboardLiveState<U>>(DISCONNECTED);
  const latest = useRef(options);
  latest.current = options;
  const [{ live, start, end }] = useState(() => dashboardLive<U>(() => latest.current, setState));
  const { sessionId, reconnectInterval, maxReconnectAttempts } = options;
  const key = JSON.stringify([identity({ ...options, session: sessionId }), reconnectInterval, maxReconnectAttempts]);
  useEffect(() => {
    start();
    return end;
  }, [key, start, end]);
  return { state, ...live };
}
