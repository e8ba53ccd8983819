/**
 * What tabs of a browser have in common: Web Locks and BroadcastChannels, whose every step a test decides. Locks are granted when it says so,
 * messages arrive when it says so: those of one tab in order, those of different tabs in any. It can lose and repeat them.
 */

import type { Random } from './random.ts';

type Granted = (lock: Lock | null) => unknown;

interface Request {
  tab: number;
  granted: Granted;
  reject(error: Error): void;
}

/** An exclusive lock, which is granted when the test says so, and others that are shared, which are granted soon. Who asks hears late who has them. */
export class FakeLocks {
  #holder: number | null = null;
  #waiting: Request[] = [];
  readonly #dead = new Set<number>();
  #shared: { tab: number; name: string }[] = [];
  #questions: (() => void)[] = [];

  /** The locks as a tab sees them. */
  of(tab: number): LockManager {
    const request = (name: string, { mode, signal }: LockOptions, granted: Granted) => {
      if (mode === 'shared') return this.#share(tab, name, granted);
      return new Promise((_, reject) => {
        this.#waiting.push({ tab, granted, reject });
        signal?.addEventListener('abort', () => this.#abort(tab));
      });
    };
    const query = () => new Promise((resolve) => {
      const held = this.#shared.map((lock) => ({ name: lock.name }));
      this.#questions.push(() => resolve({ held }));
    });
    return { request, query } as unknown as LockManager;
  }

  async #share(tab: number, name: string, granted: Granted): Promise<void> {
    const lock = { tab, name };
    await null;
    if (this.#dead.has(tab)) return new Promise(() => {});
    this.#shared.push(lock);
    await granted(null);
    this.#shared = this.#shared.filter((one) => one !== lock);
  }

  #abort(tab: number): void {
    for (const request of this.#waiting) if (request.tab === tab) request.reject(new DOMException('aborted', 'AbortError'));
    this.#waiting = this.#waiting.filter((request) => request.tab !== tab);
  }

  /** Grants the lock to the first who waits, if nobody has it. */
  grant(): boolean {
    if (this.#holder !== null) return false;
    const next = this.#waiting.shift();
    if (!next) return false;
    this.#holder = next.tab;
    void Promise.resolve(next.granted(null)).then(() => this.#release(next.tab));
    return true;
  }

  /** Answers a question who has which locks, as it was when it was asked. */
  answer(): boolean {
    const question = this.#questions.shift();
    question?.();
    return question !== undefined;
  }

  #release(tab: number): void {
    if (this.#holder === tab) this.#holder = null;
  }

  /** The tab has died: its locks are free, and it waits for none. */
  free(tab: number): void {
    this.#release(tab);
    this.#waiting = this.#waiting.filter((request) => request.tab !== tab);
    this.#shared = this.#shared.filter((one) => one.tab !== tab);
    this.#dead.add(tab);
  }
}

/** Messages on their way from one tab to another. */
interface Way {
  from: number;
  to: number;
  messages: string[];
}

export class FakeChannels {
  readonly #channels = new Map<number, { onmessage: ((event: MessageEvent) => void) | null }>();
  #ways: Way[] = [];

  /** The channel of a tab. */
  of(tab: number): BroadcastChannel {
    const channel = {
      onmessage: null,
      postMessage: (data: unknown) => this.#post(tab, JSON.stringify(data)),
      close: () => this.leave(tab),
    };
    this.#channels.set(tab, channel);
    return channel as unknown as BroadcastChannel;
  }

  #post(from: number, message: string): void {
    for (const to of this.#channels.keys()) {
      if (to === from) continue;
      const way = this.#ways.find((one) => one.from === from && one.to === to);
      if (way) way.messages.push(message);
      else this.#ways.push({ from, to, messages: [message] });
    }
  }

  /** The tab hears nothing any more. What it has said is on its way. */
  leave(tab: number): void {
    this.#channels.delete(tab);
    this.#ways = this.#ways.filter(({ to }) => to !== tab);
  }

  /** The tab dies while it speaks: the last things that it has said reach some and not others. */
  cut(tab: number, random: Random): void {
    for (const way of this.#ways) if (way.from === tab) way.messages.length = random.below(way.messages.length + 1);
    this.#ways = this.#ways.filter(({ messages }) => messages.length > 0);
  }

  /** Takes one message that is the next on its way. */
  #next(random: Random): [Way, string] | undefined {
    if (this.#ways.length === 0) return undefined;
    const way = random.of(this.#ways);
    const message = way.messages.shift();
    if (way.messages.length === 0) this.#ways = this.#ways.filter((one) => one !== way);
    return message === undefined ? undefined : [way, message];
  }

  #deliver(to: number, message: string): void {
    this.#channels.get(to)?.onmessage?.({ data: JSON.parse(message) } as MessageEvent);
  }

  deliver(random: Random): boolean {
    const next = this.#next(random);
    if (next) this.#deliver(next[0].to, next[1]);
    return next !== undefined;
  }

  lose(random: Random): void {
    this.#next(random);
  }

  /** Delivers a message twice, the second time perhaps behind others. */
  repeat(random: Random): void {
    const next = this.#next(random);
    if (!next) return;
    const [{ from, to }, message] = next;
    this.#deliver(to, message);
    if (!this.#channels.has(to)) return;
    const way = this.#ways.find((one) => one.from === from && one.to === to);
    if (way) way.messages.splice(random.below(way.messages.length + 1), 0, message);
    else this.#ways.push({ from, to, messages: [message] });
  }
}
