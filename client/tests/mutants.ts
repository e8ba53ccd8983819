/**
 * Breaks the client in ways that a mistake could, one at a time in a copy, and checks that the tests notice each. It also notices when a
 * mutant no longer fits the code. A word on the command line chooses mutants, by their file or by what they break.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Tests that take longer than this never end. */
const TIME_MS = 300_000;

interface Mutant {
  /** Whether only tabs that share show it. */
  shared?: true;
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
  { breaks: 'it never gives up', file: 'connecting.ts', from: 'if (machine.step > attempts)', to: 'if (machine.step > attempts * 1e9)' },
  { breaks: 'a healthy connection is not missed soon', file: 'connecting.ts', from: 'healthy ? AFTER_HEALTHY : machine.step + 1', to: 'machine.step + 1' },
  { breaks: 'an attempt has no end', file: 'connecting.ts', from: '  expect(turn, settings.heartbeat.answerWithinMs);\n', to: '' },
  { breaks: 'each update is acknowledged', file: 'receiving.ts', from: '  if (machine.ackAt !== null && machine.ackAt <= at) return;\n', to: '' },
  { breaks: 'a large room is told as often as a small one', file: 'receiving.ts', from: 'Math.max(ACK_AFTER_MS, machine.spreadMs)', to: 'ACK_AFTER_MS' },
  { breaks: 'a topic asked for during the greeting is forgotten', file: 'receiving.ts', from: '  catchUp(turn);\n}', to: '  settle(turn);\n}' },
  { breaks: 'a step changes the machine that it was given', file: 'machine.ts', from: 'machine: { ...before }', to: 'machine: before' },
  { breaks: 'a pace asked for during the greeting is forgotten', file: 'receiving.ts', from: '  setPace(turn);\n', to: '' },
  { breaks: 'what was asked for on a lost connection is never answered', file: 'receiving.ts', from: 'if (same(has, wantsTopics)) return settle(turn);', to: 'if (same(has, wantsTopics)) return;' },
  { breaks: 'another leader repeats what a tab has', file: 'shared.ts', from: '!late || seq > own.seq', to: 'true' },
  { breaks: 'another leader begins from nothing', file: 'shared.ts', from: 'position: this.#position, has, seen', to: 'has, seen' },
  { breaks: 'another leader resumes from a position that does not count', file: 'shared.ts', from: 'owed: machine.owed || machine.brittle || machine.position === null };', to: 'owed: false };' },
  { breaks: 'what a dead leader has said counts', file: 'shared.ts', from: ': message.term > term)', to: ': true)' },
  { breaks: 'a leader that has not heard of an earlier one is not told', file: 'shared.ts', from: '    if (!own) this.#say(this.#leader);\n', to: '' },
  { breaks: 'what a leader says counts twice', file: 'shared.ts', from: 'own ? message.n > this.#n :', to: 'own ? true :' },
  { breaks: 'nobody notices that something a leader has said is missing', file: 'shared.ts', from: '    if (missed) this.#ask();\n', to: '' },
  { breaks: 'a gap between what a tab has and what a leader says is not noticed', file: 'shared.ts', from: 'if (lacks || (late', to: 'if ((late' },
  { breaks: 'the state of a topic is taken by who is beyond it', file: 'shared.ts', from: " || (late && change?.source === 'topics')", to: '' },
  { breaks: 'a tab that lacks something applies more', file: 'shared.ts', from: 'if (this.behind || !own || !after) return;', to: 'if (!own || !after) return;' },
  { breaks: 'what was asked for is not asked again', file: 'shared.ts', from: 'if (!another && this.#open.size > 0 && Math.abs(since) <= AGAIN_MS) return;', to: 'if (!another) return;' },
  { breaks: 'another leader is not asked for what the last one was asked for', file: 'shared.ts', from: 'if (!another && this.#open.size', to: 'if (this.#open.size' },
  { breaks: 'the state for one tab makes all begin anew', file: 'shared.ts', from: '      if (this.#knows(told, after)) return;\n', to: '' },
  { breaks: 'a leader begins anew for another tab', file: 'shared.ts', from: 'else if (!known) this.#hand(told);', to: 'else this.#hand(told);' },
  { shared: true, breaks: 'a view keeps what was left because its position is the same', file: 'receiving.ts', from: ' && !machine.brittle && !machine.forgets', to: '' },
  { shared: true, breaks: 'a view does not begin anew with another connection', file: 'receiving.ts', from: 'machine.liveSince !== null && !machine.brittle', to: '!machine.brittle' },
  { breaks: 'who wants the state does not get it', file: 'shared.ts', from: ' && !this.behind && own?.epoch', to: ' && own?.epoch' },
  { breaks: 'another leader does not hear of topics', file: 'shared.ts', from: "    if (topics.length > 0) this.dispatch({ type: 'command', command: { type: 'subscribe', topics, ref: 'again' } });\n", to: '' },
  { breaks: 'other topics of another leader are not noticed', file: 'shared.ts', from: '    if (String(seen) !== String(this.machine.seen)) this.#ask();\n', to: '' },
  { breaks: 'a leader says from where it is instead of from where it was', file: 'shared.ts', from: 'this.#speak(told, before);', to: 'this.#speak(told, this.#position);' },
  { breaks: 'a command is done twice', file: 'commanding.ts', from: '  if (ref && ref in machine.asked) return;\n', to: '' },
  { breaks: 'a hidden tab counts as seen', file: 'shared.ts', from: '    this.#hide();\n    if (!isSeen()) return;', to: '    if (!isSeen()) return;' },
  { breaks: 'a tab that blinks counts as seen for good', file: 'shared.ts', from: '      this.#hide();\n      return isSeen()', to: '      return isSeen()' },
  { breaks: 'a look at who is seen counts after somebody was shown', file: 'shared.ts', from: 'look === this.#looks && ', to: '' },
  { breaks: 'nobody notices that a tab that was seen has crashed', file: 'shared.ts', from: '    if (changed) void this.#look();\n', to: '' },
  { breaks: 'an unconfirmed change stays after its time', file: 'client.ts', from: "    this.#forget(pending);\n    pending.reject(error);", to: '    pending.reject(error);' },
  { breaks: 'a slow fetch overwrites a newer update', file: 'tanstack-query.ts', from: 'this.#flights.get(query)?.writings.push(writing);', to: '' },
  { breaks: 'the answer of a fetch is older than the snapshot', file: 'tanstack-query.ts', from: 'if (flight) flight.overtaken = true;', to: '' },
  { breaks: 'what was missed is forgotten with the next update', file: 'tanstack-query.ts', from: '    if (isInvalidated) query.invalidate();\n', to: '' },
  { breaks: 'an answer that an update says too little about is kept', file: 'tanstack-query.ts', from: '    flight.overtaken = true;\n    return answer;', to: '    return answer;' },
  { breaks: 'fetches that have ended keep updates', file: 'tanstack-query.ts', from: 'if (this.#flights.get(query) === flight) this.#flights.delete(query);', to: '' },
  { breaks: 'a snapshot has everything fetched again', file: 'tanstack-query.ts', from: 'all.filter((query) => this.#isBound(query))', to: 'all' },
  { breaks: 'a snapshot has only that fetched again which it shows', file: 'tanstack-query.ts', from: '...all.filter((query) => this.#isBound(query))', to: '' },
];

