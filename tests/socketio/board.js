// The board of board.json, as one check uses it: its events, its users, and the cables to it. It keeps whatever the check
// has opened, and closes it afterwards.

import { randomUUID } from "node:crypto";
import { WAIT_MS } from "../seeds/arrivals.js";
import { event } from "../seeds/backend.js";
import { Cable } from "../seeds/cable.js";
import { Client } from "./client.js";

export class Board {
  #url;
  #clients = [];
  #cables = [];

  /** Whether the check is over. If it took too long, it must not go on beside the others. */
  isOver = false;

  constructor({ url, origin, backend }) {
    this.#url = url;
    this.backend = backend;
    /** The origin of a page that may connect. */
    this.origin = origin;
  }

  /** A name that nothing else has. */
  fresh(what) {
    return `${what}-${randomUUID().slice(0, 8)}`;
  }

  token(claims, secret) {
    return this.backend.token("ada", claims, secret);
  }

  /** A cable to the server, which the check can cut. */
  async cable() {
    const cable = await Cable.to(this.#url);
    this.#cables.push(cable);
    return cable;
  }

  /** A stock client with these options that has begun to connect, over a cable if there is one. */
  dial(options, cable) {
    const client = new Client(cable ? `http://127.0.0.1:${cable.port}` : this.#url, options);
    this.#clients.push(client);
    return client;
  }

  /** A stock client that is connected, with a good token in its `auth` payload. */
  async client(options = {}, cable = undefined) {
    const client = this.dial({ auth: { token: await this.token() }, ...options }, cable);
    await client.connectedAfter();
    return client;
  }

  /** The answer to the first request of a client that polls, as a browser would send it. */
  request(method, headers) {
    const signal = AbortSignal.timeout(WAIT_MS);
    return fetch(`${this.#url}/socket.io/?EIO=4&transport=polling`, { method, headers, signal });
  }

  /** Posts events in one request. */
  post(...events) {
    return this.backend.post(...events);
  }

  /** Posts a new status, and waits until it has come to each client: whatever was sent before has come then, too. */
  async settled(...clients) {
    const status = this.fresh("settled");
    await this.post(statusIs(status));
    for (const client of clients) await client.arrivals.until({ event: "system_status", data: { status } });
  }

  leave() {
    this.isOver = true;
    for (const client of this.#clients) client.leave();
    for (const cable of this.#cables) cable.remove();
  }
}

/** A task was created in a project: `task_created` for those who have joined the project. */
export const taskCreated = (id, project) => event("task.created", "Task", id, { id, project });

/** The system has another status: `system_status` for everyone. */
export const statusIs = (status) => event("system.status", "System", "system", { status });

/** A job is done: `job_done` for everyone, to be acknowledged. */
export const jobDone = (id) => event("job.done", "Job", id, { id });
