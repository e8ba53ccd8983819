// A client of Socket.IO: npm's socket.io-client in node, as it comes. It keeps every event and every change of its connection. It
// does not know any seed's events.

import { io } from "socket.io-client";
import { Arrivals, WAIT_MS, within } from "./arrivals.js";

/** What a client waits before it connects again. The library's default of a second would only make checks slow. */
const AGAIN_MS = 50;

export class SocketClient {
  /** `{name, body}` of each event. */
  events = new Arrivals();
  /** `{state: "connect", recovered}`, `{state: "connect_error", code, data}` and `{state: "disconnect", reason}`. */
  states = new Arrivals();

  /** Whether it acknowledges events that have to be acknowledged. */
  acknowledges = true;

  /** Connects to `url`. `options` are those of the library. */
  constructor(url, options) {
    const times = { reconnectionDelay: AGAIN_MS, reconnectionDelayMax: AGAIN_MS, timeout: WAIT_MS };
    this.socket = io(url, { forceNew: true, ...times, ...options });
    this.socket.onAny((name, body, ...rest) => {
      this.events.add({ name, body });
      const last = rest.at(-1);
      if (typeof last === "function" && this.acknowledges) last();
    });
    this.socket.on("connect", () => this.states.add({ state: "connect", recovered: this.socket.recovered }));
    this.socket.on("connect_error", ({ message, data }) => this.states.add({ state: "connect_error", code: message, data }));
    this.socket.on("disconnect", (reason) => this.states.add({ state: "disconnect", reason }));
  }

  /** Waits until it is connected, for the first time or after the state `after`. */
  connected(after) {
    return this.states.until({ state: "connect" }, { after });
  }

  /** Waits until it is refused, and returns what it is told: `{code, data}`. */
  refused(after) {
    return this.states.until({ state: "connect_error" }, { after });
  }

  /** Emits an event, and returns its acknowledgement. */
  emit(name, ...args) {
    const answer = within(WAIT_MS, this.socket.emitWithAck(name, ...args), () => `${name} was not acknowledged`);
    // A check may fail before it looks at the answer. Then nobody else would catch this.
    answer.catch(() => {});
    return answer;
  }

  /** The bodies of the events of this name that have come so far. */
  all(name) {
    return this.events.all({ name }).map(({ body }) => body);
  }

  /** Waits for an event of this name that contains `body`. Returns the whole body. */
  async heard(name, body, options) {
    return (await this.events.until({ name, body }, options)).body;
  }

  /** Ends its transport, as a network does that fails. The library connects again by itself. */
  interrupt() {
    this.socket.io.engine.close();
  }

  /** Leaves, and does not come back. */
  cut() {
    this.socket.disconnect();
  }
}
