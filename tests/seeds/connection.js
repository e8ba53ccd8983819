// The WebSocket of a dashboard, opened by npm's ws in node. It keeps every frame. It does not connect again and does
// not know any seed's protocol, except that a frame is one JSON value.

import WebSocket from "ws";
import { Arrivals, WAIT_MS, within } from "./arrivals.js";

/** Connects. An error says with which status the server refused. */
export async function connect(address, headers) {
  const socket = dial(address, headers);
  const connection = new Connection(socket);
  const opened = new Promise((resolve, reject) => {
    socket.on("open", resolve);
    socket.on("error", reject);
  });
  await within(WAIT_MS, opened, () => `${address} did not open`);
  return connection;
}

/** The status with which the server refuses to connect, or `accepted`. */
export async function refusal(address, headers) {
  const socket = dial(address, headers);
  const answered = new Promise((resolve, reject) => {
    socket.on("unexpected-response", (_, response) => resolve(response.statusCode));
    socket.on("open", () => resolve("accepted"));
    socket.on("error", reject);
  });
  try {
    return await within(WAIT_MS, answered, () => `${address} was not answered`);
  } finally {
    socket.on("error", () => {});
    socket.terminate();
  }
}

function dial(address, headers) {
  return new WebSocket(address.replace(/^http/, "ws"), { headers, handshakeTimeout: WAIT_MS });
}

class Connection {
  #socket;
  #closed;
  frames = new Arrivals();

  constructor(socket) {
    this.#socket = socket;
    socket.on("message", (data) => this.frames.add(JSON.parse(data)));
    this.#closed = new Promise((resolve) => socket.on("close", resolve));
  }

  send(frame) {
    this.#socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** Waits until the server has answered a ping of the WebSocket protocol. */
  async ping() {
    const answered = new Promise((resolve) => this.#socket.once("pong", resolve));
    this.#socket.ping();
    await within(WAIT_MS, answered, () => "a WebSocket ping was not answered");
  }

  /** Closes, and returns the code with which the server answered. */
  close() {
    this.#socket.close(1000);
    return within(WAIT_MS, this.#closed, () => "the server did not answer the close");
  }

  /** Ends the TCP connection without a close frame, as a browser that crashes does. */
  cut() {
    this.#socket.terminate();
  }
}
