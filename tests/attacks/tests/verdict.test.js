import assert from "node:assert/strict";
import { test } from "node:test";
import { answerDifferences, differences, losses } from "../verdict.js";

const seqs = (...numbers) => numbers.map((seq) => ({ seq, title: `t-${seq}` }));

test("only the fields that are named are compared", () => {
  assert.deepEqual(differences({ a: 1 }, { a: 1, b: 2 }), []);
  assert.deepEqual(differences({ a: { b: 1 } }, { a: { b: 2 } }), ["a.b: expected 1, got 2"]);
  assert.deepEqual(differences({ a: 1 }, undefined, "x"), ['x: expected {"a":1}, got nothing']);
});

test("a list must have the same length", () => {
  assert.equal(differences([1], [1, 2]).length, 1);
  assert.equal(differences([], [1]).length, 1);
  assert.equal(differences([1, 2], [1]).length, 2);
  assert.deepEqual(differences([{ a: 1 }], [{ a: 1, b: 2 }]), []);
});

test("texts can be matched, and fields can be required or forbidden", () => {
  assert.deepEqual(differences({ $matches: "^a" }, "ab"), []);
  assert.equal(differences({ $matches: "^a" }, "b").length, 1);
  assert.equal(differences({ x: { $any: true } }, {}).length, 1);
  assert.equal(differences({ x: { $none: true } }, { x: 1 }).length, 1);
  assert.deepEqual(differences({ x: { $none: true } }, {}), []);
});

test("a problem must be a problem document with its status", () => {
  const text = JSON.stringify({ type: "about:blank", status: 401, code: "token_invalid", detail: "x" });
  const answer = { status: 401, headers: { "content-type": "application/problem+json" }, text };
  assert.deepEqual(answerDifferences({ status: 401, code: "token_invalid" }, answer), []);
  assert.equal(answerDifferences({ status: 401, code: "token_missing" }, answer).length, 1);
  assert.equal(answerDifferences({ status: 403, code: "token_invalid" }, answer).length, 1);
  assert.equal(answerDifferences({ status: 401, code: null }, answer).length, 1);
  assert.equal(answerDifferences({ status: 401, code: "token_invalid" }, { ...answer, headers: {} }).length, 1);
  assert.ok(answerDifferences({ status: 401, code: "token_invalid" }, { ...answer, text: "no" }).length > 0);
});

test("an innocent client must get every update once, in order, and nothing else", () => {
  assert.deepEqual(losses(seqs(1, 2, 3), seqs(1, 2, 3)), []);
  assert.deepEqual(losses(seqs(1, 2, 3), seqs(1, 3)), ["update 2 never came"]);
  assert.deepEqual(losses(seqs(1, 2), seqs(1, 2, 2)), ["update 2 came 2 times"]);
  assert.deepEqual(losses(seqs(1, 2), seqs(2, 1)), ["the updates came out of order"]);
  assert.deepEqual(losses(seqs(1), seqs(1, 2)), ["update 2 was never accepted"]);
  assert.equal(losses(seqs(1), [{ seq: 1, title: "another" }]).length, 1);
});
