import assert from 'node:assert/strict';
import test from 'node:test';
import type { Update } from 'roomcast/presets/stats';
import { apply, EMPTY, NOTICES_KEPT } from '../src/stats/fold.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 24, 6, 0, seconds)).toISOString();
const tasks = (seq: number, completed: number, seconds = seq): Update => ({
  type: 'dashboard.update', seq, updateType: 'stats:tasks', timestamp: at(seconds), data: { pending: 1, inProgress: 2, completed, total: 3 + completed },
});
const assigned = (seq: number): Update => ({ type: 'dashboard.update', seq, updateType: 'task:assigned', timestamp: at(seq), data: { taskId: `t-${seq}`, title: 'Turn room 412' } });

test('the last figures are shown, and all of them are in the chart', () => {
  const stats = [tasks(1, 0), tasks(2, 1), tasks(3, 2)].reduce(apply, EMPTY);
  assert.equal(stats.tasks?.completed, 2);
  assert.deepEqual(stats.samples.map(({ completed }) => completed), [0, 1, 2]);
});

test('a chart never goes back in time', () => {
  const { samples } = [tasks(1, 0, 10), tasks(2, 1, 20), tasks(3, 2, 15)].reduce(apply, EMPTY);
  assert.deepEqual(samples.map(({ at: time }) => time), [10, 15].map((seconds) => Date.parse(at(seconds))));
});

test('notices are the newest first, and not without end', () => {
  const { notices } = Array.from({ length: 50 }, (_, index) => assigned(index + 1)).reduce(apply, EMPTY);
  assert.equal(notices.length, NOTICES_KEPT);
  assert.equal(notices[0]?.id, 't-50');
});
