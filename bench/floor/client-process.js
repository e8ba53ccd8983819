// The process of clients.js, asked from outside: it has one for itself, so that its CPU is not the server's.

import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** By then something has gone wrong: a case takes some seconds. */
const ANSWER_MS = 60_000;

export class Clients {
  #port;
  #child = fork(join(import.meta.dirname, "clients.js"));

  /** @param {number} port of the server to which they connect */
  constructor(port) {
    this.#port = port;
  }

  /** Has one of the actions of clients.js done, and gives its answer. */
  ask(action, wanted) {
    return new Promise((resolve, reject) => {
      const settle = (answer) => {
        clearTimeout(late);
        this.#child.off("message", settle).off("exit", ended);
        if (answer.error) reject(new Error(`the clients, asked for ${action}: ${answer.error}`));
        else resolve(answer);
      };
      const ended = (code) => settle({ error: `their process ended with ${code}` });
      const late = setTimeout(() => settle({ error: "no answer in time" }), ANSWER_MS);
      this.#child.on("message", settle).on("exit", ended);
      this.#child.send({ action, port: this.#port, ...wanted });
    });
  }

  async stop() {
    const ended = once(this.#child, "exit");
    this.#child.kill();
    await ended;
  }
}
