// Unmodified socket.io-client against Roomcast and against Socket.IO's own server on Node, one after the other: what so many
// clients cost the server when they connect, rest, are sent events, and come back after a lost connection.
//
//   node bench/stock.js [--clients N]
//
// The clients are in this process and take far more CPU than a server, so only the server's CPU is compared, and no rate.

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { SignJWT } from "jose";
import { io } from "socket.io-client";
import { Webhook } from "standardwebhooks";
import { cpuSeconds, memoryBytes } from "./procfs.js";
import { Server, removeFoldersWhenSignalled } from "./server.js";
import { makeTenant, secrets, systems } from "./systems.js";

const POSTS = 20;
const EVENTS = 10;
const MISSED = 10;
const IDLE_S = 65;
const PATIENCE_MS = 120_000;
const LIMITS = { connections_per_user: null, attempts_per_minute: null };

const PRESET = {
  name: "stock",
  session: "all",
  events: [{ on: "bench", emit: "update", key: "update:{n}", data: { n: "n", payload: "payload" } }],
  paths: [{ path: "/socket.io", serves: "socket_io" }],
  socket_io: {},
};

const roomcast = {
  ...systems.roomcast,
  prepare: (port) => makeTenant(port, "demo", LIMITS, [PRESET]),
  query: async () => ({ token: await token() }),
  post: signedPost,
};
const peer = {
  ...systems.socketio,
  command: (port, folder) => ({ ...systems.socketio.command(port, folder), env: { RECOVERY: "yes" } }),
  query: async () => ({ room: "all" }),
  post: (port, updates) => fetch(`http://127.0.0.1:${port}/rooms/all`, { method: "POST", body: JSON.stringify(updates) }),
};

class Client {
  connects = 0;
  got = 0;

  constructor(port, query) {
    this.socket = io(`http://127.0.0.1:${port}`, { forceNew: true, transports: ["websocket"], query });
    this.socket.on("connect", () => (this.connects += 1));
    this.socket.on("update", () => (this.got += 1));
  }

  /** Loses the connection without a word, as a network does. */
  cut() {
    this.socket.io.engine.transport.ws.close();
  }
}

removeFoldersWhenSignalled();
const { values } = parseArgs({ options: { clients: { type: "string", default: "1000" } } });
const clients = Number(values.clients);
const rows = [];
for (const system of [roomcast, peer]) rows.push(await measure(system));
console.table(Object.fromEntries(rows));
process.exit();

async function measure(system) {
  const server = await Server.start(system);
  try {
    return [system.title, await figures(system, server)];
  } finally {
    await server.stop();
  }
}

async function figures(system, server) {
  const cost = async (act) => {
    const before = cpuSeconds(server.pid);
    await act();
    return (cpuSeconds(server.pid) - before) * 1e6;
  };
  const crowd = [];
  const connecting = await cost(async () => {
    const query = await system.query();
    for (let one = 0; one < clients; one += 1) crowd.push(new Client(server.port, query));
    await reach(() => crowd.every(({ connects }) => connects === 1), "all clients are connected");
  });
  const wakes = server.log().split("room.restored").length;
  const resting = await cost(() => sleep(IDLE_S * 1_000));
  const woken = server.log().split("room.restored").length - wakes;
  const memory = memoryBytes(server.pid);
  const flood = await cost(async () => {
    for (let post = 0; post < POSTS; post += 1) await send(system, server.port, EVENTS);
    await reach(() => crowd.every(({ got }) => got === POSTS * EVENTS), "all events have arrived");
  });
  const recovery = await cost(async () => {
    for (const client of crowd) client.cut();
    await send(system, server.port, MISSED);
    const all = POSTS * EVENTS + MISSED;
    await reach(() => crowd.every(({ connects, got }) => connects === 2 && got === all), "all clients have recovered");
  });
  const result = {
    "connect, µs each": Math.round(connecting / clients),
    [`idle, ms in ${IDLE_S} s`]: Math.round(resting / 1_000),
    "wakes": server.tellsWakes ? woken : "never rests",
    "flood, µs per delivery": (flood / (clients * POSTS * EVENTS)).toFixed(2),
    "recovery, µs each": Math.round(recovery / clients),
    "recovered": crowd.filter(({ socket }) => socket.recovered).length,
    "memory, MB": Math.round(memory / 1e6),
  };
  for (const client of crowd) client.socket.close();
  return result;
}

async function send(system, port, count) {
  const payload = "x".repeat(100);
  const updates = Array.from({ length: count }, () => ({ n: randomUUID(), payload }));
  const answer = await system.post(port, updates);
  if (!answer.ok) throw new Error(`a post was answered ${answer.status} ${await answer.text()}`);
}

function signedPost(port, updates) {
  const envelope = (payload) => ({
    event_id: payload.n,
    event_type: "bench",
    aggregate_type: "Bench",
    aggregate_id: "bench",
    occurred_at: new Date().toISOString(),
    payload,
  });
  const body = JSON.stringify(updates.map(envelope));
  const [id, now] = [`msg_${randomUUID()}`, new Date()];
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now / 1000)),
    "webhook-signature": new Webhook(secrets.DEMO_WEBHOOK_SECRET).sign(id, now, body),
  };
  return fetch(`http://127.0.0.1:${port}/api/events`, { method: "POST", headers, body });
}

function token() {
  const exp = Math.floor(Date.now() / 1000) + 3_600;
  const claims = { sub: "bench", exp, iss: "roomcast", aud: "roomcast:demo" };
  const key = new TextEncoder().encode(secrets.DEMO_TOKEN_SECRET);
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(key);
}

async function reach(done, what) {
  const end = Date.now() + PATIENCE_MS;
  while (!done()) {
    if (Date.now() > end) throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}`);
    await sleep(20);
  }
}
