// A stock client: socket.io-client as npm has it, with the options that a check gives and no others. It keeps everything
// that its application would see, in order. It does not know what the server should do.

import { io } from "socket.io-client";
import { Arrivals, WAIT_MS } from "../seeds/arrivals.js";

/** A client waits up to 1.5 s before it connects again, and up to 3 s if that failed; then it may take as long as anything else. */
export const RECONNECTED_MS = WAIT_MS + 10_000;

export class Client {
  /**
   * What has come: `{ event, data, offset }` for each event of the server, with `acknowledge` if it asks for that; and
   * `open`, `upgrade`, `connect`, `disconnect` and `connect_error` of the client itself.
   */
  arrivals = new Arrivals();
  #upgrades;

  constructor(url, options) {
    // Two clients of a check are two users, and must not share a connection.
    this.socket = io(url, { forceNew: true, ...options });
    this.#upgrades = !options.transports;
    const { socket, arrivals } = this;
    socket.io.on("open", () => {
      const { engine } = socket.io;
      arrivals.add({ event: "open", transport: engine.transport.name });
      engine.once("upgrade", ({ name }) => arrivals.add({ event: "upgrade", transport: name }));
    });
    socket.on("connect", () => arrivals.add({ event: "connect", recovered: socket.recovered }));
    socket.on("disconnect", (reason) => arrivals.add({ event: "disconnect", reason }));
    socket.on("connect_error", ({ message, data }) => arrivals.add({ event: "connect_error", message, data }));
    socket.onAny((event, ...args) => arrivals.add(arrival(event, args)));
  }

  /** What the server has sent of this event about one of `ids`, in order. */
  data(event, ids) {
    return this.arrivals.all({ event }).map(({ data }) => data).filter(({ id, status }) => ids.includes(id ?? status));
  }

  /** What came of these tasks, statuses and jobs, in order: the id of a task or job, or the status. */
  named(wanted) {
    const names = this.arrivals.items.map(({ data }) => data?.id ?? data?.status);
    return names.filter((name) => wanted.includes(name));
  }

  /** Emits and waits for the answer. */
  ask(event, ...args) {
    return this.socket.timeout(WAIT_MS).emitWithAck(event, ...args);
  }

  /**
   * Waits for the connection after the arrival `after`, and for its WebSocket if it gets one: a stock client whose
   * connections break while it changes to the WebSocket only notices that after its `pingTimeout`.
   */
  async connectedAfter(after) {
    const connected = await this.arrivals.until({ event: "connect" }, { after, ms: RECONNECTED_MS });
    if (this.#upgrades) await this.arrivals.until({ event: "upgrade" }, { after });
    return connected;
  }

  leave() {
    this.socket.disconnect();
  }
}

function arrival(event, args) {
  const acknowledge = typeof args.at(-1) === "function" ? args.pop() : undefined;
  const [data, offset] = args;
  return { event, data, offset, ...(acknowledge && { acknowledge }) };
}
