import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameCounter } from "../floor/frames.js";

const header = {
  short: (length) => Buffer.from([0x81, length]),
  medium: (length) => Buffer.from([0x81, 126, length >> 8, length & 0xff]),
  long: (length) => Buffer.from([0x81, 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff]),
};
const frame = (kind, length) => Buffer.concat([header[kind](length), Buffer.alloc(length, 0x81)]);
const all = [frame("short", 0), frame("short", 125), frame("medium", 12_000), frame("long", 70_000)];

test("frames of every length are counted when many are in one chunk", () => {
  assert.equal(new FrameCounter().take(Buffer.concat(all)), all.length);
});

test("a frame is counted when its last byte arrives, wherever it was split", () => {
  const bytes = Buffer.concat(all.slice(0, 3));
  const counter = new FrameCounter();
  const counts = Array.from(bytes, (_, at) => counter.take(bytes.subarray(at, at + 1)));
  const ends = counts.flatMap((count, at) => (count > 0 ? [at + 1] : []));
  assert.deepEqual(ends, [2, 129, 12_133]);
});
