/**
 * One page's connection: from the address to a client and a view that templates follow.
 *
 * The token can be given later and replaced while the page is there; the view is kept. Decides nothing about connections:
 * that is the client's (../../../client/src/machine.ts).
 */

import { connect } from 'roomcast';
import type { AnyUpdate, Reducer, TokenWhy } from 'roomcast';
import { live } from 'roomcast/svelte';
import type { Current, Live } from 'roomcast/svelte';
import { arrive, deployment, forgetToken, keepToken, onLink } from './place.ts';
import { note, trace } from './trace.ts';

Object.assign(window, { roomcast: trace });

/** What a page wants to watch. */
export interface Wanted {
  /** The session, if the page is about a single one. Otherwise the address names it. */
  session?: string;
  /** The path of the endpoint; `{session}` stands for the session. */
  path: string;
  /**
   * Who may watch the path: whoever has a token (by default), or anyone, and then no token is sent. With `either`, the page does
   * not know, and asks for a token if the server does.
   */
  access?: 'token' | 'anonymous' | 'either';
  /** By default all that the token allows. */
  topics?: readonly string[] | ((token: string | null) => readonly string[]);
  /** Milliseconds between two frames. By default 0: at once. */
  pace?: number;
}

/** A page's connection. */
export interface Watching<U extends AnyUpdate, S> {
  readonly session: string | null;
  /** Null until there is a session and, where one is needed, a token. */
  readonly now: Live<U> | null;
  /** What is shown: `initial` until there is something. */
  readonly view: S;
  /** Whether the page has to ask for a token: there is none, it has ended, or the server refused it. */
  readonly needsToken: boolean;
  /** The token of this tab. */
  readonly token: string | null;
  give(session: string, token: string): void;
}

/** Refusals that another token may mend. */
const MENDED_BY_A_TOKEN = new Set(['token_missing', 'token_invalid', 'token_expired', 'token_revoked', 'session_refused', 'topic_refused']);

/** Watches what the address of the page says, as long as the page is there. */
export function watch<U extends AnyUpdate, S>(wanted: Wanted, reducer: Reducer<S, U>, initial: S): Watching<U, S> {
  const { session: only, path, access = 'token', topics, pace } = wanted;
  const place = arrive();
  let session = $state(only ?? place.session);
  let token = $state(access === 'anonymous' ? null : place.token);
  let now = $state.raw<Live<U> | null>(null);
  let view = $state.raw<Current<S> | null>(null);
  /** Set while the client waits for another token. */
  let awaited = $state.raw<((token: string) => void) | null>(null);
  /** A token that the server no longer takes. */
  let ended: string | null = null;
  const refused = $derived(now?.state.phase === 'failed' && MENDED_BY_A_TOKEN.has(now.state.error?.code ?? ''));

  // Nobody here can renew a token. So whoever asks for a newer one waits for the reader.
  const given = (why: TokenWhy): string | Promise<string> => {
    if (why === 'expired') {
      forgetToken();
      ended = token;
    }
    if (why === 'connect' && token !== null && token !== ended) return token;
    return new Promise((resolve) => (awaited = resolve));
  };
  const begin = () => {
    if (session === null || (token === null && access === 'token')) return;
    const wants = typeof topics === 'function' ? topics(token) : topics;
    const client = connect<U>({ url: deployment(), session, path, ...(wants && { topics: wants }), ...(pace && { pace }), ...(token !== null && { token: given }) });
    client.on('change', (change) => note(trace, change));
    now = live(client);
    view = now.view(reducer, initial);
  };
  const renew = (text: string) => {
    keepToken(text);
    if (access === 'anonymous') return;
    const without = token === null;
    token = text;
    if (now === null) return begin();
    if (without) {
      // A client that has begun without a token never sends one.
      now.client.close();
      return begin();
    }
    awaited?.(text);
    awaited = null;
    // The client has stopped asking, because the reader took long.
    if (now.state.phase === 'failed' || now.state.phase === 'waiting') now.client.retry();
  };
  onLink(renew);
  begin();
  return {
    get session() {
      return session;
    },
    get now() {
      return now;
    },
    get view() {
      return view?.current ?? initial;
    },
    get needsToken() {
      return session === null || (token === null && access === 'token') || refused || (awaited !== null && now?.state.phase !== 'live');
    },
    get token() {
      return token;
    },
    give(named, text) {
      // Another session is another page, with a view, a position and an entry in the history of its own.
      if (now !== null && named !== session) return location.assign(`?session=${encodeURIComponent(named)}#token=${text}`);
      session = named;
      if (only === undefined) history.replaceState(null, '', `?session=${encodeURIComponent(named)}`);
      renew(text);
    },
  };
}
