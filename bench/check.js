// Checks, before anything is measured, that a system delivers: each of several clients must get every
// posted update exactly once, posted alone and posted as an array. It does not use the load generator.

import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { secrets } from "./systems.js";

const CLIENTS = 20;
const ALONE = 10;
const TOGETHER = 10;
const WAIT_MS = 5_000;
const SETTLE_MS = 200;

/**
 * @param {string} name of the system
 * @param {import("./server.js").Server} server
 * @returns {Promise<string>} what was delivered; throws an Error if that is not what was posted
 */
export async function check(name, server) {
  const speak = dialects[name](server.port);
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect(speak)));
  await sleep(SETTLE_MS);
  for (let n = 0; n < ALONE; n += 1) await post(speak, speak.event(n));
  const numbers = Array.from({ length: TOGETHER }, (_, index) => ALONE + index);
  if (speak.batches) await post(speak, numbers.map(speak.event));
  const wanted = ALONE + (speak.batches ? TOGETHER : 0);
  await settled(clients, wanted);
  for (const client of clients) client.socket.close();
  const exact = clients.every(({ got }) => got.length === wanted && got.every((n, index) => n === index));
  if (!exact) throw new Error(`${name} delivered ${clients.map(({ got }) => got.length)}, not ${wanted} each`);
  return `${CLIENTS * wanted} deliveries to ${CLIENTS} clients`;
}

async function connect(speak) {
  const socket = new WebSocket(speak.ws, speak.protocols ?? []);
  const client = { socket, got: [] };
  await new Promise((resolve, reject) => {
    socket.onerror = () => reject(new Error(`${speak.ws}: no upgrade`));
    socket.onmessage = ({ data }) => client.got.push(...speak.read(data, socket));
    socket.onopen = resolve;
  });
  return client;
}

async function post(speak, posted) {
  const body = JSON.stringify(posted);
  const headers = { "content-type": "application/json", ...speak.headers?.(body) };
  const answer = await fetch(speak.post, { method: "POST", body, headers });
  if (!answer.ok) throw new Error(`${speak.post}: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}

async function settled(clients, wanted) {
  const end = Date.now() + WAIT_MS;
  while (Date.now() < end && clients.some(({ got }) => got.length < wanted)) await sleep(20);
  // Waits for updates that would arrive twice.
  await sleep(SETTLE_MS);
}

const update = (n) => ({ n, text: "a posted update" });
const json = (data) => [JSON.parse(data).n];

const plain = (ws, post, more) => (port) => ({
  ws: `ws://127.0.0.1:${port}${ws}`,
  post: `http://127.0.0.1:${port}${post}`,
  event: update,
  read: json,
  batches: true,
  ...more,
});

const dialects = {
  roomcast,
  samejob: roomcast,
  partyserver: plain("/parties/main/check", "/parties/main/check"),
  ws: plain("/rooms/check", "/rooms/check"),
  nchan: plain("/sub/check", "/pub/check", { batches: false }),
  socketio: plain("/socket.io/?EIO=4&transport=websocket&room=check", "/rooms/check", { read: socketio }),
};

/** Engine.IO's packets: 0 opens the connection and is answered with Socket.IO's connect (40); 42 is an event. */
function socketio(data, socket) {
  if (data.startsWith("0")) socket.send("40");
  return data.startsWith("42") ? [JSON.parse(data.slice(2))[1].n] : [];
}

function roomcast(port) {
  const base = `http://127.0.0.1:${port}`;
  return {
    ws: `${base.replace("http", "ws")}/api/sessions/check/live`,
    protocols: ["roomcast.v1", `roomcast.bearer.${token()}`],
    post: `${base}/api/events`,
    headers: signature,
    event: renamed,
    batches: true,
    read: (data) => {
      const frame = JSON.parse(data);
      const updates = frame.type === "dashboard.update" ? [frame] : (frame.updates ?? []);
      return updates.map((one) => Number(one.data.title));
    },
  };
}

const renamed = (n) => ({
  event_id: randomUUID(),
  event_type: "session.renamed",
  aggregate_type: "Session",
  aggregate_id: "check",
  occurred_at: new Date().toISOString(),
  payload: { title: String(n) },
});

function token() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 600;
  const claims = { sub: "check", sessions: ["*"], exp, iss: "roomcast", aud: "roomcast:demo" };
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", secrets.DEMO_TOKEN_SECRET).update(signed).digest("base64url")}`;
}

/** The headers of Standard Webhooks. */
function signature(body) {
  const [id, timestamp] = [`msg_${randomUUID()}`, String(Math.floor(Date.now() / 1000))];
  const key = Buffer.from(secrets.DEMO_WEBHOOK_SECRET.replace("whsec_", ""), "base64");
  const made = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${made}` };
}
