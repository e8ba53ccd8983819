// Runs the checks of the four seeds, or of one, against a server:
//
//   node tests/seeds/run.js --url URL --origin ORIGIN [--seed 001|002|003|004]
//
// It takes the server's secrets from DEMO_TOKEN_SECRET and DEMO_WEBHOOK_SECRET. There is one line per check, the last
// line is `N passed, M failed`, and the exit code is 1 if anything failed. README.md says what the checks are.

import { parseArgs } from "node:util";
import { Backend } from "./backend.js";
import { Checks } from "./report.js";
import { Run, Server } from "./server.js";

const USAGE = "usage: run.js --url URL --origin ORIGIN [--seed 001|002|003|004]";
const SEEDS = ["001", "002", "003", "004"];

/** A check that takes longer has failed. */
const CHECK_MS = 45_000;

/** What has not begun so long after the start is not run: a server that answers nothing must not hold up its tests. */
const RUN_MS = 120_000;

const { url, origin, seeds } = given();
const backend = new Backend({
  url,
  webhookSecret: secret("DEMO_WEBHOOK_SECRET"),
  tokenSecret: secret("DEMO_TOKEN_SECRET"),
});
const run = new Run({ url, origin, backend });
const checks = new Checks({ runMs: RUN_MS, checkMs: CHECK_MS }, () => new Server(run));
for (const seed of seeds) {
  const listed = await import(`./checks/${seed}.js`);
  for (const check of listed.checks) await checks.run(seed, check);
}
await run.end();
checks.end();

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
