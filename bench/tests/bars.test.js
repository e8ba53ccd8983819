import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../bars.js";
import { quantile, summary } from "../statistics.js";

const rounds = (name, ...values) => summary(values.map((value) => ({ [name]: value })));
const bar = (bars, start) => bars.find((one) => one.bar.startsWith(start));

test("the median of an even number of rounds is halfway between the two in the middle", () => {
  assert.deepEqual(rounds("p50Ms", 4, 1, 3, 2).p50Ms, { median: 2.5, min: 1, max: 4 });
});

test("a figure that no round has is in no summary", () => {
  assert.deepEqual(summary([{ p50Ms: undefined, reasons: {} }]), {});
});

test("a ratio compares medians", () => {
  const bars = judge({
    b: {
      roomcast: rounds("deliveriesPerSecond", 1, 30, 90),
      samejob: rounds("deliveriesPerSecond", 2, 2, 2),
      socketio: rounds("deliveriesPerSecond", 4, 4, 4),
    },
  });
  assert.deepEqual(bar(bars, "(b) flood, at least 15"), {
    bar: "(b) flood, at least 15 × the deliveries/s of PartyServer, same job",
    found: "15 ×",
    met: true,
  });
  assert.equal(bar(bars, "(b) flood, at least 8").met, false);
});

test("one loss in one round misses the bar", () => {
  const bars = judge({ b: { roomcast: rounds("lost", 0, 0, 1) } });
  assert.equal(bar(bars, "(b) flood, 0 lost").met, false);
});

test("a bar without figures is not judged", () => {
  for (const { met, found } of judge({})) {
    assert.equal(met, null);
    assert.match(found, /was not measured$/);
  }
});

test("growth is judged on each step", () => {
  const cpu = (value) => ({ roomcast: rounds("cpuPerDeliveryUs", value) });
  const sizes = (a, b, c, d) => ({ i10: cpu(a), i100: cpu(b), i1000: cpu(c), i5000: cpu(d) });
  assert.equal(bar(judge(sizes(9, 3, 1, 1.05)), "(i)").met, true);
  assert.equal(bar(judge(sizes(9, 1, 1.2, 1)), "(i)").met, false);
});

test("counting is judged on users who come back, by those without limits", () => {
  const cpu = (again) => ({ roomcast: rounds("againCpuPerUpgradeUs", again) });
  const judged = (again) => bar(judge({ "l-plain": cpu(100), "l-all": cpu(again) }), "(l) everything limited");
  assert.deepEqual([judged(150).met, judged(151).met], [true, false]);
  assert.equal(judged(120).found, "1.2 ×");
});

test("rows per burst are judged on the worse of the floods", () => {
  const floods = (b, c) => ({ b: { roomcast: rounds("rowsPerBurst", b) }, c: { roomcast: rounds("rowsPerBurst", c) } });
  const judged = (b, c) => bar(judge(floods(b, c)), "cost: at most 1.05 rows");
  assert.equal(judged(1.02, 1.05).met, true);
  assert.deepEqual(judged(1.06, 1.02), { bar: "cost: at most 1.05 rows per burst", found: "1.06", met: false });
  assert.equal(bar(judge({ b: floods(1, 1).b }), "cost: at most 1.05 rows").met, null);
});

test("the price is judged at 100 per POST", () => {
  const judged = (dollars) => bar(judge({ c: { roomcast: rounds("dollarsPerMillion", dollars) } }), "cost: at most $0.03");
  assert.deepEqual([0.03, 0.031].map((dollars) => judged(dollars).met), [true, false]);
});

test("a client that stops reading is judged by what the others notice and by how soon it is level", () => {
  const run = (figures) => ({ roomcast: summary([figures]) });
  const all = { p50Ms: 4, p99Ms: 20, memoryPeakMb: 300 };
  const judged = (figures) => judge({ "m-all": run(all), "m-one": run({ ...all, levelMs: 900, lost: 0, duplicated: 0, ...figures }) })
    .filter((one) => one.bar.startsWith("(m)")).map(({ met }) => met);
  assert.deepEqual(judged({ p50Ms: 5, p99Ms: 25, memoryPeakMb: 348, levelMs: 2_000 }), Array(6).fill(true));
  assert.deepEqual(judged({ p50Ms: 5.1, p99Ms: 26, memoryPeakMb: 349, levelMs: 2_001, lost: 1, duplicated: 1 }), Array(6).fill(false));
});

test("medians and quartiles lie between the two nearest values", () => {
  assert.deepEqual([0, 0.25, 0.5, 0.75, 1].map((share) => quantile([4, 1, 3, 2, 5], share)), [1, 2, 3, 4, 5]);
  assert.equal(quantile([2, 1], 0.5), 1.5);
  assert.equal(quantile([7], 0.75), 7);
});
