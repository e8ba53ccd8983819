// The reducer of the session dashboard: every type of updates, and that the state gives the same view as the stream.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import type { Update, UpdateData, UpdateType } from 'roomcast/presets/sessions';
import { apply, EMPTY, HAPPENED_KEPT, MESSAGES_KEPT } from '../src/session/fold.ts';
import type { Session } from '../src/session/fold.ts';
import { activeCycle, COMPONENTS, componentAtWork, componentsInOrder, cycleProgress, cyclesInOrder, qualityOf, scoredCycles } from '../src/session/reading.ts';
import { EXAMPLE } from './fixtures/session.ts';

const AT = '2026-11-18T09:00:00Z';
let seq = 0;
const update = <T extends UpdateType>(updateType: T, data: UpdateData[T]): Update =>
  ({ type: 'dashboard.update', seq: ++seq, updateType, timestamp: AT, data }) as Update;
const fold = (updates: readonly Update[]) => updates.reduce(apply, EMPTY);
const one = (session: Session, cycle: string, type: string) => componentsInOrder(session.cycles.get(cycle)).find((component) => component.type === type);
const where = { cycleId: 'c-1', componentType: 'objectives' };

/** The key of an update, as the document says. The state has the latest update per key. */
function key({ updateType, data, seq: number }: Update): string {
  switch (updateType) {
    case 'session.metadata': return `session ${'description' in data}`;
    case 'component.started': case 'component.completed': return `status ${data.cycleId} ${data.componentType}`;
    case 'component.output': return `output ${data.cycleId} ${data.componentType}`;
    case 'conversation.message': return `message ${number}`;
    case 'analysis.scores': return `scores ${data.cycleId} ${data.scoreType}`;
    default: return `${updateType} ${data.cycleId}`;
  }
}

/** The updates that the state would have after these. */
function stateOf(updates: readonly Update[]): readonly Update[] {
  const latest = new Map(updates.map((each) => [key(each), each]));
  const forgotten = updates.filter(({ updateType }) => updateType === 'conversation.message').slice(0, -MESSAGES_KEPT);
  return [...latest.values()].filter((each) => !forgotten.includes(each)).sort((a, b) => a.seq - b.seq);
}

const withoutFeed = ({ happened: _, ...kept }: Session) => kept;

/** That the state gives what the stream gives, and of the feed nothing that did not happen. */
function sameFromState(updates: readonly Update[]): void {
  const [seen, snapshot] = [fold(updates), fold(stateOf(updates))];
  assert.deepEqual(withoutFeed(snapshot), withoutFeed(seen), `after ${updates.length} updates`);
  assert.deepEqual(cyclesInOrder(snapshot), cyclesInOrder(seen));
  assert.ok(snapshot.happened.every((each) => updates.includes(each)));
}

test('an event need not say the percentage', () => {
  const shown = (progress: { completed: number; total: number; percent?: number }) =>
    cycleProgress(fold([update('component.completed', { ...where, completedAt: AT, progress })]).cycles.get('c-1')).percent;
  assert.deepEqual([{ completed: 3, total: 9 }, { completed: 0, total: 0 }, { completed: 3, total: 9, percent: 40 }].map(shown), [33, 0, 40]);
});

test('a renaming keeps the description', () => {
  const session = fold([update('session.metadata', { title: 'A', description: 'why' }), update('session.metadata', { title: 'B' })]);
  assert.deepEqual([session.title, session.description], ['B', 'why']);
});

test('a branched cycle knows its parent and the point of branching', () => {
  const session = fold([
    update('cycle.created', { cycleId: 'c-1', sessionId: 's' }),
    update('cycle.created', { cycleId: 'c-2', parentId: 'c-1', branchPoint: 'objectives' }),
  ]);
  assert.deepEqual(cyclesInOrder(session).map(({ id, parentId, branchPoint }) => [id, parentId, branchPoint]),
    [['c-1', undefined, undefined], ['c-2', 'c-1', 'objectives']]);
});

test('a component goes from not started to started to completed', () => {
  const started = update('component.started', where);
  const completed = update('component.completed', { ...where, completedAt: AT, progress: { completed: 3, total: 9, percent: 33 } });
  assert.equal(one(EMPTY, 'c-1', 'objectives')?.status, 'not_started');
  assert.equal(one(fold([started]), 'c-1', 'objectives')?.status, 'started');
  assert.equal(one(fold([started, completed]), 'c-1', 'objectives')?.status, 'completed');
  assert.equal(componentAtWork(fold([started]).cycles.get('c-1')), 'objectives');
  assert.equal(componentAtWork(fold([started, completed]).cycles.get('c-1')), undefined);
});

