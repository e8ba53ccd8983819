// One measurement: starts a fresh server of one system, runs one variant of one workload, and returns its figures.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { load } from "./load.js";
import { cpuSeconds, memoryBytes } from "./procfs.js";
import { Server } from "./server.js";
import { clustered } from "./systems.js";

/** A short load that makes the room begin and loads the code, before anything is measured. */
const WARM_UP = { clients: 1, publishers: 1, rate: 10, payload: 250, ramp: 0, warmup: 0, duration: 1 };
/** Clients that connect before the ones whose memory is measured, and how much earlier. */
const OTHERS = 200;
const OTHERS_SECONDS = 10;
/** From the start of an idle run until its clients are connected and their room has left memory. */
const IDLE_SETTLE_SECONDS = 15;
/** The machines of a cluster: workerd opens two files for each client, and 20,000 are allowed in most places. */
const MACHINES = 3;
/** How long clients stay that only make a room larger, after those that are measured have everything. */
const OTHERS_STAY_SECONDS = 30;
/** How long a server may take to notice that its clients have gone. */
const GONE_MS = 20_000;

/** @returns {Promise<object>} figures by name */
export async function measure(workload, system, work) {
  const server = await Server.start(startedFor[workload.kind]?.(system) ?? system);
  try {
    return await kinds[workload.kind](server, work);
  } finally {
    await server.stop();
  }
}

/** What is started for a kind of workload, if it is not the system as it is. */
const startedFor = {
  // A start needs no tenants, which older releases may not understand.
  start: (system) => ({ ...system, prepare: undefined }),
  cluster: () => clustered(MACHINES),
};

const kinds = {
  load: (server, work) => load(server, work, ["--pid", String(server.pid)]),
  cluster,
  storms,
  recovery,
  idle,
  start: (server) => ({ firstAnswerMs: server.startMs }),
};

/** A generator may open as many files as a server, so a second one brings the clients that are more. */
async function cluster(server, { others = 0, ...work }) {
  if (others === 0) return kinds.load(server, work);
  const idle = work.ramp + work.warmup + work.duration + OTHERS_STAY_SECONDS;
  const rest = started(server, { clients: others, tenant: work.tenant, ramp: 1, idle });
  const figures = await kinds.load(server, work);
  await rest;
  return figures;
}

/** The clients connect, go, and connect again: at first the room and who counts them are new, then they know everybody. */
async function storms(server, work) {
  await load(server, WARM_UP);
  const pid = ["--pid", String(server.pid)];
  const { errors, ...first } = await load(server, work, pid);
  await gone(server, work.clients + WARM_UP.clients);
  const again = await load(server, work, pid);
  return {
    ...first,
    againUpgradesPerSecond: again.upgradesPerSecond,
    againP50Ms: again.p50Ms,
    againCpuPerUpgradeUs: again.cpuPerUpgradeUs,
    errors: errors + again.errors,
  };
}

/** Waits until the server has noticed that so many clients have gone. */
async function gone(server, clients) {
  for (const end = Date.now() + GONE_MS; Date.now() < end; await sleep(100)) {
    if (lines(server, "connection.closed") >= clients) return;
  }
  throw new Error(`after ${GONE_MS} ms, not all clients have gone`);
}

/** The generator disconnects its clients, runs the script that kills the server, and connects the clients again. */
async function recovery(server, work) {
  server.reviveWhenKilled();
  const script = join(import.meta.dirname, "kill-9.sh");
  return load(server, work, ["--between", `'${script}' ${server.pid} ${server.healthUrl}`]);
}

/**
 * Measures the server while the clients only ping. Other clients connect first, so that memory that is loaded, compiled
 * and set aside only once is not counted for the measured clients.
 */
async function idle(server, work) {
  await load(server, WARM_UP);
  const others = started(server, { ...work, clients: OTHERS, idle: work.idle + OTHERS_SECONDS });
  await sleep(OTHERS_SECONDS * 1000);
  const before = memoryBytes(server.pid);
  const running = started(server, work);
  const seconds = work.idle - IDLE_SETTLE_SECONDS - 5;
  await sleep(IDLE_SETTLE_SECONDS * 1000);
  const start = { cpu: cpuSeconds(server.pid), wakes: wakes(server) };
  await sleep(seconds * 1000);
  const bytes = memoryBytes(server.pid) - before;
  const cpu = cpuSeconds(server.pid) - start.cpu;
  const woken = wakes(server) - start.wakes;
  await Promise.all([running, others]);
  return {
    memoryPerClientKb: bytes / work.clients / 1024,
    cpuMsPerMinute: (cpu * 1000 * 60) / seconds,
    // Only Roomcast logs when a room comes back into memory.
    ...(server.tellsWakes && { wakes: woken, watchedSeconds: seconds, wakesPerHour: (woken * 3600) / seconds }),
  };
}

/** Starts a load that is awaited later. Until then its failure must not count as an unhandled rejection. */
function started(server, work) {
  const running = load(server, work);
  running.catch(() => {});
  return running;
}

function wakes(server) {
  return lines(server, "room.restored");
}

/** How many lines of the log are about an event. */
function lines(server, event) {
  return server.log().split(`"${event}"`).length - 1;
}
