/**
 * Checks how much script each built page may load, with everything that it loads later: `npm run build && npm run check`.
 * Prints the sizes, and ends with an error if one is over the budget.
 */

import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Kilobytes of script for one page, compressed with gzip. More makes the first sight of a page late on a slow phone. */
const BUDGET_KB = 90;

const dist = new URL('../dist/', import.meta.url).pathname;
const assets = new Map(globSync(`${dist}dashboard/assets/*.js`).map((file) => [basename(file), readFileSync(file, 'utf8')]));

/** The scripts whose names are in a text, and those whose names are in them. */
function reached(text: string, found = new Set<string>()): Set<string> {
  for (const [name, script] of assets) {
    if (found.has(name) || !text.includes(name)) continue;
    reached(script, found.add(name));
  }
  return found;
}

function kilobytes(names: Iterable<string>): number {
  return [...names].reduce((sum, name) => sum + gzipSync(assets.get(name) ?? '').length, 0) / 1_000;
}

const pages = globSync(`${dist}{*,dashboard/*}.html`).sort();
if (pages.length === 0 || assets.size === 0) throw new Error('there is nothing in dist/: run `npm run build` first');
/** The pages of the documents of the wire have no script, so that they can be read wherever they are kept. */
const WITHOUT_SCRIPT = ['openapi.html', 'asyncapi.html'];

for (const page of pages) {
  if (WITHOUT_SCRIPT.includes(page.slice(dist.length))) {
    if (readFileSync(page, 'utf8').includes('<script')) throw new Error(`${page} has a script`);
    continue;
  }
  const size = kilobytes(reached(readFileSync(page, 'utf8')));
  console.log(`${page.slice(dist.length)}: ${size.toFixed(1)} KB of script gzipped, of ${BUDGET_KB}`);
  if (!(size > 0 && size <= BUDGET_KB)) process.exitCode = 1;
}
