/**
 * One connection for all tabs of a browser: they elect a leader with a Web Lock, and it tells the others what it hears over a
 * BroadcastChannel.
 *
 * Each tab follows positions by itself, so the death of a leader loses and repeats nothing: the next one resumes from where it is, and
 * whoever has more drops what it has. Whoever has less, or has missed anything that a leader has said, asks for the state. Nothing is stored.
 *
 * It imports nothing but types, so that it is a file of its own for whoever does not share.
 */

import type { Command, Event, Machine } from './machine.ts';
import type { Position } from './protocol.ts';
import type { Source, Told } from './shell.ts';

/** Who leads. A later leader has a higher term. */
interface Leader {
  by: string;
  term: number;
}

/** What a leader says: what it was told, if anything, and from which position on. All that it says is numbered, from 0. */
interface Word extends Leader {
  n: number;
  told: Told | null;
  before: Position | null;
  /** With the position to which this leads. */
  machine: Machine;
}

/** What tabs say to each other: a leader to all, or any to the leader. One that has not heard of an earlier leader is told. */
type Message = Word | Leader | { event: Event };

export interface Surroundings {
  /** The same for all tabs that may share a connection, and for no others. */
  name: string;
  locks: LockManager;
  channel: BroadcastChannel;
  /** Makes the connection of a leader, which begins with this machine. */
  open(machine: Machine, tell: (told: Told | null) => void): Source;
}

/** How often other tabs hear that the server is there, if nothing else happens, in milliseconds. */
const HEARD_EVERY_MS = 5_000;

/** What was asked of a leader is asked again if it goes on for so long without an answer. */
const ASK_AGAIN_MS = 10_000;

export class Shared implements Source {
  machine: Machine;
  readonly #first: Machine;
  readonly #around: Surroundings;
  readonly #tell: (told: Told | null) => void;
  readonly #abort = new AbortController();
  /** Tells this tab, and its references, from others. */
  readonly #tab = Math.random().toString(36).slice(2, 10);
  /** The commands of this tab that have not happened yet, by reference. A leader that dies takes them along, so the next one hears them again. */
  readonly #open = new Map<string, Event>();
  /** As leader: what all tabs have asked for. */
  readonly #asked = new Map<string, Command>();
  /** The leader that this tab follows or is, and the number of the last thing that it has said. */
  #leader: Leader = { by: '', term: 0 };
  #n = -1;
  #askedAt: number | null = null;
  #source: Source | null = null;
  #release: () => void = () => {};
  #position: Position | null = null;

