/** What a page keeps of its client for the journey outside, which reads `window.seen`. */

import type { Client, ConnectOptions, ConnectionState, TokenWhy } from '../../../src/index.ts';

/** What a journey tells a page, in its address. */
export type PageOptions = Omit<Partial<ConnectOptions>, 'token' | 'platform'> & {
  /** A fixed token instead of a function. */
  fixed?: string;
  /** Whether the page connects when `window.begin` is called, instead of at once. Then nothing has to be loaded before it is live. */
  later?: boolean;
};

/** A state of the connection, and when the page had it, in milliseconds since 1970. */
export type Moment = Pick<ConnectionState, 'phase' | 'attempt' | 'retryAt' | 'expiresAt' | 'leader'> & {
  code: string | null; retries: boolean; at: number;
  /** The last update that the view had, or 0. */
  seq: number;
};

export interface Seen {
  /** The updates since the view last began from nothing. */
  seqs: number[];
  resets: number;
  state: Moment;
  /** All states, in order. */
  states: Moment[];
  /** Since when the phase is what it is. */
  since: number;
  /** Why a token was asked for, each time. */
  asked: TokenWhy[];
}

declare global {
  interface Window {
    seen: Seen;
    client: Client | null;
    begin(): void;
    mint(why: TokenWhy): Promise<string>;
  }
}

/** What the journey has told this page, in its address. */
export const told = (): PageOptions => JSON.parse(decodeURIComponent(location.hash.slice(1)));

/** Options of the client. The journey mints the tokens. */
export function options(seen: Seen): ConnectOptions {
  const { fixed, later: _, ...own } = told();
  const token = (why: TokenWhy) => {
    seen.asked.push(why);
    return window.mint(why);
  };
  return { session: 's-1', token: fixed ?? token, ...own };
}

export function nothing(): Seen {
  const state: Moment = { phase: 'idle', attempt: 0, retryAt: null, expiresAt: null, leader: false, code: null, retries: false, at: Date.now(), seq: 0 };
  return { seqs: [], resets: 0, state, states: [], since: state.at, asked: [] };
}

/** Writes what the client tells into `seen`. */
export function record(client: Client, seen: Seen): void {
  client.on('state', ({ phase, attempt, retryAt, expiresAt, leader, error }) => {
    const [code, retries, seq] = [error?.code ?? null, error?.retries ?? false, seen.seqs.at(-1) ?? 0];
    if (phase !== seen.state.phase) seen.since = Date.now();
    seen.state = { phase, attempt, retryAt, expiresAt, leader, code, retries, at: Date.now(), seq };
    seen.states.push(seen.state);
  });
  client.on('change', ({ reset, updates }) => {
    if (reset) seen.seqs = [];
    seen.resets += Number(reset);
    seen.seqs.push(...updates.map(({ seq }) => seq));
  });
}
