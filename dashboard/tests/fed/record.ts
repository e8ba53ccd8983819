/**
 * Writes down what a page is sent of each example file, one update per line, as it is beside this file:
 *
 *     node tests/fed/record.ts ../target/debug/roomcast
 *
 * The tests compare with the example files themselves, so they fail when an example has changed and this was not run.
 */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [, , roomcast] = process.argv;
if (roomcast === undefined) throw new Error('usage: node tests/fed/record.ts <the command line roomcast>');

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const READERS: Record<string, readonly string[]> = {
  admin: [],
  projects: [],
  tasks: ['--user', 'ada', '--permission', 'operations'],
  stats: ['--user', 'mira.sol'],
};

for (const [name, reader] of Object.entries(READERS)) {
  const files = [at(`../../../presets/${name}.json`), at(`../../../examples/${name}.jsonl`)];
  const frames = execFileSync(roomcast, ['preset', 'try', '--v1', ...reader, ...files], { encoding: 'utf8' }).trim().split('\n');
  const updates = frames.map((line) => JSON.parse(line)).flatMap((frame) => {
    if (frame.type === 'dashboard.updates') return frame.updates;
    const { sentAt: _, ...update } = frame;
    return frame.type === 'dashboard.update' ? [update] : [];
  });
  writeFileSync(at(`${name}.jsonl`), updates.map((update) => `${JSON.stringify(update)}\n`).join(''));
}
