// The decisions of a connection: what is new in a frame, what is missing, which codes allow connecting again, how long
// to wait. There is no socket and no clock; live.test.js has those.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { accept, attemptAfter, formatPosition, LONGEST_PAUSE_MS, liveUrl, mayReconnect, retryDelay } from '../position.js';

const E = '00000000000000aa';
const at = (seq, epoch = E) => ({ epoch, seq });
const update = (seq) => ({ type: 'dashboard.update', seq, updateType: 'cycle.created', timestamp: '', data: { cycleId: 'c' } });
const burst = (prev, seq, seqs) => ({ type: 'dashboard.updates', prev, seq, updates: seqs.map(update) });
const parsed = (position) => (position ? at(Number(position.split(':')[1]), position.split(':')[0]) : null);

test('the page follows positions as the shared vectors say', () => {
  const vectors = JSON.parse(readFileSync(new URL('../../tests/vectors/following.json', import.meta.url), 'utf8'));
  assert.notEqual(vectors.length, 0);
  for (const { name, at: before, frame, then, ...wanted } of vectors) {
    const { position, updates, reset, gap } = accept(parsed(before), frame);
    assert.equal(formatPosition(position), then ?? '', name);
    assert.deepEqual({ new: updates.map((each) => each.seq), reset, gap }, wanted, name);
  }
});

test('every update is new exactly once, wherever the stream is cut and replayed', () => {
  const frames = [burst(0, 3, [1, 2, 3]), update(4), burst(4, 6, [5, 6]), update(7)];
  for (let cut = 0; cut <= frames.length; cut += 1) {
    const seen = [];
    let position = at(0);
    for (const frame of [...frames.slice(0, cut), ...frames.slice(Math.max(0, cut - 2))]) {
      const step = accept(position, frame);
      assert.equal(step.gap, false);
      seen.push(...step.updates.map((each) => each.seq));
      position = step.position;
    }
    assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7]);
  }
});

test('the address carries the position and never the token', () => {
  assert.equal(liveUrl('https://a.example/?session=x#token=t', 'team:7@x', at(12)), `wss://a.example/api/sessions/team:7@x/live?resume=${E}:12`);
  assert.equal(liveUrl('http://localhost:8787/', '../x?y', null), 'ws://localhost:8787/api/sessions/..%2Fx%3Fy/live');
  assert.deepEqual([formatPosition(at(12)), formatPosition(null)], [`${E}:12`, '']);
});

test('close codes mean what the shared table says', () => {
  const table = JSON.parse(readFileSync(new URL('../../tests/vectors/close-codes.json', import.meta.url), 'utf8'));
  assert.notEqual(table.length, 0);
  for (const { code, name, reconnect } of table) assert.equal(mayReconnect(code), reconnect, `${code} ${name}`);
});

test('the pause grows, stays within its bounds, and differs between clients', () => {
  for (let attempt = 0; attempt < 2_000; attempt += 1) {
    const [least, most] = [retryDelay(attempt, 0), retryDelay(attempt, 1 - Number.EPSILON)];
    assert.ok(least < most && most <= LONGEST_PAUSE_MS, `attempt ${attempt}: ${least} to ${most}`);
    if (attempt > 0) assert.ok(least >= 1_000 && least >= retryDelay(attempt - 1, 0));
  }
  assert.deepEqual([0, 1, 2, 3, 4, 5, 60].map((attempt) => retryDelay(attempt, 0.5)), [500, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500]);
});

test('the page does not connect again at once to a room that is full or failing', () => {
  assert.deepEqual([attemptAfter(0, 4503), attemptAfter(0, 4504), attemptAfter(3, 4503), attemptAfter(0, 1006)], [1, 1, 3, 0]);
});
