/**
 * Prints what ships that others wrote, with its licences: a table, and each text once. scripts/release makes LICENSES.txt of it.
 *
 *   node release/licenses.js
 *
 * It lists and does not judge: deny.toml says which licences may be there, and tests/licenses.rs and release/tests/ hold everything to it.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { described, host, linked } from "./crates.js";
import { fingerprint, texts } from "./texts.js";

const root = new URL("..", import.meta.url).pathname;
const WASM = "wasm32-unknown-unknown";
const RULE = "=".repeat(78);

/** The crates, each with where it is. */
function crates() {
  const all = described();
  const worker = linked(WASM);
  const program = linked(host());
  return [...new Set([...worker, ...program])].map((name) => {
    const where = [worker.has(name) && "Worker", program.has(name) && "command line"].filter(Boolean);
    return { kind: "crate", ...all.get(name), where: where.join(", ") };
  });
}

/** The npm packages in the pages. */
function packages() {
  const folders = execFileSync(process.execPath, ["packages.ts"], { cwd: join(root, "dashboard"), encoding: "utf8" });
  return folders.trim().split("\n").map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return { kind: "npm", name, version, license, folder, where: "pages" };
  });
}

function rust() {
  const version = /^rustc (\S+)/.exec(execFileSync("rustc", ["--version"], { encoding: "utf8" }))[1];
  return { kind: "Rust", name: "standard library", version, license: "MIT OR Apache-2.0", where: "Worker, command line" };
}

/** The client is what the compiler makes of its own sources, as long as it depends on nothing. */
function checkClient() {
  const { dependencies } = JSON.parse(readFileSync(join(root, "client/package.json"), "utf8"));
  if (dependencies) throw new Error("client/package.json has dependencies: release/licenses.js has to list them");
}

const line = ({ kind, name, version, license, where }) => `${kind.padEnd(6)} ${`${name} ${version}`.padEnd(36)} ${license.padEnd(50)} ${where}`;

/** Each text with the packages that come with it. */
function byText(shipped) {
  const found = new Map();
  for (const one of shipped.filter(({ folder }) => folder)) {
    for (const text of texts(one.folder)) {
      const key = fingerprint(text);
      if (!found.has(key)) found.set(key, { text, of: new Set() });
      found.get(key).of.add(`${one.name} ${one.version}`);
    }
  }
  return [...found.values()];
}

checkClient();
const byName = (a, b) => (line(a) < line(b) ? -1 : 1);
const shipped = [...crates(), ...packages(), rust()].sort(byName);
const unsaid = shipped.filter(({ license }) => !license);
if (unsaid.length > 0) throw new Error(`without a licence: ${unsaid.map(({ name }) => name).join(", ")}`);
const found = byText(shipped);
const named = new Set(found.flatMap(({ of }) => [...of]));
const silent = shipped.filter(({ name, version }) => !named.has(`${name} ${version}`));

console.log(`What Roomcast ships that others wrote

Roomcast's own licence is in LICENSE. The npm package \`roomcast\` has nothing of others in it; its licence is in the package.
The standard library has crates of others in it; its own list is COPYRIGHT-library.html of the toolchain.

${shipped.map(line).join("\n")}

These come without a text of their own, so that the licence in the table is all they say:
${silent.map(({ name, version }) => `  ${name} ${version}`).join("\n")}
`);
for (const { text, of } of found) console.log(`${RULE}\n${[...of].join(", ")}\n${RULE}\n\n${text}\n`);
