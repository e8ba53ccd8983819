// The versions of what was measured, and the machine on which it was measured.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { ROOT, nchan } from "./systems.js";

export function machine() {
  return {
    cpu: os.cpus()[0].model.trim(),
    cores: os.availableParallelism(),
    memoryGb: Math.round(os.totalmem() / 1e9),
    kernel: os.release(),
    storage: storage(os.tmpdir()),
  };
}

/** The file system of the servers' storage. How fast it syncs decides most of the figures of the ingest workload. */
function storage(folder) {
  const mounts = readFileSync("/proc/mounts", "utf8").trim().split("\n").map((line) => line.split(" "));
  const holds = ([, point]) => `${folder}/`.startsWith(point.endsWith("/") ? point : `${point}/`);
  const [closest] = mounts.filter(holds).toSorted((a, b) => b[1].length - a[1].length);
  return `${folder} (${closest[2]})`;
}

export function versions() {
  const peers = json("bench/package-lock.json").packages;
  const npm = (name) => peers[`node_modules/${name}`].version;
  return {
    Roomcast: said("git", ["describe", "--always", "--dirty"]),
    workerd: said(join(ROOT, "node_modules/.bin/workerd"), ["--version"]).split(" ").pop(),
    Node: process.versions.node,
    PartyServer: npm("partyserver"),
    "Socket.IO": npm("socket.io"),
    ws: npm("ws"),
    ...(nchan.binary && {
      nginx: process.env.BENCH_NGINX_VERSION,
      nchan: process.env.BENCH_NCHAN_VERSION,
    }),
  };
}

function json(file) {
  return JSON.parse(readFileSync(join(ROOT, file), "utf8"));
}

function said(command, args) {
  return execFileSync(command, args, { cwd: ROOT, encoding: "utf8" }).trim();
}
