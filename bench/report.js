// The report of a run, as Markdown: what was compared, a table per workload, and the bars.

import { prices } from "./prices.js";
import { costs, leftOut } from "./workloads.js";

const number = (digits) => (value) => value.toLocaleString("en", { maximumFractionDigits: digits });
export const precise = (value) => (value >= 100 ? number(0) : number(value >= 10 ? 1 : 2))(value);

/** The figures that tables show: their headings and how to write them. */
const FIGURES = {
  deliveriesPerSecond: ["deliveries/s", number(0)],
  eventsPerSecond: ["events/s", number(0)],
  upgradesPerSecond: ["upgrades/s", number(0)],
  p50Ms: ["p50, ms", precise],
  p99Ms: ["p99, ms", precise],
  frames: ["frames", number(0)],
  bytesPerDelivery: ["bytes per delivery", precise],
  cpuPerDeliveryUs: ["CPU per delivery, µs", precise],
  cpuPerEventUs: ["CPU per event, µs", precise],
  cpuPerUpgradeUs: ["CPU per upgrade, µs", number(0)],
  againUpgradesPerSecond: ["again: upgrades/s", number(0)],
  againP50Ms: ["again: p50, ms", precise],
  againCpuPerUpgradeUs: ["again: CPU per upgrade, µs", number(0)],
  lost: ["lost", number(0)],
  duplicated: ["duplicated", number(0)],
  errors: ["errors", number(0)],
  away: ["not back", number(0)],
  postP50Ms: ["answered, p50, ms", precise],
  postP99Ms: ["answered, p99, ms", precise],
  generatorCpuPercent: ["generator's CPU, %", number(0)],
  levelMs: ["all level after, ms", number(0)],
  firstAnswerMs: ["first answer after, ms", number(0)],
  memoryPerClientKb: ["memory per client, KiB", precise],
  memoryPeakMb: ["memory at its peak, MiB", number(0)],
  cpuMsPerMinute: ["CPU per minute, ms", number(0)],
  wakesPerHour: ["wakes per hour", number(0)],
};

/** What Roomcast costs. All figures but the first are for a million events. */
const COSTS = {
  rowsPerBurst: ["rows per burst", number(3)],
  postsPerMillion: ["Worker requests", number(0)],
  objectRequestsPerMillion: ["object requests", number(0)],
  rowsWrittenPerMillion: ["rows written", number(0)],
  rowsReadPerMillion: ["rows read", number(0)],
  awakeSecondsPerMillion: ["awake at most, s", number(0)],
  cpuMsPerMillion: ["CPU, ms", number(0)],
  dollarsPerMillion: ["USD", number(4)],
};

/** From this CPU usage on, the generator limits the figures, because it works in one thread. */
const GENERATOR_LIMIT_PERCENT = 90;

/** @param {object} run as run.js writes it to the JSON */
export function report(run, workloads, systems) {
  return [
    `# Bench of ${run.date}`,
    run.quick && "**A quick run: it shows that everything works and measures nothing.**",
    environment(run),
    table(["system", "runs on", "skips"], run.systems.map((name) => described(systems[name]))),
    ...workloads.map((workload) => section(run, workload, systems)),
    costSection(run),
    "## The bars",
    table(["bar", "found", ""], run.bars.map(({ bar, found, met }) => [bar, found, verdict(met)])),
    run.failures.length > 0 && `## What failed\n\n${run.failures.map(failure).join("\n")}`,
  ].filter(Boolean).join("\n\n");
}

function environment({ rounds, versions, machine }) {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `Medians of ${rounds} ${rounds === 1 ? "round" : "rounds"} and, in parentheses, the range.`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, Linux ${machine.kernel}, storage in ${machine.storage};`,
    "the load generator shares the cores with the server. Errors are connections that failed or broke, and posts that failed.",
    `${named.join(", ")}.`,
  ].join("\n");
}

function described({ title, runs, skips }) {
  return [title, runs, skips || "nothing"];
}

function section(run, workload, systems) {
  const headings = workload.figures.map((name) => FIGURES[name][0]);
  const rows = workload.variants.flatMap((variant) =>
    run.systems
      .filter((system) => !workload.only || workload.only.includes(system))
      .map((system) => [
        ...(workload.variants.length > 1 ? [variant.title] : []),
        systems[system].title,
        ...cells(run, workload, variant, system),
      ]),
  );
  const first = workload.variants.length > 1 ? ["", "system"] : ["system"];
  const shown = `## (${workload.id}) ${workload.title}\n\n${table([...first, ...headings], rows)}`;
  return [shown, warning(run, workload, systems)].filter(Boolean).join("\n\n");
}

/** A warning for figures that show the limit of the generator and not that of the server. */
function warning(run, workload, systems) {
  const limited = workload.variants.flatMap(({ key, title }) =>
    run.systems
      .filter((system) => run.results[key]?.[system]?.generatorCpuPercent?.max >= GENERATOR_LIMIT_PERCENT)
      .map((system) => (title ? `${systems[system].title} at ${title}` : systems[system].title)),
  );
  if (limited.length === 0) return undefined;
  return `**The generator itself was the limit** in at least one round of: ${limited.join(", ")}. They can do more.`;
}

function costSection(run) {
  const names = Object.keys(COSTS);
  const known = costs.filter(({ variant }) => run.results[variant]?.roomcast?.postsPerMillion);
  if (known.length === 0) return undefined;
  const rows = known.map(({ variant, title }) => [
    title,
    ...names.map((name) => cell(run.results[variant].roomcast[name], COSTS[name][1])),
  ]);
  return [
    "## What a million events cost on Roomcast",
    `Requests and rows are counted by the answers of the deployment. Awake is the time during which a post to a room
was under way, which is more than the room was awake for it. CPU is that of the local server (front Worker, room and
runtime together), though Cloudflare bills only that of the front Worker. Prices of ${prices.asOf};
what a plan includes is not subtracted.`,
    table(["", ...names.map((name) => COSTS[name][0])], rows),
  ].join("\n\n");
}

function cells(run, workload, variant, system) {
  const why = leftOut(workload, variant, system);
  if (why) return workload.figures.map((_, index) => (index === 0 ? `n/a: ${why}` : "n/a"));
  const found = run.results[variant.key]?.[system];
  return workload.figures.map((name) => cell(found?.[name], FIGURES[name][1]));
}

export function cell(figure, write) {
  if (!figure) return "–";
  const { median, min, max } = figure;
  return min === max ? write(median) : `${write(median)} (${write(min)}–${write(max)})`;
}

function failure({ variant, system, round, why }) {
  return `- (${variant}) ${system}, round ${round}: ${why.replaceAll("\n", " ")}`;
}

function verdict(met) {
  if (met === null) return "not judged";
  return met ? "met" : "**not met**";
}

export function table(headings, rows) {
  const line = (fields) => `| ${fields.join(" | ")} |`;
  return [line(headings), line(headings.map(() => "---")), ...rows.map(line)].join("\n");
}
