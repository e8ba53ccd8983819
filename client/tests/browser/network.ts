/**
 * A network between pages and the server, which can be cut, or go silent: then it takes everything and delivers nothing, as one does whose
 * router has lost its way. Nobody is told.
 */

import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A connection of a page, and that to the server to which it leads. */
interface Link {
  near: Socket;
  far: Socket;
  /** What was swallowed is never delivered, so a link that has been silent stays so. */
  silent: boolean;
}

export class Network {
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #silent = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** A network that leads to this address. Its own is `url`. */
  static async to(address: string): Promise<Network> {
    const { hostname, port } = new URL(address);
    const server = createServer();
    const network = new Network(server);
    server.on('connection', (near) => network.#link(near, connect(Number(port), hostname)));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return network;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Delivers nothing any more, over links that there are and over later ones. */
  silence(): void {
    this.#silent = true;
    for (const link of this.#links) link.silent = true;
  }

  /** Later links work again. */
  restore(): void {
    this.#silent = false;
  }

  /** Breaks all links that there are. */
  cut(): void {
    for (const { near, far } of this.#links) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #link(near: Socket, far: Socket): void {
    const link = { near, far, silent: this.#silent };
    this.#links.add(link);
    for (const [from, to] of [[near, far], [far, near]] as const) {
      from.on('data', (bytes) => void (link.silent || to.write(bytes)));
      from.on('end', () => void (link.silent || to.end()));
      // The end of a link is not this network's fault, so only the other side hears of it.
      from.on('error', () => {});
      from.on('close', () => {
        this.#links.delete(link);
        if (!link.silent) to.destroy();
      });
    }
  }
}
