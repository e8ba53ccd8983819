// The pages of the documents of the wire: everything in a document is on its page, every link leads somewhere, and nothing is loaded or run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AsyncApi, OpenApi } from '../reference/documents.ts';
import { line, prose } from '../reference/html.ts';
import { files } from '../reference/plugin.ts';
import { form, type } from '../reference/schemas.ts';

const made = files();
const text = (name: string): string => made[name] ?? '';
const ids = (page: string): string[] => [...page.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id);

for (const page of ['openapi.html', 'asyncapi.html']) {
  test(`every link on ${page} leads to one place`, () => {
    const all = ids(text(page));
    assert.equal(new Set(all).size, all.length);
    const targets = [...text(page).matchAll(/href="#([^"]+)"/g)].map(([, target = '']) => target);
    assert.deepEqual(targets.filter((target) => !all.includes(target)), []);
    assert.ok(targets.length > 50);
  });

  test(`${page} keeps to the policy of the pages`, () => {
    assert.doesNotMatch(text(page), /<script|<style|<img|<iframe| style=| on[a-z]+=| src=|<link[^>]+"(?:https?:)?\/\//);
  });
}

test('every operation and every frame has a place on its page', () => {
  const [openapi, asyncapi] = [JSON.parse(text('openapi.json')) as OpenApi, JSON.parse(text('asyncapi.json')) as AsyncApi];
  const main = Object.values(openapi.paths).flatMap((item) => ['get', 'post', 'put', 'delete'].flatMap((method) => item[method]?.operationId ?? []));
  const http = ids(text('openapi.html'));
  assert.deepEqual(main.filter((id) => !http.includes(`operation-${id}`)), []);
  assert.deepEqual(Object.keys(openapi.components.schemas).filter((name) => !http.includes(`schema-${name}`)), []);
  const sockets = ids(text('asyncapi.html'));
  assert.deepEqual(Object.keys(asyncapi.components.messages).filter((name) => !sockets.includes(`frame-${name}`)), []);
  assert.deepEqual(Object.keys(asyncapi.components.schemas).filter((name) => !sockets.includes(`schema-${name}`)), []);
});

test('text is text, also in code, and the little Markdown that there is', () => {
  assert.equal(line('a `<b>*c*` & *d* "e"'), 'a <code>&lt;b&gt;*c*</code> &amp; <em>d</em> &quot;e&quot;');
  assert.equal(line('[a](https://b.test/c)'), '<a href="https://b.test/c">a</a>');
  assert.equal(line('[a](javascript:b)'), '[a](javascript:b)');
  assert.equal(prose('one\ntwo\n\n- three\n- `four`'), '<p>one two</p>\n<ul class="points"><li>three</li><li><code>four</code></li></ul>');
  assert.match(prose('| a | b |\n| --- | --- |\n| `1` | 2 |'), /<th scope="row"><code>1<\/code><\/th><td>2<\/td>/);
});

test('a type is said in one line, and a form in a table', () => {
  assert.equal(type({ type: 'array', items: { $ref: '#/components/schemas/Update' } }), 'list of <a href="#schema-Update">Update</a>');
  assert.equal(type({ oneOf: [{ const: 'a' }, { type: ['string', 'null'] }] }), '<code>&quot;a&quot;</code> or string or null');
  assert.match(type({ type: 'integer', minimum: 1, maximum: 9, default: 5 }), /^integer <span class="aside">\(1 to 9, by default 5\)/);
  assert.match(form({ type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }), /<code>a<\/code><\/th><td>string<\/td><td>yes/);
});