/** The tests that have to notice, and how many random worlds they look at. */
function testsFor({ file, shared }: Mutant): [RUNS: number, names: string[]] {
  if (shared || file === 'shared.ts') return [3_000, ['shared', 'tabs']];
  if (file === 'tanstack-query.ts') return [20_000, ['tanstack-query', 'query-worlds']];
  return [20_000, ['machine', 'position', 'client', 'views']];
}

/** Whether the tests fail with this mutant. */
function isCaught(mutant: Mutant, folder: string): boolean {
  const { file, from, to } = mutant;
  const path = join(folder, 'client/src', file);
  const source = readFileSync(path, 'utf8');
  if (source.split(from).length !== 2) throw new Error(`${file} has not exactly one: ${from}`);
  writeFileSync(path, source.replace(from, () => to));
  const caught = !pass(mutant, folder);
  writeFileSync(path, source);
  return caught;
}

function pass(mutant: Mutant, folder: string): boolean {
  const [runs, names] = testsFor(mutant);
  // Without processes of their own, so that the end of this one is the end of a test that never ends.
  const options = ['--test', '--test-isolation=none', '--test-force-exit', ...names.map((name) => `tests/${name}.test.ts`)];
  const ran = spawnSync(process.execPath, options, { cwd: join(folder, 'client'), env: { ...process.env, RUNS: String(runs) }, timeout: TIME_MS, killSignal: 'SIGKILL' });
  return ran.status === 0;
}

/** The mutants that a word on the command line chooses, by file or by what they break; without one, all. */
const chosen = MUTANTS.filter(({ breaks, file }) => `${file} ${breaks}`.includes(process.argv[2] ?? ''));
const folder = mkdtempSync(join(tmpdir(), 'roomcast-mutants-'));
const root = new URL('../..', import.meta.url).pathname;
let survivors = 0;
try {
  for (const part of ['client/src', 'client/tests', 'client/package.json', 'tests/vectors']) cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, 'client/node_modules'), join(folder, 'client/node_modules'));
  const sets = new Map(chosen.map((mutant) => [testsFor(mutant).join(), mutant]));
  for (const mutant of sets.values()) if (!pass(mutant, folder)) throw new Error(`the tests of ${mutant.file} fail without a mutant`);
  for (const mutant of chosen) {
    const caught = isCaught(mutant, folder);
    survivors += Number(!caught);
    console.log(`${caught ? 'caught  ' : 'SURVIVED'} ${mutant.breaks}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${chosen.length - survivors} of ${chosen.length} mutants caught`);
process.exitCode = survivors === 0 ? 0 : 1;
