import assert from 'node:assert/strict';
import test from 'node:test';
import type { AnyUpdate } from 'roomcast';
import { inOrder, linePath } from '../src/parts/spark.ts';
import { counted, points, SLICE_MS, SLICES, total } from '../src/start/activity.ts';
import type { Activity } from '../src/start/activity.ts';
import { CARDS, SESSIONS } from '../src/start/cards.ts';
import { events, fed, stateOf } from './kept.ts';

const NONE: Activity = new Map();
const glanceAt = (name: string, updates: readonly AnyUpdate[]) => {
  const card = CARDS.find((one) => one.name === name)!;
  return card.glance(updates.reduce(card.reducer, card.initial));
};

test('fed to its end, each card shows the number of the example, and what happened last', () => {
  const of = (name: string, ...types: string[]) => events(name).filter(({ event_type }) => types.includes(event_type));
  const running = of('admin', 'ingestion.started').length - of('admin', 'ingestion.completed').length;
  const ingestion = glanceAt('Ingestion', fed('admin'));
  assert.deepEqual([ingestion.figure.value, ingestion.last?.subject, ingestion.last?.text], [running, 'ing-upload-0935', 'parsing, 24 of 28 files']);
  const deleted = of('projects', 'project.deleted').map(({ payload }) => payload.project_id);
  const questions = of('projects', 'escalation.created').filter(({ payload }) => !deleted.includes(payload.project_id)).length
    - of('projects', 'escalation.responded').filter(({ payload }) => !deleted.includes(payload.project_id)).length;
  const projects = glanceAt('Projects', fed('projects'));
  assert.deepEqual([projects.figure.value, projects.last?.subject, projects.last?.text], [questions, 'Harbor Pilot', 'pull request 58 was merged']);
  const tasks = glanceAt('Tasks', fed('tasks'));
  assert.deepEqual([tasks.figure.value, tasks.last?.subject], [0, 'Warn before a usage file is older than a day']);
  assert.equal(glanceAt('Operations', fed('stats')).last?.subject, 'Conversations');
  const session = glanceAt('Decision session', fed('sessions'));
  assert.deepEqual([session.figure.value, session.figure.of, session.last?.subject], [9, 9, 'Bäckerei Kranz & Mori: to the Wiehre, in two steps']);
});

test('whoever comes late sees the same number', () => {
  for (const [name, feed] of [['Ingestion', 'admin'], ['Projects', 'projects'], ['Tasks', 'tasks'], ['Operations', 'stats']] as const) {
    const updates = fed<AnyUpdate>(feed);
    assert.deepEqual(glanceAt(name, stateOf(feed, updates)).figure, glanceAt(name, updates).figure, name);
  }
});

test('before anything is known, a card shows no number', () => {
  for (const card of CARDS) assert.deepEqual([card.glance(card.initial).figure.value, card.glance(card.initial).last], [undefined, null], card.name);
});

test('one token names all sessions that need one', () => {
  assert.equal(SESSIONS, 'demo-session,all,tasks');
});

test('activity is counted in slices, and forgotten when it is not shown any more', () => {
  const now = 1_000 * SLICE_MS;
  const some = counted(counted(counted(NONE, 2, now), 3, now + 1), 1, now + SLICE_MS);
  assert.deepEqual(points(some, now + SLICE_MS).slice(-2).map(({ value }) => value), [5, 1]);
  assert.deepEqual([points(some, now).length, total(some, now + SLICE_MS), total(some, now + SLICES * SLICE_MS)], [SLICES, 6, 1]);
  const day = Array.from({ length: 10_000 }, (_, index) => now + index * SLICE_MS).reduce((activity, at) => counted(activity, 1, at), NONE);
  assert.ok(day.size <= SLICES);
});

test('a line goes from the first to the last point, and a single point is a level line', () => {
  assert.equal(linePath([], false), '');
  assert.equal(linePath(inOrder([5]), false), 'M0 1.5H100');
  assert.equal(linePath(inOrder([0, 10, 5]), false), 'M0 19L50 1.5L100 10.25');
  assert.equal(linePath([{ at: 0, value: 0 }, { at: 10, value: 2 }], true), 'M0 19H100V1.5');
  assert.equal(linePath(inOrder([0, 0]), false), 'M0 19L100 19');
});
