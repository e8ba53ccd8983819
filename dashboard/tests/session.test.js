// The reducer: every update type, and that a snapshot gives the same view as the stream that it was folded from.
// The page is deliberately not tested here; page.mjs and the end-to-end tests do that.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { activeCycle, apply, COMPONENTS, componentsInOrder, cycleProgress, cyclesInOrder, emptySession, MESSAGES_KEPT } from '../session.js';

const AT = '2026-11-18T09:00:00Z';
let seq = 0;
const update = (updateType, data) => ({ type: 'dashboard.update', seq: ++seq, updateType, timestamp: AT, data });
const fold = (updates) => updates.reduce(apply, emptySession());
const one = (session, cycle, type) => componentsInOrder(session.cycles.get(cycle)).find((component) => component.type === type);
const where = { cycleId: 'c-1', componentType: 'objectives' };

/** The key of an update. The state has the latest update per key. */
function key({ updateType, data, seq: number }) {
  const parts = [data.cycleId, data.componentType];
  if (updateType === 'session.metadata') return ['session', 'description' in data];
  if (updateType.startsWith('component.')) return [updateType === 'component.output' ? 'output' : 'status', ...parts];
  if (updateType === 'conversation.message') return ['message', number];
  return [updateType, data.cycleId, data.scoreType];
}

/** The updates that `dashboard.state` would have after these updates. */
function stateOf(updates) {
  const latest = new Map(updates.map((each) => [JSON.stringify(key(each)), each]));
  const messages = updates.filter((each) => each.updateType === 'conversation.message').slice(0, -MESSAGES_KEPT);
  return [...latest.values()].filter((each) => !messages.includes(each)).sort((a, b) => a.seq - b.seq);
}

test('an event need not say the percentage', () => {
  const completed = (progress) => fold([update('component.completed', { ...where, completedAt: AT, progress })]);
  const shown = (progress) => cycleProgress(completed(progress).cycles.get('c-1')).percent;
  assert.deepEqual([{ completed: 3, total: 9 }, { completed: 0, total: 0 }, { completed: 3, total: 9, percent: 40 }].map(shown), [33, 0, 40]);
});

test('a renaming keeps the description', () => {
  const session = fold([
    update('session.metadata', { title: 'A', description: 'why' }), update('session.metadata', { title: 'B' }),
  ]);
  assert.deepEqual([session.title, session.description], ['B', 'why']);
});

test('a branched cycle knows its parent and the point of branching', () => {
  const session = fold([
    update('cycle.created', { cycleId: 'c-1', sessionId: 's' }),
    update('cycle.created', { cycleId: 'c-2', parentId: 'c-1', branchPoint: 'objectives' }),
  ]);
  const [first, second] = cyclesInOrder(session);
  assert.deepEqual([first.id, first.parentId], ['c-1', undefined]);
  assert.deepEqual([second.id, second.parentId, second.branchPoint], ['c-2', 'c-1', 'objectives']);
});

test('a component goes from not started to started to completed', () => {
  const started = update('component.started', where);
  const completed = update('component.completed', { ...where, completedAt: AT, progress: { completed: 3, total: 9, percent: 33 } });
  assert.equal(one(emptySession(), 'c-1', 'objectives').status, 'not_started');
  assert.equal(one(fold([started]), 'c-1', 'objectives').status, 'started');
  assert.equal(one(fold([started, completed]), 'c-1', 'objectives').status, 'completed');
});

test('a component that is started again is no longer completed, and its progress no longer counts', () => {
  const completed = (componentType, done) => update('component.completed',
    { cycleId: 'c-1', componentType, completedAt: AT, progress: { completed: done, total: 9, percent: done * 11 } });
  const session = fold([completed('issue_raising', 1), completed('objectives', 2), update('component.started', where)]);
  assert.equal(one(session, 'c-1', 'objectives').progress, undefined);
  assert.equal(cycleProgress(session.cycles.get('c-1')).completed, 1);
});

test('progress that no update gives is counted', () => {
  const session = fold([update('component.completed', { ...where, completedAt: AT })]);
  assert.deepEqual(cycleProgress(session.cycles.get('c-1')), { completed: 1, total: 9, percent: 11 });
});

test('an output is replaced as a whole and leaves the status alone', () => {
  const first = fold([update('component.started', where), update('component.output', { ...where, summary: 'x' })]);
  assert.deepEqual([one(first, 'c-1', 'objectives').status, one(first, 'c-1', 'objectives').summary], ['started', 'x']);
  assert.equal(one(apply(first, update('component.output', where)), 'c-1', 'objectives').summary, undefined);
});

