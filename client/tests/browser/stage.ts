/**
 * What a journey asks of the test that runs it, tests/e2e/support/stage.rs: to end and start the server, and what its log says.
 *
 * One line each, answered by one line, in order.
 */

import { createInterface } from 'node:readline';

type Asked = { ask: 'kill' | 'start' } | { ask: 'events'; event: string } | { ask: 'wait'; event: string; count: number };

/** A line of the server's log. */
export interface LogLine {
  event: string;
  room?: string;
  user?: string;
  code?: number;
  reason?: string;
  resumed?: boolean;
}

export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

class Stage {
  readonly #lines = createInterface({ input: process.stdin });
  readonly #answers = this.#lines[Symbol.asyncIterator]();
  #last: Promise<unknown> = Promise.resolve();

  /** Ends the server at once, with SIGKILL. */
  kill = () => this.#ask({ ask: 'kill' });

  /** Starts the server on the same port and storage, and waits until it answers. */
  start = () => this.#ask({ ask: 'start' });

  /** Waits until so many lines of the log are about this event. */
  wait = (event: string, count: number) => this.#ask({ ask: 'wait', event, count });

  /** The lines of the log about this event, so far. */
  async events(event: string): Promise<LogLine[]> {
    return (await this.#ask({ ask: 'events', event })).events ?? [];
  }

  /** How many connections the server has, as its log says. Only for a server that was never killed. */
  async connections(): Promise<number> {
    const [accepted, closed] = [await this.events('connection.accepted'), await this.events('connection.closed')];
    return accepted.length - closed.length;
  }

  leave(): void {
    this.#lines.close();
  }

  #ask(asked: Asked): Promise<{ events?: LogLine[] }> {
    const answered = this.#last.then(async () => {
      console.log(JSON.stringify(asked));
      const { value, done } = await this.#answers.next();
      if (done) throw new Error('the test has ended');
      return JSON.parse(value);
    });
    this.#last = answered.catch(() => {});
    return answered;
  }
}

export const stage = new Stage();
