// The server under test, as one check uses it. It keeps whatever the check has opened, and closes it afterwards. The
// browser is shared by all checks and only launched for a check that needs it.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { WAIT_MS } from "./arrivals.js";
import { Cable } from "./cable.js";
import { connect, refusal } from "./connection.js";
import { Browser } from "./page.js";
import { SocketClient } from "./socket.js";

/** What all checks of a run share. */
export class Run {
  #browser;

  constructor({ url, origin, backend }) {
    this.url = url;
    this.origin = origin;
    this.backend = backend;
  }

  browser() {
    this.#browser ??= Browser.launch(this.url);
    return this.#browser;
  }

  /** Closes the browser. If it could not be launched, the checks that needed it have said so. */
  async end() {
    const browser = await this.#browser?.catch(() => undefined);
    await browser?.close();
  }
}

export class Server {
  #run;
  #connections = [];
  #users = [];
  #cables = [];

  constructor(run) {
    this.#run = run;
    this.backend = run.backend;
    /** The origin of a page that may connect. */
    this.origin = run.origin;
  }

  /** A name that nothing else in the room has. */
  fresh(what) {
    return `${what}-${randomUUID().slice(0, 8)}`;
  }

  /** Connects to a path with these headers, as ws in node does. */
  async connect(path, headers) {
    const connection = await connect(`${this.#run.url}${path}`, headers);
    this.#connections.push(connection);
    return connection;
  }

  /** A client of Socket.IO in node, with these options. `cable`: it connects over that. */
  socket(options, cable) {
    const client = new SocketClient(cable ? `http://127.0.0.1:${cable.port}` : this.#run.url, options);
    this.#connections.push(client);
    return client;
  }

  /** A cable to the server, which the check can cut. */
  async cable() {
    const cable = await Cable.to(this.#run.url);
    this.#cables.push(cable);
    return cable;
  }

  /** The status with which the server refuses to connect, or `accepted`. */
  refusal(path, headers) {
    return refusal(`${this.#run.url}${path}`, headers);
  }

  /** The JSON at a path. */
  async get(path, headers) {
    const answer = await fetch(`${this.#run.url}${path}`, { headers, signal: AbortSignal.timeout(WAIT_MS) });
    assert.equal(answer.status, 200, `GET ${path}`);
    return answer.json();
  }

  /** Someone with this token in Chromium. */
  async user(token, options) {
    const user = await (await this.#run.browser()).user(token, options);
    this.#users.push(user);
    return user;
  }

  /** Breaks all connections of Chromium. */
  async cutBrowser() {
    (await this.#run.browser()).cut();
  }

  /** Closes what is open. An error if a page threw one. */
  async leave() {
    for (const connection of this.#connections) connection.cut();
    for (const cable of this.#cables) cable.remove();
    for (const user of this.#users) await user.leave();
  }
}