test('the last 50 messages are kept, oldest first', () => {
  const message = (id) => update('conversation.message', { ...where, message: { id: `m-${id}`, role: 'user', contentPreview: 'é', timestamp: AT } });
  const { messages } = fold(Array.from({ length: MESSAGES_KEPT + 2 }, (_, id) => message(id)));
  assert.deepEqual([messages.length, messages[0].id, messages.at(-1).id], [MESSAGES_KEPT, 'm-2', 'm-51']);
});

test('the two kinds of scores do not replace each other', () => {
  const scores = (scoreType, rest) => update('analysis.scores', { cycleId: 'c-1', scoreType, ...rest });
  const cycle = fold([scores('pugh', { scores: { a: 1, b: -1 } }), scores('dq', { scores: { frame: 80 }, overallScore: 70 }),
    scores('pugh', { scores: { a: 2 } })]).cycles.get('c-1');
  assert.deepEqual(cycle.pugh.scores, { a: 2 });
  assert.deepEqual([cycle.dq.scores, cycle.dq.overall], [{ frame: 80 }, 70]);
});

test('the active cycle is the newest open one, else the newest', () => {
  const create = (cycleId) => update('cycle.created', { cycleId });
  const complete = (cycleId) => update('cycle.completed', { cycleId, dqScore: 71 });
  const both = fold([create('z'), create('a')]);
  assert.equal(activeCycle(both).id, 'a');
  assert.equal(activeCycle(apply(both, complete('a'))).id, 'z');
  assert.equal(activeCycle([complete('a'), complete('z')].reduce(apply, both)).id, 'a');
  assert.equal(activeCycle(emptySession()), undefined);
});

test('names of built-in properties are names like any other', () => {
  const session = fold([update('component.started', { cycleId: '__proto__', componentType: 'constructor' })]);
  assert.equal(one(session, '__proto__', 'constructor').status, 'started');
  assert.equal(componentsInOrder(session.cycles.get('__proto__')).length, COMPONENTS.length + 1);
});

test('an unknown update type changes nothing, and an update never changes the session before it', () => {
  const before = Object.freeze(fold([update('cycle.created', { cycleId: 'c-1' })]));
  assert.equal(apply(before, update('cycle.progress', { cycleId: 'c-1' })), before);
  apply(before, update('component.started', where));
  assert.equal(before.cycles.get('c-1').components.size, 0);
});

const file = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const vectors = () => JSON.parse(file('tests/vectors/sessions.json')).filter((vector) => vector.update);

test('every shared vector is an update that the reducer understands', () => {
  assert.notEqual(vectors().length, 0);
  for (const { name, update: given } of vectors()) {
    const before = emptySession();
    assert.notEqual(apply(before, { seq: 1, ...given }), before, name);
  }
});

/** A stream with every update type many times, in a pseudorandom order that is always the same. */
function stream(length) {
  let state = 7;
  const pick = (list) => list[(state = (state * 48271) % 2147483647) % list.length];
  const kinds = {
    'session.metadata': () => pick([{ title: pick(['A', 'B']) }, { title: 'C', description: pick(['x', 'y']) }]),
    'cycle.created': (at) => pick([at, { cycleId: at.cycleId, parentId: 'c-1', branchPoint: 'objectives' }]),
    'component.started': (at) => at,
    'component.completed': (at) => ({ ...at, completedAt: AT, ...pick([{}, { progress: { completed: 4, total: 9, percent: 44 } }]) }),
    'component.output': (at) => ({ ...at, ...pick([{}, { summary: pick(['p', 'q']) }]) }),
    'conversation.message': (at) => ({ ...at, message: { id: 'm', role: 'user', timestamp: AT } }),
    'analysis.scores': (at) => ({ cycleId: at.cycleId, scoreType: pick(['pugh', 'dq']), scores: { a: pick([1, 2]) } }),
    'cycle.completed': (at) => ({ cycleId: at.cycleId, ...pick([{}, { dqScore: 80 }]) }),
  };
  return Array.from({ length }, () => {
    const kind = pick(Object.keys(kinds));
    return update(kind, kinds[kind]({ cycleId: pick(['c-1', 'c-2', 'c-3']), componentType: pick(COMPONENTS) }));
  });
}

test('the state gives the same view as the stream after any number of updates', () => {
  const updates = stream(900);
  for (let cut = 0; cut <= updates.length; cut += 25) {
    const seen = fold(updates.slice(0, cut));
    const snapshot = fold(stateOf(updates.slice(0, cut)));
    assert.deepEqual(snapshot, seen, `after ${cut} updates`);
    assert.deepEqual(cyclesInOrder(snapshot), cyclesInOrder(seen));
  }
});
