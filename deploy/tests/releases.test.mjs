// Which release is live, which was before, and whether one can go from one to the other.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { atOnce, before, here, hindrance, history, inWords } from '../releases.mjs';

const SECRET = { annotations: { 'workers/triggered_by': 'secret' } };

const made = (schema, hop, migration, tag = 'abc') => ({
  annotations: { 'workers/message': inWords({ release: '0.1.0', schema, hop, migration }), 'workers/tag': tag },
});

/** The history of versions that were deployed one after the other. */
function told(...versions) {
  const ids = versions.map((_, at) => `v-${at}`);
  const known = ids.map((id, at) => [id, { ...versions[at], metadata: { created_on: `2026-01-0${at + 1}` } }]);
  return history(deployed(ids), new Map(known));
}

const deployed = (ids) => ids.map((id, at) => ({ created_on: `2026-02-0${at + 1}`, versions: [{ version_id: id, percentage: 100 }] }));

test('a version says what it is, and is understood', () => {
  const [live] = told(made(4, 8, 'v2', 'abcdef'));
  assert.deepEqual(live, { id: 'v-0', tag: 'abcdef', made: '2026-01-01', onlySecrets: false, release: '0.1.0', schema: 4, hop: 8, migration: 'v2' });
  const ours = here({ migrations: [{ tag: 'v1' }, { tag: 'v2' }] });
  assert.match(inWords(ours), /^roomcast \d+\.\d+\.\d+\S* schema \d+ hop \d+ migration v2$/);
  // Cloudflare cuts longer messages.
  assert.ok(inWords(ours).length < 100);
});

test('a change of a secret has the code of the version before it', () => {
  const [live] = told(made(4, 7, 'v2', 'old'), made(4, 8, 'v2', 'new'), SECRET, SECRET);
  assert.deepEqual([live.id, live.tag, live.hop, live.onlySecrets], ['v-3', 'new', 8, true]);
});

test('the release before is behind all changes of secrets', () => {
  const back = (...versions) => before(told(...versions))?.id;
  assert.equal(back(made(4, 8, 'v2')), undefined);
  assert.equal(back(made(4, 8, 'v2'), SECRET), undefined);
  assert.equal(back(made(4, 7, 'v2'), made(4, 8, 'v2')), 'v-0');
  assert.equal(back(made(4, 7, 'v2'), SECRET, made(4, 8, 'v2'), SECRET, SECRET), 'v-1');
});

test('who goes back twice does not come to the release that was left the first time', () => {
  const versions = ['v-0', 'v-1', 'v-2'].map((id, at) => [id, { ...made(4, 8, 'v2', id), metadata: { created_on: `2026-01-0${at + 1}` } }]);
  const back = (...ids) => before(history(deployed(ids), new Map(versions)))?.id;
  assert.equal(back('v-0', 'v-1', 'v-2', 'v-1'), 'v-0');
  assert.equal(back('v-1', 'v-2', 'v-1'), undefined);
});

test('a roll-out in steps has no single version', () => {
  const split = { created_on: '2026-01-02', versions: [{ version_id: 'a', percentage: 10 }, { version_id: 'b', percentage: 90 }] };
  const [live, older] = history([{ created_on: '2026-01-01', versions: [{ version_id: 'b', percentage: 100 }] }, split], new Map([['b', made(4, 8, 'v2')]]));
  assert.deepEqual([live.id, older.id], [undefined, 'b']);
});

test('one can go back past neither a migration nor a schema, whatever else is different', () => {
  const [live, older] = told(made(4, 7, 'v2'), made(4, 8, 'v2'));
  assert.equal(hindrance(live, older), undefined);
  assert.match(hindrance({ ...live, migration: 'v3' }, older), /the migration v3 lies in between/);
  assert.match(hindrance({ ...live, schema: 5 }, older), /schema 5, and the release before refuses them/);
  assert.match(hindrance(live, undefined), /no release before/);
  // To a newer schema one can.
  assert.equal(hindrance({ ...live, schema: 3 }, older), undefined);
});

test('objects are replaced at once if the release before speaks otherwise, or cannot be told', () => {
  const [live] = told(made(4, 8, 'v2'));
  assert.equal(atOnce(live, { hop: 8 }), false);
  assert.equal(atOnce(live, { hop: 9 }), true);
  assert.equal(atOnce(told({})[0], { hop: 8 }), true);
});
