import assert from "node:assert/strict";
import { test } from "node:test";
import { load, read } from "../corpus.js";

const file = (...cases) => JSON.stringify({ about: "x", cases });
const good = { name: "a", door: "http", path: "/", expect: { status: 404, code: "not_found" } };
const refused = (pattern, ...cases) => assert.throws(() => read("t.json", file(...cases)), pattern);

test("a case that could pass without having tried anything is refused", () => {
  assert.equal(read("t.json", file(good)).length, 1);
  refused(/t.json, case 0 \(a\): http does not know exspect/, { ...good, exspect: 1 });
  refused(/case 1 .*taken/, good, good);
  refused(/there is no door/, { ...good, door: "window" });
  refused(/it needs `expect`/, { ...good, expect: undefined });
  refused(/with a `code` from status 400 on/, { ...good, expect: { status: 404 } });
  refused(/room must be/, { ...good, room: "mad" });
  refused(/something that is expected/, { name: "a", door: "socket", do: [] });
});

test("defaults apply only to cases with the same door", () => {
  const defaults = { door: "http", path: "/x", expect: { status: 200 } };
  const curl = { name: "b", door: "curl", arguments: ["x"], expect: { status: 200 } };
  const [one, other] = read("t.json", JSON.stringify({ about: "x", defaults, cases: [{ name: "a" }, curl] }));
  assert.equal(one.path, "/x");
  assert.equal(other.path, undefined);
});

test("the corpus can be read and has at least a thousand cases", () => {
  assert.ok(load().length >= 1000);
});

test("a witness has to be told what it should see", () => {
  const blind = { name: "a", door: "socket", do: [], ends: true, witness: {} };
  refused(/its witness needs something that is expected/, blind);
  refused(/its witness does not know answer/, { ...blind, witness: { answer: [] } });
  assert.equal(read("t.json", file({ ...blind, witness: { answers: [] } })).length, 1);
});

test("a pattern selects cases by theme and name", () => {
  const picked = load("^tokens/alg none");
  assert.ok(picked.length > 1 && picked.length < 10);
});
