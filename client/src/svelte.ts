/**
 * `roomcast/svelte`, for Svelte 5.7 and later: values of a client that templates and runes follow, and stores of them.
 *
 * `live` is for components that have a client; `useDashboardLive` makes one, with the options and the state that plain WebSocket
 * dashboards have.
 */

import { onDestroy, onMount } from 'svelte';
import { createSubscriber } from 'svelte/reactivity';
import { readable, writable } from 'svelte/store';
import type { Readable, Writable } from 'svelte/store';
import { DISCONNECTED, dashboardLive } from './dashboard-live.ts';
import type { DashboardLiveOptions, DashboardLiveState } from './dashboard-live.ts';
import type { AnyUpdate, Client, ConnectionState, Events, Freshness, PresenceView, Reducer, Update, View } from './index.ts';

export type { DashboardLiveOptions, DashboardLiveState };

/** A value that whoever reads `current` in a template, `$derived` or `$effect` follows. */
export interface Current<T> {
  readonly current: T;
}

/** The values of a client. */
export interface Live<U extends AnyUpdate> {
  readonly client: Client<U>;
  readonly state: ConnectionState;
  readonly presence: PresenceView;
  view<S>(reducer: Reducer<S, U>, initial: S): Current<S>;
  /** Looks every `everyMs`, by default once a second. */
  freshness(of?: { topic?: string; updateType?: string }, everyMs?: number): Current<Freshness>;
}

/** Follows a client. Close the client where it was made. */
export function live<U extends AnyUpdate>(client: Client<U>): Live<U> {
  const on = (event: keyof Events<U>) => createSubscriber((update) => client.on(event, update));
  const [state, presence] = [on('state'), on('presence')];
  return {
    client,
    get state() {
      state();
      return client.state;
    },
    get presence() {
      presence();
      return client.presence;
    },
    view(reducer, initial) {
      const view = client.view(reducer, initial);
      const follow = createSubscriber((update) => view.subscribe(update));
      return {
        get current() {
          follow();
          return view.get();
        },
      };
    },
    freshness(of, everyMs = 1_000) {
      const follow = createSubscriber((update) => {
        const timer = setInterval(update, everyMs);
        const off = client.on('state', update);
        return () => {
          clearInterval(timer);
          off();
        };
      });
      return {
        get current() {
          follow();
          return client.freshness(of);
        },
      };
    },
  };
}

/** A view as a store. */
export function viewStore<S>(view: View<S>): Readable<S> {
  return readable(view.get(), (set) => {
    set(view.get());
    return view.subscribe(() => set(view.get()));
  });
}

/** The state of the connection as a store. */
export function stateStore<U extends AnyUpdate>(client: Client<U>): Readable<ConnectionState> {
  return readable(client.state, (set) => {
    set(client.state);
    return client.on('state', set);
  });
}

/** A session with a small state, a callback and a window event for each update. Lives as long as the component that calls it. */
export function useDashboardLive<U extends AnyUpdate = Update>(options: DashboardLiveOptions<U>) {
  const state: Writable<DashboardLiveState<U>> = writable(DISCONNECTED);
  const { live, start, end } = dashboardLive<U>(() => options, (now) => state.set(now));
  onMount(start);
  onDestroy(end);
  return { state, ...live };
}
