/**
 * Breaks the client in ways that a mistake could, one at a time in a copy, and checks that the tests notice each. It also notices when a
 * mutant no longer fits the code.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A test that takes longer than this never ends. */
const TIME_MS = 40_000;

interface Mutant {
  breaks: string;
  file: string;
  from: string;
  to: string;
}

const MUTANTS: Mutant[] = [
  { breaks: 'what is known already is applied again', file: 'position.ts', from: 'update.seq > position.seq', to: 'update.seq >= position.seq' },
  { breaks: 'a gap is not noticed', file: 'position.ts', from: 'if (!position || prev > position.seq)', to: 'if (!position)' },
  { breaks: 'a replay of another epoch is taken', file: 'position.ts', from: "recovery === 'replayed' && position?.epoch !== epoch", to: 'false' },
  { breaks: 'the position counts before the state has come', file: 'receiving.ts', from: '!machine.awaits && !machine.forgets && position', to: 'position' },
  { breaks: 'topics that were left stay in the view', file: 'receiving.ts', from: '  if (kept) forget(turn);\n', to: '' },
  { breaks: 'updates are applied while the state is awaited', file: 'receiving.ts', from: 'if (!machine.forgets && (reset', to: 'if ((reset' },
  { breaks: 'a position of a narrowed grant is resumed', file: 'connecting.ts', from: '  if (machine.brittle) machine.position = null;\n', to: '' },
  { breaks: 'the state that was asked for is lost with the connection', file: 'connecting.ts', from: 'machine.owed ? null : machine.position', to: 'machine.position' },
  { breaks: 'the state is not asked for that was wanted during the greeting', file: 'receiving.ts', from: "  else if (machine.owed && recovery === 'replayed') want(turn);\n", to: '' },
  { breaks: 'nobody notices that the state was refused', file: 'receiving.ts', from: 'if (frame.ref === STATE) return', to: 'if (false) return' },
  { breaks: 'frames of an old connection count', file: 'machine.ts', from: 'event.connection !== turn.machine.connection || ', to: '' },
  { breaks: 'the end of an old connection counts', file: 'machine.ts', from: "case 'closed': return event.connection === machine.connection ?", to: "case 'closed': return true ?" },
  { breaks: 'an answer to an old question counts', file: 'machine.ts', from: "case 'token': return event.question === machine.question ?", to: "case 'token': return true ?" },
  { breaks: 'a refused token is replaced over and over', file: 'connecting.ts', from: " && !machine.refused;", to: ';' },
  { breaks: 'it connects again where the code says no', file: 'reconnect.ts', from: "code >= 4400 && code <= 4499 ? 'no' : 'yes'", to: "'yes'" },
  { breaks: 'it never gives up', file: 'connecting.ts', from: 'if (machine.failed > attempts)', to: 'if (machine.failed > attempts * 1e9)' },
  { breaks: 'an attempt has no end', file: 'connecting.ts', from: "  machine.answerBy = now + settings.heartbeat.answerWithinMs;\n  wake(turn, 'answer', machine.answerBy);\n}\n\nexport function effectivePace", to: '}\n\nexport function effectivePace' },
  { breaks: 'each update is acknowledged', file: 'receiving.ts', from: '  if (turn.machine.acking) return;\n', to: '' },
  { breaks: 'a topic asked for during the greeting is forgotten', file: 'receiving.ts', from: '  catchUp(turn);\n}', to: "  turn.actions.push({ do: 'settled' });\n}" },
  { breaks: 'a step changes the machine that it was given', file: 'machine.ts', from: 'machine: { ...before }', to: 'machine: before' },
  { breaks: 'another leader repeats what a tab has', file: 'shared.ts', from: 'change.updates.filter(({ seq }) => seq > own.seq)', to: 'change.updates' },
  { breaks: 'another leader begins from nothing', file: 'shared.ts', from: 'position: this.#position, has, seen, shows }', to: 'has, seen, shows }' },
  { breaks: 'an unconfirmed change stays after its time', file: 'client.ts', from: "    this.#forget(pending);\n    pending.reject(error);", to: '    pending.reject(error);' },
  { breaks: 'a slow fetch overwrites a newer update', file: 'tanstack-query.ts', from: 'this.#flights.get(query)?.writings.push(writing);', to: '' },
  { breaks: 'the answer of a fetch is older than the snapshot', file: 'tanstack-query.ts', from: 'if (flight) flight.overtaken = true;', to: '' },
  { breaks: 'what was missed is forgotten with the next update', file: 'tanstack-query.ts', from: '    if (isInvalidated) query.invalidate();\n', to: '' },
  { breaks: 'an answer that an update says too little about is kept', file: 'tanstack-query.ts', from: '    flight.overtaken = true;\n    return answer;', to: '    return answer;' },
  { breaks: 'fetches that have ended keep updates', file: 'tanstack-query.ts', from: 'if (this.#flights.get(query) === flight) this.#flights.delete(query);', to: '' },
  { breaks: 'a snapshot has everything fetched again', file: 'tanstack-query.ts', from: 'all.filter((query) => this.#isBound(query))', to: 'all' },
  { breaks: 'a snapshot has only that fetched again which it shows', file: 'tanstack-query.ts', from: '...all.filter((query) => this.#isBound(query))', to: '' },
];

/** Whether the tests fail with this mutant. */
function isCaught({ file, from, to }: Mutant, folder: string): boolean {
  const path = join(folder, 'client/src', file);
  const source = readFileSync(path, 'utf8');
  if (source.split(from).length !== 2) throw new Error(`${file} has not exactly one: ${from}`);
  writeFileSync(path, source.replace(from, () => to));
  const caught = !pass(folder);
  writeFileSync(path, source);
  return caught;
}

function pass(folder: string): boolean {
  const tests = ['machine', 'position', 'client', 'shared', 'tanstack-query', 'query-worlds'].map((name) => `tests/${name}.test.ts`);
  // Without processes of their own, so that the end of this one is the end of a test that never ends.
  const options = ['--test', '--test-isolation=none', ...tests];
  const ran = spawnSync(process.execPath, options, { cwd: join(folder, 'client'), env: { ...process.env, RUNS: '20000' }, timeout: TIME_MS, killSignal: 'SIGKILL' });
  return ran.status === 0;
}

const folder = mkdtempSync(join(tmpdir(), 'roomcast-mutants-'));
const root = new URL('../..', import.meta.url).pathname;
let survivors = 0;
try {
  for (const part of ['client/src', 'client/tests', 'client/package.json', 'tests/vectors']) cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, 'client/node_modules'), join(folder, 'client/node_modules'));
  if (!pass(folder)) throw new Error('the tests fail without a mutant');
  for (const mutant of MUTANTS) {
    const caught = isCaught(mutant, folder);
    survivors += Number(!caught);
    console.log(`${caught ? 'caught  ' : 'SURVIVED'} ${mutant.breaks}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${MUTANTS.length - survivors} of ${MUTANTS.length} mutants caught`);
process.exitCode = survivors === 0 ? 0 : 1;
