// The cable between a client and the server: it forwards TCP, and it can be cut as a network fails, without a close
// frame. It neither reads nor changes what it carries.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { pipeline } from "node:stream";

export class Cable {
  #ends = new Set();
  #listener;
  #plugged = true;

  /** A cable to the host and port of `url`. */
  static async to(url) {
    const { hostname, port, protocol } = new URL(url);
    const server = { host: hostname, port: Number(port || (protocol === "https:" ? 443 : 80)) };
    const cable = new Cable();
    cable.#listener = createServer((client) => cable.#take(client, server));
    cable.#listener.listen(0, "127.0.0.1");
    await once(cable.#listener, "listening");
    return cable;
  }

  /** Where the client has to connect to. */
  get port() {
    return this.#listener.address().port;
  }

  /** Breaks all connections. New ones can be made at once. */
  cut() {
    for (const end of this.#ends) end.destroy();
  }

  /** Breaks all connections, and any that is made until `plug`. */
  unplug() {
    this.#plugged = false;
    this.cut();
  }

  plug() {
    this.#plugged = true;
  }

  remove() {
    this.#listener.close();
    this.cut();
  }

  #take(client, server) {
    if (this.#plugged) this.#join(client, connect(server));
    else client.destroy();
  }

  #join(client, server) {
    for (const [from, to] of [[client, server], [server, client]]) {
      this.#ends.add(from);
      from.once("close", () => this.#ends.delete(from));
      // If one end breaks, the pipeline breaks the other. There is nobody to tell.
      pipeline(from, to, () => {});
    }
  }
}
