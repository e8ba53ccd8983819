/** Positions and close codes as the vectors say that the server reads as well. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { accept, formatPosition } from '../src/position.ts';
import { AFTER_HEALTHY, mayReconnect, pauseMs, RECONNECT } from '../src/reconnect.ts';

function vectors(name: string) {
  return JSON.parse(readFileSync(new URL(`../../tests/vectors/${name}`, import.meta.url), 'utf8'));
}

function parsed(position: string | null) {
  if (!position) return null;
  const [epoch = '', seq = ''] = position.split(':');
  return { epoch, seq: Number(seq) };
}

test('positions are followed as the shared vectors say', () => {
  const all = vectors('following.json');
  assert.notEqual(all.length, 0);
  for (const { name, at, frame, then, ...wanted } of all) {
    const { position, updates, reset, gap } = accept(parsed(at), frame);
    assert.equal(position ? formatPosition(position) : '', then ?? '', name);
    assert.deepEqual({ new: updates.map(({ seq }) => seq), reset, gap }, wanted, name);
  }
});

test('close codes mean what the shared table says', () => {
  const table = vectors('close-codes.json');
  assert.notEqual(table.length, 0);
  for (const { code, name, reconnect } of table) assert.equal(mayReconnect(code), reconnect, `${code} ${name}`);
});

/** At a step of the ladder, in a room with so many members. */
const at = (step: number, members = 0) => ({ step, spreadMs: members });

test('pauses grow by half from three seconds to thirty, and differ between clients', () => {
  const middle = Array.from({ length: 10 }, (_, index) => pauseMs(RECONNECT, at(index + 1), 1006, 0.5));
  assert.deepEqual(middle, [3_000, 4_500, 6_750, 10_125, 15_188, 22_781, 30_000, 30_000, 30_000, 30_000]);
  for (let step = 1; step <= 20; step += 1) {
    const [least, most] = [pauseMs(RECONNECT, at(step), 1006, 0), pauseMs(RECONNECT, at(step), 1006, 1 - Number.EPSILON)];
    assert.ok(least < most && most <= 30_000, `${step}: ${least} to ${most}`);
  }
});

test('after a healthy connection two attempts come within a second and a half, unless the room is full or failing', () => {
  const between = (step: number) => [0, 0.999].map((random) => pauseMs(RECONNECT, at(step), 1006, random));
  assert.deepEqual([between(AFTER_HEALTHY), between(0)], [[0, 500], [500, 1_000]]);
  assert.equal(pauseMs(RECONNECT, at(0), 4503, 0.5), 3_000);
  assert.ok(pauseMs(RECONNECT, at(0), 4529, 0) >= 60_000, 'attempts are counted by the minute');
});

test('ten thousand clients that lose their room at once do not come back in the same second', () => {
  for (const [step, code] of [[AFTER_HEALTHY, 1006], [AFTER_HEALTHY, 4503]] as const) {
    const seconds = new Map<number, number>();
    for (let client = 0; client < 10_000; client += 1) {
      const second = Math.floor(pauseMs(RECONNECT, at(step, 10_000), code, client / 10_000) / 1_000);
      seconds.set(second, (seconds.get(second) ?? 0) + 1);
    }
    assert.ok(Math.max(...seconds.values()) <= 1_050, `${code}: ${[...seconds.values()]}`);
  }
});
