import assert from 'node:assert/strict';
import test from 'node:test';
import type { AnyUpdate } from 'roomcast';
import { apply, EMPTY, RECENT_KEPT, TOPICS_KEPT, TYPES_KEPT } from '../src/watch/fold.ts';
import { compact, LINES_SHOWN, linesOf } from '../src/watch/lines.ts';
import { faultOf } from '../src/watch/probe.ts';
import { asked, topicsIn } from '../src/watch/place.ts';
import { fed } from './kept.ts';

const update = (seq: number, updateType: string, data: unknown, topic?: string): AnyUpdate =>
  ({ type: 'dashboard.update', seq, updateType, timestamp: '2026-11-24T06:00:00Z', data, ...(topic !== undefined && { topic }) });
const changed = (data: unknown, before: unknown) => linesOf(data, before).filter((line) => line.changed).map(({ text }) => text.trim());

test('fed to its end, the page shows the last of each type of the example, and counts all', () => {
  for (const name of ['admin', 'projects', 'tasks', 'stats']) {
    const updates = fed<AnyUpdate>(name);
    const view = updates.reduce(apply, EMPTY);
    assert.equal(view.total, updates.length);
    for (const { type, count, data, seq } of view.types.values()) {
      const all = updates.filter(({ updateType }) => updateType === type);
      assert.deepEqual([count, data, seq], [all.length, all.at(-1)!.data, all.at(-1)!.seq]);
    }
    assert.deepEqual(new Set(view.types.keys()), new Set(updates.map(({ updateType }) => updateType)));
    assert.equal([...view.topics.values()].reduce((sum, count) => sum + count, 0), updates.filter(({ topic }) => topic !== undefined).length);
  }
});

test('what the page keeps is bounded', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => update(index, `type-${index}`, {}, `topic-${index}`));
  const view = many.reduce(apply, EMPTY);
  assert.deepEqual([view.types.size, view.topics.size, view.recent.length, view.total], [TYPES_KEPT, TOPICS_KEPT, RECENT_KEPT, 1_000]);
});

test('lines are formatted JSON', () => {
  for (const data of [{ a: 1, b: { c: [1, { d: null }], e: {} }, f: [] }, [], {}, 'text', null, 3, { 'a/b': 1, a: { b: 2 }, '': { '~end': 1 } }]) {
    assert.equal(linesOf(data, undefined).map(({ text }) => text).join('\n'), JSON.stringify(data, null, 2));
  }
});

test('each line has a path of its own', () => {
  const lines = linesOf({ 'a/b': 1, a: { b: 2, '~end': 3 }, '': { '': [1, 2] }, '~1': {}, b: [] }, undefined);
  assert.equal(new Set(lines.map(({ path }) => path)).size, lines.length);
});

test('only what says something else than before is marked', () => {
  assert.deepEqual(changed({ a: 1, b: { c: 2 } }, undefined), []);
  assert.deepEqual(changed({ a: 1, b: { c: 2 } }, { a: 1, b: { c: 2 } }), []);
  assert.deepEqual(changed({ a: 1, b: { c: 3 }, d: 4 }, { a: 1, b: { c: 2 } }), ['"c": 3', '"d": 4']);
  // A comma comes with the line after it, and is no change of the line before.
  assert.deepEqual(changed({ a: 1, b: 2 }, { a: 1 }), ['"b": 2']);
});

test('long data are cut, and the page says so', () => {
  const lines = linesOf(Array.from({ length: 1_000 }, (_, index) => index), undefined);
  assert.deepEqual([lines.length, lines.at(-1)?.text], [LINES_SHOWN + 1, `… and ${1_002 - LINES_SHOWN} more lines`]);
  assert.ok(linesOf('x'.repeat(100_000), undefined)[0]!.text.length < 3_000);
  assert.ok(compact({ text: 'x'.repeat(100_000) }).length < 200);
});

test('the address says what to watch', () => {
  assert.deepEqual(asked('?path=/orders/live'), { path: '/orders/live', fault: '', session: 'all', topics: undefined });
  assert.deepEqual(asked('?path=/s/{session}/live&session=s-1&topics=a,b*'), { path: '/s/{session}/live', fault: '', session: null, topics: ['a', 'b*'] });
  assert.equal(asked('?path=/ws/tasks&session=tasks').session, 'tasks');
  assert.deepEqual(asked(''), { path: null, fault: '', session: null, topics: undefined });
  for (const path of ['orders', '//evil.example/x', 'https://evil.example', '/a?b=c', '/a%23b', '/a b', '/\\evil.example']) {
    const { path: found, fault } = asked(`?path=${encodeURIComponent(decodeURIComponent(path))}`);
    assert.deepEqual([found, fault !== ''], [null, true], path);
  }
});

test('topics are read as people type them', () => {
  assert.deepEqual(topicsIn(' project:7,  user:* ,'), ['project:7', 'user:*']);
});

test('a live path is told apart from one for reading, and from one that is not there', () => {
  assert.deepEqual([426, 503, 429].map(faultOf), ['', '', '']);
  assert.match(faultOf(404), /nothing at this path/);
  assert.match(faultOf(200), /for reading/);
  assert.match(faultOf(401), /for reading/);
});
