// The command line of the bench.

import { parseArgs } from "node:util";
import { systems } from "./systems.js";
import { workloads } from "./workloads.js";

export const USAGE = `usage: scripts/bench [--rounds N] [--quick] [--only a,b,..] [--peers x,y,..] [--save FILE] [--check]
       scripts/bench --floor [--rounds N] [--quick]
  --rounds N      runs of each system under each workload (default 3)
  --quick         one short round: shows that everything works, and measures nothing
  --only a,b      only these workloads: ${workloads.map((one) => one.id).join(",")}
  --peers x,y     compare only with these: ${peerNames().join(",")}; none: --peers ""
  --save FILE     write the JSON to FILE too
  --check         only check that every system delivers what is posted to it
  --floor         measure the runtime without Roomcast instead: CPU per send and per POST, about 90 s`;

/**
 * @param {string[]} words
 * @returns what to run; throws an Error that says which argument is wrong
 */
export function parseOptions(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      peers: { type: "string" },
      save: { type: "string" },
      check: { type: "boolean", default: false },
      floor: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.floor) onlyRounds(values);
  return {
    ...values,
    rounds: rounds(values.rounds, values.quick),
    workloads: chosen(values.only, workloads, (one) => one.id, "workload"),
    systems: ["roomcast", ...chosen(values.peers, peerNames(), (name) => name, "peer")],
  };
}

/** The floor has no workloads, no peers and no JSON. */
function onlyRounds(values) {
  const wrong = ["only", "peers", "save", "check"].find((name) => values[name]);
  if (wrong) throw new Error(`--${wrong}: has no meaning with --floor`);
}

function peerNames() {
  return Object.keys(systems).filter((name) => name !== "roomcast");
}

function rounds(text, quick) {
  if (text === undefined) return quick ? 1 : 3;
  if (!/^[1-9]\d?$/.test(text)) throw new Error(`--rounds ${text}: not a number from 1 to 99`);
  return Number(text);
}

/** The entries of `all` that a list names, in the order of `all`. */
function chosen(list, all, name, what) {
  if (list === undefined) return all;
  const wanted = list.split(",").filter(Boolean);
  for (const one of wanted) {
    if (!all.some((known) => name(known) === one)) throw new Error(`${one}: no such ${what}`);
  }
  return all.filter((one) => wanted.includes(name(one)));
}

// Run as a program, this file only checks the arguments, so that a wrong one is reported before anything is built.
if (import.meta.main) {
  try {
    if (parseOptions(process.argv.slice(2)).help) console.log(USAGE);
  } catch (error) {
    console.error(`error: ${error.message}\n${USAGE}`);
    process.exitCode = 2;
  }
}
