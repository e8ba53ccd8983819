/**
 * `roomcast/history`: what has happened in a session, replayed at any speed.
 *
 * Reads the log page by page. It goes back as far as the log does, and follows nothing live.
 */

import type { LogPage } from './protocol.ts';
import { roomcastError } from './errors.ts';
import type { AnyUpdate } from './types.ts';

export interface ReplayOptions {
  /** The deployment, such as `https://live.example` or `https://live.example/t/acme`. */
  url: string;
  session: string;
  /** The path of the log; `{session}` stands for the session. By default `/api/sessions/{session}/log`. */
  path?: string;
  token?: string | (() => string | Promise<string>);
  topics?: readonly string[];
  /** The first number; by default the oldest that the log has. */
  from?: number;
  /** The last number; by default the last that there is when the log is read. */
  to?: number;
  /** How many times as fast as it happened. By default Infinity: at once. Can be changed while it plays. */
  speed?: number;
  /** The longest pause between two updates in milliseconds, at any speed. By default 2,000. */
  longestPauseMs?: number;
  fetch?: typeof fetch;
}

/** A replay: updates one after the other, each when its time has come. */
export interface Replay<U extends AnyUpdate> extends AsyncIterable<U> {
  speed: number;
  /** Waits before the next update until `play` is called. */
  pause(): void;
  play(): void;
  /** Ends the replay. */
  stop(): void;
}

const PAGE = 500;

/** The updates of a range, page by page. */
export async function* pages<U extends AnyUpdate>(options: ReplayOptions): AsyncGenerator<readonly U[]> {
  const { from = 1, to } = options;
  for (let next: number | undefined = from; next !== undefined; ) {
    const page: LogPage = await read(options, next, to);
    if (page.updates.length > 0) yield page.updates as unknown as readonly U[];
    next = page.next;
  }
}

async function read({ url, session, path = '/api/sessions/{session}/log', token, topics, fetch: ask = fetch }: ReplayOptions, from: number, to?: number): Promise<LogPage> {
  const address = new URL(url.replace(/\/$/, '') + path.replace('{session}', encodeURIComponent(session)));
  const query = { from: String(from), limit: String(PAGE), ...(to !== undefined && { to: String(to) }), ...(topics && { topics: topics.join(',') }) };
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  const shown = typeof token === 'function' ? await token() : token;
  const answer = await ask(address, shown === undefined ? {} : { headers: { authorization: `Bearer ${shown}` } });
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw roomcastError(problem.code ?? String(answer.status), `the log was refused: ${problem.detail ?? answer.statusText}`);
}

/** Replays updates at a speed. */
export function replay<U extends AnyUpdate>(options: ReplayOptions): Replay<U> {
  const { longestPauseMs = 2_000 } = options;
  let [paused, stopped] = [false, false];
  let wake = () => {};
  const changed = () => new Promise<void>((resolve) => (wake = resolve));
  const waits = async (ms: number) => {
    if (ms > 0) await Promise.race([new Promise((resolve) => setTimeout(resolve, ms)), changed()]);
    while (paused && !stopped) await changed();
  };
  const replaying: Replay<U> = {
    speed: options.speed ?? Infinity,
    pause: () => void (paused = true),
    play() {
      paused = false;
      wake();
    },
    stop() {
      stopped = true;
      wake();
    },
    async *[Symbol.asyncIterator]() {
      let before: number | undefined;
      for await (const updates of pages<U>(options)) {
        for (const update of updates) {
          const at = Date.parse(update.timestamp);
          const ms = before === undefined ? 0 : Math.min(longestPauseMs, Math.max(0, at - before) / replaying.speed);
          before = at;
          await waits(ms);
          if (stopped) return;
          yield update;
        }
      }
    },
  };
  return replaying;
}
