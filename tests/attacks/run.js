// Attacks a server with the whole corpus, or with the cases that a pattern matches:
//
//   node tests/attacks/run.js --url URL --storage DIR [--log FILE] [--only PATTERN]
//
// The last line is `N passed, N failed`, and the exit code is 1 if anything failed. README.md says what a case is.

import { parseArgs } from "node:util";
import { attack } from "./attack.js";
import { load } from "./corpus.js";
import { report } from "./report.js";

const USAGE = "usage: run.js --url URL --storage DIR [--log FILE] [--only PATTERN]";
const text = { type: "string" };
const options = { url: text, storage: text, log: text, only: text };

const { url, storage, log, only } = given();
const cases = load(only);
if (cases.length === 0) refuse(`no case matches ${only}`);
const { lines, ok } = report(await attack({ url, storage, log, cases }));
for (const line of lines) console.log(line);
process.exit(ok ? 0 : 1);

function given() {
  try {
    const { values } = parseArgs({ options });
    if (values.url && values.storage) return values;
  } catch (error) {
    refuse(error.message);
  }
  return refuse("--url and --storage are needed");
}

function refuse(why) {
  console.error(`${why}\n${USAGE}`);
  process.exit(2);
}
