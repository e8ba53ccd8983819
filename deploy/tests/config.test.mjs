// What is wrong with settings, as wrangler reads them. Without Cloudflare.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';

import { address, faults, queues, read } from '../config.mjs';

const folder = mkdtempSync(join(tmpdir(), 'roomcast-config-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The settings of the checkout, with changes. Pages are not built for this test. */
function settings(change, env = '') {
  writeFileSync(join(folder, 'index.html'), '');
  const file = join(folder, 'wrangler.toml');
  const text = readFileSync(resolve('wrangler.toml'), 'utf8').replace('"dashboard/dist"', `"${folder}"`);
  writeFileSync(file, change(text));
  return read(file, env);
}

function wrong(change, { env = '', url } = {}) {
  const found = settings(change, env);
  return found.config ? faults({ ...found, env, url }).map(({ what }) => what) : found.problems.map(({ what }) => what);
}

const top = (lines) => (text) => `${lines}\n${text}`;

test('the settings of the checkout have nothing wrong', () => {
  assert.deepEqual(wrong((text) => text), []);
});

test('each thing that a deployment needs is missed', () => {
  const cases = [
    ['no_web_socket_compression', 'nodejs_compat', /compatibility_flags lacks no_web_socket_compression/],
    ['"cf-connecting-ip"', '"x-forwarded-for"', /does not set ADDRESS_HEADER/],
    ['DEFAULT_TENANT = "demo"', 'DEFAULT_TENANT = "De mo"', /DEFAULT_TENANT is "De mo"/],
    ['DEFAULT_TENANT = "demo"', '', /does not set DEFAULT_TENANT/],
    ['TENANT_HOST_SUFFIX = ""', 'TENANT_HOST_SUFFIX = "rooms.example.com"', /TENANT_HOST_SUFFIX is "rooms/],
    ['name = "ATTEMPTS"', 'name = "OTHERS"', /no rate limit ATTEMPTS/],
    ['binding = "ASSETS"', 'binding = "PAGES"', /does not name the pages/],
    ['class_name = "Seat"', 'class_name = "Bench"', /does not bind SEAT to the class Seat/],
    ['"Tenant", "Directory"', '"Tenant"', /no migration makes the class Directory/],
    ['"Room", "Pointer"', '"Room", "Pointer", "Seat"', /2 migrations make the class Seat/],
    ['tag = "v1"', 'tag = "v3"', /the migrations are v3, v2/],
    ['tag = "v2"', 'tag = "v1"', /the migrations are v1, v1/],
  ];
  for (const [from, to, what] of cases) {
    const said = wrong((text) => text.replace(from, to));
    assert.equal(said.length, 1, `${to}: ${said}`);
    assert.match(said[0], what);
  }
});

test('a default tenant that is empty is a choice', () => {
  assert.deepEqual(wrong((text) => text.replace('DEFAULT_TENANT = "demo"', 'DEFAULT_TENANT = ""')), []);
});

test('pages that were not built, a file that cannot be read and an environment that there is not are said', () => {
  assert.match(wrong((text) => text.replace(`"${folder}"`, '"elsewhere"'))[0], /there are no pages in elsewhere/);
  assert.match(wrong((text) => text.replace('name = "roomcast"', 'name = roomcast"'))[0], /wrangler.toml cannot be read/);
  assert.match(wrong((text) => text, { env: 'nowhere' })[0], /no environment nowhere/);
  assert.match(read(join(folder, 'none.toml'), '').problems[0].what, /there is no /);
});

test('host names of tenants need a route, and an address that no route says is asked for', () => {
  const suffixed = (text) => text.replace('TENANT_HOST_SUFFIX = ""', 'TENANT_HOST_SUFFIX = ".rooms.example.com"');
  assert.match(wrong(suffixed)[0], /no route brings these hosts here/);
  const wild = top('routes = [{ pattern = "*.rooms.example.com/*", zone_name = "example.com" }]');
  assert.match(wrong((text) => wild(suffixed(text)))[0], /at which address/);
  assert.deepEqual(wrong((text) => wild(suffixed(text)), { url: 'https://rooms.example.com' }), []);
  assert.match(wrong(top('routes = [{ pattern = "*.example.com", custom_domain = true }]'), { url: 'https://a.example.com' })[0], /is a pattern|cannot be read/);
});

test('the address is that of the first route for one host', () => {
  const at = (lines) => address(settings(top(lines)).config);
  assert.equal(at(''), undefined);
  assert.equal(at('routes = [{ pattern = "*.example.com/*", zone_name = "example.com" }, { pattern = "rooms.example.com", custom_domain = true }]'), 'https://rooms.example.com');
});

test('queues are those that the lines name when their marks are removed', () => {
  assert.deepEqual(queues(settings((text) => text).config), []);
  const unmarked = settings((text) => text.replace(/^# (\[\[queues|queue |max_|dead_letter_queue|binding = "DEAD)/gm, '$1'));
  assert.deepEqual(queues(unmarked.config), ['roomcast-events', 'roomcast-dead-letters']);
});

/** A block of docs/deploy.md that begins like this. */
function shown(begin) {
  const text = readFileSync('docs/deploy.md', 'utf8');
  const blocks = [...text.matchAll(/```toml\n(.*?)```/gs)].map(([, block]) => block);
  return blocks.find((block) => block.startsWith(begin));
}

test('the routes that the documentation shows are right', () => {
  assert.deepEqual(wrong(top(shown('routes = [{'))), []);
  const suffixed = (text) => text.replace('TENANT_HOST_SUFFIX = ""', 'TENANT_HOST_SUFFIX = ".rooms.example.com"');
  assert.deepEqual(wrong((text) => top(shown('routes = [\n'))(suffixed(text))), []);
});

test('the environment that the documentation shows is complete, and each of its parts is needed', () => {
  const staging = shown('[env.staging]');
  const parts = staging.split(/\n\n/);
  const all = (text) => `${top(shown('routes = [{'))(text)}\n${staging}`;
  assert.deepEqual(wrong(all, { env: 'staging' }), []);
  assert.equal(settings(all, 'staging').config.name, 'roomcast-staging');
  assert.equal(parts.length, 8);
  for (const part of parts) {
    // Without its routes, the environment has those of the top.
    const without = staging.replace(part, part.startsWith('[env.staging]') ? '[env.staging]' : '');
    assert.notDeepEqual(wrong((text) => `${top(shown('routes = [{'))(text)}\n${without}`, { env: 'staging' }), [], part);
  }
});

test('an environment takes nothing away from the settings at the top', () => {
  const staging = shown('[env.staging]').replace('routes = []', 'name = "roomcast"').replace('"1002"', '"1001"');
  const said = wrong((text) => `${top(shown('routes = [{'))(text)}\n${staging}`, { env: 'staging' }).join();
  for (const what of [/the route rooms.example.com of the top/, /counts attempts together/, /has the name of the top/]) assert.match(said, what);
});
