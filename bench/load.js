// Runs the load generator (load/) and translates its report into the figures of the bench.
// Only this file knows the generator's arguments and JSON.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { dollarsPerMillion } from "./prices.js";
import { ROOT, secrets } from "./systems.js";

const GENERATOR = process.env.BENCH_LOAD ?? join(ROOT, "target/release/roomcast-load");
/** Additional time for the generator: connecting thousands of clients to a slow server takes a while. */
const GRACE_SECONDS = 90;
/** How much of its messages is shown when it fails. */
const TOLD_CHARACTERS = 2000;

/**
 * @param {import("./server.js").Server} server
 * @param {object} work as in workloads.js
 * @param {string[]} more arguments
 * @returns {Promise<object>} figures by name; throws an Error if the generator failed or took too long
 */
export async function load(server, work, more = []) {
  const answer = await generate([...server.target, ...flags(work), "--json", ...more], work);
  return figures(JSON.parse(answer));
}

/** `{connectOnly: true, rate: 10}` as `--connect-only --rate 10`. */
function flags(work) {
  return Object.entries(work).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return value === true ? [flag] : [flag, withUnit(name, value)];
  });
}

function withUnit(name, value) {
  return ["ramp", "warmup", "duration", "idle"].includes(name) ? `${value}s` : String(value);
}

function generate(args, work) {
  const seconds = (work.ramp ?? 0) + (work.warmup ?? 0) + (work.duration ?? 0) + (work.idle ?? 0) + GRACE_SECONDS;
  const child = spawn(GENERATOR, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...secrets },
  });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].on("data", (text) => (said[name] += text));
  const late = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(late);
      if (said.stdout.trim().startsWith("{")) return resolve(said.stdout);
      const why = signal ? `ended by ${signal} after at most ${seconds} s` : `exit ${code}`;
      reject(new Error(`roomcast-load ${args.join(" ")}: ${why}\n${said.stderr.slice(-TOLD_CHARACTERS)}`));
    });
  });
}

/** The figures in a report. Those that the mode does not measure are absent. */
export function figures({ setup, connects, traffic, cost, recovery, stall, continuity, server, dropped }) {
  return {
    ...(traffic ? flow(traffic) : opening(connects)),
    ...(recovery && { levelMs: recovery.levelSeconds * 1000, away: setup.clients - recovery.returned }),
    ...(stall && { levelMs: stall.levelSeconds * 1000, away: stall.clients - stall.level, behind: stall.behind, states: stall.snapshots }),
    ...continuity,
    ...(server && {
      cpuPerDeliveryUs: server.cpuUsPerDelivery,
      cpuPerEventUs: server.cpuUsPerEvent,
      cpuPerUpgradeUs: server.cpuUsPerUpgrade,
      memoryPeakMb: server.rssPeak / 2 ** 20,
    }),
    ...(cost?.perMillionEvents && costs(cost, server)),
    errors: count(dropped, connects.failed, traffic?.failedPosts, recovery?.failedPosts),
    // For readers of the JSON only: statistics.js takes numbers only.
    reasons: { dropped, connects: connects.failed, posts: traffic?.failedPosts ?? recovery?.failedPosts },
  };
}

function flow({ deliveries, deliveriesPerSecond, eventsPerSecond, latencyUs, postUs, frames, bytes, generatorCpuPercent }) {
  return {
    deliveriesPerSecond,
    eventsPerSecond,
    ...inMs("", latencyUs),
    ...inMs("post", postUs),
    frames,
    bytes,
    bytesPerDelivery: deliveries > 0 ? bytes / deliveries : undefined,
    generatorCpuPercent,
  };
}

/** The costs of a million events. What the deployment's answers did not say is undefined, and so in no summary. */
function costs({ bursts, rowsWritten, perMillionEvents }, server) {
  const amounts = {
    ...perMillionEvents,
    cpuMs: Number.isFinite(server?.cpuUsPerEvent) ? server.cpuUsPerEvent * 1000 : undefined,
  };
  return {
    rowsPerBurst: rowsWritten / bursts,
    postsPerMillion: amounts.posts,
    objectRequestsPerMillion: amounts.objectRequests,
    burstsPerMillion: amounts.bursts,
    rowsWrittenPerMillion: amounts.rowsWritten,
    rowsReadPerMillion: amounts.rowsRead,
    awakeSecondsPerMillion: amounts.awakeSeconds,
    cpuMsPerMillion: amounts.cpuMs,
    dollarsPerMillion: dollarsPerMillion(amounts),
  };
}

function opening({ perSecond, upgradeUs }) {
  return { upgradesPerSecond: perSecond, ...inMs("", upgradeUs) };
}

/** Percentiles in milliseconds; none if there are no samples. */
function inMs(prefix, { count: samples, p50, p99 }) {
  const name = (percentile) => (prefix ? `${prefix}P${percentile}Ms` : `p${percentile}Ms`);
  return samples > 0 ? { [name(50)]: p50 / 1000, [name(99)]: p99 / 1000 } : {};
}

function count(...reasons) {
  const counts = reasons.flatMap((one) => Object.values(one ?? {}));
  return counts.reduce((sum, one) => sum + one, 0);
}
