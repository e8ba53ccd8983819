/** `roomcast`: live data for dashboards, in browsers, Node 22 and later, and other runtimes with a global WebSocket. */

import { RoomcastClient } from './client.ts';
import type { Settings } from './machine.ts';
import type { Update } from './protocol.ts';
import { RECONNECT } from './reconnect.ts';
import { Shell } from './shell.ts';
import type { AnyUpdate, Client, ConnectOptions, Platform } from './types.ts';

export type * from './types.ts';
export type { Position, Update } from './protocol.ts';

/** The pace of a hidden tab in milliseconds. */
const HIDDEN_PACE_MS = 10_000;

/**
 * Watches a session. Connects at once, but tells nothing before the caller has had a chance to listen.
 *
 * Each option has its default in `ConnectOptions`; docs/reconnection.md explains those about connections.
 */
export function connect<U extends AnyUpdate = Update>(options: ConnectOptions): Client<U> {
  const platform = { ...surroundings(), ...options.platform };
  const open = (tell: ConstructorParameters<typeof Shell>[3]) => new Shell(options, settingsOf(options), platform, tell);
  let source: Shell | undefined;
  const client = new RoomcastClient<U>(options.session, platform, (tell) => (source = open(tell)));
  queueMicrotask(() => source?.dispatch({ type: 'start' }));
  return client;
}

function settingsOf({ token, reconnect, heartbeat, hidden = { pace: HIDDEN_PACE_MS } }: ConnectOptions): Settings {
  return {
    token: token === undefined ? 'none' : typeof token === 'string' ? 'fixed' : 'asked',
    reconnect: { ...RECONNECT, ...reconnect },
    heartbeat: { everyMs: 30_000, answerWithinMs: 10_000, ...heartbeat },
    hiddenPace: hidden ? hidden.pace : null,
  };
}

/** What the runtime provides. Nothing of a page is needed. */
function surroundings(): Platform {
  const timers = { setTimeout: (run: () => void, ms: number) => setTimeout(run, ms), clearTimeout: (timer: unknown) => clearTimeout(timer as never) };
  const platform: Platform = { WebSocket: globalThis.WebSocket, now: () => Date.now(), random: Math.random, fetch: (...asked) => fetch(...asked), ...timers };
  return typeof window === 'undefined' ? platform : { ...platform, window };
}
