// A minimal Worker with one Durable Object: it accepts hibernatable WebSockets, sends one text to all of them,
// and answers a POST in four ways. Other objects of its class are asked before a WebSocket is accepted. What this
// costs is the runtime's own cost.
//
// It checks nothing, keeps no order and remembers no client: Roomcast does that.

import { DurableObject } from "cloudflare:workers";

// The last character ends no header, so clients.js knows by it that an answer is complete.
const ANSWER = '{"results":[]}';

export class Floor extends DurableObject {
  #sockets;

  constructor(state, env) {
    super(state, env);
    state.storage.sql.exec("CREATE TABLE IF NOT EXISTS texts (id INTEGER PRIMARY KEY, text TEXT)");
  }

  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/clients") return this.#accept();
    if (pathname === "/send") return this.#send(searchParams);
    if (pathname === "/ask") return this.#answer(request.headers.get("asked"));
    const body = request.headers.get("posted") ?? (await request.text());
    return new Response(null, { headers: { length: String(body.length) } });
  }

  #answer(asked) {
    if (asked === "stored") this.ctx.storage.sql.exec("INSERT OR REPLACE INTO texts VALUES (1, ?)", asked);
    return new Response(null, { headers: { answer: "yes" } });
  }

  post(body) {
    return body.length;
  }

  #accept() {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Sends one frame to every client. The sockets are looked up only once, because that has a cost too. */
  async #send(wanted) {
    this.#sockets ??= this.ctx.getWebSockets();
    const text = texts[wanted.get("text")](Number(wanted.get("bytes")));
    if (wanted.has("stored")) {
      this.ctx.storage.sql.exec("INSERT OR REPLACE INTO texts VALUES (1, ?)", text);
    }
    const frame = wanted.has("once") ? await deflated(text) : text;
    for (const socket of this.#sockets) socket.send(frame);
    return new Response(ANSWER);
  }
}

/** A text as a server sends it that compresses it itself. */
async function deflated(text) {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Response(stream).arrayBuffer();
}

/** Makes a text of about so many bytes in UTF-8, by kind. */
const texts = {
  "one-byte": (bytes) => "x".repeat(bytes),
  // One such character makes the runtime store every character of the text in two bytes.
  "two-byte": (bytes) => `中${"x".repeat(bytes - 3)}`,
  updates,
};

/** JSON as rooms send it, different each time, so that it compresses about as well as in real use. */
function updates(bytes) {
  const list = [];
  for (let size = 0; size < bytes; size += JSON.stringify(list.at(-1)).length) {
    list.push(update(list.length));
  }
  return JSON.stringify({ type: "dashboard.updates", prev: 999, seq: 999 + list.length, updates: list });
}

function update(index) {
  return {
    type: "dashboard.update",
    seq: 1000 + index,
    updateType: "component.output_updated",
    timestamp: new Date(1.76e12 + index * 917).toISOString(),
    correlationId: crypto.randomUUID(),
    data: {
      cycleId: `cycle-${index % 7}`,
      componentType: `part-${index % 5}`,
      summary: Array.from({ length: 20 }, word).join(" "),
      id: crypto.randomUUID(),
    },
  };
}

const WORDS = ["alpha", "status", "ready", "42", "queue", "moved", "latency", "user", "project", "scored"];

function word() {
  return WORDS[Math.floor(Math.random() * WORDS.length)];
}

/** How a posted body gets to the Durable Object, by path. */
const posts = {
  "/posts/front": () => {},
  "/posts/fetch": (object, body) => object.fetch("http://object/", { method: "POST", body }),
  "/posts/header": (object, body) => object.fetch("http://object/", { headers: { posted: body } }),
  "/posts/rpc": (object, body) => object.post(body),
};

let asked = 0;

/** Asks `ask` objects at the same time. Each is one of `of`, which take turns. */
async function askFirst(searchParams, objects) {
  asked += 1;
  const headers = { asked: searchParams.has("stored") ? "stored" : "" };
  const ask = async (kind) => {
    const object = objects.getByName(`${kind}-${asked % Number(searchParams.get("of"))}`);
    return (await object.fetch("http://object/ask", { headers })).headers.get("answer");
  };
  await Promise.all(Array.from({ length: Number(searchParams.get("ask")) }, (_, kind) => ask(kind)));
}

export default {
  async fetch(request, { FLOOR }) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/healthy") return new Response(ANSWER);
    const object = FLOOR.getByName("floor");
    if (searchParams.has("ask")) await askFirst(searchParams, FLOOR);
    const hand = posts[pathname];
    if (!hand) return object.fetch(request);
    await hand(object, await request.text());
    return new Response(ANSWER, { status: 202 });
  },
};
