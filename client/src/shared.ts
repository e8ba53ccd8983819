/**
 * One connection for all tabs of a browser: they elect a leader with a Web Lock, and it tells the others what it hears over a
 * BroadcastChannel.
 *
 * Each tab follows positions by itself, so the death of a leader loses and repeats nothing: the next one resumes from where it is, and
 * whoever has more drops what it has; whoever has less asks for the state. Nothing is stored.
 */

import { report } from './errors.ts';
import { begin } from './machine.ts';
import type { Command, Event, Machine } from './machine.ts';
import type { Position } from './protocol.ts';
import type { Shell, Source, Told } from './shell.ts';

/** What tabs say to each other. */
type Message =
  /** From the leader: it leads now. Whoever hears it says what it wants and has not got. */
  | { say: 'leads'; machine: Machine }
  /** From the leader: what it was told, from which position on. */
  | { say: 'told'; told: Told; before: Position | null; machine: Machine }
  | { say: 'state'; machine: Machine }
  /** To the leader. */
  | { say: 'event'; event: Event }
  | { say: 'wants.state' };

export interface Surroundings {
  /** The same for all tabs that may share a connection, and for no others. */
  name: string;
  locks: LockManager;
  /** Makes the connection of a leader, which begins with this machine. */
  open(machine: Machine, tell: (told: Told | null) => void): Shell;
}

export class Shared implements Source {
  machine: Machine;
  readonly #around: Surroundings;
  readonly #tell: (told: Told | null) => void;
  readonly #channel: BroadcastChannel;
  readonly #abort = new AbortController();
  /** Tells the references of this tab from those of others. */
  readonly #tab = Math.random().toString(36).slice(2, 8);
  /** The commands of this tab that nobody has answered. A leader that dies takes them along, so the next one hears them again. */
  readonly #open = new Map<string, Event>();
  #shell: Shell | null = null;
  #release: () => void = () => {};
  /** Whether this tab, or one that it leads, needs the state, and it has not come. */
  #awaits = false;
  #position: Position | null = null;

  constructor(topics: readonly string[] | null, pace: number, around: Surroundings, tell: (told: Told | null) => void) {
    this.machine = begin(topics, pace);
    this.#around = around;
    this.#tell = tell;
    this.#channel = new BroadcastChannel(around.name);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data);
  }

  get leads(): boolean {
    return this.#shell !== null;
  }

