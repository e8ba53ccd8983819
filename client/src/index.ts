/** `roomcast`: live data for dashboards, in browsers, Node 22 and later, and other runtimes with a global WebSocket. */

import { RoomcastClient } from './client.ts';
import { TOKEN_WITHIN_MS } from './connecting.ts';
import { report } from './errors.ts';
import { begin } from './machine.ts';
import type { Machine, Settings } from './machine.ts';
import type { Update } from './protocol.ts';
import { RECONNECT } from './reconnect.ts';
import { deployment, Shell } from './shell.ts';
import type { Source, Told } from './shell.ts';
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
  // Without an address, the caller hears of it at once and not at the first attempt.
  deployment(options, platform);
  const topics = options.topics ? [...options.topics] : null;
  const alone = (machine: Machine, tell: (told: Told | null) => void, follows?: boolean) => new Shell(options, settingsOf(options), platform, machine, tell, follows);
  let source: Source;
  const client = new RoomcastClient<U>(options.session, platform, (tell) => {
    const machine = begin(topics, options.pace ?? 0);
    const failed = (error: unknown) => {
      report(error);
      return alone(machine, tell);
    };
    const canShare = globalThis.BroadcastChannel && globalThis.navigator?.locks;
    source = options.shared && canShare ? later(machine, shared(machine, tell).catch(failed)) : alone(machine, tell);
    return source;
  });
  queueMicrotask(() => source.dispatch({ type: 'start' }));
  return client;

  async function shared(machine: Machine, tell: (told: Told | null) => void): Promise<Source> {
    const { Shared, subject } = await import('./shared.ts');
    const { url = deployment(options, platform), path, session, token } = options;
    const late = () => new Promise<never>((_, fail) => platform.setTimeout(() => fail(new Error('no token')), TOKEN_WITHIN_MS));
    const shown = typeof token === 'function' ? await Promise.race([token('connect'), late()]) : token;
    const user = shown === undefined ? '' : subject(shown);
    // Nobody knows whose it is, so nobody may share it.
    if (user === undefined) return alone(machine, tell);
    const name = JSON.stringify(['roomcast', url, path, session, topics, user]);
    return new Shared(machine, {
      name, locks: navigator.locks, channel: new BroadcastChannel(name), page: platform.window, open: (known, tell) => alone({ ...machine, ...known }, tell, false),
    }, tell);
  }
}

/** A source that is still being made: it takes part once it is there. */
function later(machine: Machine, make: Promise<Source>): Source {
  let made: Source | null = null;
  const ready = make.then((source) => (made = source));
  return {
    get machine() {
      return made?.machine ?? machine;
    },
    get leads() {
      return made?.leads ?? false;
    },
    dispatch: (event) => void (made ? made.dispatch(event) : ready.then((source) => source.dispatch(event))),
  };
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
  return {
    WebSocket: globalThis.WebSocket,
    now: () => Date.now(),
    random: Math.random,
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: (timer) => clearTimeout(timer as never),
    window: globalThis.window,
  };
}
