import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { attack } from "../attack.js";
import { report } from "../report.js";
import { standIn } from "./stand-in.js";

const PATH = "/api/sessions/{session}/state";
const REFUSED = { theme: "t", number: 0, name: "refused", door: "http", room: "none", path: PATH };
const right = { ...REFUSED, expect: { status: 401, code: "token_missing" } };
const wrong = { ...REFUSED, expect: { status: 403, code: "session_refused" } };
const three = Array.from({ length: 3 }, (_, number) => ({ ...right, number, name: `refused ${number}` }));

/** Long enough for the innocent client to receive several updates. */
const LONG_MS = 400;

async function attacked(cases, behaviour, options) {
  const server = await standIn(behaviour);
  try {
    return report(await attack({ ...server, cases, patienceMs: 500 }), options);
  } finally {
    server.stop();
  }
}

const says = ({ lines }, pattern) => assert.match(lines.join("\n"), pattern);

test("a server that does everything right passes", async () => {
  const found = await attacked(three);
  assert.equal(found.ok, true, found.lines.join("\n"));
  // The two cases about the log also count.
  assert.equal(found.lines.at(-1), "5 passed, 0 failed");
});

test("a case with a wrong expectation is reported, with what was expected and got", async () => {
  const found = await attacked([right, { ...wrong, number: 1 }]);
  assert.equal(found.lines.at(-1), "3 passed, 1 failed");
  says(found, /FAILED t\/refused: status: expected 403 session_refused, got 401 token_missing/);
});

test("an innocent client that misses one update is reported", async () => {
  const found = await attacked([right], { lose: 2, pauseMs: LONG_MS });
  assert.equal(found.lines.at(-1), "3 passed, 1 failed");
  assert.equal(found.ok, false);
  says(found, /FAILED the innocent client: update \d+ never came/);
});

test("an innocent client that sees one update twice is reported", async () => {
  const found = await attacked([right], { repeat: 2, pauseMs: LONG_MS });
  assert.equal(found.lines.at(-1), "3 passed, 1 failed");
  assert.equal(found.ok, false);
  says(found, /FAILED the innocent client: update \d+ came 2 times/);
});

test("a room that a refused case has made is reported", async () => {
  const found = await attacked([right], { found: (session) => session });
  says(found, /FAILED t\/refused: the room of .*: expected none, got bare/);
});

test("a room that belongs to no case is reported", async () => {
  const found = await attacked([right], { found: () => "../somewhere" });
  says(found, /FAILED afterwards: 1 rooms belong to no case, such as .*\.sqlite/);
});

test("a room that appears only in the log is reported", async () => {
  const line = (session) => ({ event: "room.restored", room: `demo/${session}` });
  says(await attacked([right], { log: line }), /FAILED t\/refused: the log says that .* was restored/);
});

test("a token in the log is reported", async () => {
  const headers = { authorization: "Bearer {forged}" };
  const line = (_, { headers }) => ({ event: "connection.refused", token: headers.authorization ?? "" });
  says(await attacked([{ ...right, headers }], { log: line }), /FAILED log\/it contains no signature of a token: it contains /);
});

test("a line of the log that a client has made long is reported", async () => {
  const line = (session) => ({ event: "connection.refused", session: session.repeat(200) });
  says(await attacked([right], { log: line }), /FAILED log\/its lines .*: one has \d+ characters/);
});

test("a connection that its room still holds is reported", async () => {
  const socket = { ...REFUSED, door: "socket", room: "maybe", do: [{ op: 8 }], close: [1000, 1005], ends: true };
  says(await attacked([socket]), /FAILED t\/refused: its room still holds the connection/);
});

test("the pings of Socket.IO count for no case", async () => {
  const quiet = { ...REFUSED, door: "socket", room: "maybe", speaks: "socketio", at: "/socket.io/", do: [], answers: [] };
  // The stand-in does not log that a connection has ended.
  says(await attacked([quiet]), /^FAILED t\/refused: its room still holds the connection\n/);
});

test("the runner ends with the counts, and its exit code agrees with them", async () => {
  const server = await standIn();
  const run = (only) => {
    const script = fileURLToPath(new URL("../run.js", import.meta.url));
    const { url, storage, log } = server;
    return ended(spawn(process.execPath, [script, "--url", url, "--storage", storage, "--log", log, "--only", only]));
  };
  try {
    assert.deepEqual(await run("paths/a tag does not get around"), [0, "3 passed, 0 failed"]);
    assert.deepEqual(await run("paths/nothing is there"), [1, "2 passed, 1 failed"]);
  } finally {
    server.stop();
  }
});

test("the runner refuses to run without a server, or without cases", () => {
  const script = fileURLToPath(new URL("../run.js", import.meta.url));
  assert.equal(spawnSync(process.execPath, [script]).status, 2);
  const none = ["--url", "http://127.0.0.1:9", "--storage", "/tmp", "--only", "no such case"];
  assert.equal(spawnSync(process.execPath, [script, ...none]).status, 2);
});

function ended(child) {
  let text = "";
  child.stdout.on("data", (data) => (text += data));
  child.stderr.on("data", (data) => (text += data));
  return new Promise((resolve) => child.on("close", (code) => resolve([code, text.trim().split("\n").at(-1)])));
}
