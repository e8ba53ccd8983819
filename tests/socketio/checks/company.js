// "Presence for all dialects" and "signals to the others in the topic", over stock clients. The document is company.json.

import assert from "node:assert/strict";

const person = (user, data) => (data === undefined ? { user } : { user, data });

async function client(board, user, transports) {
  return board.client({ transports, auth: { token: await board.backend.token(user) } });
}

/** Needs a room in which nobody was a moment ago. One client has a WebSocket, the other polls. */
async function presence(board) {
  const [ada, bob] = [board.fresh("ada"), board.fresh("bob")];
  const first = await client(board, ada, ["websocket"]);
  await first.arrivals.until({ event: "presence.state", data: { count: 1, users: [person(ada)] } });
  const second = await client(board, bob, ["polling"]);
  await first.arrivals.until({ event: "presence.changed", data: { count: 2, joined: [person(bob)], left: [], changed: [] } });
  assert.deepEqual(await second.ask("status", { mood: "busy" }), { status: "ok" });
  const changed = [person(bob, { mood: "busy" })];
  await first.arrivals.until({ event: "presence.changed", data: { count: 2, joined: [], left: [], changed } });
  const here = await first.ask("who");
  assert.deepEqual(here, { status: "ok", count: 2, users: [person(ada), ...changed] });
  second.socket.close();
  await first.arrivals.until({ event: "presence.changed", data: { count: 1, joined: [], left: [bob], changed: [] } });
}

async function signals(board, transports) {
  const project = board.fresh("project");
  const [ada, bob] = [board.fresh("ada"), board.fresh("bob")];
  const [first, second] = [await client(board, ada, transports), await client(board, bob, transports)];
  for (const one of [first, second]) assert.equal((await one.ask("join", { project })).status, "ok");
  assert.deepEqual(await first.ask("typing", { project, on: true }), { status: "ok" });
  const { data } = await second.arrivals.until({ event: "signal" });
  const { clientId, ...rest } = data;
  assert.equal(clientId, first.socket.id);
  assert.deepEqual(rest, { topic: `project:${project}`, user: ada, data: { project, on: true } });
  const long = await first.ask("typing", { project, text: "x".repeat(300) });
  assert.deepEqual([long.status, long.code], ["error", "bad_frame"]);
  await board.settled(first);
  assert.deepEqual(first.arrivals.all({ event: "signal" }), [], "it is not told what it said itself");
}

export const checks = [
  { name: "clients see who else is here", run: presence },
  ...[["websocket"], ["polling"]].map((transports) => ({
    name: `clients signal to the others in a topic (${transports})`,
    run: (board) => signals(board, transports),
  })),
];
