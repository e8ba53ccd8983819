/**
 * `roomcast/deflate`: reads the compressed frames of docs/protocol.md, without waiting, so that they stay in order.
 *
 * It is not part of the client unless it is asked for. Does not compress.
 */

import type { Inflating } from './types.ts';

/** What the first frame may refer to: the texts that every frame has. The protocol says the same, and so do the shared vectors. */
export const DICTIONARY =
  '{"type":"dashboard.updates","prev":1,"seq":1,"sentAt":"2026-01-01T00:00:00.000Z","updates":[{"type":"dashboard.update","seq":1,"topic":"","traceparent":"00-","updateType":"","timestamp":"2026-01-01T00:00:00Z","correlationId":"","data":{"id":"","status":"","title":"","name":"","sentAt":"2026-01-01T00:00:00.000Z"}},{"type":"dashboard.update","seq":1,"updateType":"';

const HISTORY = 32_768;

/** The codes of a block: how many have each length, and what they stand for, in their order. */
interface Codes {
  counts: Uint16Array;
  symbols: Uint16Array;
}

const LENGTHS = table(29, (code) => (code < 8 ? 0 : code === 28 ? 0 : (code >> 2) - 1), 3);
LENGTHS.base[28] = 258;
const DISTANCES = table(30, (code) => (code < 4 ? 0 : (code >> 1) - 1), 1);
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const FIXED_LITERALS = codes(Uint8Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)));
const FIXED_DISTANCES = codes(new Uint8Array(30).fill(5));

/** Reads the frames of one connection, in their order. The function throws if one cannot be read. */
export const deflate: Inflating = () => {
  let history = new Uint8Array(0);
  let begun = false;
  return (data) => {
    if (!(data instanceof ArrayBuffer)) return String(data);
    const frame = new Uint8Array(data);
    const [kind] = frame;
    if (kind === 0) history = new TextEncoder().encode(DICTIONARY);
    else if (kind !== 1 || !begun) throw malformed();
    begun = false;
    const whole = inflate(frame, history);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(whole.subarray(history.length));
    history = whole.slice(-HISTORY);
    begun = true;
    return text;
  };
};

/** The history and what the frame adds to it. */
function inflate(frame: Uint8Array, history: Uint8Array): Uint8Array {
  const input = { frame, at: 1, bits: 0, count: 0 };
  const output = { bytes: new Uint8Array(history.length + frame.length * 8 + 1024), at: history.length };
  output.bytes.set(history);
  // What every frame ends with is not sent: an empty block, whose length begins after the last whole byte.
  while (!block(input, output));
  return output.bytes.subarray(0, output.at);
}

interface Input {
  frame: Uint8Array;
  at: number;
  bits: number;
  count: number;
}

interface Output {
  bytes: Uint8Array;
  at: number;
}

/** Reads a block. True if it was the one that ends a frame. */
function block(input: Input, output: Output): boolean {
  const head = take(input, 3);
  if (head & 1) throw malformed();
  if (head === 0) return stored(input, output);
  if (head === 2) compressed(input, output, FIXED_LITERALS, FIXED_DISTANCES);
  else if (head === 4) compressed(input, output, ...dynamic(input));
  else throw malformed();
  return false;
}

function stored(input: Input, output: Output): boolean {
  input.bits = input.count = 0;
  if (input.at === input.frame.length) return true;
  const length = take(input, 16);
  if ((take(input, 16) ^ length) !== 0xffff || input.at + length > input.frame.length) throw malformed();
  grow(output, length);
  output.bytes.set(input.frame.subarray(input.at, input.at + length), output.at);
  input.at += length;
  output.at += length;
  return false;
}

function compressed(input: Input, output: Output, literals: Codes, distances: Codes): void {
  for (;;) {
    const symbol = decode(input, literals);
    if (symbol === 256) return;
    grow(output, 258);
    if (symbol < 256) output.bytes[output.at++] = symbol;
    else copy(output, extra(input, LENGTHS, symbol - 257), extra(input, DISTANCES, decode(input, distances)));
  }
}

/** Repeats what is so far behind. The two may overlap. */
function copy(output: Output, length: number, distance: number): void {
  if (distance > output.at) throw malformed();
  const { bytes } = output;
  for (const end = output.at + length; output.at < end; output.at++) bytes[output.at] = bytes[output.at - distance]!;
}

/** The codes of a block that brings its own. */
function dynamic(input: Input): [Codes, Codes] {
  const literals = take(input, 5) + 257;
  const all = literals + take(input, 5) + 1;
  const few = new Uint8Array(19);
  for (let left = take(input, 4) + 4, index = 0; index < left; index++) few[ORDER[index]!] = take(input, 3);
  const lengthCodes = codes(few);
  const lengths = new Uint8Array(all);
  for (let at = 0; at < all; ) {
    const symbol = decode(input, lengthCodes);
    if (symbol < 16) lengths[at++] = symbol;
    else at = repeat(input, lengths, at, symbol);
  }
  return [codes(lengths.subarray(0, literals)), codes(lengths.subarray(literals))];
}

function repeat(input: Input, lengths: Uint8Array, at: number, symbol: number): number {
  const value = symbol === 16 ? lengths[at - 1] : 0;
  const end = at + (symbol === 16 ? 3 + take(input, 2) : symbol === 17 ? 3 + take(input, 3) : 11 + take(input, 7));
  if (value === undefined || end > lengths.length) throw malformed();
  lengths.fill(value, at, end);
  return end;
}

/** Makes the codes of these lengths: in the order of length, then of symbols. */
function codes(lengths: Uint8Array): Codes {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length]!++;
  counts[0] = 0;
  const places = new Uint16Array(16);
  for (let length = 1; length < 16; length++) places[length] = places[length - 1]! + counts[length - 1]!;
  const symbols = new Uint16Array(lengths.length);
  lengths.forEach((length, symbol) => {
    if (length) symbols[places[length]!++] = symbol;
  });
  return { counts, symbols };
}

function decode(input: Input, { counts, symbols }: Codes): number {
  for (let length = 1, code = 0, first = 0, index = 0; length < 16; length++) {
    code |= take(input, 1);
    const count = counts[length]!;
    if (code - first < count) return symbols[index + code - first]!;
    index += count;
    first = (first + count) << 1;
    code <<= 1;
  }
  throw malformed();
}

function extra(input: Input, { base, bits }: ReturnType<typeof table>, code: number): number {
  if (code >= base.length) throw malformed();
  return base[code]! + take(input, bits[code]!);
}

/** For each code, how many more bits follow it, and the number to which they are added. */
function table(size: number, bitsOf: (code: number) => number, first: number) {
  const bits = Array.from({ length: size }, (_, code) => bitsOf(code));
  const base: number[] = [];
  for (const count of bits) {
    base.push(first);
    first += 1 << count;
  }
  return { base, bits };
}

function take(input: Input, count: number): number {
  while (input.count < count) {
    if (input.at === input.frame.length) throw malformed();
    input.bits |= input.frame[input.at++]! << input.count;
    input.count += 8;
  }
  const value = input.bits & ((1 << count) - 1);
  input.bits >>>= count;
  input.count -= count;
  return value;
}

function grow(output: Output, more: number): void {
  const { bytes, at } = output;
  if (at + more <= bytes.length) return;
  output.bytes = new Uint8Array((at + more) * 2);
  output.bytes.set(bytes);
}

function malformed(): Error {
  return new RangeError('roomcast: a compressed frame cannot be read');
}
