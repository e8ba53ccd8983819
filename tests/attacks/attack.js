// Runs cases against a server, several at a time, next to an innocent client, and finds out what they did.

import { Pool } from "undici";
import { DOORS } from "./doors/index.js";
import { Innocent } from "./innocent.js";
import { expand } from "./placeholders.js";
import { restored, Rooms } from "./rooms.js";
import { mint } from "./tokens.js";
import { differ } from "./verdict.js";

const AT_ONCE = 12;
const CASE_MS = 60_000;
const CONNECTIONS = 32;
const ANSWER_MS = 20_000;
const PATIENCE_MS = 15_000;

/** The longest line of the log. An attacker who could make a line longer could fill the disk. */
const LINE_CHARS = 2_000;

/** A shorter text may be in the log for another reason, so it does not count as a signature. */
const SIGNATURE_CHARS = 20;

/** The doors whose cases take long. They begin first, so that nothing waits for them at the end. */
const LONG = ["posts", "socket"];

/** Runs all cases. Returns the results of every case, of the innocent client, and of the server as a whole. */
export async function attack({ url, storage, log, cases, patienceMs = PATIENCE_MS }) {
  const began = performance.now();
  const rooms = new Rooms(storage, log, patienceMs);
  const server = new Target(url);
  const run = `r${Date.now().toString(36)}`;
  const innocent = new Innocent(url, `${run}-innocent`);
  await innocent.start();
  const order = [...cases].sort((a, b) => LONG.includes(b.door) - LONG.includes(a.door));
  const queue = order.map((test) => ({ test, session: sessionOf(run, test), faults: [], sent: [] }));
  const results = [...queue];
  await Promise.all(Array.from({ length: AT_ONCE }, () => lane(queue, server)));
  const bystander = await innocent.stop();
  const overall = await aftermath({ results, rooms, server, run, innocent, log });
  await server.close();
  return { results, innocent: bystander, overall, seconds: (performance.now() - began) / 1000, rooms: rooms.made };
}

/** The name of a case's room: that of its session, below the document if it is not the first of the tenant. */
const roomOf = ({ session, test }) => (test.document ? `${test.document}/${session}` : session);

/** The session of a case. No session is a prefix of another. */
const sessionOf = (run, { theme, number }) => `${run}-${theme}-${String(number).padStart(4, "0")}`;

/** The server under attack, reached with undici. */
class Target {
  #pool;

  constructor(url) {
    this.url = url.replace(/\/$/, "");
    this.host = new URL(url).host;
    this.#pool = new Pool(this.url, { connections: CONNECTIONS, headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS });
  }

  async request(options) {
    const answer = await this.#pool.request(options);
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  close() {
    return this.#pool.destroy();
  }
}

async function lane(queue, server) {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const began = performance.now();
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve([`not over after ${CASE_MS} ms`]), CASE_MS);
    });
    const tried = attempt(next, server).catch((error) => [`${error.stack}`]);
    next.faults.push(...(await Promise.race([tried, late])));
    clearTimeout(timer);
    next.ms = performance.now() - began;
  }
}

async function attempt(one, server) {
  const now = Math.floor(Date.now() / 1000);
  const { session } = one;
  const names = { now, soon: now + 3600, session, id: session, rest: session.slice(1), host: server.host, url: server.url };
  const claims = (changes) => mint({ claims: { sub: "ada", ...changes } }, names);
  names.good = await claims({});
  names.every = await claims({ sessions: ["*"] });
  names.elsewhere = await claims({ sessions: [`${session}-elsewhere`] });
  names.expired = await claims({ exp: now - 3600 });
  names.forged = await mint({ key: "other" }, names);
  // Each step has names of its own, so it is expanded only when its turn comes.
  const { token = "{good}", steps, ...rest } = one.test;
  names.token = await mint(expand(token, names), names);
  one.sent.push(names.good, names.every, names.elsewhere, names.expired, names.forged, names.token);
  one.test = { ...expand(rest, names), steps };
  return DOORS[one.test.door](one.test, server, names);
}

/** Checks what can only be seen at the end: which rooms there are, and what was logged. */
async function aftermath({ results, rooms, server, run, innocent, log }) {
  const last = `${run}-last`;
  await server.request({ method: "GET", path: `/api/sessions/${last}/state` });
  const ofSockets = results.filter(({ test }) => test.door === "socket");
  const held = await rooms.held(ofSockets.map(roomOf));
  for (const one of ofSockets) if (held.includes(roomOf(one))) one.faults.push("its room still holds the connection");
  const lines = await rooms.logged(last);
  const woken = restored(lines);
  for (const one of results) one.faults.push(...(await reached(one, rooms, woken)));
  const sessions = results.flatMap((one) => [roomOf(one), ...(one.test.also ?? []), ...(one.test.never ?? [])]);
  if (log) results.push(...aboutLog(results, lines));
  const strange = rooms.unaccounted([innocent.session, ...sessions]);
  return strange.length > 0 ? [`${strange.length} rooms belong to no case, such as ${strange[0]}`] : [];
}

async function reached(one, rooms, woken) {
  const [room, { test }] = [roomOf(one), one];
  const faults = (test.never ?? []).flatMap((name) => none(name, rooms, woken));
  if (test.room === "none") return [...faults, ...none(room, rooms, woken)];
  // The server may be moving its log while it is copied, again and again on a busy machine. What is there stays there.
  const is = test.room === "made" ? await rooms.awaited(room) : rooms.of(room);
  if (test.room === "made" && is !== "made") faults.push(differ("room", "made", is));
  if (test.room === "untouched" && is === "made") faults.push("a room with tables was made for a client that only read");
  return faults;
}

function none(session, rooms, woken) {
  const is = rooms.of(session);
  const faults = is === "none" ? [] : [differ(`the room of ${session}`, "none", is)];
  return woken.has(session) ? [...faults, `the log says that ${session} was restored`] : faults;
}

/** What no line of the log may contain, checked as two more cases. */
function aboutLog(results, lines) {
  const text = lines.join("\n");
  const signatures = results.flatMap(({ sent }) => sent.map((token) => token.split(".").pop()));
  const shown = signatures.find((signature) => signature.length > SIGNATURE_CHARS && text.includes(signature));
  const longest = lines.reduce((longest, line) => (line.length > longest.length ? line : longest), "");
  return [
    { test: { theme: "log", name: "it contains no signature of a token" }, faults: shown ? [`it contains ${shown}`] : [] },
    {
      test: { theme: "log", name: "its lines are short, whatever clients send" },
      faults: longest.length > LINE_CHARS ? [`one has ${longest.length} characters: ${longest.slice(0, 100)}…`] : [],
    },
  ];
}
