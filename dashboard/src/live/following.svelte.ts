/**
 * What of a room a page follows: everything, or a part that the reader chose. The server is told with `subscribe` and
 * `unsubscribe`, so that only what is shown is sent.
 *
 * The choice is in the address of the page, so that it can be handed on. What the server refuses is said, and then what was
 * followed before is followed again.
 */

import type { AnyUpdate, Client } from 'roomcast';

/** The choice of everything. */
export const ALL = '';

/** The topics of a choice, for the holder of a token. */
export type TopicsOf = (choice: string, token: string | null) => readonly string[];

export class Following {
  /** What is followed. */
  choice: string = $state(ALL);
  /** Set while the server changes what is sent. */
  changing = $state(false);
  fault = $state('');
  readonly #name: string;
  readonly #topicsOf: TopicsOf;

  /** `name` is that of the parameter in the address. */
  constructor(name: string, topicsOf: TopicsOf) {
    this.#name = name;
    this.#topicsOf = topicsOf;
    this.choice = new URLSearchParams(location.search).get(name) ?? ALL;
  }

  /** What a connection asks for that begins now. */
  topics(token: string | null): readonly string[] {
    return this.#topicsOf(this.choice, token);
  }

  async follow<U extends AnyUpdate>(choice: string, client: Client<U>, token: string | null): Promise<void> {
    if (this.changing || choice === this.choice) return;
    const [before, wanted] = [this.topics(token), this.#topicsOf(choice, token)];
    this.changing = true;
    this.fault = '';
    try {
      await change(client, before, wanted);
      this.choice = choice;
      this.#remember();
    } catch (error) {
      this.fault = `The server does not show this: ${error instanceof Error ? error.message : String(error)}`;
      // If this is refused as well, the fault above has said enough.
      await change(client, [], before).catch(() => {});
    } finally {
      this.changing = false;
    }
  }

  #remember(): void {
    const query = new URLSearchParams(location.search);
    if (this.choice === ALL) query.delete(this.#name);
    else query.set(this.#name, this.choice);
    history.replaceState(null, '', `${location.pathname}${query.size > 0 ? `?${query}` : ''}`);
  }
}

/** A topic leaves with the prefix that covers it, so what is not wanted any more goes first. */
async function change<U extends AnyUpdate>(client: Client<U>, before: readonly string[], wanted: readonly string[]): Promise<void> {
  const less = before.filter((one) => !wanted.includes(one));
  const more = wanted.filter((one) => !before.includes(one));
  const gone = less.length > 0 ? client.unsubscribe(less) : null;
  const come = more.length > 0 ? client.subscribe(more) : null;
  await Promise.all([gone, come]);
}