test('a component that is started again is no longer completed, and its progress no longer counts', () => {
  const completed = (componentType: string, done: number) => update('component.completed',
    { cycleId: 'c-1', componentType, completedAt: AT, progress: { completed: done, total: 9, percent: done * 11 } });
  const session = fold([completed('issue_raising', 1), completed('objectives', 2), update('component.started', where)]);
  assert.equal(one(session, 'c-1', 'objectives')?.progress, undefined);
  assert.equal(cycleProgress(session.cycles.get('c-1')).completed, 1);
});

test('progress that no update gives is counted', () => {
  const session = fold([update('component.completed', { ...where, completedAt: AT })]);
  assert.deepEqual(cycleProgress(session.cycles.get('c-1')), { completed: 1, total: 9, percent: 11 });
});

test('an output is replaced as a whole and leaves the status alone', () => {
  const first = fold([update('component.started', where), update('component.output', { ...where, summary: 'x' })]);
  assert.deepEqual([one(first, 'c-1', 'objectives')?.status, one(first, 'c-1', 'objectives')?.summary], ['started', 'x']);
  assert.equal(one(apply(first, update('component.output', where)), 'c-1', 'objectives')?.summary, undefined);
});

test('the last 50 messages are kept, oldest first', () => {
  const message = (id: number) => update('conversation.message', { ...where, message: { id: `m-${id}`, role: 'user', contentPreview: 'é', timestamp: AT } });
  const { messages } = fold(Array.from({ length: MESSAGES_KEPT + 2 }, (_, id) => message(id)));
  assert.deepEqual([messages.length, messages[0]?.id, messages.at(-1)?.id], [MESSAGES_KEPT, 'm-2', 'm-51']);
});

test('the two kinds of scores do not replace each other', () => {
  const scores = (scoreType: 'pugh' | 'dq', rest: { scores: Record<string, number>; overallScore?: number }) => update('analysis.scores', { cycleId: 'c-1', scoreType, ...rest });
  const cycle = fold([scores('pugh', { scores: { a: 1, b: -1 } }), scores('dq', { scores: { frame: 80 }, overallScore: 70 }),
    scores('pugh', { scores: { a: 2 } })]).cycles.get('c-1');
  assert.deepEqual(cycle?.pugh?.scores, { a: 2 });
  assert.deepEqual([cycle?.dq?.scores, cycle?.dq?.overall, qualityOf(cycle)], [{ frame: 80 }, 70, 70]);
});

test('the active cycle is the newest open one, else the newest', () => {
  const create = (cycleId: string) => update('cycle.created', { cycleId });
  const complete = (cycleId: string) => update('cycle.completed', { cycleId, dqScore: 71 });
  const active = (session: Session) => activeCycle(cyclesInOrder(session))?.id;
  const both = fold([create('z'), create('a')]);
  assert.equal(active(both), 'a');
  assert.equal(active(apply(both, complete('a'))), 'z');
  assert.equal(active([complete('a'), complete('z')].reduce(apply, both)), 'a');
  assert.equal(active(EMPTY), undefined);
});

test('the chosen cycle is compared with the newest others that have scores', () => {
  const ids = ['a', 'b', 'c', 'd'];
  const session = fold(ids.map((cycleId) => update('analysis.scores', { cycleId, scoreType: 'dq', scores: { x: 1 } })));
  const cycles = cyclesInOrder(fold([...ids.map((cycleId) => update('cycle.created', { cycleId }))]));
  const scored = cyclesInOrder(session);
  assert.deepEqual(scoredCycles(scored, scored[0], 'dq', 3).map(({ id }) => id), ['a', 'c', 'd']);
  assert.deepEqual(scoredCycles(scored, undefined, 'dq', 2).map(({ id }) => id), ['c', 'd']);
  assert.deepEqual(scoredCycles(cycles, cycles[0], 'dq', 3), []);
});

