/**
 * Who else looks at the page's session, and what they tell each other, as templates follow it.
 *
 * Presence is the client's; what signals mean is in talk.ts.
 */

import type { AnyUpdate, Person } from 'roomcast';
import type { Live } from 'roomcast/svelte';
import { heard, nextSilence, noted, settled, SILENCE, TOLD_EVERY_MS } from './talk.ts';
import type { Talk } from './talk.ts';

export class Company<U extends AnyUpdate> {
  readonly #now: Live<U>;
  readonly user: string | null;
  #talk = $state.raw<Talk>(SILENCE);
  /** Why the server refused what was sent last. */
  fault = $state<string | null>(null);
  #toldAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #unlisten: readonly (() => void)[];

  /** `user` is who looks here, as far as that is known. */
  constructor(now: Live<U>, user: string | null) {
    this.#now = now;
    this.user = user;
    this.#unlisten = [
      now.client.on('signal', (signal) => this.#become(heard(this.#talk, signal, Date.now()))),
      now.client.on('error', ({ code }) => (this.fault = REFUSALS[code] ?? null)),
    ];
  }

  /** How many are here; null if that is not known. */
  get count(): number | null {
    return this.#now.presence.count;
  }

  /** Who is here: oneself first, then by name. */
  get people(): readonly Person[] {
    const own = ({ user }: Person) => Number(user === this.user);
    return [...this.#now.presence.users].sort((a, b) => own(b) - own(a) || a.user.localeCompare(b.user));
  }

  /** Whether a signal would reach anybody. */
  get reachable(): boolean {
    return this.#now.state.phase === 'live' && (this.count ?? 0) > (this.user !== null ? 1 : 0);
  }

  /** Who else is typing. */
  get typing(): readonly string[] {
    return [...this.#talk.typing.keys()].filter((user) => user !== this.user);
  }

  get notes() {
    return this.#talk.notes;
  }

  /** What others see of this page's reader. */
  show(data: unknown): void {
    this.#now.client.setPresence(data);
  }

  /** Tells the others that somebody types here, but not at each key. */
  types(): void {
    const now = Date.now();
    if (now - this.#toldAt < TOLD_EVERY_MS || !this.reachable) return;
    this.#toldAt = now;
    this.#now.client.signal({ typing: true });
  }

  send(text: string): void {
    this.fault = null;
    this.#now.client.signal({ note: text });
    this.#become(noted(this.#talk, this.user ?? 'You', text, Date.now()));
  }

  #become(talk: Talk): void {
    this.#talk = talk;
    clearTimeout(this.#timer);
    const next = nextSilence(talk);
    if (next !== null) this.#timer = setTimeout(() => this.#become(settled(this.#talk, Date.now())), Math.max(0, next - Date.now()));
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const off of this.#unlisten) off();
  }
}

const REFUSALS: Record<string, string> = {
  not_allowed: 'Notes are not allowed here. Nobody has seen it.',
  rate_limited: 'That was too much at once. Nobody has seen the last note.',
  bad_frame: 'The server did not understand the note. Nobody has seen it.',
};
