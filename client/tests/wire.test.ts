/**
 * The types of the wire accept what the shared vectors hold, and nothing else: the compiler tries them on a file that is made from the
 * vectors. That the vectors are what the server sends and takes is tested in Rust.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compiled, complete } from './claims.ts';
import type { Claim } from './claims.ts';

const TYPES = [
  'ClientFrame', 'CloseCode', 'CloseReason', 'ErrorCode', 'EventResult', 'LogPage', 'MalformedEvent', 'MayReconnect', 'Problem', 'ProblemCode',
  'RefusalCode', 'ServerFrame', 'Update',
];

const client = fileURLToPath(new URL('..', import.meta.url));

function vectors(name: string) {
  const found = JSON.parse(readFileSync(join(client, '../tests/vectors', name), 'utf8'));
  assert.notEqual(Object.keys(found).length, 0, name);
  return found;
}

/** What the compiler says of a file with these claims; nothing if all of them are true. */
function complaints(claims: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'roomcast-wire-'));
  try {
    const imports = `import type { ${TYPES.join(', ')} } from ${JSON.stringify(join(client, 'src/protocol.ts'))};\n`;
    const file = `${imports}export type All = [${TYPES.join(', ')}];\n${claims}`;
    writeFileSync(join(folder, 'claims.ts'), file);
    const extended = { extends: join(client, 'tsconfig.json'), include: ['claims.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(extended));
    const compiler = join(client, 'node_modules/typescript/bin/tsc');
    const { stdout, stderr, status } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
    assert.equal(status === 0, stdout === '', stderr);
    // Each with the line that it is about.
    return stdout.replace(/^.*\((\d+),\d+\): (.*)$/gm, (_, line, what) => `${what} ${file.split('\n')[Number(line) - 1]}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function kinds(claims: Claim[]): string[] {
  return claims.filter(({ fits }) => fits !== false).map(({ value }) => (value as { type: string }).type);
}

/** Values of a field that no such frame or answer has, although other frames or other texts may. */
function strangers(type: string, changed: [object, object][]): Claim[] {
  return changed.map(([value, change]) => ({ name: JSON.stringify(change), type, value: { ...value, ...change }, fits: false }));
}

test('frames of the server have the types of the vectors', () => {
  // Dialects without positions leave fields out, and have no types.
  const server = vectors('frames.json').server;
  const frames: Claim[] = Object.entries(server).map(([name, value]) => ({
    name, type: 'ServerFrame', value, fits: !name.endsWith('.plain'),
  }));
  const followed: Claim[] = vectors('following.json').map(({ name, frame }: { name: string; frame: { type: string } }) => ({
    name, type: 'ServerFrame', value: frame, fits: frame.type !== 'of.tomorrow',
  }));
  assert.ok([...frames, ...followed].filter(({ fits }) => fits === false).length >= 3);
  const strange = strangers('ServerFrame', [
    [server.error, { code: 'nonsense' }],
    [server.connected, { recovery: 'nonsense' }],
    [server['auth.refreshed'], { recovery: 'replayed' }],
    [server['presence.state.sample'], { sample: false }],
    [server['presence.changed.crowd'], { sample: false }],
  ]);
  assert.equal(complaints(compiled([...frames, ...followed, ...strange]) + complete("ServerFrame['type']", kinds(frames))), '');
});

test('frames of clients have the types of the vectors', () => {
  interface Vector { text: string; error?: string }
  const read = vectors('frames.json').client.filter(({ error }: Vector) => error === undefined);
  // The server ignores a field that it does not know, and no client sends one.
  const frames: Claim[] = read.map(({ text }: Vector) => ({
    name: text, type: 'ClientFrame', value: JSON.parse(text), fits: !('unknown' in JSON.parse(text)),
  }));
  assert.equal(complaints(compiled(frames) + complete("ClientFrame['type']", kinds(frames))), '');
});

test('updates, pages of the log and answers to posts have the types of the vectors', () => {
  interface Vector { name: string; update: object }
  const updates: Claim[] = vectors('sessions.json').map(({ name, update }: Vector) => ({ name, type: 'Update', value: update }));
  const pages: Claim[] = vectors('log.json').map((value: object) => ({ name: 'a page', type: 'LogPage', value }));
  const results: Claim[] = vectors('results.json').map((value: { eventId: string }) => ({ name: value.eventId, type: 'EventResult', value }));
  interface Reason { field: string; reason: string }
  const malformed: Claim[] = vectors('malformed.json').map(({ field, reason }: Reason) => ({
    name: reason, type: 'MalformedEvent', value: { index: 0, field, reason },
  }));
  const strange = [
    ...strangers('MalformedEvent', [[malformed[0]?.value as object, { reason: 'nonsense' }]]),
    ...strangers('EventResult', [[{ eventId: 'e-1', status: 'ignored' }, { reason: 'nonsense' }]]),
  ];
  const statuses = results.map(({ value }) => (value as { status: string }).status);
  const all = compiled([...updates, ...pages, ...results, ...malformed, ...strange]);
  assert.equal(complaints(all + complete("EventResult['status']", statuses)), '');
});

test('problems have the codes of the vectors', () => {
  interface Row { code: string; status: number }
  const rows: Row[] = ['refusals.json', 'problems.json'].flatMap(vectors);
  const problems = rows.map(({ code, status }) => ({ type: 'about:blank', title: 'a title', status, detail: 'a detail', code }));
  const lists = { errors: [{ index: 0, field: 'payload', reason: 'is missing' }], faults: [{ place: '', reason: 'empty' }], results: vectors('results.json') };
  const claims: Claim[] = problems.map((value) => ({ name: value.code, type: 'Problem', value }));
  const full: Claim = { name: 'all lists', type: 'Problem', value: { ...problems[0], ...lists } };
  const strange = strangers('Problem', [[problems[0] as object, { code: 'nonsense' }], [problems[0] as object, { type: 'nonsense' }]]);
  assert.equal(complaints(compiled([...claims, full, ...strange])), '');
});

test('codes have the types of the vectors', () => {
  interface Code { code: string }
  interface Close { code: number; reconnect: string; reasons?: string[] }
  const codes = (name: string) => vectors(name).map(({ code }: Code) => code);
  const closes: Close[] = vectors('close-codes.json');
  const chosen = closes.filter(({ code, reasons }) => code === 1000 || reasons !== undefined);
  const refusals = codes('refusals.json');
  const all = [
    complete('ErrorCode', codes('frame-errors.json')),
    complete('RefusalCode', refusals),
    complete('ProblemCode', [...refusals, ...codes('problems.json')]),
    complete('CloseCode', chosen.map(({ code }) => code)),
    complete('CloseReason', closes.flatMap(({ reasons }) => reasons ?? [])),
    complete('MayReconnect', closes.map(({ reconnect }) => reconnect)),
  ];
  assert.equal(complaints(all.join('')), '');
});

test('a claim that is not true is noticed', () => {
  const wrong = complaints(compiled([{ name: 'a pong', type: 'ServerFrame', value: { type: 'pong' }, fits: false }]));
  assert.match(wrong, /Unused '@ts-expect-error'/);
  assert.match(complaints(complete('MayReconnect', ['yes', 'no'])), /never/);
});
