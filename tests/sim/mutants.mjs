// Makes mistakes in a copy of the sources, one at a time, and looks whether the simulation notices each: `scripts/simulate --mutants`.
// It also fails when a mistake no longer fits the code.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Seeds that are tried for each mistake. */
const RUNS = process.env.SIMULATE_RUNS ?? '1000';
/** A run that takes longer than this has come to no end, which counts as noticed. */
const TIME_MS = 15 * 60_000;

const root = new URL('../..', import.meta.url).pathname;
const profile = process.env.SIMULATE_PROFILE ?? 'simulation';
const chosen = process.env.SIMULATE_MUTANT;
const all = JSON.parse(readFileSync(join(root, 'tests/sim/mutants.json'), 'utf8'));
const mutants = all.filter(({ breaks }) => !chosen || breaks.includes(chosen));

const folder = mkdtempSync(join(tmpdir(), 'roomcast-sim-mutants-'));
// A folder of its own, which stays, so that other people's crates are built once. In the folder of the checkout, Cargo would take the
// program with the mistake for that of the checkout, which has the same name and is older.
const env = { ...process.env, CARGO_TARGET_DIR: join(root, 'target/mutants') };

function copy() {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
  for (const file of listed.split('\n').filter((name) => /\.(rs|toml|json|lock)$/.test(name) && !name.startsWith('client/'))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
}

function build() {
  const flags = ['test', '--locked', '--profile', profile, '--test', 'sim', '--no-run', '--message-format=json'];
  const built = spawnSync('cargo', flags, { cwd: folder, env, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (built.status !== 0) throw new Error(`it does not compile: ${built.stderr}\n${built.stdout.slice(-4_000)}`);
  const messages = built.stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  // The command line is built with every test.
  return messages.find(({ executable, target }) => executable && target.name === 'sim').executable;
}

/** What the simulation says of the sources as they are now, or null if it notices nothing. */
function simulate() {
  const flags = ['simulate_for_long', '--ignored', '--nocapture'];
  const settings = { ...env, SIMULATE_SEED: '0', SIMULATE_RUNS: RUNS, RUST_BACKTRACE: '0' };
  const ran = spawnSync(build(), flags, { cwd: folder, env: settings, encoding: 'utf8', maxBuffer: 1 << 28, timeout: TIME_MS, killSignal: 'SIGKILL' });
  if (ran.signal) return 'it comes to no end';
  if (ran.status === 0) return null;
  const said = `${ran.stderr}${ran.stdout}`;
  // An assertion says what it compared in the lines after the first.
  const broken = /^broken at [^]*?(?=\nrun it again)/m.exec(said);
  if (!broken) throw new Error(`it fails, and no invariant is broken: ${said.slice(-2_000)}`);
  return broken[0].replaceAll(/\s*\n\s*/g, ', ').slice(0, 300);
}

let missed = 0;
try {
  copy();
  for (const { breaks, file, from, to } of mutants) {
    const path = join(folder, file);
    const source = readFileSync(path, 'utf8');
    if (source.split(from).length !== 2) throw new Error(`${file} has not exactly one: ${from}`);
    writeFileSync(path, source.replace(from, () => to));
    const noticed = simulate();
    writeFileSync(path, source);
    missed += noticed ? 0 : 1;
    console.log(`${noticed ? 'noticed' : 'NOT NOTICED'}: ${breaks}\n    ${noticed ?? `in ${RUNS} runs`}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${mutants.length - missed} of ${mutants.length} mistakes were noticed`);
process.exitCode = missed ? 1 : 0;
