// The report of the floor, as Markdown: one table each of frames sent, of compression, of posts and of upgrades.

import { cell, precise, table } from "../report.js";
import { machine, versions } from "../versions.js";
import { POSTED, PUBLISHERS, sessions, UPGRADES_AT_ONCE } from "./cases.js";

const FIGURES = {
  cpuUs: "CPU, µs",
  wireBytes: "bytes on the wire",
  idleKb: "memory per connection, idle, KiB",
  usedKb: "after the frames, KiB",
};

/**
 * @param {object} results by case, the median and range of each figure
 * @param {{rounds: number, quick: boolean}} options
 * @param {number} connections to which each frame was sent
 */
export function floorReport(results, { rounds, quick }, connections) {
  const rows = (cases, figures) =>
    cases.map(({ key, title }) => [title, ...figures.map((name) => cell(results[key][name], precise))]);
  const shown = (first, cases, figures) =>
    table([first, ...figures.map((name) => FIGURES[name])], rows(cases, figures));
  const compression = [...sessions.plain.cases, ...sessions.compressing.cases];
  return [
    "# The floor: workerd without Roomcast",
    quick && "**A quick run: it shows that everything works and measures nothing.**",
    environment(rounds),
    `## \`send\` of a text to one of ${connections.toLocaleString("en")} connections`,
    shown("frame", sessions.sends.cases, ["cpuUs"]),
    "## `send` of about 12 KB of JSON to a client that offers compression",
    shown("compression", compression, Object.keys(FIGURES)),
    `## A POST of ${POSTED.length} bytes, ${PUBLISHERS} at a time`,
    shown("the body is", sessions.posts.cases, ["cpuUs"]),
    `## An upgrade, ${UPGRADES_AT_ONCE} at a time, before which the front Worker`,
    shown("", sessions.upgrades.cases, ["cpuUs"]),
  ].filter(Boolean).join("\n\n");
}

function environment(rounds) {
  const { cpu, cores, kernel, storage } = machine();
  const { workerd } = versions();
  return [
    `Medians of ${rounds} ${rounds === 1 ? "round" : "rounds"} and, in parentheses, the range. CPU is that of workerd, user and system.`,
    `workerd ${workerd}, ${cpu}, ${cores} cores, Linux ${kernel}, storage in ${storage}.`,
  ].join("\n");
}
