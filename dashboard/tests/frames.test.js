// The frames of any dashboard: what one more frame changes, how it is printed, where to connect, when to come back.
// There is no socket, no clock and no page.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { addressOf, CHARS_KEPT, comesBack, emptyView, FRAMES_KEPT, linesOf, NO_TYPE, pauseBefore, received } from '../frames.js';

/** The view after these frames, of which the first comes at 1, the second at 2, and so on. */
const after = (...frames) => frames.reduce(
  (view, frame, index) => received(view, typeof frame === 'string' ? frame : JSON.stringify(frame), index + 1), emptyView());
const stats = (pending, more = {}) => ({ type: 'stats:tasks', payload: { pending, total: 7 }, ...more });
const printed = (json) => linesOf(json).map(({ text, comma }) => text + comma).join('\n');
/** What differs in the latest frame of a type from the one before. */
const changed = ({ at, lines }) => lines.filter(({ since }) => since === at).map(({ text }) => text.trim());

test('types are in the order in which they first came, with their count and the time of the latest', () => {
  const { total, types } = after({ type: 'connected' }, stats(1), { type: 'connected' }, { type: 'error' });
  assert.deepEqual([...types].map(([type, { count, at }]) => [type, count, at]),
    [['connected', 2, 3], ['stats:tasks', 1, 2], ['error', 1, 4]]);
  assert.equal(total, 4);
});

test('a frame whose type is not a text, and a text that is not JSON, have no type', () => {
  const { types } = after('{}', '[1]', 'null', '"type"', '{"type":5}', '{"type":""}', '{"type":', '');
  assert.deepEqual([...types].map(([type, { count }]) => [type, count]), [[NO_TYPE, 8]]);
});

test('types with the names of built-in properties are types like any other', () => {
  assert.deepEqual([...after({ type: '__proto__' }, { type: 'constructor' }).types.keys()], ['__proto__', 'constructor']);
});

test('the last 200 frames are kept as they came, the newest first', () => {
  const texts = Array.from({ length: FRAMES_KEPT + 3 }, (_, index) => `{ "n" : ${index} }`);
  const { total, frames } = after(...texts);
  assert.equal(FRAMES_KEPT, 200);
  assert.deepEqual([total, frames.length], [203, 200]);
  assert.deepEqual([frames[0], frames.at(-1)], [{ number: 203, at: 203, text: texts[202] }, { number: 4, at: 4, text: texts[3] }]);
});

test('a frame never changes the view before it', () => {
  const before = after(stats(1));
  const copy = structuredClone(before);
  received(before, JSON.stringify(stats(2)), 9);
  assert.deepEqual(before, copy);
});

test('in the first frame of a type everything has changed', () => {
  const { lines } = after(stats(1)).types.get('stats:tasks');
  assert.ok(lines.length > 0 && lines.every(({ since }) => since === 1));
});

test('in a later frame what differs has changed, and the rest is as old as it was', () => {
  const latest = after(stats(1), { type: 'connected' }, stats(2)).types.get('stats:tasks');
  assert.deepEqual(changed(latest), ['"pending": 2']);
  assert.ok(latest.lines.every(({ since }) => since === 1 || since === 3));
  assert.deepEqual(changed(after(stats(1), stats(1)).types.get('stats:tasks')), []);
});

test('a field that is added or taken away does not change its neighbours', () => {
  assert.deepEqual(changed(after(stats(1), stats(1, { now: 'x' })).types.get('stats:tasks')), ['"now": "x"']);
  assert.deepEqual(changed(after(stats(1, { now: 'x' }), stats(1)).types.get('stats:tasks')), []);
});

test('JSON is printed with one value per line', () => {
  const frame = { type: 'a', empty: {}, none: [], list: [1, { deep: true }], text: 'a "quoted", {text}: \\' };
  assert.equal(printed(JSON.stringify(frame)), JSON.stringify(frame, null, 2));
  for (const json of ['1', '"a:"', 'null', '[]', '{}', '[[],[{}]]']) {
    assert.equal(printed(json), JSON.stringify(JSON.parse(json), null, 2));
  }
});

test('printing changes no value and no order', () => {
  assert.equal(
    printed('{"b":12345678901234567890,"1":1.0,\n "b" : "\\u00e9"}'),
    '{\n  "b": 12345678901234567890,\n  "1": 1.0,\n  "b": "\\u00e9"\n}',
  );
});

test('every line of a frame has a path of its own', () => {
  const lines = linesOf('{"a":1,"a":1,"a":[1,[2]],"b":{"a":1},"a end":2,"b":{"a":1}}');
  assert.equal(new Set(lines.map(({ path }) => path)).size, lines.length);
});

test('a frame that is nested very deeply is printed without growing much', () => {
  const json = '['.repeat(5_000) + ']'.repeat(5_000);
  assert.ok(printed(json).length < 50 * json.length);
});

test('of a very long frame the beginning is kept, and its type is known', () => {
  const { types, frames } = after({ type: 'big', text: 'x'.repeat(CHARS_KEPT) });
  assert.match(frames[0].text, /^\{"type":"big".*x… and 24 more characters$/);
  assert.deepEqual(types.get('big').lines.map(({ text }) => text), [frames[0].text]);
});

test('the address keeps the parameters of the path and adds the token', () => {
  const address = (path, token = null) => addressOf('https://a.example/watch?path=x#y', path, token);
  assert.equal(address('/admin/ws/dashboard'), 'wss://a.example/admin/ws/dashboard');
  assert.equal(address('/ws', 'a.b.c'), 'wss://a.example/ws?token=a.b.c');
  assert.equal(address('/ws?topics=a,b:%20c&x#y', 'a&b'), 'wss://a.example/ws?topics=a,b:%20c&x&token=a%26b');
  assert.equal(addressOf('http://localhost:8787/watch', '/ws', ''), 'ws://localhost:8787/ws');
});

test('an address elsewhere is refused', () => {
  const elsewhere = ['//b.example/ws', '\\\\b.example', 'https://b.example/ws', 'http://a.example/ws', 'wss://a.example/ws'];
  for (const path of [...elsewhere, '', 'javascript:1', 'http://']) {
    assert.equal(addressOf('https://a.example/watch', path, 'secret'), null, path);
  }
});

test('the page comes back unless the shared table says no', () => {
  const table = JSON.parse(readFileSync(new URL('../../tests/vectors/close-codes.json', import.meta.url), 'utf8'));
  assert.notEqual(table.length, 0);
  for (const { code, reconnect } of table) assert.equal(comesBack(code), reconnect !== 'no', String(code));
  assert.deepEqual([1000, 4400, 4401, 4403, 4499, 4500, 1006].map(comesBack), [false, false, true, false, false, true, true]);
});

test('the pause grows from one second to half a minute', () => {
  const [least, most] = [0, 1].map((random) => [1, 2, 3, 4, 5, 6, 99].map((count) => pauseBefore(count, random) / 1000));
  assert.deepEqual(least, [1, 2, 4, 8, 15, 15, 15]);
  assert.deepEqual(most, [2, 4, 8, 16, 30, 30, 30]);
});
