// The past of a session: any point of it, bounded memory, and how fast it goes by. And what end-to-end tests read.

import assert from 'node:assert/strict';
import test from 'node:test';
import type { AnyUpdate } from 'roomcast';
import { LONGEST_PAUSE_MS, Past, pauseBetween } from '../src/live/past.ts';
import { note } from '../src/live/trace.ts';
import type { Trace } from '../src/live/trace.ts';
import { apply, EMPTY } from '../src/session/fold.ts';
import { EXAMPLE } from './fixtures/session.ts';

const update = (seq: number, timestamp = '2026-11-18T09:00:00Z'): AnyUpdate => ({ type: 'dashboard.update', seq, updateType: 'x', timestamp, data: {} });
const updates = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => update(from + index));
/** A view that says what has been folded. */
const sum = (state: number, { seq }: AnyUpdate) => state + seq;
const sumTo = (seq: number) => (seq * (seq + 1)) / 2;

test('each point of the example is what the reducer makes of the updates up to it', () => {
  const past = new Past(apply, EMPTY);
  past.add(EXAMPLE);
  assert.equal(past.length, 84);
  for (const count of [84, 0, 41, 42, 40, 1, 84]) assert.deepEqual(past.at(count), EXAMPLE.slice(0, count).reduce(apply, EMPTY), `after ${count}`);
  assert.equal(past.update(1), EXAMPLE[0]);
  assert.equal(past.update(0), undefined);
});

test('points are right in any order, before and after new updates', () => {
  const past = new Past(sum, 0);
  past.add(updates(1, 1_234));
  for (const count of [1_234, 0, 1, 249, 250, 251, 500, 499, 750, 1_000, 1_233]) assert.equal(past.at(count), sumTo(count), `after ${count}`);
  past.add(updates(1_235, 1_300));
  for (const count of [1_300, 1_234, 1_250, 1_251]) assert.equal(past.at(count), sumTo(count), `after ${count}`);
});

test('what comes twice counts once', () => {
  const past = new Past(sum, 0);
  past.add(updates(1, 10));
  past.add(updates(5, 12));
  assert.deepEqual([past.length, past.lastSeq, past.at(12)], [12, 12, sumTo(12)]);
});

test('the oldest are dropped, and what they left stays', () => {
  const past = new Past(sum, 0, 500);
  past.add(updates(1, 400));
  assert.equal(past.at(10), sumTo(10));
  assert.equal(past.add(updates(401, 600)), 250);
  assert.deepEqual([past.length, past.update(1)?.seq, past.lastSeq], [350, 251, 600]);
  assert.equal(past.at(0), sumTo(250));
  assert.equal(past.at(350), sumTo(600));
  past.add(updates(601, 100_000));
  assert.ok(past.length <= 500);
  assert.equal(past.at(past.length), sumTo(100_000));
});

test('an empty past is what it began with', () => {
  assert.deepEqual([new Past(sum, 7).length, new Past(sum, 7).at(0), new Past(sum, 7).lastSeq], [0, 7, 0]);
});

test('pauses are as long as they were, divided by the speed, and never long', () => {
  const [at0, at1, later] = [update(1), update(2, '2026-11-18T09:00:01.500Z'), update(3, '2026-11-19T09:00:00Z')];
  assert.deepEqual([1, 10, 60].map((speed) => pauseBetween(at0, at1, speed)), [1_500, 150, 25]);
  assert.equal(pauseBetween(at0, later, 60), LONGEST_PAUSE_MS);
  assert.equal(pauseBetween(undefined, at1, 1), 0);
  assert.equal(pauseBetween(at1, at0, 1), 0);
  assert.equal(pauseBetween(at0, update(2, 'soon'), 1), 0);
});

test('the trace has what tail and replay brought, counts states, and has an end', () => {
  const trace: Trace = { seqs: [], snapshots: 0 };
  const change = (source: 'snapshot' | 'replay' | 'tail' | 'optimistic', from: number, to: number) =>
    note(trace, { reset: source === 'snapshot', updates: updates(from, to), source }, 5);
  change('snapshot', 1, 3);
  change('replay', 4, 5);
  change('tail', 6, 7);
  change('optimistic', 0, 0);
  assert.deepEqual(trace, { seqs: [4, 5, 6, 7], snapshots: 1 });
  change('tail', 8, 12);
  assert.deepEqual(trace.seqs, [8, 9, 10, 11, 12]);
});
