import assert from 'node:assert/strict';
import test from 'node:test';
import { Shelf } from '../src/live/shelf.ts';

const of = (...keys: string[]) => keys.reduce((shelf, key) => shelf.with(key, `value of ${key}`), Shelf.empty<string>());

test('what was put in last is the last', () => {
  const shelf = of('a', 'b', 'c');
  assert.deepEqual([...shelf.with('a', 'new')], [['b', 'value of b'], ['c', 'value of c'], ['a', 'new']]);
  assert.deepEqual([...shelf.with('a', 'new', true).keys()], ['a', 'b', 'c']);
  assert.deepEqual([...shelf.with('d', 'new', true).keys()], ['a', 'b', 'c', 'd']);
  assert.deepEqual([shelf.get('a'), shelf.size, [...shelf.values()].length], ['value of a', 3, 3], 'it has not changed itself');
});

test('what is taken out is gone from the next one only', () => {
  const shelf = of('a', 'b');
  const left = shelf.without('a');
  assert.deepEqual([left.has('a'), left.size, shelf.has('a'), shelf.size], [false, 1, true, 2]);
  assert.equal(shelf.without('z'), shelf);
  assert.deepEqual([...of('a', 'b', 'c').filter((value) => value !== 'value of b').keys()], ['a', 'c']);
});

test('it says the same as a map, after any changes', () => {
  let [shelf, map, state] = [Shelf.empty<number>(), new Map<string, number>(), 1];
  const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  for (let step = 0; step < 5_000; step += 1) {
    const key = `key ${random(300)}`;
    if (random(3) === 0) {
      shelf = shelf.without(key);
      map.delete(key);
    } else {
      shelf = shelf.with(key, step);
      map.delete(key);
      map.set(key, step);
    }
    assert.equal(shelf.size, map.size);
    if (step % 50 === 0) assert.deepEqual([...shelf], [...map]);
  }
});

test('twenty thousand things are put in within a moment', () => {
  const begun = performance.now();
  const shelf = of(...Array.from({ length: 20_000 }, (_, index) => `thing-${index}`));
  const took = performance.now() - begun;
  assert.equal(shelf.size, 20_000);
  // Copying a map for each takes a minute.
  assert.ok(took < 5_000, `${took} ms`);
});
