// The code that the teams wrote down, as their documents print it: the files in snippets/, which nobody may change.
// This module reads them, and refuses one that differs from its line in SHA256SUMS. What is put around each is in
// app/surroundings.js.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = new URL("./snippets/", import.meta.url);

const read = (name) => readFileSync(new URL(name, FOLDER), "utf8");

/** name → hash */
const SUMS = new Map(
  read("SHA256SUMS")
    .trim()
    .split("\n")
    .map((line) => line.split(/ +/).reverse()),
);

/** Where the snippet of this name is. */
export const fileOf = (name) => fileURLToPath(new URL(name, FOLDER));

/** The text of a snippet, exactly as printed. */
export function printed(name) {
  const text = read(name);
  const sum = createHash("sha256").update(text).digest("hex");
  if (SUMS.get(name) !== sum) throw new Error(`snippets/${name} is not as it was printed: see snippets/SHA256SUMS`);
  return text;
}
