/** Compressed frames: as the shared vectors have them, as zlib makes them, damaged, and in a client. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { constants, deflateRawSync } from 'node:zlib';
import { DICTIONARY, deflate } from '../src/deflate.ts';
import { connect } from '../src/index.ts';
import type { Update } from '../src/protocol.ts';
import { FakeServer, settle } from './fakes.ts';
import { Random } from './random.ts';

/** Reads the frames of one connection. */
function reader() {
  const read = deflate();
  return (frame: Uint8Array) => read(new Uint8Array(frame).buffer);
}

const vectors = JSON.parse(readFileSync(new URL('../../tests/vectors/deflate.json', import.meta.url), 'utf8'));

test('the shared vectors are read', () => {
  assert.equal(DICTIONARY, vectors.dictionary);
  const read = reader();
  assert.notEqual(vectors.frames.length, 0);
  for (const { hex, text } of vectors.frames) assert.equal(read(Buffer.from(hex, 'hex')), text);
});

/** A frame as another implementation would make it. */
function frame(kind: number, text: string, history: string, level: number, strategy: number): Uint8Array {
  const dictionary = Buffer.from(history).subarray(-32_768);
  const bytes = deflateRawSync(text, { level, strategy, dictionary, finishFlush: constants.Z_SYNC_FLUSH });
  assert.equal(bytes.subarray(-4).toString('hex'), '0000ffff');
  return Buffer.concat([Buffer.from([kind]), bytes.subarray(0, -4)]);
}

test('what zlib compresses is read, whatever its level and strategy', () => {
  const numbers = new Random(7);
  const random = () => numbers.next();
  const { Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;
  for (const strategy of [Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE]) {
    for (const level of [0, 1, 3, 9]) {
      const read = reader();
      let history = DICTIONARY;
      for (let number = 0; number < 12; number += 1) {
        const words = Array.from({ length: Math.floor(random() ** 3 * 9_000) }, () => ['"seq":', 'Zoë', '日本', String(random())][Math.floor(random() * 4)]);
        const text = words.join(',');
        if (number === 6) history = DICTIONARY;
        assert.equal(read(frame(number % 6 === 0 ? 0 : 1, text, history, level, strategy)), text);
        history += text;
      }
    }
  }
});

test('a damaged frame is refused or reads as another text, and never hangs', () => {
  const numbers = new Random(8);
  const random = () => numbers.next();
  const whole = Buffer.from(vectors.frames[1].hex, 'hex');
  let refused = 0;
  for (let number = 0; number < 2_000; number += 1) {
    const read = reader();
    read(Buffer.from(vectors.frames[0].hex, 'hex'));
    const bytes = Buffer.from(whole.subarray(0, random() < 0.5 ? Math.floor(random() * whole.length) : whole.length));
    if (bytes.length > 0) bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
    try {
      assert.notEqual(read(bytes), vectors.frames[1].text);
    } catch (error) {
      refused += Number(error instanceof RangeError || error instanceof TypeError);
    }
  }
  assert.ok(refused > 1_000, `${refused} were refused`);
});

test('a frame that continues what has not begun, or was refused, is refused', () => {
  const [first, second] = vectors.frames.map(({ hex }: { hex: string }) => Buffer.from(hex, 'hex'));
  const read = reader();
  assert.throws(() => read(second));
  read(first);
  assert.throws(() => read(Buffer.from([1, 0xff])));
  assert.throws(() => read(second));
  read(first);
  assert.equal(read(second), vectors.frames[1].text);
});

test('a client asks for compressed frames, reads them among others, and connects again after one that it cannot read', async () => {
  const server = new FakeServer();
  const client = connect({ url: 'https://live.example', session: 's-1', compress: deflate, platform: server.platform() });
  const seen: number[] = [];
  client.on('update', ({ seq }: Update) => seen.push(seq));
  await settle();
  const socket = server.sockets[0]!;
  assert.equal(socket.url.searchParams.get('compress'), 'deflate');
  assert.equal(socket.binaryType, 'arraybuffer');
  const text = (seq: number) => JSON.stringify({ type: 'dashboard.update', seq, updateType: 'a', timestamp: '2026-01-07T10:00:00Z', data: {} });
  const head = server.room.head;
  socket.receiveBytes(frame(0, text(head + 1), DICTIONARY, 3, 0));
  socket.onmessage?.({ data: text(head + 2) });
  socket.receiveBytes(frame(1, text(head + 3), DICTIONARY + text(head + 1), 3, 0));
  assert.deepEqual(seen, [head + 1, head + 2, head + 3]);
  socket.receiveBytes(Uint8Array.of(1, 0xff));
  assert.equal(socket.readyState, 3, 'it connects again');
  client.close();
});

test('a client that does not ask for them names no way', async () => {
  const server = new FakeServer();
  const client = connect({ url: 'https://live.example', session: 's-1', platform: server.platform() });
  await settle();
  assert.equal(server.sockets[0]!.url.searchParams.get('compress'), null);
  client.close();
});
