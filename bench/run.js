// The bench: checks that every system delivers, runs each workload on each system in turn, for several
// rounds, and writes the report. scripts/bench builds everything and then starts this.
//
// Only one server runs at a time. Each is freshly started, with empty storage.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { judge } from "./bars.js";
import { check } from "./check.js";
import { measure } from "./measure.js";
import { parseOptions } from "./options.js";
import { report } from "./report.js";
import { tell } from "./progress.js";
import { rotated } from "./rounds.js";
import { Server, removeFoldersWhenSignalled } from "./server.js";
import { summary } from "./statistics.js";
import { nchan, systems } from "./systems.js";
import { machine, versions } from "./versions.js";
import { leftOut } from "./workloads.js";

removeFoldersWhenSignalled();
const options = parseOptions(process.argv.slice(2));
if (!nchan.binary) options.systems = options.systems.filter((name) => name !== "nchan");
await checkAll(options.systems);
if (!options.check) await bench();

async function checkAll(names) {
  for (const name of names) {
    const server = await Server.start(systems[name]);
    try {
      tell(`${systems[name].title} works: ${await check(name, server)}`);
    } finally {
      await server.stop();
    }
  }
}

async function bench() {
  const run = {
    date: new Date().toISOString(),
    quick: options.quick,
    rounds: options.rounds,
    systems: options.systems,
    machine: machine(),
    versions: versions(),
    // The figures of each round, and their medians and ranges, by variant and system.
    measured: {},
    results: {},
    failures: [],
  };
  for (const workload of options.workloads) {
    const rounds = Math.min(options.rounds, workload.rounds ?? options.rounds);
    for (let round = 1; round <= rounds; round += 1) await oneRound(run, workload, round);
  }
  summarize(run);
  run.bars = judge(run.results);
  if (options.quick) run.bars = run.bars.map((bar) => ({ ...bar, met: null }));
  write(run);
}

async function oneRound(run, workload, round) {
  for (const variant of workload.variants) {
    for (const name of rotated(options.systems, round - 1)) {
      if (!leftOut(workload, variant, name)) await one(run, { workload, variant, name, round });
    }
  }
}

async function one(run, { workload, variant, name, round }) {
  const work = {
    ...variant.load,
    ...(name !== "roomcast" && variant.peers),
    ...(options.quick && variant.quick),
  };
  const what = `(${variant.key}) ${systems[name].title}, round ${round} of ${options.rounds}`;
  try {
    const figures = await measure(workload, systems[name], work);
    ((run.measured[variant.key] ??= {})[name] ??= []).push(figures);
    tell(`${what}: ${told(workload, figures)}`);
  } catch (error) {
    run.failures.push({ variant: variant.key, system: name, round, why: error.message });
    tell(`${what}: FAILED: ${error.message}`);
  }
}

function told({ figures: names }, figures) {
  const shown = names.filter((name) => Number.isFinite(figures[name]));
  return shown.map((name) => `${name} ${Number(figures[name].toPrecision(4))}`).join(", ");
}

function summarize(run) {
  for (const [variant, bySystem] of Object.entries(run.measured)) {
    const summaries = Object.entries(bySystem).map(([name, rounds]) => [name, summary(rounds)]);
    run.results[variant] = Object.fromEntries(summaries);
  }
}

function write(run) {
  const json = `${JSON.stringify(run, null, 2)}\n`;
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${run.date.slice(0, 19).replaceAll(":", "")}.json`);
  writeFileSync(file, json);
  if (options.save) writeFileSync(options.save, json);
  console.log(report(run, options.workloads, systems));
  tell(`\nThe figures of each round: ${file}`);
}
