// Starts clients.js and asks it for work. It has a process of its own, apart from the server whose CPU is measured.

import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** The longest wait for an answer. A case takes some seconds, so after this something has gone wrong. */
const ANSWER_MS = 60_000;

export class Clients {
  #port;
  #child = fork(join(import.meta.dirname, "clients.js"));

  /** @param {number} port of the server to which the clients connect */
  constructor(port) {
    this.#port = port;
  }

  /** Asks for one of the actions of clients.js, and returns its answer. */
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
