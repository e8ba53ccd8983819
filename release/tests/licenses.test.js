import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fingerprint } from "../texts.js";

const read = (file) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

/** The same list that cargo-deny has. */
const allowed = new Set(/\nallow = \[\n([^]*?)\n\]/.exec(read("deny.toml"))[1].match(/(?<=")[^"]+(?=")/g));

test("every npm package that the pages or the client may have in them has a licence that is allowed", () => {
  assert.ok(allowed.has("MIT"));
  const found = ["client", "dashboard"].flatMap((folder) => Object.entries(JSON.parse(read(`${folder}/package-lock.json`)).packages));
  const shipped = found.filter(([path, { dev, devOptional, optional, peer }]) => path !== "" && !dev && !devOptional && !optional && !peer);
  assert.ok(shipped.some(([path]) => path === "node_modules/svelte"));
  for (const [path, { license }] of shipped) assert.ok(allowed.has(license), `${path}: ${license}`);
});

test("texts that are only broken into other lines are one", () => {
  assert.equal(fingerprint("a b\nc"), fingerprint("a\nb  c"));
  assert.notEqual(fingerprint("a b"), fingerprint("ab"));
});
