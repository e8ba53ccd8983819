/**
 * The texts of licences that packages come with. Texts that differ only in blanks and line ends count as one.
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const NAME = /^(un)?licen[cs]e|^copying|^notice|^copyright/i;
/** Programs and their like can be called `license.rs`. */
const TEXT = /^[^.]*$|\.(md|txt)$|[-.](apache|mit|bsd|boringssl|isc|zlib|unlicense|unicode)[^.]*$/i;
/** What ships is never in these. */
const ELSEWHERE = new Set(["node_modules", "tests", "benches", "examples", ".git"]);

/** The texts in a package's folder, also those of what others wrote in it. */
export function texts(folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ELSEWHERE.has(entry.name) ? [] : texts(path);
    return NAME.test(entry.name) && TEXT.test(entry.name) ? [tidied(readFileSync(path, "utf8"))] : [];
  });
}

function tidied(text) {
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(/[ \t]+$/gm, "").replace(/^\n+|\s+$/g, "");
}

/** Says whether two texts are the same but for the way that lines are broken. */
export function fingerprint(text) {
  return createHash("sha256").update(text.replaceAll(/\s+/g, " ")).digest("hex");
}
