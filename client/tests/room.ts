/**
 * A room as the protocol describes it, in memory: it numbers updates, keeps the last of them, folds the state by key, and answers one
 * connection at a time. It is a second reading of docs/protocol.md, so it shares no code with the client.
 */

import type { ClientFrame, Position, ServerFrame } from '../src/protocol.ts';
import type { Opening } from '../src/machine.ts';
import type { AnyUpdate } from '../src/types.ts';

/** How many updates the log keeps. */
const KEPT = 12;

export const TOPICS = ['a', 'b'] as const;

export interface Kept extends AnyUpdate {
  data: { key: string };
}

export class Room {
  epoch = 'e1'.padEnd(16, '0');
  head = 0;
  log: Kept[] = [];
  state = new Map<string, Kept>();
  #lives = 1;

  publish(topic: string | undefined, key: string, now: number): Kept {
    this.head += 1;
    const about = topic === undefined ? {} : { topic };
    const update: Kept = {
      type: 'dashboard.update', seq: this.head, ...about, updateType: 'x', timestamp: new Date(now).toISOString(), data: { key: `${topic} ${key}` },
    };
    this.log.push(update);
    if (this.log.length > KEPT) this.log.shift();
    this.state.set(update.data.key, update);
    return update;
  }

  /** Begins another life: other numbers, nothing kept. */
  die(): void {
    this.#lives += 1;
    this.epoch = `e${this.#lives}`.padEnd(16, '0');
    [this.head, this.log, this.state] = [0, [], new Map()];
  }

  folded(topics: readonly string[] | null): Kept[] {
    return [...this.state.values()].filter((update) => sees(topics, update)).sort((one, other) => one.seq - other.seq);
  }

  /** The last number that such a viewer sees. */
  headOf(topics: readonly string[] | null): number {
    return this.folded(topics).at(-1)?.seq ?? 0;
  }

  /** Whether the log has everything after a position of this life. */
  has({ epoch, seq }: Position): boolean {
    const first = this.log[0]?.seq ?? this.head + 1;
    return epoch === this.epoch && seq <= this.head && seq >= first - 1;
  }
}

export function sees(topics: readonly string[] | null, { topic }: AnyUpdate): boolean {
  return topic === undefined || topics === null || topics.some((one) => one === '*' || one === topic);
}

/** One connection of the room. What it sends is put into `out`. */
export class Connection {
  readonly out: ServerFrame[] = [];
  topics: readonly string[] | null;
  pace: number;
  readonly number: number;
  /** Whether nothing comes of it any more, though nobody has closed it. */
  dead = false;
  /** Whether updates were lost. Then what the client asks for is lost as well: an answer would hide the gap. */
  lossy = false;
  /** Whether it is to be closed, because its token is refused. */
  refused = false;
  readonly #room: Room;
  #seen: number;

  constructor(room: Room, { connection, resume, topics, resumeTopics, pace }: Opening, now: number) {
    this.#room = room;
    this.number = connection;
    [this.topics, this.pace] = [topics, pace];
    const replays = resume !== null && room.has(resume);
    const before = resumeTopics === null ? topics : within(resumeTopics, topics);
    const head = room.headOf(replays ? before : topics);
    const empty = !replays && room.folded(topics).length === 0;
    const recovery = replays ? 'replayed' : empty ? 'none' : 'snapshot';
    const [epoch, timestamp] = [room.epoch, new Date(now).toISOString()];
    this.out.push({ type: 'connected', sessionId: 's', clientId: `c${connection}`, timestamp, epoch, seq: head, recovery });
    this.#seen = replays ? Math.max(head, resume.seq) : head;
    if (replays) {
      this.topics = before;
      const missed = room.log.filter((update) => update.seq > resume.seq && sees(before, update));
      if (missed.length > 0) this.#updates(resume.seq, missed, now);
      if (resumeTopics !== null && !covers(before, topics)) this.#subscribe(topics ?? ['*'], undefined);
      this.topics = topics;
    } else if (!empty) this.#state();
  }

  #updates(prev: number, updates: Kept[], now: number): void {
    const seq = updates.at(-1)?.seq ?? prev;
    this.#seen = seq;
    this.out.push({ type: 'dashboard.updates', prev, seq, sentAt: new Date(now).toISOString(), updates: updates as never });
  }

  #state(): void {
    const updates = this.#room.folded(this.topics);
    const seq = this.#room.headOf(this.topics);
    this.#seen = seq;
    this.out.push({ type: 'dashboard.state', epoch: this.#room.epoch, seq, updates: updates as never });
  }

  #subscribe(more: readonly string[], ref: string | undefined): void {
    const before = this.topics;
    this.topics = before === null || more.includes('*') ? null : [...new Set([...before, ...more])];
    const updates = this.#room.folded(this.topics).filter((update) => !sees(before, update));
    const seq = this.#room.headOf(this.topics);
    this.#seen = Math.max(this.#seen, seq);
    const named = ref === undefined ? {} : { ref };
    this.out.push({ type: 'subscribed', ...named, topics: [...(this.topics ?? ['*'])], epoch: this.#room.epoch, seq, updates: updates as never });
  }

  /** An update that was published. */
  tell(update: Kept, now: number): void {
    if (sees(this.topics, update)) this.#updates(this.#seen, [update], now);
  }

  /** A token with other permissions counts from now on. The state follows. */
  refresh(): void {
    if (this.lossy) return;
    this.out.push({ type: 'auth.refreshed', topics: [...(this.topics ?? ['*'])], recovery: 'snapshot' });
    this.#state();
  }

  hear(frame: ClientFrame): void {
    if (this.lossy && frame.type !== 'ping' && frame.type !== 'pace') return;
    switch (frame.type) {
      case 'ping': return void this.out.push({ type: 'pong' });
      case 'request.state': return this.#state();
      case 'subscribe': return this.#subscribe(frame.topics, frame.ref);
      case 'unsubscribe': {
        this.topics = (this.topics ?? ['*']).filter((one) => !frame.topics.includes(one) && !frame.topics.includes('*'));
        const named = frame.ref === undefined ? {} : { ref: frame.ref };
        return void this.out.push({ type: 'unsubscribed', ...named, topics: [...this.topics] });
      }
      case 'pace':
        this.pace = frame.ms;
        return void this.out.push({ type: 'paced', ms: frame.ms, ...(frame.ref === undefined ? {} : { ref: frame.ref }) });
    }
  }
}

function within(some: readonly string[], wanted: readonly string[] | null): readonly string[] | null {
  if (wanted === null) return some.includes('*') ? null : some;
  return some.includes('*') ? wanted : some.filter((one) => wanted.includes(one));
}

function covers(some: readonly string[] | null, others: readonly string[] | null): boolean {
  return some === null || (others !== null && others.every((one) => some.includes(one)));
}
