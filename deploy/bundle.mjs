/**
 * Builds what would be deployed, without deploying it, and looks at its size.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { problem } from './problem.mjs';
import { inScratch } from './scratch.mjs';
import { inOneLine } from './wrangler.mjs';

/** The most bytes that the Worker may have, compressed, as in tests/e2e/bundle.rs. Beyond it: cold starts take longer than they were measured with. */
const BUDGET = 1_000_000;

/** Builds, and says how many bytes the Worker has, and what is wrong. */
export function build(wrangler) {
  return inScratch(async (folder) => {
    const answer = await wrangler.ask('deploy', '--dry-run', `--outdir=${folder}`);
    if (answer.code !== 0) return { problems: [problem(`the Worker cannot be built: ${inOneLine(answer)}`, 'npx wrangler deploy --dry-run says more')] };
    const bytes = sizeOf(folder);
    const fat = bytes > BUDGET ? [problem(`the Worker has ${bytes} bytes compressed, of ${BUDGET}`, 'was it built with --release, by scripts/build?')] : [];
    return { bytes, problems: fat };
  });
}

function sizeOf(folder) {
  const files = readdirSync(folder).filter((name) => /\.(js|wasm)$/.test(name));
  return files.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0);
}
