import assert from "node:assert/strict";
import { test } from "node:test";
import { jwtVerify } from "jose";
import { Webhook } from "standardwebhooks";
import { Sender } from "ws";
import { expand, join } from "../placeholders.js";
import { TOKEN_SECRET, WEBHOOK_SECRET } from "../secrets.js";
import { sign } from "../signing.js";
import { mint } from "../tokens.js";
import { frame } from "../wire.js";

const names = { session: "s-1", id: "s-1", now: Math.floor(Date.now() / 1000) };
const key = new TextEncoder().encode(TOKEN_SECRET);

test("a token made by hand is valid if a case changes nothing", async () => {
  for (const by of ["jose", "hand"]) {
    const { payload } = await jwtVerify(await mint({ by, claims: { sub: "ada" } }, names), key);
    assert.deepEqual([payload.sub, payload.sessions], ["ada", ["s-1"]]);
  }
});

test("a token has the changes that a case asks for", async () => {
  await assert.rejects(jwtVerify(await mint({ key: "other" }, names), key));
  await assert.rejects(jwtVerify(await mint({ edit: [[".$", ""]] }, names), key));
  assert.match(await mint({ by: "jose, unsecured" }, names), /\.$/);
  assert.equal((await mint({ by: "jose, encrypted" }, names)).split(".").length, 5);
});

test("a signature made by hand is valid if a case changes nothing", () => {
  const bytes = Buffer.from("[\"\u00e4\"]");
  for (const spec of [{}, { mac: "sha256", timestamp: `${names.now}` }]) {
    new Webhook(WEBHOOK_SECRET).verify(bytes, sign(bytes, names, spec));
  }
  assert.throws(() => new Webhook(WEBHOOK_SECRET).verify(bytes, sign(bytes, names, { over: "x" })));
  assert.equal(sign("x", names, { signature: "v1a,{digest}" })["webhook-signature"].slice(0, 4), "v1a,");
});

test("a frame has the same bytes as one made by ws", () => {
  for (const size of [0, 125, 126, 65_535, 65_536]) {
    const data = Buffer.alloc(size, "x");
    const made = Sender.frame(data, { fin: true, opcode: 1, mask: false, rsv1: false, readOnly: true });
    assert.deepEqual(frame({ mask: false, payload: data }), Buffer.concat(made));
  }
  assert.equal(frame({ op: 9, fin: false, rsv: 4, payload: "x" })[0], 0x49);
});

test("placeholders are replaced by what they stand for", () => {
  assert.equal(expand("a-{session}-{unknown}", names), "a-s-1-{unknown}");
  assert.equal(expand({ $now: -5 }, names), names.now - 5);
  assert.deepEqual(join(expand([{ $hex: "ff" }, "a"], names)), Buffer.from([0xff, 0x61]));
  assert.equal(expand({ $text: ["a", { $repeat: ["b", 3] }, 1] }, names), "abbb1");
  assert.equal(Buffer.byteLength(expand({ $pad: ["\u00e4", 10] }, names)), 10);
  assert.deepEqual(expand({ $list: ["{index}", 2] }, names), ["0", "1"]);
  assert.deepEqual(expand({ $event: { payload: "$absent" } }, names).payload, undefined);
  assert.deepEqual(expand({ x: { $any: true } }, names), { x: { $any: true } });
  assert.throws(() => expand({ $nope: 1 }, names), /no such placeholder/);
});
