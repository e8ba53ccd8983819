// Runs the checks of the four seeds, or of one, against a server:
//
//   node tests/seeds/run.js --url URL --origin ORIGIN [--seed 001|002|003|004]
//
// It takes the server's secrets from DEMO_TOKEN_SECRET and DEMO_WEBHOOK_SECRET. There is one line per check, the last
// line is `N passed, M failed`, and the exit code is 1 if anything failed. README.md says what the checks are.

import { parseArgs } from "node:util";
import { within } from "./arrivals.js";
import { Backend } from "./backend.js";
import { failed, passed } from "./report.js";
import { Run, Server } from "./server.js";

const USAGE = "usage: run.js --url URL --origin ORIGIN [--seed 001|002|003|004]";
const SEEDS = ["001", "002", "003", "004"];

/** A check that takes longer has failed. */
const CHECK_MS = 20_000;

/** What has not begun so long after the start is not run: a server that answers nothing must not hold up its tests. */
const RUN_MS = 55_000;

const { url, origin, seeds } = given();
const backend = new Backend({
  url,
  webhookSecret: secret("DEMO_WEBHOOK_SECRET"),
  tokenSecret: secret("DEMO_TOKEN_SECRET"),
});
const run = new Run({ url, origin, backend });
const counts = { passed: 0, failed: 0 };
for (const seed of seeds) {
  const { checks } = await import(`./checks/${seed}.js`);
  for (const check of checks) console.log(await tried(seed, check));
}
await run.end();
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? 1 : 0);

/** Runs a check. Returns its line of the report. */
async function tried(seed, { name, run: check }) {
  const began = performance.now();
  try {
    await inTime(check, Math.min(CHECK_MS, RUN_MS - began));
    counts.passed += 1;
    return passed(seed, name, performance.now() - began);
  } catch (error) {
    counts.failed += 1;
    return failed(seed, name, error);
  }
}

async function inTime(check, ms) {
  if (ms <= 0) throw new Error("there was no time left for it");
  const server = new Server(run);
  await within(Math.ceil(ms), check(server), () => "it was not over").finally(() => server.leave());
}

function given() {
  const text = { type: "string" };
  try {
    const { values } = parseArgs({ options: { url: text, origin: text, seed: text } });
    if (!values.url || !values.origin) refuse("--url and --origin are needed");
    if (values.seed && !SEEDS.includes(values.seed)) refuse(`there is no seed ${values.seed}`);
    const seeds = values.seed ? [values.seed] : SEEDS;
    return { url: new URL(values.url).origin, origin: values.origin, seeds };
  } catch (error) {
    return refuse(error.message);
  }
}

function secret(name) {
  return process.env[name] || refuse(`${name} is needed in the environment`);
}

function refuse(why) {
  console.error(`${why}\n${USAGE}`);
  process.exit(2);
}
