/**
 * A platform for tests: a clock that is set by hand, timers that ring when it gets there, and sockets that lead to the room of
 * room.ts.
 */

import type { ServerFrame } from '../src/protocol.ts';
import type { Platform } from '../src/types.ts';
import { Connection, Room } from './room.ts';
import type { Kept } from './room.ts';

export const START = 1_767_780_000_000;

/** What a socket has offered, and what it may do. */
export class FakeSocket {
  readyState = 0;
  binaryType = 'blob';
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly url: URL;
  readonly protocols: readonly string[];
  readonly sent: { type: string; [field: string]: unknown }[] = [];
  closed: number | undefined;
  connection: Connection | null = null;
  readonly server: FakeServer;

  constructor(server: FakeServer, url: string, protocols: readonly string[]) {
    this.server = server;
    this.url = new URL(url);
    this.protocols = protocols;
    server.sockets.push(this);
    queueMicrotask(() => server.accept(this));
  }

  send(text: string): void {
    const frame = JSON.parse(text);
    this.sent.push(frame);
    this.server.hear(this, frame);
  }

  close(code?: number): void {
    this.readyState = 3;
    this.closed = code;
    this.connection = null;
  }

  /** The server, or the network, ends it. */
  end(code: number, reason = ''): void {
    this.readyState = 3;
    this.connection = null;
    this.onclose?.({ code, reason });
  }

  receive(frame: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  receiveBytes(frame: Uint8Array): void {
    this.onmessage?.({ data: new Uint8Array(frame).buffer });
  }
}

export class FakeServer {
  readonly room = new Room();
  readonly sockets: FakeSocket[] = [];
  now = START;
  /** Whether connections are accepted. */
  up = true;
  /** The close code and reason with which connections are refused. */
  refuses: [number, string] | null = null;
  #timers: { at: number; run: () => void }[] = [];

  /** Those that are open. */
  get open(): FakeSocket[] {
    return this.sockets.filter(({ connection }) => connection !== null);
  }

  get last(): FakeSocket {
    const last = this.sockets.at(-1);
    if (!last) throw new Error('nobody has connected');
    return last;
  }

  accept(socket: FakeSocket): void {
    if (socket.readyState === 3 || !this.up) return;
    if (this.refuses) return socket.end(...this.refuses);
    const query = (name: string) => socket.url.searchParams.get(name);
    const list = (name: string) => query(name)?.split(',').filter(Boolean) ?? null;
    const [epoch = '', seq = ''] = query('resume')?.split(':') ?? [];
    const resume = query('resume') === null ? null : { epoch, seq: Number(seq) };
    const opening = { connection: this.sockets.length, token: null, resume, topics: list('topics'), resumeTopics: list('resume_topics'), pace: 0 };
    socket.readyState = 1;
    socket.connection = new Connection(this.room, opening, this.now);
    this.#flush(socket);
  }

  hear(socket: FakeSocket, frame: never): void {
    socket.connection?.hear(frame);
    queueMicrotask(() => this.#flush(socket));
  }

  #flush(socket: FakeSocket): void {
    for (let frame = socket.connection?.out.shift(); frame; frame = socket.connection?.out.shift()) socket.receive(frame);
  }

  publish(key: string, topic?: string, more: Partial<Kept> = {}): Kept {
    const update = Object.assign(this.room.publish(topic, key, this.now), more);
    for (const socket of this.open) {
      socket.connection?.tell(update, this.now);
      this.#flush(socket);
    }
    return update;
  }

  /** Publishes an update that is lost on its way: the next one shows that it is missing. */
  lose(key: string, topic?: string): Kept {
    const update = this.room.publish(topic, key, this.now);
    for (const { connection } of this.open) {
      connection?.tell(update, this.now);
      connection?.out.pop();
    }
    return update;
  }

  /** Lets time pass, and what happens in it. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await settle();
    for (let next = this.#due(end); next; next = this.#due(end)) {
      this.now = Math.max(this.now, next.at);
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.run();
      await settle();
    }
    this.now = end;
  }

  #due(end: number) {
    return this.#timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
  }

  platform(random = 0.5): Partial<Platform> {
    const server = this;
    class Socket extends FakeSocket {
      constructor(url: string, protocols: string[]) {
        super(server, url, protocols);
      }
    }
    return {
      WebSocket: Socket as never,
      now: () => this.now,
      random: () => random,
      setTimeout: (run, ms) => {
        const timer = { at: this.now + ms, run };
        this.#timers.push(timer);
        return timer;
      },
      clearTimeout: (timer) => void (this.#timers = this.#timers.filter((one) => one !== timer)),
    };
  }
}

/** Lets everything happen that happens without time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A page whose visibility and network a test sets. */
export class FakePage extends EventTarget {
  readonly document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  readonly location = { origin: 'https://live.example', pathname: '/t/acme/board' };

  show(visibilityState: 'visible' | 'hidden'): void {
    this.document.visibilityState = visibilityState;
    this.document.dispatchEvent(new Event('visibilitychange'));
  }

  says(type: 'online' | 'offline'): void {
    this.dispatchEvent(new Event(type));
  }
}
