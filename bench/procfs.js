// CPU time and memory of a process and all that it has started, from Linux's /proc.

import { readdirSync, readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100;

/** The process and its descendants. */
export function processTree(pid) {
  const children = new Map();
  for (const name of readdirSync("/proc")) {
    const fields = /^\d+$/.test(name) && stat(name);
    if (fields) children.set(fields.parent, [...(children.get(fields.parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  for (const one of tree) tree.push(...(children.get(one) ?? []));
  return tree;
}

/** Seconds of CPU, user and system, that the tree has used so far. */
export function cpuSeconds(pid) {
  const ticks = processTree(pid).map((one) => stat(one)?.ticks ?? 0);
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS_PER_SECOND;
}

/** Bytes that the tree has in memory. Memory that processes share, as nginx's workers do, counts once. */
export function memoryBytes(pid) {
  return processTree(pid).reduce((sum, one) => sum + proportionalSet(one), 0);
}

function proportionalSet(pid) {
  const text = read(`/proc/${pid}/smaps_rollup`) ?? "";
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

function stat(pid) {
  // The name of the program is in parentheses and may contain blanks.
  const fields = read(`/proc/${pid}/stat`)?.split(") ").pop().split(" ");
  return fields && { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

/** Reads a file of a process, which may have ended since it was listed. */
function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
