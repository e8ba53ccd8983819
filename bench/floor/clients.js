// The clients of the floor, over raw sockets: WebSocket clients that count what they get, and publishers.
//
// It is a process of its own. It does what run.js asks for in messages, one at a time, and ends when run.js ends.
// It does less than a browser: it does not decompress frames or read them.

import { once } from "node:events";
import { connect } from "node:net";
import { FrameCounter } from "./frames.js";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const END_OF_HEAD = "\r\n\r\n";
const END_OF_ANSWER = "}";

const received = { frames: 0, bytes: 0, each: () => {} };
let clients = 0;

/** The actions that run.js can ask for, by name. Each returns the answer. */
const actions = { join, frames, posts, upgrades };

process.on("disconnect", () => process.exit());
process.on("message", async ({ action, ...wanted }) => {
  try {
    process.send(await actions[action](wanted));
  } catch (error) {
    process.send({ error: error.message });
  }
});

/** Connects clients, which offer compression or not, and returns for how many of them it was agreed. */
async function join({ port, count, offer }) {
  const heads = await Promise.all(Array.from({ length: count }, () => joinOne(port, offer)));
  clients += count;
  return { compressed: heads.filter((head) => head.includes("permessage-deflate")).length };
}

/** Connects clients, so many at a time, and disconnects them. */
async function upgrades({ port, path, count, concurrency }) {
  const sockets = [];
  let begun = 0;
  const lane = async () => {
    while (begun < count) {
      begun += 1;
      sockets.push((await upgraded(port, path)).socket);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  for (const socket of sockets) socket.destroy();
  return { upgrades: sockets.length };
}

/** A socket that the server has upgraded, and the head of its answer. */
async function upgraded(port, path, extensions = []) {
  const socket = await open(port);
  const upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", `Sec-WebSocket-Key: ${KEY}`];
  const head = await exchange(socket, request("GET", path, [...upgrade, ...extensions]), END_OF_HEAD);
  if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`no WebSocket: ${head}`);
  return { socket, head };
}

async function joinOne(port, offer) {
  const extensions = offer ? ["Sec-WebSocket-Extensions: permessage-deflate"] : [];
  const { socket, head } = await upgraded(port, "/clients", extensions);
  const counter = new FrameCounter();
  socket.on("data", (chunk) => {
    received.bytes += chunk.length;
    received.frames += counter.take(chunk);
    received.each();
  });
  return head;
}

/** Makes the server send frames to all clients, the next one when all clients have the last one. */
async function frames({ port, path, count }) {
  const publisher = await open(port);
  received.frames = 0;
  received.bytes = 0;
  for (let sent = 1; sent <= count; sent += 1) {
    const all = arrived(sent * clients);
    await exchange(publisher, request("GET", path), END_OF_ANSWER);
    await all;
  }
  publisher.destroy();
  return { frames: received.frames, bytes: received.bytes };
}

function arrived(wanted) {
  return new Promise((resolve) => {
    received.each = () => received.frames >= wanted && resolve();
  });
}

/** Posts a body for some time over several connections. Each connection posts again when its last post was answered. */
async function posts({ port, path, body, publishers, ms }) {
  const end = Date.now() + ms;
  const counts = await Promise.all(Array.from({ length: publishers }, () => publish(port, path, body, end)));
  return { posts: counts.reduce((sum, one) => sum + one, 0) };
}

async function publish(port, path, body, end) {
  const socket = await open(port);
  const posted = request("POST", path, ["Content-Type: application/json"], body);
  let count = 0;
  for (; Date.now() < end; count += 1) {
    const answer = await exchange(socket, posted, END_OF_ANSWER);
    if (!answer.startsWith("HTTP/1.1 202 ")) throw new Error(`not accepted: ${answer}`);
  }
  socket.destroy();
  return count;
}

async function open(port) {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  // An error is followed by "close", which rejects the exchange that is waiting.
  socket.on("error", () => {});
  return socket.setNoDelay();
}

function request(method, path, headers = [], body = "") {
  const length = method === "POST" ? [`Content-Length: ${Buffer.byteLength(body)}`] : [];
  return [`${method} ${path} HTTP/1.1`, "Host: floor", ...headers, ...length, "", body].join("\r\n");
}

/** Writes a request and returns the answer, which ends with `end`. */
function exchange(socket, text, end) {
  return new Promise((resolve, reject) => {
    let answer = "";
    const settle = (how, what) => {
      socket.off("data", take).off("close", broken);
      how(what);
    };
    const take = (chunk) => {
      answer += chunk.toString("latin1");
      if (answer.endsWith(end)) settle(resolve, answer);
    };
    const broken = () => settle(reject, new Error(`the connection broke after: ${answer}`));
    socket.on("data", take).on("close", broken);
    socket.write(text);
  });
}
