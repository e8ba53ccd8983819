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
import type { Platform } from './types.ts';

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
  /** The page of this tab, if it has one. Without, it counts as seen. */
  page: Platform['window'];
  /** Makes the connection of a leader, which begins with what the tab knows. */
  open(known: Partial<Machine>, tell: (told: Told | null) => void): Source;
}

/** What the name of the lock ends with that tabs hold while somebody sees them. */
const SEEN = ' seen';

/** How often other tabs hear that the server was heard of, and say again what was not answered, in milliseconds. */
const AGAIN_MS = 5_000;

export class Shared implements Source {
  machine: Machine;
  readonly #around: Surroundings;
  readonly #tell: (told: Told | null) => void;
  readonly #abort = new AbortController();
  /** Tells this tab, and its references, from others. */
  readonly #tab = Math.random().toString(36).slice(2, 10);
  /** The commands of this tab that have not happened yet, by reference. A leader that dies takes them along, so the next one hears them again. */
  readonly #open = new Map<string, Event>();
  /** The leader that this tab follows or is, and the number of the last thing that it has said. */
  #leader: Leader = { by: '', term: 0 };
  #n = -1;
  #source: Source | null = null;
  #release = () => {};
  /** Lets go of the lock that this tab holds while it is seen. */
  #hide = () => {};
  /** Numbers the looks at who is seen: what came of an earlier one is void. */
  #looks = 0;
  #position: Position | null = null;
  /** When the server was heard of as this tab last told others, or, of what is open, asked. */
  #heardAt = 0;

  constructor(machine: Machine, around: Surroundings, tell: (told: Told | null) => void) {
    this.machine = machine;
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
    // Signals are not kept: they count only now.
    const kept = event.type === 'command' && event.command.type !== 'signal' ? this.#kept(event.command) : event;
    if (this.#source) this.#obey(kept);
    else this.#say({ event: kept });
  }

  #start(): void {
    this.machine = { ...this.machine, phase: 'connecting' };
    this.#ask();
    this.#around.page?.document?.addEventListener('visibilitychange', this.#see, { signal: this.#abort.signal });
    this.#see();
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
    const { wantsTopics, wantsPace, has, seen, shows, hidden, owed } = this.machine;
    this.#leader = { by: this.#tab, term: this.#leader.term + 1 };
    this.#n = -1;
    this.#source = this.#around.open({ wantsTopics, wantsPace, position: this.#position, has, seen, shows, hidden, owed }, (told) => this.#pass(told));
    this.#speak(null, this.#position);
    this.#source.dispatch({ type: 'start' });
    for (const event of this.#open.values()) this.#obey(event);
  }

  /** Does what a tab has asked for. */
  #obey(event: Event): void {
    const { machine } = this.#source ?? this;
    // All get the state that is on its way, as it is the same for all.
    if (event.type === 'command' && event.command.type === 'state' && (machine.owed || machine.awaits)) return;
    if (event.type === 'hidden') return void this.#look();
    if (event.type === 'visible') this.#looks += 1;
    this.#source?.dispatch(event);
  }

  /** What the leader's own connection tells, for this tab and for the others. */
  #pass(told: Told | null): void {
    const { machine } = this.#source ?? this;
    const before = this.#position;
    const known = this.#knows(told, machine.position);
    const since = (machine.heardAt ?? 0) - this.#heardAt;
    const changed = !told && (differs(machine, this.machine) || Math.abs(since) > AGAIN_MS);
    if (changed) this.#heardAt += since;
    this.machine = machine;
    if (told?.do === 'change') {
      this.#position = machine.position;
      if (told.change.reset) this.#open.delete('state');
    }
    // A position may move without anything to show.
    if (!told && this.#position !== null) this.#position = machine.position ?? this.#position;
    if (told || changed) this.#speak(told, before);
    // A tab that was seen may have crashed.
    if (changed) void this.#look();
    if (!told) this.#tell(null);
    else if (!known) this.#hand(told);
  }

