// Runs both conformance suites of the Socket.IO project against a server:
//
//   node tests/socketio/conformance.js --url URL
//
// The suites know only one address, which redirect.js leads to the server. There is one line for each failed test, the
// last line is `N passed, M failed`, and the exit code is 1 if anything failed or did not run. README.md says which
// document the server needs.

import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { checkUnmodified, fileOf, SUITES } from "./suites.js";

const USAGE = "usage: conformance.js --url URL";

/** A suite takes some ten seconds. One that hangs is ended after so long. */
const SUITE_MS = 60_000;

/** Some tests count on 5 ms being enough for a request to arrive, so a test that fails on a busy machine is tried again. */
const RETRIES = "2";

/** The report of a suite is some 30 KB. */
const REPORT_BYTES = 4 << 20;

const MOCHA = createRequire(import.meta.url).resolve("mocha/bin/mocha.js");
const REDIRECT = new URL("./redirect.js", import.meta.url).href;

const url = given();
checkUnmodified();
const counts = { passed: 0, failed: 0 };
for (const suite of SUITES) count(suite, await report(suite));
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? 1 : 0);

/** What mocha says of a suite. */
function report(suite) {
  const options = ["--no-config", "--no-package", "--exit", "--retries", RETRIES, "--reporter", "json", fileOf(suite)];
  const env = { ...process.env, SUITE_SERVER: url };
  return new Promise((resolve, reject) => {
    const settings = { timeout: SUITE_MS, maxBuffer: REPORT_BYTES, env };
    execFile(process.execPath, ["--import", REDIRECT, MOCHA, ...options], settings, (error, stdout, stderr) => {
      // mocha ends with the number of failed tests, so an error alone says nothing.
      try {
        resolve(JSON.parse(stdout));
      } catch {
        reject(new Error(`mocha made no report of ${suite.name}: ${error?.message ?? ""}\n${stderr}`));
      }
    });
  });
}

function count(suite, { passes, failures }) {
  for (const { fullTitle, err } of failures) console.log(`FAILED ${suite.name} ${fullTitle}: ${firstLine(err.message)}`);
  const missing = suite.tests - passes.length - failures.length;
  if (missing !== 0) console.log(`FAILED ${suite.name}: ${missing} of ${suite.tests} tests did not run`);
  counts.passed += passes.length;
  counts.failed += suite.tests - passes.length;
}

function firstLine(message = "") {
  return message.split("\n")[0];
}

function given() {
  try {
    const { values } = parseArgs({ options: { url: { type: "string" } } });
    return values.url ? new URL(values.url).origin : refuse("--url is needed");
  } catch (error) {
    return refuse(error.message);
  }
}

function refuse(why) {
  console.error(`${why}\n${USAGE}`);
  process.exit(2);
}
