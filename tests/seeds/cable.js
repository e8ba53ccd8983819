// The cable between the browser and the server: it forwards TCP, and it can be cut as a network fails, without a close
// frame. It neither reads nor changes what it carries.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { pipeline } from "node:stream";

export class Cable {
  #ends = new Set();
  #listener;

  /** A cable to the host and port of `url`. */
  static async to(url) {
    const { hostname, port, protocol } = new URL(url);
    const server = { host: hostname, port: Number(port || (protocol === "https:" ? 443 : 80)) };
    const cable = new Cable();
    cable.#listener = createServer((browser) => cable.#join(browser, connect(server)));
    cable.#listener.listen(0, "127.0.0.1");
    await once(cable.#listener, "listening");
    return cable;
  }

  /** Where the browser has to connect to. */
  get port() {
    return this.#listener.address().port;
  }

  /** Breaks all connections. New ones can be made at once. */
  cut() {
    for (const end of this.#ends) end.destroy();
  }

  remove() {
    this.#listener.close();
    this.cut();
  }

  #join(browser, server) {
    for (const [from, to] of [[browser, server], [server, browser]]) {
      this.#ends.add(from);
      from.once("close", () => this.#ends.delete(from));
      // If one end breaks, the pipeline breaks the other. There is nobody to tell.
      pipeline(from, to, () => {});
    }
  }
}