  constructor(machine: Machine, around: Surroundings, tell: (told: Told | null) => void) {
    this.machine = this.#first = machine;
    this.#around = around;
    this.#tell = tell;
    around.channel.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data);
  }

  /** Whether this tab lacks something until the state comes. Until then it applies nothing that others tell. */
  get behind(): boolean {
    return this.#open.has('state');
  }

  get leads(): boolean {
    return this.#source !== null;
  }

  dispatch(event: Event): void {
    if (event.type === 'start') return this.#start();
    if (event.type === 'close') return this.#close();
    const kept = event.type === 'command' ? this.#kept(event.command) : event;
    if (this.#source) this.#obey(kept);
    else this.#say({ event: kept });
  }

  #start(): void {
    this.machine = { ...this.machine, phase: 'connecting' };
    this.#ask();
    const lead = () => new Promise<void>((release) => this.#lead(release));
    const asked = this.#around.locks.request(this.#around.name, { signal: this.#abort.signal }, lead);
    // The request ends with an error if the tab is closed before it leads.
    asked.catch((error: unknown) => {
      if (!this.#abort.signal.aborted) throw error;
    });
  }

  /** The tab has become the leader: it goes on from where it is. */
  #lead(release: () => void): void {
    if (this.#abort.signal.aborted) return release();
    this.#release = release;
    const { wantsTopics, wantsPace, has, seen, shows, owed } = this.machine;
    const from = { ...this.#first, wantsTopics, wantsPace, position: this.#position, has, seen, shows, owed: owed || this.behind };
    this.#leader = { by: this.#tab, term: this.#leader.term + 1 };
    this.#n = -1;
    this.#source = this.#around.open(from, (told) => this.#pass(told));
    this.#speak(null, this.#position);
    this.#source.dispatch({ type: 'start' });
    for (const event of this.#open.values()) this.#obey(event);
  }

  /** Does what a tab has asked for. */
  #obey(event: Event): void {
    const { machine } = this.#source ?? this;
    const command = event.type === 'command' ? event.command : undefined;
    // All get the state that is on its way, as it is the same for all.
    if (command?.type === 'state' && (machine.owed || machine.awaits)) return;
    if (command && 'ref' in command) this.#asked.set(command.ref, command);
    this.#source?.dispatch(event);
    if (command?.type === 'presence') this.#answer(command);
  }

  /** What the leader's own connection tells, for this tab and for the others. */
  #pass(told: Told | null): void {
    const { machine } = this.#source ?? this;
    const [before, changed] = [this.#position, differs(machine, this.machine)];
    this.machine = machine;
    // The connection began as it was wanted, so what tabs have asked for without one has happened.
    if (told?.do === 'settled') return this.#asked.forEach((command) => this.#answer(command));
    if (told?.do === 'change') {
      this.#position = machine.position;
      if (told.change.reset) this.#open.delete('state');
    }
    // A position may move without anything to show.
    if (!told && this.#position !== null) this.#position = machine.position ?? this.#position;
    if (told || changed) this.#speak(told, before);
    if (told) this.#hand(told);
    else this.#tell(null);
  }

  /** Tells all what a tab had asked for, as it has happened. */
  #answer(command: Command): void {
    const { wantsTopics, wantsPace } = this.machine;
    if ('ref' in command) this.#pass({ do: 'answered', ref: command.ref, value: command.type === 'pace' ? wantsPace : (wantsTopics ?? ['*']) });
  }

  #hear(message: Message): void {
    if ('event' in message) return this.#source ? this.#obey(message.event) : undefined;
    const { by, term } = this.#leader;
    const own = message.by === by;
    if (this.#source) {
      if (own || message.term < term) return;
      // Others have heard of a leader that this one has not heard of, so they would not follow.
      this.#leader = { by, term: message.term + 1 };
      return this.#speak(null, this.#position);
    }
    if (!('n' in message)) return;
    if (own ? message.n > this.#n : message.term > term) return this.#follow(message);
    if (!own) this.#say(this.#leader);
  }

  #follow({ by, term, n, told, before, machine }: Word): void {
    const [own, leader] = [this.machine, this.#leader];
    const missed = n > (by === leader.by ? this.#n + 1 : 0);
    this.#leader = { by, term };
    this.#n = n;
    this.machine = { ...machine, position: this.#position };
    if (by !== leader.by) this.#greet(leader.term > 0 ? own : this.machine);
    if (missed) this.#ask();
    this.#take(told, before, machine.position);
    this.#remind();
    this.#tell(null);
  }

  /** There is another leader. It has not heard what the last one did not answer, and may have other topics than the tab had until now. */
  #greet({ seen, wantsTopics }: Machine): void {
    this.#sayOpen();
    if (String(seen) !== String(this.machine.seen)) this.#ask();
    const has = this.machine.wantsTopics ?? ['*'];
    const topics = (wantsTopics ?? ['*']).filter((topic) => !has.includes(topic));
    if (topics.length > 0) this.dispatch({ type: 'command', command: { type: 'subscribe', topics, ref: 'again' } });
  }

  #ask(): void {
    if (!this.behind) this.dispatch({ type: 'command', command: { type: 'state' } });
  }

  #sayOpen(): void {
    this.#askedAt = this.machine.heardAt;
    for (const event of this.#open.values()) this.#say({ event });
  }

  /** What was asked for may have been lost on its way. */
  #remind(): void {
    const { heardAt } = this.machine;
    if (this.#open.size === 0) this.#askedAt = null;
    else this.#askedAt ??= heardAt;
    // The clock may have been set back.
    if (Math.abs((heardAt ?? 0) - (this.#askedAt ?? heardAt ?? 0)) > ASK_AGAIN_MS) this.#sayOpen();
  }

  /** Takes what leads from one position to another. */
  #take(told: Told | null, before: Position | null, after: Position | null): void {
    if (told?.do === 'change' && told.change.reset) {
      this.#open.delete('state');
      this.#move(after);
      return this.#hand(told);
    }
    const own = this.#position;
    if (before && (!own || own.epoch !== before.epoch || own.seq < before.seq)) this.#ask();
    const late = own && before && own.seq > before.seq;
    if (told?.do !== 'change') {
      if (told) this.#hand(told);
    } else if (late && told.change.source === 'topics') this.#ask();
    if (this.behind || !own || !after) return;
    if (after.seq > own.seq) this.#move(after);
    if (told?.do !== 'change') return;
    const updates = late ? told.change.updates.filter(({ seq }) => seq > own.seq) : told.change.updates;
    if (updates.length > 0) this.#hand({ ...told, change: { ...told.change, updates } });
  }

  #move(to: Position | null): void {
    this.#position = to;
    this.machine = { ...this.machine, position: to };
  }

  /** Hands on what concerns this tab. */
  #hand(told: Told): void {
    if (told.do !== 'answered' && told.do !== 'refused') return this.#tell(told);
    const [tab, ref] = (told.ref ?? '').split('/');
    this.#asked.delete(told.ref ?? '');
    if (ref === undefined && this.#source) this.#tell(told);
    if (ref === undefined || tab !== this.#tab) return;
    this.#open.delete(told.ref ?? '');
    this.#tell({ ...told, ref });
  }

  /** Keeps a command of this tab until it has happened, with a reference that no other tab has. Signals are not kept: they count only now. */
  #kept(command: Command): Event {
    const { type } = command;
    const ref = `${this.#tab}/${'ref' in command ? command.ref : type}`;
    const event: Event = { type: 'command', command: type === 'state' || type === 'signal' ? command : ({ ...command, ref } as Command) };
    if (type !== 'signal') this.#open.set(type === 'state' ? type : ref, event);
    return event;
  }

  #close(): void {
    this.#abort.abort();
    this.#source?.dispatch({ type: 'close' });
    this.#source = null;
    this.machine = { ...this.machine, phase: 'closed', retryAt: null };
    this.#around.channel.close();
    this.#release();
    this.#tell(null);
  }

  #speak(told: Told | null, before: Position | null): void {
    const { machine } = this;
    // Whoever leads after this tab cannot resume from the position of the view if that of the connection does not count.
    const said = { ...machine, position: this.#position, owed: machine.owed || machine.brittle || machine.position === null };
    this.#say({ ...this.#leader, n: (this.#n += 1), told, before, machine: said });
  }

  #say(message: Message): void {
    if (this.machine.phase !== 'closed') this.#around.channel.postMessage(message);
  }
}

const SHOWN = ['phase', 'clientId', 'fault', 'topics', 'retryAt', 'expiresAt', 'presence', 'wantsTopics', 'wantsPace', 'shows', 'owed'] as const;

/** Whether other tabs have to hear of it. */
function differs(machine: Machine, before: Machine): boolean {
  const moved = machine.position?.seq !== before.position?.seq;
  return moved || SHOWN.some((key) => machine[key] !== before[key]) || (machine.heardAt ?? 0) - (before.heardAt ?? 0) > HEARD_EVERY_MS;
}

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
