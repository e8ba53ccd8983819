import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import type { Update } from 'roomcast/presets/console';
import { alarms, causes, keeps, nextAlarm, shortly } from '../src/console/awake.ts';
import { spent } from '../src/console/cost.ts';
import { apply, keyOf, NO_ROOMS, REPORTS_KEPT, sumOf } from '../src/console/fold.ts';
import type { Did, Report } from '../src/console/fold.ts';
import { found, QUIET_AFTER_MS, rowsOf, sorted, totalsOf } from '../src/console/rows.ts';
import { SPAN_MS, stepsOf } from '../src/console/steps.ts';
import { bytesText, moneyText, rateText } from '../src/console/units.ts';
import { encoded } from '../src/console/admin.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const SAMPLES = read('../../examples/console.jsonl').trim().split('\n').map((line) => JSON.parse(line) as { occurred_at: string; payload: Report });
const SAMPLE = SAMPLES[0]!.payload;

const NOW = 1_767_780_100_000;
const report = (name: string, change: Partial<Report> = {}): Report => ({ ...SAMPLE, name, since: NOW - 2_000, at: NOW, ...change });
const update = (data: Report, seq = 1): Update => ({ type: 'dashboard.update', seq, updateType: 'room', timestamp: new Date(data.at).toISOString(), data });
const after = (...reports: Report[]) => reports.map((one, index) => update(one, index + 1)).reduce(apply, NO_ROOMS);

test('a room costs what the vectors say, as the command line computes it', () => {
  const cases = JSON.parse(read('../../tests/vectors/room-cost.json')) as { name: string; ms: number; members: number; did: Did; cost: Record<'perHour' | 'perMillionEvents', number | null> }[];
  const close = (a: number | null, b: number | null) => a === b || Math.abs((a ?? NaN) - (b ?? NaN)) < 1e-9;
  for (const { name, ms, members, did, cost } of cases) {
    const { perHour, perMillionEvents } = spent(did, members, ms);
    assert.ok(close(perHour, cost.perHour) && close(perMillionEvents, cost.perMillionEvents), `${name}: ${perHour}, ${perMillionEvents}`);
  }
  assert.ok(cases.length >= 6);
});

test('the view has the latest report of each room, and the last few for figures over time', () => {
  const rooms = SAMPLES.map(({ payload }, index) => update(payload, index + 1)).reduce(apply, NO_ROOMS);
  assert.equal(rooms.size, new Set(SAMPLES.map(({ payload }) => payload.name)).size);
  for (const { tenant, name, last, reports } of rooms.values()) {
    assert.equal(last, SAMPLES.filter(({ payload }) => payload.name === name).at(-1)?.payload);
    assert.equal(reports.at(-1), last);
    assert.ok(reports.length <= REPORTS_KEPT && rooms.has(keyOf(tenant, name)));
  }
});

test('reports are added up, unless they are of another life or overlap', () => {
  const first = report('s-1', { since: NOW - 4_000, at: NOW - 2_000 });
  const { reports } = after(first, report('s-1')).get('demo/s-1')!;
  const sum = sumOf(reports)!;
  assert.deepEqual([sum.ms, sum.did.events, sum.did.turns.published], [4_000, 2 * SAMPLE.did.events, 2 * SAMPLE.did.turns.published]);
  const anew = report('s-1', { room: { ...SAMPLE.room, epoch: 'ffffffffffffffff' } });
  assert.equal(after({ ...first, room: { ...SAMPLE.room, epoch: '0'.repeat(16) } }, anew).get('demo/s-1')!.reports.length, 1);
  assert.equal(after(report('s-1'), report('s-1', { at: NOW + 1 })).get('demo/s-1')!.reports.length, 1);
});

test('rooms are listed whether or not they have reported, and only of watched tenants', () => {
  const rooms = after(report('s-1'), { ...report('s-9'), tenant: 'other' }, report('new'));
  const rows = rowsOf(rooms, new Map([['demo', ['s-1', 's-2']]]), NOW);
  assert.deepEqual(rows.map(({ name, room }) => [name, room !== null]), [['s-1', true], ['s-2', false], ['new', true]]);
  assert.deepEqual(found(rows, ' S-').map(({ name }) => name), ['s-1', 's-2']);
});

