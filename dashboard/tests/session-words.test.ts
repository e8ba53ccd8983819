// What the session dashboard says, and in which order it shows cycles.

import assert from 'node:assert/strict';
import test from 'node:test';
import type { Update } from 'roomcast/presets/sessions';
import { apply, EMPTY } from '../src/session/fold.ts';
import type { Cycle } from '../src/session/fold.ts';
import { cyclesInOrder } from '../src/session/reading.ts';
import { rowsOf } from '../src/session/tree.ts';
import { announcement, cycleName, inWords, originOf, signedText } from '../src/session/words.ts';
import { EXAMPLE } from './fixtures/session.ts';

const cycle = (id: string, parentId?: string): Cycle => ({ id, createdSeq: 1, parentId, components: new Map() });
const shown = (cycles: readonly Cycle[], closed: readonly string[] = []) =>
  rowsOf(cycles, new Set(closed)).map(({ cycle: { id }, level, place, siblings, open }) => [id, level, `${place}/${siblings}`, open]);

test('branches stand below the cycle that they come from', () => {
  assert.deepEqual(shown([cycle('a'), cycle('b'), cycle('c', 'a'), cycle('d', 'c'), cycle('e', 'a')]), [
    ['a', 1, '1/2', true], ['c', 2, '1/2', true], ['d', 3, '1/1', null], ['e', 2, '2/2', null], ['b', 1, '2/2', null],
  ]);
});

test('a closed cycle hides all that is below it', () => {
  assert.deepEqual(shown([cycle('a'), cycle('b', 'a'), cycle('c', 'b')], ['a']), [['a', 1, '1/1', false]]);
});

test('no cycle is lost if its parent is unknown, is itself, or comes in a circle', () => {
  const ids = (cycles: readonly Cycle[]) => rowsOf(cycles).map(({ cycle: { id } }) => id);
  assert.deepEqual(ids([cycle('a', 'nowhere')]), ['a']);
  assert.deepEqual(ids([cycle('a', 'a')]), ['a']);
  assert.deepEqual(ids([cycle('a', 'c'), cycle('b', 'a'), cycle('c', 'b'), cycle('d', 'b')]).sort(), ['a', 'b', 'c', 'd']);
});

test('a thousand branches of each other are no problem', () => {
  const cycles = Array.from({ length: 1_000 }, (_, index) => cycle(`c-${index}`, index === 0 ? undefined : `c-${index - 1}`));
  assert.equal(rowsOf(cycles).at(-1)?.level, 1_000);
});

test('cycles are counted, and a branch says where it comes from', () => {
  const cycles = [cycle('a'), cycle('b', 'a')];
  assert.deepEqual([cycleName(cycles, 'b'), cycleName(cycles, 'zz')], ['Cycle 2', 'zz']);
  assert.equal(originOf(cycles, {}), undefined);
  assert.equal(originOf(cycles, { parentId: 'a', branchPoint: 'objectives' }), 'Branched from Cycle 1 at Objectives');
  assert.equal(originOf(cycles, { parentId: 'a' }), 'Branched from Cycle 1');
});

test('scores have a sign and a real minus', () => {
  assert.deepEqual([2, 0, -1.5].map(signedText), ['+2', '0', '−1.5']);
});

test('each type of updates has its sentence', () => {
  const cycles = cyclesInOrder(EXAMPLE.reduce(apply, EMPTY));
  const first = new Map<string, string>();
  for (const update of EXAMPLE) {
    const { subject, text } = inWords(update, cycles);
    if (!first.has(update.updateType)) first.set(update.updateType, `${subject} ${text}`);
  }
  assert.deepEqual(Object.fromEntries(first), {
    'session.metadata': 'New premises is now the title',
    'cycle.created': 'Cycle 1 has begun',
    'component.started': 'Issue raising, Cycle 1 has started',
    'conversation.message': 'User wrote about Issue raising, Cycle 1',
    'component.output': 'Issue raising, Cycle 1 has a new summary',
    'component.completed': 'Issue raising, Cycle 1 is completed, 1 of 9',
    'analysis.scores': 'Cycle 1 has new scores of its alternatives',
    'cycle.completed': 'Cycle 1 is completed, with a decision quality of 71',
  });
});

test('a screen reader is told of the end of a component and of the beginning and end of a cycle, and of nothing else', () => {
  const cycles = cyclesInOrder(EXAMPLE.reduce(apply, EMPTY));
  const told = new Set(EXAMPLE.filter((update) => announcement(update, cycles)).map(({ updateType }) => updateType));
  assert.deepEqual(told, new Set(['component.completed', 'cycle.created', 'cycle.completed']));
  const branched = EXAMPLE.find(({ updateType, data }) => updateType === 'cycle.created' && 'parentId' in data) as Update;
  assert.equal(announcement(branched, cycles), 'Cycle 2 branched from Cycle 1 at Alternatives.');
});
