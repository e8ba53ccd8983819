import assert from 'node:assert/strict';
import test from 'node:test';
import { claimsOf } from '../src/live/claims.ts';
import { covers, within } from '../src/live/topics.ts';
import { topicsOf as ofProjects } from '../src/projects/topics.ts';
import { MINE, topicsOf as ofTasks } from '../src/tasks/topics.ts';

const tokenOf = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

test('a token says who its holder is, and which topics it allows', () => {
  assert.deepEqual(claimsOf(tokenOf({ sub: 'ada', topics: ['a', 'b*'] })), { user: 'ada', topics: ['a', 'b*'] });
  assert.deepEqual(claimsOf(tokenOf({ sub: 'Zoë 日本' })), { user: 'Zoë 日本', topics: null });
});

test('what is no token says nothing', () => {
  for (const token of [null, '', 'x', 'a.b.c', 'a.!!.c', `e30.${Buffer.from('null').toString('base64url')}.x`, tokenOf({ sub: 1, topics: 'a' })]) {
    assert.deepEqual(claimsOf(token), { user: null, topics: null }, String(token));
  }
});

test('a prefix covers what begins with it', () => {
  assert.deepEqual([covers('*', 'a'), covers('a:*', 'a:b'), covers('a:*', 'a:*'), covers('a', 'a'), covers('a', 'ab'), covers('a:b', 'a:*')], [true, true, true, true, false, false]);
});

test('of what is wanted, as much is asked for as is allowed', () => {
  assert.deepEqual(within(['project:*'], null), ['project:*']);
  assert.deepEqual(within(['project:*'], ['*']), ['project:*']);
  assert.deepEqual(within(['project:*'], ['project:a', 'user:b', 'project:c*']), ['project:a', 'project:c*']);
  assert.deepEqual(within(['project:a'], ['user:b']), []);
});

test('the dashboards ask for what their token allows', () => {
  assert.deepEqual(ofProjects('', null), ['project:*']);
  assert.deepEqual(ofProjects('atlas', tokenOf({ sub: 'ada' })), ['project:atlas']);
  assert.deepEqual(ofProjects('', tokenOf({ sub: 'ada', topics: ['project:atlas'] })), ['project:atlas']);
  assert.deepEqual(ofTasks('', tokenOf({ sub: 'ada' })), ['global', 'project:*', 'user:ada:*']);
  assert.deepEqual(ofTasks(MINE, tokenOf({ sub: 'ada' })), ['global', 'user:ada:*']);
  assert.deepEqual(ofTasks('atlas', tokenOf({ sub: 'ada' })), ['global', 'project:atlas:*']);
  assert.deepEqual(ofTasks('', tokenOf({ sub: 'ada', topics: ['project:a:*', 'user:ada:*'] })), ['project:a:*', 'user:ada:*']);
});
