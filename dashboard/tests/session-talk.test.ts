// What those who look at a session tell each other: notes, and who is typing.

import assert from 'node:assert/strict';
import test from 'node:test';
import { bytesLeft, heard, nextSilence, noted, NOTES_KEPT, settled, SIGNAL_BYTES, SILENCE, TYPING_MS } from '../src/live/talk.ts';

const signal = (data: unknown, user = 'anna') => ({ user, clientId: '1', data });
const typing = { typing: true };

test('somebody types for four seconds after the last sign of it', () => {
  let talk = heard(SILENCE, signal(typing), 1_000);
  talk = heard(talk, signal(typing), 3_000);
  assert.equal(nextSilence(talk), 3_000 + TYPING_MS);
  assert.deepEqual([...settled(talk, 3_000 + TYPING_MS - 1).typing.keys()], ['anna']);
  assert.deepEqual([...settled(talk, 3_000 + TYPING_MS).typing.keys()], []);
  assert.equal(nextSilence(SILENCE), null);
});

test('who has sent the note is no longer typing', () => {
  const talk = heard(SILENCE, signal(typing), 0);
  const after = heard(talk, signal({ note: 'See the scores' }), 1);
  assert.deepEqual([after.typing.size, after.notes.map(({ user, text }) => [user, text])], [0, [['anna', 'See the scores']]]);
});

test('signals that mean nothing here change nothing', () => {
  for (const data of [null, 7, 'typing', { note: 7 }, { note: '  ' }, { typing: 'no' }, { cursor: 1 }, []]) assert.equal(heard(SILENCE, signal(data), 0), SILENCE);
});

test('notes and those who type are bounded', () => {
  let talk = SILENCE;
  for (let number = 0; number < 200; number += 1) {
    talk = noted(talk, 'me', `note ${number}`, number);
    talk = heard(talk, signal(typing, `user-${number}`), 0);
  }
  assert.deepEqual([talk.notes.length, talk.notes.at(-1)?.text, talk.typing.size], [NOTES_KEPT, 'note 199', 50]);
  assert.equal(new Set(talk.notes.map(({ id }) => id)).size, NOTES_KEPT);
  assert.ok(heard(talk, signal(typing, 'user-1'), 500).typing.get('user-1') === 500 + TYPING_MS);
});

test('a note has room for what fits into a signal, in bytes', () => {
  const most = 'x'.repeat(SIGNAL_BYTES - '{"note":""}'.length);
  assert.deepEqual([bytesLeft(most), bytesLeft(`${most}x`), bytesLeft('') - bytesLeft('é'), bytesLeft('') - bytesLeft('"')], [0, -1, 2, 2]);
});
