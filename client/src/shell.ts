/**
 * Sockets, timers and the page around the machine: it does what the machine asks for, and tells it what happens.
 *
 * Decides nothing.
 */

import { step } from './machine.ts';
import type { Action, Event, Machine, Opening, Settings, Timer } from './machine.ts';
import { formatPosition } from './position.ts';
import type { ConnectOptions, Inflating, Platform, TokenWhy } from './types.ts';

/** What the shell hands on: everything that is not about sockets and timers. */
export type Told = Exclude<Action, { do: 'open' | 'ask' | 'send' | 'drop' | 'wake' | 'rest' }>;

/** Where a client gets its updates from. */
export interface Source {
  readonly machine: Machine;
  /** Whether the connection is this tab's own. */
  readonly leads: boolean;
  dispatch(event: Event): void;
}

export class Shell implements Source {
  machine: Machine;
  readonly leads = true;
  readonly #settings: Settings;
  readonly #options: ConnectOptions;
  readonly #platform: Platform;
  readonly #tell: (told: Told | null) => void;
  readonly #timers = new Map<Timer, unknown>();
  readonly #events: Event[] = [];
  #socket: WebSocket | null = null;
  #busy = false;
  readonly #closed = new AbortController();

  /**
   * `tell` is called for each action that is the user's, and with null at the end of each event. `follows` says whether it follows if its page is
   * hidden; who shares it tells it otherwise.
   */
  constructor(options: ConnectOptions, settings: Settings, platform: Platform, machine: Machine, tell: (told: Told | null) => void, follows = true) {
    this.#settings = settings;
    this.#options = options;
    this.#platform = platform;
    this.#tell = tell;
    this.machine = machine;
    listen(platform.window, follows, this.#closed.signal, (type) => this.dispatch({ type }));
    if (follows && platform.window?.document?.visibilityState === 'hidden') this.machine.hidden = true;
  }

  /** An event that happens while another one is handled is handled after it. */
  dispatch(event: Event): void {
    this.#events.push(event);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#events.shift(); next; next = this.#events.shift()) this.#handle(next);
    } finally {
      this.#busy = false;
    }
  }

  #handle(event: Event): void {
    const [machine, actions] = step(this.#settings, this.machine, event, this.#platform.now(), this.#platform.random());
    this.machine = machine;
    for (const action of actions) this.#run(action);
    if (machine.phase === 'closed') this.#closed.abort();
    this.#tell(null);
  }

  #run(action: Action): void {
    switch (action.do) {
      case 'open': return this.#open(action.opening);
      case 'ask': return void this.#ask(action.question, action.why);
      case 'send': return this.#send(JSON.stringify(action.frame));
      case 'drop': return this.#drop(action.code);
      case 'wake': return this.#wake(action.timer, action.at);
      case 'rest': return this.#rest(action.timer);
      default: return this.#tell(action);
    }
  }

  #open(opening: Opening): void {
    const { connection, token } = opening;
    const protocols = token === null ? ['roomcast.v1'] : ['roomcast.v1', `roomcast.bearer.${token}`];
    const { WebSocket } = this.#platform;
    const socket = new WebSocket(address(this.#options, opening, this.#platform), protocols);
    const textOf = this.#options.compress?.() ?? String;
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => this.dispatch({ type: 'frame', connection, ...read(data, textOf) });
    socket.onclose = ({ code, reason }) => this.dispatch({ type: 'closed', connection, code, reason });
    this.#socket = socket;
  }

  async #ask(question: number, why: TokenWhy): Promise<void> {
    const { token = '' } = this.#options;
    try {
      const answer = typeof token === 'string' ? token : await token(why);
      this.dispatch({ type: 'token', question, token: answer });
    } catch (error) {
      console.error('roomcast: no token', error);
      this.dispatch({ type: 'token.failed', question });
    }
  }

  #send(text: string): void {
    if (this.#socket?.readyState === 1) this.#socket.send(text);
  }

  #drop(code: number | undefined): void {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close(code);
  }

  #wake(timer: Timer, at: number): void {
    this.#rest(timer);
    const run = () => {
      this.#timers.delete(timer);
      this.dispatch({ type: 'timer', timer });
    };
    this.#timers.set(timer, this.#platform.setTimeout(run, Math.max(0, at - this.#platform.now())));
  }

  #rest(timer: Timer): void {
    this.#platform.clearTimeout(this.#timers.get(timer));
    this.#timers.delete(timer);
  }
}

function read(data: unknown, textOf: ReturnType<Inflating>) {
  try {
    const text = textOf(data);
    return { frame: JSON.parse(text), chars: text.length };
  } catch {
    // The machine takes undefined for a frame that cannot be read, and connects again.
    return { frame: undefined, chars: 0 };
  }
}

/** Tells what happens to the page until the signal comes; whether it is hidden only if `follows`. */
function listen(page: Platform['window'], follows: boolean, signal: AbortSignal, told: (type: 'online' | 'offline' | DocumentVisibilityState) => void): void {
  for (const type of ['online', 'offline'] as const) page?.addEventListener(type, () => told(type), { signal });
  const { document } = page ?? {};
  if (follows) document?.addEventListener('visibilitychange', () => told(document.visibilityState), { signal });
}

/** The address of the deployment: as given, or that of the page. The page of a tenant may be below /t/<tenant>/. */
export function deployment({ url }: ConnectOptions, { window }: Platform): string {
  if (url !== undefined) return url.replace(/\/$/, '');
  if (!window) throw new TypeError('roomcast: outside of a page, `url` says where the deployment is');
  const { origin, pathname } = window.location;
  return origin + (pathname.match(/^\/t\/[^/]+/)?.[0] ?? '');
}

/** The address of the session. Its token is not part of it. The characters of session names and positions need no escaping. */
function address(options: ConnectOptions, { resume, topics, resumeTopics, pace }: Opening, platform: Platform): string {
  const { session, path = '/api/sessions/{session}/live' } = options;
  const name = encodeURIComponent(session).replace(/%(3A|40|2B|3D)/g, decodeURIComponent);
  const url = new URL(deployment(options, platform).replace(/^http/, 'ws') + path.replace('{session}', name));
  const query = { resume: resume && formatPosition(resume), topics, resume_topics: resumeTopics, pace: pace || null, compress: options.compress ? 'deflate' : null };
  for (const [name, value] of Object.entries(query)) if (value !== null) url.searchParams.set(name, String(value));
  return url.href;
}