  /** Whether the view is already as the state would make it, for which another tab has asked: then it does not begin anew. */
  #knows(told: Told | null, after: Position | null): boolean {
    const own = this.#position;
    return told?.do === 'change' && !!told.known && !this.behind && own?.epoch === after?.epoch && own?.seq === after?.seq;
  }

  /** Follows whether somebody sees this tab. */
  readonly #see = () => {
    const { page, locks, name } = this.#around;
    const isSeen = () => page?.document?.visibilityState !== 'hidden' && !this.#abort.signal.aborted;
    const hold = () => {
      this.#hide();
      return isSeen() && new Promise<void>((hide) => (this.#hide = hide));
    };
    this.#hide();
    if (!isSeen()) return;
    void locks.request(name + SEEN, { mode: 'shared' }, hold).then(() => this.dispatch({ type: 'hidden' }));
    this.dispatch({ type: 'visible' });
  };

  /** Looks whether anybody sees one of the tabs: these hold a lock. */
  async #look(): Promise<void> {
    const look = (this.#looks += 1);
    const { held } = await this.#around.locks.query();
    const hidden = !held?.some(({ name }) => name === this.#around.name + SEEN);
    if (look === this.#looks && this.#source && this.#source.machine.hidden !== hidden) this.#source.dispatch({ type: hidden ? 'hidden' : 'visible' });
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
    this.#remind(by !== leader.by);
    // The leader is level, and this tab is not before it has the state.
    if (this.behind && this.machine.phase === 'live') this.machine = { ...this.machine, phase: 'catching-up' };
    this.#tell(null);
  }

  /** There is another leader. It may have other topics than the tab had until now. */
  #greet({ seen, wantsTopics }: Machine): void {
    if (String(seen) !== String(this.machine.seen)) this.#ask();
    const has = this.machine.wantsTopics ?? ['*'];
    const topics = (wantsTopics ?? ['*']).filter((topic) => !has.includes(topic));
    if (topics.length > 0) this.dispatch({ type: 'command', command: { type: 'subscribe', topics, ref: 'again' } });
  }

  /** Another leader has not heard what was asked for, and it may have been lost on its way. */
  #remind(another: boolean): void {
    const { heardAt, owed } = this.machine;
    const since = (heardAt ?? 0) - this.#heardAt;
    // The clock may have been set back.
    if (!another && this.#open.size > 0 && Math.abs(since) <= AGAIN_MS) return;
    this.#heardAt += since;
    for (const [ref, event] of this.#open) if (ref !== 'state' || !owed) this.#say({ event });
  }

  #ask(): void {
    if (!this.behind) this.dispatch({ type: 'command', command: { type: 'state' } });
  }

  /** Takes what leads from one position to another. */
  #take(told: Told | null, before: Position | null, after: Position | null): void {
    const own = this.#position;
    const change = told?.do === 'change' ? told.change : null;
    if (change?.reset) {
      if (this.#knows(told, after)) return;
      this.#open.delete('state');
      this.#move(after);
      return this.#tell(told);
    }
    if (told && !change) this.#hand(told);
    const late = own && before && own.seq > before.seq;
    const lacks = before && (!own || own.epoch !== before.epoch || own.seq < before.seq);
    // The state of topics has numbers from before.
    if (lacks || (late && change?.source === 'topics')) this.#ask();
    if (this.behind || !own || !after) return;
    if (after.seq > own.seq) this.#move(after);
    const updates = change?.updates.filter(({ seq }) => !late || seq > own.seq) ?? [];
    if (told?.do === 'change' && updates.length > 0) this.#tell({ ...told, change: { ...told.change, updates } });
  }

  #move(to: Position | null): void {
    this.#position = to;
    this.machine = { ...this.machine, position: to };
  }

  /** Hands on what concerns this tab. */
  #hand(told: Told): void {
    if (told.do !== 'answered' && told.do !== 'refused') return this.#tell(told);
    const [, ref] = (told.ref ?? '').split('/');
    // What is about no command of a tab is the leader's.
    if (ref === undefined) return this.#source ? this.#tell(told) : undefined;
    if (this.#open.delete(told.ref ?? '')) this.#tell({ ...told, ref });
  }

  /** Keeps a command of this tab until it has happened, with a reference that no other tab has. The state has none: it is the same for all. */
  #kept(command: Command): Event {
    const { type } = command;
    const ref = type === 'state' ? type : `${this.#tab}/${'ref' in command ? command.ref : type}`;
    const event: Event = { type: 'command', command: type === 'state' ? command : ({ ...command, ref } as Command) };
    this.#open.set(ref, event);
    return event;
  }

  #close(): void {
    this.#abort.abort();
    this.#hide();
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
  return machine.position?.seq !== before.position?.seq || SHOWN.some((key) => machine[key] !== before[key]);
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
