// A dashboard and a backend that have nothing to do with any attack. They work as long as the corpus runs.
// Whatever the attacks do, the dashboard must get exactly the events that the server accepted from the backend.

import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import WebSocket from "ws";
import { sign } from "./signing.js";
import { mint } from "./tokens.js";
import { losses } from "./verdict.js";

const EVERY_MS = 50;
const LAST_UPDATE_MS = 10_000;
const CONNECT_MS = 10_000;

export class Innocent {
  #url;
  #pool;
  #socket;
  #feeding;
  #stopping = false;
  #accepted = [];
  #received = [];
  #faults = [];
  #posted = new Map();
  #heard = () => {};
  #slowest = 0;

  constructor(url, session) {
    this.#url = url;
    this.session = session;
    this.#pool = new Pool(url, { connections: 1 });
  }

  /** Connects, and begins to post. */
  async start() {
    const now = Math.floor(Date.now() / 1000);
    const token = await mint({ claims: { sub: "innocent" } }, { session: this.session, now });
    const live = `${this.#url.replace(/^http/, "ws")}/api/sessions/${this.session}/live`;
    this.#socket = new WebSocket(live, ["roomcast.v1", `roomcast.bearer.${token}`]);
    const connected = new Promise((resolve, reject) => {
      this.#heard = resolve;
      this.#socket.on("error", reject);
    });
    this.#socket.on("message", (data) => this.#take(JSON.parse(data)));
    this.#socket.on("close", (code, reason) => {
      if (!this.#stopping) this.#faults.push(`the innocent client was closed with ${code} ${reason}`);
    });
    await within(connected, CONNECT_MS, "the innocent client was not connected");
    this.#feeding = this.#feed();
  }

  /** Ends the feed, waits for its last update, and returns what went wrong. */
  async stop() {
    this.#stopping = true;
    await this.#feeding;
    const last = this.#accepted.at(-1)?.seq ?? 0;
    const arrived = () => (this.#received.at(-1)?.seq ?? 0) >= last;
    for (const end = Date.now() + LAST_UPDATE_MS; Date.now() < end && !arrived(); ) await sleep(10);
    this.#socket.close(1000);
    await this.#pool.close();
    const faults = [...this.#faults, ...losses(this.#accepted, this.#received)];
    if (last === 0) faults.push("no event was accepted, so nothing was tested");
    return { faults, updates: this.#accepted.length, slowestMs: Math.round(this.#slowest) };
  }

  async #feed() {
    for (let number = 1; !this.#stopping; number += 1) {
      const title = `${this.session}-${number}`;
      this.#posted.set(title, performance.now());
      try {
        await this.#post(title);
      } catch (error) {
        this.#faults.push(`the innocent backend's post ${number} failed: ${error.message}`);
      }
      await sleep(EVERY_MS);
    }
  }

  async #post(title) {
    const now = Math.floor(Date.now() / 1000);
    const body = JSON.stringify({
      event_id: title,
      event_type: "session.renamed",
      aggregate_type: "Session",
      aggregate_id: this.session,
      occurred_at: new Date().toISOString(),
      payload: { title },
    });
    const headers = { "content-type": "application/json", ...sign(body, { now, id: title }) };
    const answer = await this.#pool.request({ method: "POST", path: "/api/events", headers, body });
    const text = await answer.body.text();
    const result = answer.statusCode === 202 && JSON.parse(text).results[0];
    if (result?.status === "accepted") this.#accepted.push({ seq: result.seq, title });
    else this.#faults.push(`the innocent backend was answered ${answer.statusCode} ${text}`);
  }

  #take(frame) {
    if (frame.type === "connected") this.#heard();
    for (const update of frame.updates ?? (frame.type === "dashboard.update" ? [frame] : [])) {
      const { title } = update.data;
      this.#slowest = Math.max(this.#slowest, performance.now() - this.#posted.get(title));
      this.#received.push({ seq: update.seq, title });
    }
  }
}

async function within(promise, milliseconds, complaint) {
  const timer = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: timer.signal }).then(() => {
    throw new Error(complaint);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
    late.catch(() => {});
  }
}
