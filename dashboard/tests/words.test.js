// The words of the page: names, numbers, sentences. Times depend on the reader's settings, so they are tested roughly.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { mayReconnect } from '../position.js';
import { announcement, cycleName, nameOf, numberText, originOf, shortTime, whyClosed } from '../words.js';

test('identifiers become names, and texts that people wrote are not changed', () => {
  assert.deepEqual(['decision_quality', 'tradeoffs', 'user', 'Wiehre_2', 'Café, Süd', '', 'constructor'].map(nameOf),
    ['Decision quality', 'Trade-offs', 'User', 'Wiehre_2', 'Café, Süd', '', 'Constructor']);
});

test('cycles are counted, and a branch says where it comes from', () => {
  const cycles = [{ id: 'a' }, { id: 'b', parentId: 'a', branchPoint: 'objectives' }];
  assert.deepEqual([cycleName(cycles, 'b'), cycleName(cycles, 'zz')], ['Cycle 2', 'zz']);
  assert.equal(originOf(cycles, cycles[0]), undefined);
  assert.equal(originOf(cycles, cycles[1]), 'Branched from Cycle 1 at Objectives');
  assert.equal(originOf(cycles, { parentId: 'a' }), 'Branched from Cycle 1');
});

test('numbers are short and have a real minus', () => {
  assert.deepEqual([-2, 0, 71, 66.6666].map(numberText), ['−2', '0', '71', '66.67']);
});

test('a malformed time is shown unchanged', () => {
  assert.equal(shortTime('soon'), 'soon');
  const today = new Date(2026, 10, 21, 12);
  assert.ok(shortTime(new Date(2026, 10, 20, 9, 5).toISOString(), today).length > shortTime(new Date(2026, 10, 21, 9, 5).toISOString(), today).length);
});

test('every final refusal has a sentence, and so has an unknown code', () => {
  const refusals = JSON.parse(readFileSync(new URL('../../tests/vectors/refusals.json', import.meta.url), 'utf8'));
  const final = refusals.filter(({ close }) => mayReconnect(close) !== 'yes');
  assert.notEqual(final.length, 0);
  for (const { code, close } of final) assert.doesNotMatch(whyClosed({ code: close, reason: code }), /closed the connection/, code);
  assert.equal(whyClosed({ code: 4401, reason: 'token_expired' }), 'The token has expired.');
  assert.equal(whyClosed({ code: 4477, reason: 'odd' }), 'The server has closed the connection (4477, odd).');
  assert.equal(whyClosed({ code: 1009, reason: '' }), 'The server has closed the connection (1009).');
});

test('only important updates are announced', () => {
  const update = (updateType, data) => ({ updateType, data });
  assert.equal(announcement(update('component.started', {})), undefined);
  assert.equal(announcement(update('component.completed', { componentType: 'objectives', progress: { completed: 3, total: 9 } })),
    'Objectives completed, 3 of 9.');
});
