// The conformance suites of the Socket.IO project: the files in suites/, which nobody may change. This module knows
// where they are and refuses them if one differs from its line in SHA256SUMS. It does not run them.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = new URL("./suites/", import.meta.url);

/** The suites, and how many tests each has: a suite that runs fewer has not passed. */
export const SUITES = [
  { name: "engine.io-v4", tests: 25 },
  { name: "socket.io-v5", tests: 32 },
];

/** Where the tests of a suite are. */
export const fileOf = ({ name }) => fileURLToPath(new URL(`${name}/test-suite.js`, FOLDER));

/** An error if a file is not as it was published. */
export function checkUnmodified() {
  const lines = readFileSync(new URL("SHA256SUMS", FOLDER), "utf8").trim().split("\n");
  for (const [sum, name] of lines.map((line) => line.split(/ +/))) {
    const found = createHash("sha256").update(readFileSync(new URL(name, FOLDER))).digest("hex");
    if (found !== sum) throw new Error(`suites/${name} is not as it was published: see suites/SHA256SUMS`);
  }
}