  dispatch(event: Event): void {
    if (event.type === 'start') return this.#start();
    if (event.type === 'close') return this.#close();
    const own = this.#marked(event);
    if (this.#shell) this.#shell.dispatch(own);
    else this.#say({ say: 'event', event: own });
  }

  #start(): void {
    this.machine = { ...this.machine, phase: 'connecting' };
    this.#say({ say: 'wants.state' });
    const lead = () => new Promise<void>((release) => this.#lead(release));
    const asked = this.#around.locks.request(this.#around.name, { signal: this.#abort.signal }, lead);
    // The request ends with an error if the tab is closed before it leads.
    asked.catch((error: unknown) => this.#abort.signal.aborted || report(error));
  }

  /** The tab has become the leader: it goes on from where it is. */
  #lead(release: () => void): void {
    if (this.#abort.signal.aborted) return release();
    this.#release = release;
    const { wantsTopics, wantsPace, has, seen, shows } = this.machine;
    const from = { ...begin(wantsTopics, wantsPace), position: this.#position, has, seen, shows };
    this.#awaits = false;
    this.#shell = this.#around.open(from, (told) => this.#pass(told));
    this.#say({ say: 'leads', machine: this.#shell.machine });
    this.#shell.dispatch({ type: 'start' });
    for (const event of this.#open.values()) this.#shell.dispatch(event);
  }

  /** What the leader's own connection tells, for this tab and for the others. */
  #pass(told: Told | null): void {
    const machine = this.#shell?.machine ?? this.machine;
    const before = this.#position;
    const changed = differs(machine, this.machine);
    this.machine = machine;
    if (told) {
      if (told.do === 'change') this.#position = machine.position;
      if (told.do === 'change' && told.change.reset) this.#awaits = false;
      this.#say({ say: 'told', told, before, machine });
      this.#hand(told);
      // What a connection was asked for that is gone has to be asked for again.
      if (told.do === 'settled' && this.#awaits) this.#request();
      return;
    }
    // A position may move without anything to show.
    if (this.#position !== null) this.#position = machine.position ?? this.#position;
    if (changed) this.#say({ say: 'state', machine });
    this.#tell(null);
  }

  #hear(message: Message): void {
    if (message.say === 'event') return this.#shell?.dispatch(message.event);
    if (message.say === 'wants.state') return this.#wanted();
    if (this.#shell) return;
    const { position, ...mirrored } = message.machine;
    this.machine = { ...mirrored, position: this.#position };
    if (message.say === 'leads') this.#greet(position);
    if (message.say === 'told') this.#take(message.told, message.before, position);
    else if (message.say === 'state') this.#move(position);
    this.#tell(null);
  }

  /** There is another leader. It has not heard what the last one did not answer, and begins at a position of its own. */
  #greet(begins: Position | null): void {
    for (const event of this.#open.values()) this.#say({ say: 'event', event });
    const own = this.#position;
    const behind = !own || (begins !== null && (own.epoch !== begins.epoch || own.seq < begins.seq));
    if (!behind && !this.#awaits) return;
    this.#awaits = false;
    this.#ask();
  }

  /** Another tab wants the state. All get it, as it is the same for all. */
  #wanted(): void {
    if (!this.#shell || this.#awaits) return;
    this.#awaits = true;
    if (this.#shell.machine.head !== null) this.#request();
  }

  #request(): void {
    this.#shell?.dispatch({ type: 'command', command: { type: 'state' } });
  }

  #ask(): void {
    if (this.#awaits) return;
    this.#awaits = true;
    this.#say({ say: 'wants.state' });
  }

  #take(told: Told, before: Position | null, after: Position | null): void {
    if (told.do !== 'change') return this.#hand(told);
    const { change } = told;
    const own = this.#position;
    if (change.reset) {
      this.#awaits = false;
      this.#position = after;
      return this.#hand(told);
    }
    const missing = !own || !before || own.epoch !== before.epoch || own.seq < before.seq;
    if (missing) return this.#ask();
    const late = own.seq > before.seq;
    // The state of topics has numbers from before.
    if (late && change.source === 'topics') return this.#ask();
    const updates = late ? change.updates.filter(({ seq }) => seq > own.seq) : change.updates;
    this.#move(after);
    if (updates.length > 0) this.#hand({ ...told, change: { ...change, updates, source: 'shared' } });
  }

  /** Moves the position on, within its epoch. */
  #move(to: Position | null): void {
    const own = this.#position;
    if (own && to && own.epoch === to.epoch && to.seq > own.seq && !this.#awaits) this.#position = to;
    this.machine = { ...this.machine, position: this.#position };
  }

  /** Hands on what concerns this tab. */
  #hand(told: Told): void {
    if (told.do !== 'answered' && told.do !== 'refused') return this.#tell(told);
    const [tab, ref] = (told.ref ?? '').split('/');
    if (tab !== this.#tab || ref === undefined) return;
    this.#open.delete(told.ref ?? '');
    this.#tell({ ...told, ref });
  }

  /** A command of this tab, with a reference that no other tab has. */
  #marked(event: Event): Event {
    if (event.type !== 'command' || !('ref' in event.command) || event.command.ref === '') return event;
    const ref = `${this.#tab}/${event.command.ref}`;
    const marked: Event = { type: 'command', command: { ...event.command, ref } as Command };
    this.#open.set(ref, marked);
    return marked;
  }

  #close(): void {
    this.#abort.abort();
    this.#shell?.dispatch({ type: 'close' });
    this.#shell = null;
    this.machine = { ...this.machine, phase: 'closed', retryAt: null };
    this.#channel.close();
    this.#release();
    this.#tell(null);
  }

  #say(message: Message): void {
    if (this.machine.phase !== 'closed') this.#channel.postMessage(message);
  }
}

/** Whether other tabs have to hear of it. */
function differs(machine: Machine, before: Machine): boolean {
  const { phase, clientId, fault, topics, retryAt, expiresAt, presence, wantsTopics, wantsPace, heardAt, position } = machine;
  const told = before.phase === phase && before.clientId === clientId && before.fault === fault && before.topics === topics
    && before.retryAt === retryAt && before.expiresAt === expiresAt && before.presence === presence
    && before.wantsTopics === wantsTopics && before.wantsPace === wantsPace && before.position?.seq === position?.seq;
  return !told || (heardAt ?? 0) - (before.heardAt ?? 0) > HEARD_EVERY_MS;
}

/** How often other tabs hear that the server is there, if nothing else happens, in milliseconds. */
const HEARD_EVERY_MS = 5_000;

/** The user of a token, without verifying it; undefined if it is no JWT. */
export function subject(token: string): string | undefined {
  try {
    const [, payload = ''] = token.split('.');
    const { iss, sub } = JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/')));
    return typeof sub === 'string' ? `${iss} ${sub}` : undefined;
  } catch {
    // It is no JWT, so nobody knows whose it is.
    return undefined;
  }
}
