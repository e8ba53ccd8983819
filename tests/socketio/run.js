// Runs the checks with stock clients, or those of one file in checks/, against a server:
//
//   node tests/socketio/run.js --url URL --origin ORIGIN [--only NAME]
//
// It takes the server's secrets from DEMO_TOKEN_SECRET and DEMO_WEBHOOK_SECRET. There is one line per check, the last
// line is `N passed, M failed`, and the exit code is 1 if anything failed. README.md says which document the server
// needs and what the checks are.

import { parseArgs } from "node:util";
import { Backend } from "../seeds/backend.js";
import { Checks } from "../seeds/report.js";
import { Board } from "./board.js";

const USAGE = "usage: run.js --url URL --origin ORIGIN [--only NAME]";

/** The files in checks/. The first needs a room in which nothing has happened. */
const FILES = ["untouched", "connecting", "refusals", "recovery", "too-late", "acknowledgements", "redelivery", "emits"];

/** What only Roomcast has, so that it is not run by default: the server of the Socket.IO project has to pass the others. */
const OWN = ["company"];

/** A check that takes longer has failed. Alone on a machine the longest takes 6 s. */
const CHECK_MS = 90_000;

/** What has not begun so long after the start is not run: a server that answers nothing must not hold up its tests. */
const RUN_MS = 400_000;

const { url, origin, files } = given();
const backend = new Backend({
  url,
  webhookSecret: secret("DEMO_WEBHOOK_SECRET"),
  tokenSecret: secret("DEMO_TOKEN_SECRET"),
});
const checks = new Checks({ runMs: RUN_MS, checkMs: CHECK_MS }, () => new Board({ url, origin, backend }));
for (const file of files) {
  const listed = await import(`./checks/${file}.js`);
  for (const check of listed.checks) await checks.run(file, check);
}
checks.end();

function given() {
  const text = { type: "string" };
  try {
    const { values } = parseArgs({ options: { url: text, origin: text, only: text } });
    if (!values.url || !values.origin) refuse("--url and --origin are needed");
    if (values.only && ![...FILES, ...OWN].includes(values.only)) refuse(`there is no file checks/${values.only}.js`);
    const files = values.only ? [values.only] : FILES;
    return { url: new URL(values.url).origin, origin: values.origin, files };
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
