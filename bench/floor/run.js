// The floor: what the runtime itself costs, without Roomcast. This program starts workerd with a minimal Worker,
// makes it send and answer, and prints its CPU per `send` and per POST for several kinds of frames and hand-overs.
//
// scripts/bench --floor starts this. It compares nothing and judges nothing: bench/README.md says what it
// is good for.

import { parseOptions } from "../options.js";
import { cpuSeconds, memoryBytes } from "../procfs.js";
import { tell } from "../progress.js";
import { rotated } from "../rounds.js";
import { Server, removeFoldersWhenSignalled } from "../server.js";
import { summary } from "../statistics.js";
import { workerd } from "../systems.js";
import { CONNECTIONS, POSTED, PUBLISHERS, sessions, UPGRADES_AT_ONCE } from "./cases.js";
import { Clients } from "./client-process.js";
import { floorReport } from "./report.js";

removeFoldersWhenSignalled();
const options = parseOptions(process.argv.slice(2));
const effort = options.quick
  ? { connections: 50, frames: () => 3, warmUpFrames: 1, postMs: 100, warmUpMs: 50 }
  : { connections: CONNECTIONS, frames: (wanted) => wanted, warmUpFrames: 5, postMs: 1200, warmUpMs: 400 };

// The figures of each round, by case.
const measured = {};
for (let round = 1; round <= options.rounds; round += 1) {
  for (const [name, session] of rotated(Object.entries(sessions), round - 1)) {
    tell(`${name}, round ${round} of ${options.rounds}`);
    await runSession(session, round);
  }
}
const results = Object.fromEntries(Object.entries(measured).map(([key, rounds]) => [key, summary(rounds)]));
console.log(floorReport(results, options, effort.connections));

async function runSession({ config, offer, cases }, round) {
  const server = await Server.start(floor(config));
  const clients = new Clients(server.port);
  try {
    const session = { server, clients, config, offer };
    for (const one of rotated(cases, round - 1)) {
      const figures = await kindOf(one)(session, one);
      (measured[one.key] ??= []).push(figures);
    }
  } finally {
    await clients.stop();
    // workerd would wait for seconds although its clients are gone. Nothing of it is kept, so it is killed.
    await server.stop("SIGKILL");
  }
}

function kindOf({ frames, upgrades }) {
  if (frames) return sending;
  return upgrades ? upgrading : posting;
}

function floor(config) {
  return { title: "workerd", healthy: "/healthy", command: workerd("bench/floor/floor.capnp", config) };
}

async function sending(session, { path, frames }) {
  const { server, clients } = session;
  session.idle ??= await joinAll(session);
  await clients.ask("frames", { path, count: effort.warmUpFrames });
  const count = effort.frames(frames);
  const { cpuUs, answer } = await cpuOf(server, () => clients.ask("frames", { path, count }));
  return {
    cpuUs: cpuUs / answer.frames,
    wireBytes: answer.bytes / answer.frames,
    idleKb: session.idle.kb,
    usedKb: (memoryBytes(server.pid) - session.idle.before) / 1024 / effort.connections,
  };
}

/** Connects the clients. Returns the server's memory before that, and how much each client added to it. */
async function joinAll({ server, clients, config, offer }) {
  const before = memoryBytes(server.pid);
  const { compressed } = await clients.ask("join", { count: effort.connections, offer });
  const wanted = config === "compressing" ? effort.connections : 0;
  if (compressed !== wanted) throw new Error(`${compressed} connections are compressed instead of ${wanted}`);
  return { before, kb: (memoryBytes(server.pid) - before) / 1024 / effort.connections };
}

async function posting({ server, clients }, { path }) {
  const work = { path, body: POSTED, publishers: PUBLISHERS };
  await clients.ask("posts", { ...work, ms: effort.warmUpMs });
  const { cpuUs, answer } = await cpuOf(server, () => clients.ask("posts", { ...work, ms: effort.postMs }));
  return { cpuUs: cpuUs / answer.posts };
}

/** The first clients make the objects, so the second are measured. */
async function upgrading({ server, clients }, { path }) {
  const work = { path, count: effort.connections, concurrency: UPGRADES_AT_ONCE };
  await clients.ask("upgrades", work);
  const { cpuUs, answer } = await cpuOf(server, () => clients.ask("upgrades", work));
  return { cpuUs: cpuUs / answer.upgrades };
}

async function cpuOf(server, work) {
  const before = cpuSeconds(server.pid);
  const answer = await work();
  return { cpuUs: (cpuSeconds(server.pid) - before) * 1e6, answer };
}