test('names of built-in properties are names like any other', () => {
  const session = fold([update('component.started', { cycleId: '__proto__', componentType: 'constructor' })]);
  assert.equal(one(session, '__proto__', 'constructor')?.status, 'started');
  assert.equal(componentsInOrder(session.cycles.get('__proto__')).length, COMPONENTS.length + 1);
});

test('an unknown type of updates changes nothing, and an update never changes the session before it', () => {
  const before = Object.freeze(fold([update('cycle.created', { cycleId: 'c-1' })]));
  const unknown = { ...update('cycle.created', { cycleId: 'c-1' }), updateType: 'cycle.progress' } as unknown as Update;
  assert.equal(apply(before, unknown), before);
  apply(before, update('component.started', where));
  assert.equal(before.cycles.get('c-1')?.components.size, 0);
});

test('what has happened is the newest first, and not without end', () => {
  const { happened } = fold(Array.from({ length: HAPPENED_KEPT + 5 }, () => update('component.started', where)));
  assert.equal(happened.length, HAPPENED_KEPT);
  assert.ok((happened[0]?.seq ?? 0) > (happened[1]?.seq ?? 0));
});

interface Vector { name: string; update?: Omit<Update, 'seq'> }

test('every shared vector is an update that the reducer understands', () => {
  const file = readFileSync(new URL('../../tests/vectors/sessions.json', import.meta.url), 'utf8');
  const vectors = (JSON.parse(file) as Vector[]).filter((vector) => vector.update);
  assert.notEqual(vectors.length, 0);
  for (const { name, update: given } of vectors) assert.notEqual(apply(EMPTY, { seq: 1, ...given } as Update), EMPTY, name);
});

/** A stream with every type of updates many times, in a pseudorandom order that is always the same. */
function stream(length: number): readonly Update[] {
  let state = 7;
  const pick = <T>(list: readonly T[]): T => list[(state = (state * 48271) % 2147483647) % list.length] as T;
  const make = (): Update => {
    const at = { cycleId: pick(['c-1', 'c-2', 'c-3']), componentType: pick(COMPONENTS) };
    return pick<() => Update>([
      () => update('session.metadata', pick([{ title: pick(['A', 'B']) }, { title: 'C', description: pick(['x', 'y']) }])),
      () => update('cycle.created', pick([{ cycleId: at.cycleId }, { cycleId: at.cycleId, parentId: 'c-1', branchPoint: 'objectives' }])),
      () => update('component.started', at),
      () => update('component.completed', { ...at, completedAt: AT, ...pick([{}, { progress: { completed: 4, total: 9, percent: 44 } }]) }),
      () => update('component.output', { ...at, ...pick([{}, { summary: pick(['p', 'q']) }]) }),
      () => update('conversation.message', { ...at, message: { id: 'm', role: 'user', timestamp: AT } }),
      () => update('analysis.scores', { cycleId: at.cycleId, scoreType: pick(['pugh', 'dq'] as const), scores: { a: pick([1, 2]) } }),
      () => update('cycle.completed', { cycleId: at.cycleId, ...pick([{}, { dqScore: 80 }]) }),
    ])();
  };
  return Array.from({ length }, make);
}

test('the state gives the same view as the stream after any number of updates', () => {
  const updates = stream(900);
  for (let cut = 0; cut <= updates.length; cut += 25) sameFromState(updates.slice(0, cut));
});

test('the example is shown as its events say, and at each point as the state has it', () => {
  for (let cut = 0; cut <= EXAMPLE.length; cut += 1) sameFromState(EXAMPLE.slice(0, cut));
  const session = fold(EXAMPLE);
  const cycles = cyclesInOrder(session);
  assert.equal(session.title, 'Bäckerei Kranz & Mori: to the Wiehre, in two steps');
  assert.match(session.description ?? '', /^The lease of our bakery/);
  assert.deepEqual(cycles.map((cycle) => [cycle.id, cycleProgress(cycle).completed, qualityOf(cycle)]), [['cycle-1f4c', 9, 71], ['cycle-8b27', 9, 87]]);
  assert.deepEqual([cycles[1]?.parentId, cycles[1]?.branchPoint], ['cycle-1f4c', 'alternatives']);
  assert.deepEqual(cycles[1]?.pugh?.scores, { 'Stay in Gerberau': 0, 'Wiehre at once': -1, 'Market hall, Vauban': 2, 'Wiehre in two steps': 5 });
  assert.equal(session.messages.length, 21);
  assert.equal(session.happened.length, 84);
});
