// The Socket.IO server of the Socket.IO project, with what these checks need of a dashboard's document around it:
//
//   node tests/socketio/reference.js --document FILE [--origin ORIGIN] [--port PORT]
//
// It shows that no check asks for what a Socket.IO server cannot do. It prints its URL. It takes the key of tokens from
// DEMO_TOKEN_SECRET. It is no second Roomcast: it keeps everything in memory, forgets nothing, and takes any post.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { attach } from "engine.io";
import { Server } from "socket.io";
import { admission, verified } from "./reference-admission.js";

/** As many updates can be recovered, as in Roomcast's log. */
const RECOVERABLE = 512;

/** How long after its end a connection can be recovered, in milliseconds. */
const RECOVERY_MS = 120_000;

const text = { type: "string" };
const { values } = parseArgs({ options: { document: text, origin: text, port: text } });
const document = JSON.parse(readFileSync(values.document, "utf8"));
const settings = document.socket_io;
const anonymous = document.paths.some(({ access }) => access === "anonymous");

/** key → the latest update */
const state = new Map();

const http = createServer(answer);
const heartbeat = { pingInterval: settings.ping_interval_ms ?? 25_000, pingTimeout: settings.ping_timeout_ms ?? 20_000 };
const recovery = { maxDisconnectionDuration: RECOVERY_MS, skipMiddlewares: false };
const io = new Server(http, {
  ...heartbeat,
  cors: { origin: values.origin, credentials: true },
  connectTimeout: settings.connect_timeout_ms ?? 45_000,
  ...(settings.recovery !== false && { connectionStateRecovery: recovery }),
});
for (const name of settings.namespaces ?? ["/"]) serve(io.of(name));
echoEngine();
http.listen(Number(values.port ?? 0), "127.0.0.1");
await once(http, "listening");
console.log(`http://127.0.0.1:${http.address().port}`);

function serve(namespace) {
  recoverUnnoticed(namespace);
  if (!anonymous) namespace.use(admission({ secret: process.env.DEMO_TOKEN_SECRET, origin: values.origin }));
  namespace.on("connection", (socket) => {
    socket.onAny((name, ...args) => emitted(socket, name, args));
    if (settings.welcome) return socket.emit(settings.welcome, socket.handshake.auth);
    // It has an offset, so that a connection can be recovered that had nothing else.
    namespace.to(socket.id).emit("synced");
    if (!socket.recovered) sendState(socket, () => true);
  });
}

/** Recovers a connection also if its end was not noticed: a client that polls can be away for long before it is. */
function recoverUnnoticed({ adapter, sockets }) {
  const restore = adapter.restoreSession;
  adapter.restoreSession = (pid, offset) => {
    for (const socket of sockets.values()) if (socket.pid === pid) socket._onclose("transport close");
    return Reflect.apply(restore, adapter, [pid, offset]);
  };
}

/** A server of Engine.IO alone, which sends back what it gets. */
function echoEngine() {
  const { path } = document.paths.find(({ serves }) => serves === "engine_io_echo") ?? {};
  if (!path) return;
  const engine = attach(http, { path, ...heartbeat });
  engine.on("connection", (socket) => socket.on("data", (data) => socket.send(data)));
}

async function answer(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const events = [JSON.parse(Buffer.concat(chunks))].flat();
  for (const event of events) happen(event);
  const results = events.map(({ event_id }) => ({ event_id, status: "accepted" }));
  response.writeHead(202, { "content-type": "application/json" });
  response.end(JSON.stringify({ results }));
}

function happen({ event_type, payload }) {
  const rule = document.events.find(({ on }) => on === event_type);
  const fields = Object.entries(rule.data).map(([name, from]) => [name.replace("?", ""), payload[from]]);
  const data = Object.fromEntries(fields.filter(([, value]) => value !== undefined));
  const topic = rule.topic && filled(rule.topic, payload);
  state.set(filled(rule.key, payload), { type: rule.emit, topic, data });
  if (rule.acknowledged) return askAll(rule, data);
  const { adapter } = io.sockets;
  (topic ? io.to(topic) : io).emit(rule.emit, data);
  adapter.packets?.splice(0, adapter.packets.length - RECOVERABLE);
}

function askAll({ emit, acknowledged }, data) {
  for (const socket of io.sockets.sockets.values()) ask(socket, acknowledged.attempts);
  function ask(socket, left) {
    if (left === 0) return;
    socket.timeout(acknowledged.timeout_ms).emit(emit, data, (late) => late && ask(socket, left - 1));
  }
}

function emitted(socket, name, args) {
  const ack = typeof args.at(-1) === "function" ? args.pop() : undefined;
  const rule = settings.emits.find(({ on }) => on === name);
  if (rule?.do === "echo") return rule.as ? socket.emit(rule.as, ...args) : ack?.(...args);
  const result = rule ? DO[rule.do](socket, rule, args[0]) : refusal("not_allowed", `nothing is named ${name}`);
  if (ack) ack(result);
  else if (result.status === "error") socket.emit("exception", result);
}

const DO = {
  subscribe(socket, rule, given) {
    const topic = filled(rule.topic, given ?? {});
    if (!topic) return refusal("bad_emit", `it needs what ${rule.topic} needs`);
    if (socket.data.topics && !socket.data.topics.includes(topic)) return refusal("topic_refused", `not ${topic}`);
    socket.join(topic);
    socket.emit("subscribed", { topics: topics(socket) });
    sendState(socket, (update) => update.topic === topic);
    return { status: "ok", topics: topics(socket) };
  },
  unsubscribe(socket, rule, given) {
    socket.leave(filled(rule.topic, given));
    return { status: "ok", topics: topics(socket) };
  },
  refresh(_, rule, given) {
    const { code } = verified(given.token, process.env.DEMO_TOKEN_SECRET);
    return code ? refusal("refresh_refused", `the old token stays: ${code}`) : { status: "ok" };
  },
  state(socket) {
    sendState(socket, () => true);
    return { status: "ok" };
  },
};

/** Sends the current updates that the client sees. */
function sendState(socket, wanted) {
  const offset = io.sockets.adapter.packets?.at(-1)?.id;
  for (const update of state.values()) {
    const sees = !update.topic || socket.rooms.has(update.topic);
    if (sees && wanted(update)) socket.emit(update.type, update.data, offset);
  }
}

const topics = (socket) => [...socket.rooms].filter((room) => room !== socket.id);

/** A template with its names replaced, or nothing if a value is no text. */
function filled(template, values) {
  const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  if (!names.every((name) => typeof values[name] === "string" && values[name] !== "")) return undefined;
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const refusal = (code, message) => ({ status: "error", code, message, retryable: false });