test('a room that is quiet has no events, and keeps the last head that it said', () => {
  const silent = report('s-1', { since: NOW, at: NOW + 1_000, room: { ...SAMPLE.room, epoch: null, head: null } });
  const rooms = after(report('s-1', { did: { ...SAMPLE.did, events: 10 }, room: { ...SAMPLE.room, head: 7 } }), silent);
  const row = (at: number) => rowsOf(rooms, new Map([['demo', ['s-1']]]), at)[0]!;
  assert.equal(row(NOW + 1_000).head, 7);
  assert.equal(row(NOW + 1_001 + QUIET_AFTER_MS).rate, 0);
  assert.equal(totalsOf([row(NOW)], NOW).awake, 1);
  assert.equal(totalsOf([row(NOW)], NOW + 100_000).awake, 0);
});

test('rows are sorted by any column, those without a value last', () => {
  const members = (all: number) => ({ room: { ...SAMPLE.room, members: { ...SAMPLE.room.members, all } } });
  const rooms = after(report('a', members(3)), report('b', members(9)), report('c', members(3)));
  const rows = rowsOf(rooms, new Map([['demo', ['d']]]), NOW);
  const names = (descending: boolean) => sorted(rows, { by: 'members', descending }).map(({ name }) => name).join('');
  assert.deepEqual([names(true), names(false)], ['bacd', 'acbd']);
});

test('why a room is awake is said in words', () => {
  const turns = { ...SAMPLE.did.turns, published: 1, joined: 0, left: 0, said: 12, waited: 0, read: 0, told: 0, alarm: 1 };
  const one = report('s-1', { did: { ...SAMPLE.did, turns, alarms: { sweep: 1, refresh: 0, ends: 0, occupancy: 0, end: 0 } }, room: { ...SAMPLE.room, keeps: ['window'], alarm: { at: NOW + 9, why: 'ends' } } });
  assert.deepEqual(causes(one), ['12 frames of clients', '1 post', '1 alarm']);
  assert.deepEqual([keeps(one), alarms(one)], [['a burst is gathered'], ['the check of its members']]);
  assert.deepEqual(nextAlarm(one), { at: NOW + 9, why: 'a grant or a topic ends' });
  assert.equal(shortly({ ...one, room: { ...one.room, keeps: [] } }), '12 frames of clients; it may sleep');
});

test('the line of a room goes forward in time, and spans two minutes', () => {
  const reports = [report('s-1', { since: NOW - SPAN_MS - 5_000, at: NOW - SPAN_MS + 1_000 }), report('s-1')];
  const points = stepsOf(reports, NOW);
  assert.deepEqual([points[0]?.at, points.at(-1)?.at], [NOW - SPAN_MS, NOW]);
  assert.ok(points.every(({ at }, index) => at >= (points[index - 1]?.at ?? 0)), JSON.stringify(points));
  assert.deepEqual(points.slice(-3).map(({ at, value }) => [NOW - at, value > 0]), [[2_000, SAMPLE.did.events > 0], [0, false], [0, false]]);
});

test('amounts are short', () => {
  assert.deepEqual([bytesText(0), bytesText(999), bytesText(3_400), bytesText(12_300_000)], ['0 B', '999 B', '3.4 kB', '12 MB']);
  assert.deepEqual([rateText(0.004), rateText(3.456), rateText(1_234)], ['0', '3.46', '1,234']);
  assert.deepEqual([moneyText(0), moneyText(0.000_421_9), moneyText(2.068)], ['$0', '$0.00042', '$2.07']);
});

test('a token can be a subprotocol, whatever characters it has', () => {
  const token = 'ab+/=ü '.repeat(5);
  assert.match(encoded(token), /^[\w-]+$/);
  assert.equal(Buffer.from(encoded(token), 'base64url').toString(), token);
});
