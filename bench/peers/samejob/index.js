// PartyServer doing the same job as Roomcast for an event and for a connection, built from existing libraries:
// `standardwebhooks` verifies posts, `jose` verifies tokens, and each event is stored as a row with a unique id in
// SQLite before it is broadcast. It speaks enough of Roomcast's protocol for the load generator.
//
// It does not gather bursts, recover clients, or keep a state: a client that was away has lost what it missed.

import { jwtVerify } from "jose";
import { Server, getServerByName } from "partyserver";
import { Webhook } from "standardwebhooks";

const TABLE = "CREATE TABLE IF NOT EXISTS event (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, update_ TEXT NOT NULL)";
const INSERT = "INSERT INTO event (id, update_) VALUES (?, ?) ON CONFLICT (id) DO NOTHING RETURNING seq";
const BEARER = "roomcast.bearer.";

export class Main extends Server {
  static options = { hibernate: true };

  #sql = this.ctx.storage.sql;

  onStart() {
    this.#sql.exec(TABLE);
  }

  onConnect(connection) {
    const { seq } = this.#sql.exec("SELECT coalesce(max(seq), 0) AS seq FROM event").one();
    const greeting = { sessionId: this.name, clientId: connection.id, timestamp: new Date().toISOString() };
    connection.send(JSON.stringify({ type: "connected", ...greeting, epoch: "0".repeat(16), seq, recovery: "none" }));
  }

  onMessage(connection) {
    connection.send('{"type":"pong"}');
  }

  async onRequest(request) {
    const events = await request.json();
    return Response.json(events.map((event) => this.#take(event)));
  }

  #take({ event_id, event_type, occurred_at, payload }) {
    const update = JSON.stringify({ updateType: event_type, timestamp: occurred_at, data: payload }).slice(1);
    const [row] = this.#sql.exec(INSERT, event_id, update).toArray();
    if (!row) return { eventId: event_id, status: "duplicate", ...this.#first(event_id) };
    this.broadcast(`{"type":"dashboard.update","seq":${row.seq},${update}`);
    return { eventId: event_id, status: "accepted", session: this.name, seq: row.seq };
  }

  #first(id) {
    return { session: this.name, ...this.#sql.exec("SELECT seq FROM event WHERE id = ?", id).one() };
  }
}

export default {
  async fetch(request, env) {
    const [, session] = /^\/api\/sessions\/([^/]+)\/live$/.exec(new URL(request.url).pathname) ?? [];
    if (session) return watch(request, env, session);
    if (new URL(request.url).pathname === "/api/events") return publish(request, env);
    return new Response("not found\n", { status: 404 });
  },
};

async function watch(request, env, session) {
  const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  const token = offered.find((name) => name.startsWith(BEARER))?.slice(BEARER.length) ?? "";
  const key = new TextEncoder().encode(env.DEMO_TOKEN_SECRET);
  const verified = await jwtVerify(token, key, { algorithms: ["HS256"] }).catch(() => null);
  const covers = (one) => (one.endsWith("*") ? session.startsWith(one.slice(0, -1)) : one === session);
  const origin = request.headers.get("origin") ?? env.DEMO_ORIGINS;
  if (!verified?.payload.sessions?.some(covers) || origin !== env.DEMO_ORIGINS) {
    return new Response("no\n", { status: 403 });
  }
  const room = await getServerByName(env.Main, session);
  const { webSocket } = await room.fetch(request);
  return new Response(null, { status: 101, webSocket, headers: { "sec-websocket-protocol": "roomcast.v1" } });
}

async function publish(request, env) {
  const body = await request.text();
  try {
    new Webhook(env.DEMO_WEBHOOK_SECRET).verify(body, Object.fromEntries(request.headers));
  } catch {
    return new Response("no\n", { status: 401 });
  }
  const posted = [JSON.parse(body)].flat();
  const rooms = Object.entries(Object.groupBy(posted, (event) => event.aggregate_id));
  const answers = await Promise.all(rooms.map(async ([session, events]) => {
    const room = await getServerByName(env.Main, session);
    return (await room.fetch("http://room/", { method: "POST", body: JSON.stringify(events) })).json();
  }));
  return Response.json({ results: answers.flat() }, { status: 202 });
}
