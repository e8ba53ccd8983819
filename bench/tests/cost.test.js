import assert from "node:assert/strict";
import { test } from "node:test";
import { figures } from "../load.js";
import { dollarsPerMillion, prices } from "../prices.js";
import { report } from "../report.js";
import { summary } from "../statistics.js";

const percentiles = { count: 0 };
const answer = (cost, server) => ({
  setup: { clients: 0 },
  connects: { failed: {} },
  traffic: { latencyUs: percentiles, postUs: percentiles, failedPosts: {}, generatorCpuPercent: 91 },
  cost,
  server,
  dropped: {},
});
const perMillionEvents = { posts: 1e6, awakeSeconds: 1e6, objectRequests: 1e6, bursts: 5e5, rowsWritten: 1e6, rowsRead: 1e6 };
const told = { bursts: 40, rowsWritten: 42, perMillionEvents };
const run = (roomcast) => ({
  systems: ["roomcast"],
  versions: {},
  machine: {},
  results: { b: { roomcast: summary([roomcast]) } },
  bars: [],
  failures: [],
});
const systems = { roomcast: { title: "Roomcast", runs: "", skips: "" } };

test("a million of everything costs the sum of the listed prices", () => {
  const amounts = { ...perMillionEvents, cpuMs: 1e6 };
  const listed = ["workersRequest", "workersCpuMs", "objectRequest", "rowRead", "rowWritten"];
  const sum = listed.reduce((total, name) => total + prices[name].perMillion, 0);
  const { perMillion, gbPerObject } = prices.objectGbSecond;
  assert.ok(Math.abs(dollarsPerMillion(amounts) - sum - perMillion * gbPerObject) < 1e-9);
});

test("unknown CPU time is left out of the sum", () => {
  const without = figures(answer(told));
  const found = figures(answer(told, { cpuUsPerEvent: 1000 }));
  assert.equal(without.cpuMsPerMillion, undefined);
  assert.equal(found.cpuMsPerMillion, 1e6);
  assert.ok(Math.abs(found.dollarsPerMillion - without.dollarsPerMillion - prices.workersCpuMs.perMillion) < 1e-9);
});

test("rows per burst are the rows written divided by the bursts", () => {
  assert.equal(figures(answer(told)).rowsPerBurst, 1.05);
});

test("a deployment that does not count its rows has no price", () => {
  const silent = summary([figures(answer({ perMillionEvents: { posts: 1e6, awakeSeconds: 3 } }))]);
  assert.deepEqual([silent.dollarsPerMillion, silent.rowsPerBurst], [undefined, undefined]);
  assert.equal(silent.awakeSecondsPerMillion.median, 3);
});

test("a run without clients has no figure for loss", () => {
  assert.equal("lost" in figures(answer(told)), false);
});

test("the report shows the costs, and says where the generator was the limit", () => {
  const flood = { id: "b", title: "flood", figures: ["deliveriesPerSecond"], variants: [{ key: "b" }] };
  const text = report(run(figures(answer(told))), [flood], systems);
  assert.match(text, /## What a million events cost on Roomcast/);
  assert.match(text, /\| \(b\) flood, 1 per POST \| 1\.05 \| 1,000,000 \|/);
  assert.match(text, /\*\*The generator itself was the limit\*\* in at least one round of: Roomcast\./);
  const calm = report(run({ generatorCpuPercent: 89 }), [flood], systems);
  assert.doesNotMatch(calm, /generator itself|cost on Roomcast/);
});
