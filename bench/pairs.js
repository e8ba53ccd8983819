// Two systems, or two builds of Roomcast, under one workload, in turns: tells a difference of a few percent from the noise of the
// machine, which the rounds of scripts/bench do not.
//
//   node bench/pairs.js <variant> <one> <other> [--pairs N]
//
// A variant is that of a workload: j1, d100, e, p. `one` and `other` are names of systems (roomcast, samejob), or folders of other
// checkouts, whose Roomcast was built with scripts/build. Each run has a freshly started server. The two runs of a pair follow
// each other, so both have nearly the same machine; what is told are the medians and quartiles of their ratios. Let nothing else run.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measure } from "./measure.js";
import { precise, table } from "./report.js";
import { removeFoldersWhenSignalled } from "./server.js";
import { quantile } from "./statistics.js";
import { builtIn, systems } from "./systems.js";
import { leftOut, workloads } from "./workloads.js";

const PAIRS = 10;
/** Shorter than in scripts/bench, because there are more runs. The warm-up is the same. */
const SHORT = { ramp: 1, duration: 4 };
const FIGURES = ["eventsPerSecond", "deliveriesPerSecond", "upgradesPerSecond", "p50Ms", "p99Ms", "postP50Ms", "cpuPerEventUs", "cpuPerUpgradeUs", "firstAnswerMs"];
const USAGE = "usage: node bench/pairs.js <variant> <one> <other> [--pairs N], for example: j1 roomcast samejob";

/** Of workloads that are soon over. */
const KINDS = ["load", "start"];

class Wrong extends Error {}

function options(words) {
  const { values, positionals } = parseArgs({ args: words, allowPositionals: true, options: { pairs: { type: "string" } } });
  if (positionals.length !== 3) throw new Wrong(USAGE);
  const pairs = Number(values.pairs ?? PAIRS);
  if (!Number.isInteger(pairs) || pairs < 1) throw new Wrong(`--pairs ${values.pairs}: not a number of pairs`);
  const [key, ...names] = positionals;
  return { pairs, names, ...variantOf(key, names) };
}

function variantOf(key, names) {
  const found = workloads.flatMap((workload) => workload.variants.map((variant) => ({ workload, variant })))
    .find(({ variant, workload }) => variant.key === key && KINDS.includes(workload.kind));
  if (!found) throw new Wrong(`${key}: no such variant, or one that takes long. ${USAGE}`);
  for (const name of names) {
    if (!systems[name] && !existsSync(join(name, "build/index.js"))) throw new Wrong(`${name}: no system, and no checkout with a built Worker`);
    const why = leftOut(found.workload, found.variant, systems[name] ? name : "roomcast");
    if (why) throw new Wrong(`${key} is not for ${name}: ${why}`);
  }
  const { load } = found.variant;
  return { workload: found.workload, load: load.connectOnly ? load : { ...load, ...SHORT } };
}

/** Measures both, and begins with the other one in each second pair. */
async function pair({ workload, load, names }, number) {
  const order = number % 2 ? [1, 0] : [0, 1];
  const figures = [];
  for (const which of order) figures[which] = await measure(workload, systems[names[which]] ?? builtIn(names[which]), load);
  return figures;
}

function report(measured, [one, other]) {
  const rows = FIGURES.flatMap((name) => {
    const both = measured.map((figures) => figures.map((figure) => figure[name]));
    if (!both.flat().every((value) => Number.isFinite(value) && value > 0)) return [];
    const medians = [0, 1].map((which) => precise(quantile(both.map((values) => values[which]), 0.5)));
    const ratios = both.map(([a, b]) => a / b);
    const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(ratios, share).toFixed(2));
    return [[name, ...medians, `${middle} ×`, `${low} to ${high}`]];
  });
  console.log(table(["", one, other, "ratio", "quartiles"], rows));
}

try {
  const wanted = options(process.argv.slice(2));
  removeFoldersWhenSignalled();
  const measured = [];
  for (let number = 0; number < wanted.pairs; number += 1) {
    measured.push(await pair(wanted, number));
    console.error(`pair ${number + 1} of ${wanted.pairs}`);
  }
  report(measured, wanted.names);
} catch (error) {
  if (!(error instanceof Wrong) && error.code !== "ERR_PARSE_ARGS_UNKNOWN_OPTION") throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 2;
}
