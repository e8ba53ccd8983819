// src/shell/entry.js, beside a stand-in for what comes from Rust: its WebAssembly ends in a real trap, and its objects remember nothing
// but what they were given. What the built Worker does is tested in tests/e2e.

import assert from "node:assert/strict";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, mock, test } from "node:test";
import { pathToFileURL } from "node:url";

const ENTRY = new URL("../../src/shell/entry.js", import.meta.url);

// (module (func (export "end") unreachable))
const TRAP = "new Uint8Array([0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,7,1,3,101,110,100,0,0,10,5,1,3,0,0,11])";

const RUST = `
const { end } = new WebAssembly.Instance(new WebAssembly.Module(${TRAP})).exports;
const life = { criticalError: false, instanceId: 0 };
export const seen = { resets: 0, made: [] };
export const __worker_init_state = () => life;
export function __wbg_reset_state() { seen.resets += 1; }
const act = (what) => { if (what === "end") end(); if (what === "throw") throw new Error("refused"); return what; };
export const fetch = (request, env, context) => act(request) + env + context;
export const queue = (batch, env, context) => act(batch) + env + context;
export class Room {
  constructor(state, env) { seen.made.push([state, env]); act(state.first); state.first = undefined; this.count = 0; }
  fetch(request) { act(request); return (this.count += 1); }
  webSocketMessage(socket, message) { return socket + message + (this.count += 1); }
  free() {}
  __destroy_into_raw() {}
}
export { Room as Directory, Room as Pointer, Room as Seat, Room as Tenant };
`;

/** Listeners of the runtime's global scope, which Node does not have. */
let listening = [];
globalThis.addEventListener = (type, listener) => listening.push([type, listener]);

const folders = [];
let entry;
let rust;
let printed;

beforeEach(async () => {
  listening = [];
  mock.restoreAll();
  printed = ["log", "error"].map((name) => mock.method(console, name, () => {}).mock);
  const folder = await mkdtemp(join(tmpdir(), "roomcast-entry-"));
  folders.push(folder);
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(join(folder, "index.js"), RUST);
  await copyFile(ENTRY, join(folder, "entry.js"));
  entry = await import(pathToFileURL(join(folder, "entry.js")).href);
  rust = await import(pathToFileURL(join(folder, "index.js")).href);
});

after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

test("handlers get what the runtime gives", () => {
  assert.equal(entry.default.fetch("a", "b", "c"), "abc");
  assert.equal(entry.default.queue("a", "b", "c"), "abc");
  assert.equal(rust.seen.resets, 0);
  assert.deepEqual(printed.map((calls) => calls.callCount()), [0, 0]);
});

test("a request after the end of WebAssembly is served by another, and the log has both", () => {
  assert.throws(() => entry.default.fetch("end", "", ""), WebAssembly.RuntimeError);
  assert.equal(entry.default.fetch("a", "b", "c"), "abc");
  assert.equal(rust.seen.resets, 1);
  assert.deepEqual(printed.map((calls) => calls.callCount()), [1, 1]);
});

test("an error that Rust reports ends nothing", () => {
  const room = new entry.Room({}, "env");
  assert.throws(() => entry.default.queue("throw", "", ""), /refused/);
  assert.throws(() => room.fetch("throw"), /refused/);
  assert.equal(room.fetch("a"), 1);
  assert.equal(rust.seen.resets, 0);
});

test("an object lives on from call to call, and is made once", () => {
  const state = {};
  const room = new entry.Room(state, "env");
  assert.equal(room.fetch("a"), 1);
  assert.equal(room.webSocketMessage("socket", "hello"), "sockethello2");
  assert.deepEqual(rust.seen.made, [[state, "env"]]);
});

test("each object is made anew, once, when it is called after the end of WebAssembly", () => {
  const [first, second] = [{ name: 1 }, { name: 2 }];
  const rooms = [new entry.Room(first, "env"), new entry.Room(second, "env")];
  rooms.forEach((room) => room.fetch("a"));
  assert.throws(() => rooms[0].fetch("end"), WebAssembly.RuntimeError);
  assert.deepEqual(rooms.map((room) => room.fetch("a")), [1, 1]);
  assert.deepEqual(rooms.map((room) => room.fetch("a")), [2, 2]);
  assert.equal(rust.seen.resets, 1);
  assert.deepEqual(rust.seen.made, [[first, "env"], [second, "env"], [first, "env"], [second, "env"]]);
});

test("a task that nobody waits for may end WebAssembly", () => {
  const [[type, listener]] = listening;
  assert.equal(type, "error");
  listener({ error: new Error("of somebody's page") });
  entry.default.fetch("a", "b", "c");
  assert.equal(rust.seen.resets, 0);
  listener({ error: new WebAssembly.RuntimeError("unreachable") });
  entry.default.fetch("a", "b", "c");
  assert.equal(rust.seen.resets, 1);
});

test("the panic hook of Rust may note an end", () => {
  const room = new entry.Room({}, "env");
  rust.__worker_init_state().criticalError = true;
  assert.equal(room.fetch("a"), 1);
  assert.equal(rust.seen.resets, 1);
  assert.equal(rust.seen.made.length, 2);
});

test("an object that cannot be made begins WebAssembly anew, whatever it throws", () => {
  assert.throws(() => new entry.Room({ first: "throw" }, "env"), /refused/);
  assert.equal(entry.default.fetch("a", "b", "c"), "abc");
  assert.equal(rust.seen.resets, 1);
});

test("classes have the handlers of Rust's, and nothing that frees memory", () => {
  const names = Object.getOwnPropertyNames(entry.Room.prototype).sort();
  assert.deepEqual(names, ["constructor", "fetch", "webSocketMessage"]);
});
