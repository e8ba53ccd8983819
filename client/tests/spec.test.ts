/** SPEC.md names for each invariant a test that there is. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

/** The last cell of each row about an invariant. */
const rows = [...read('../SPEC.md').matchAll(/^\| ([A-Z]\d+) \|.*\| ([^|]+) \|$/gm)].map(([, name = '', tests = '']) => ({ name, tests }));

test('each invariant names files and tests that there are', () => {
  assert.ok(rows.length > 20, `${rows.length} invariants`);
  for (const { name, tests } of rows) {
    const files = [...tests.matchAll(/`([\w./-]+\.(?:ts|rs))`(?:, `#?\w+`)*(?: \(([^)]+)\))?/g)];
    assert.notEqual(files.length, 0, `${name} names no test`);
    for (const [, file = '', titles = ''] of files) {
      const path = file.startsWith('tests/') ? `../../${file}` : `./${file}`;
      assert.ok(existsSync(new URL(path, import.meta.url)), `${name}: there is no ${file}`);
      for (const title of titles.split(', ').filter((one) => one.includes('…'))) {
        const [begin = '', end = ''] = title.split('…').map((part) => part.trim());
        const found = [...read(path).matchAll(/^test\(['`](.+?)['`], /gm)].some(([, one = '']) => one.startsWith(begin) && one.endsWith(end));
        assert.ok(found, `${name}: ${file} has no test "${title}"`);
      }
    }
  }
});
