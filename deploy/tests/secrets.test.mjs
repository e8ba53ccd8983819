// Secrets: which are missing, which may be made, and where they may be kept.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';

import { faults, handed, make, missing } from '../secrets.mjs';

const KEY = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
const folder = mkdtempSync(join(tmpdir(), 'roomcast-secrets-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function kept(text, mode = 0o600) {
  const file = join(folder, 'kept');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

const said = (...all) => faults(...all).map(({ what }) => what).join('\n');

test('both secrets are needed, and none is asked for that is there', () => {
  assert.deepEqual(missing(['ADMIN_TOKEN', 'OTHER']), ['SEALING_KEYS']);
  assert.equal(said([], undefined, false), '');
  assert.match(said(['SEALING_KEYS'], undefined, true), /SEALING_KEYS is not set/);
});

test('a sealing key is made for a new Worker only, an admin token at any time', () => {
  const file = join(folder, 'new');
  assert.equal(said(['SEALING_KEYS', 'ADMIN_TOKEN'], file, true), '');
  assert.match(said(['SEALING_KEYS'], file, false), /the Worker exists/);
  assert.equal(said(['ADMIN_TOKEN'], file, false), '');
});

test('a file is made once, is good, and only its owner may read it', () => {
  const file = join(folder, 'made');
  assert.deepEqual([make(file), make(file)], [true, false]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(said(['SEALING_KEYS', 'ADMIN_TOKEN'], file, true), '');
});

test('a file that others may read, or whose secrets are missing or malformed, is refused', () => {
  const both = ['SEALING_KEYS', 'ADMIN_TOKEN'];
  const token = `ADMIN_TOKEN="${'x'.repeat(32)}"`;
  assert.match(said(both, kept(`SEALING_KEYS=${KEY}\n${token}\n`, 0o644), true), /others may read/);
  assert.match(said(both, kept(token), true), /does not have SEALING_KEYS/);
  assert.match(said(both, kept(`SEALING_KEYS="k1:c2hvcnQ="\n${token}`), true), /SEALING_KEYS in .* is malformed/);
  assert.match(said(both, kept(`SEALING_KEYS=${KEY}\nADMIN_TOKEN=short`), true), /ADMIN_TOKEN in .* is malformed/);
  // While a key is being replaced there are two.
  assert.equal(said(both, kept(`SEALING_KEYS="${KEY} ${KEY.replace('k1', 'k0')}"\n${token}`), true), '');
  assert.match(said(both, resolve('docs/secrets.env'), true), /would be committed/);
});

test('only what is missing is handed on, and its file is gone afterwards', async () => {
  let given;
  await handed(['SEALING_KEYS'], kept(`SEALING_KEYS=${KEY}\nADMIN_TOKEN=${'x'.repeat(32)}`), (file) => {
    given = file;
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { SEALING_KEYS: KEY });
  });
  assert.equal(existsSync(given), false);
  assert.equal(await handed([], undefined, (file) => file), undefined);
});
