// "What client code may emit is in the preset; anything else gets an error, not silence."

import assert from "node:assert/strict";
import { statusIs, taskCreated } from "../board.js";

function assertError(answer, code) {
  const { message, ...rest } = answer ?? {};
  assert.deepEqual(rest, { status: "error", code, retryable: false });
  assert.ok(typeof message === "string" && message.length > 0, "the message says it in words");
}

async function unknown(board, transports) {
  const client = await board.client({ transports });
  assertError(await client.ask("nonsense", { a: 1 }), "not_allowed");
  client.socket.emit("nonsense", { a: 1 });
  const { data } = await client.arrivals.until({ event: "exception" });
  assertError(data, "not_allowed");
  // What the server itself emits is no more allowed than anything else.
  assertError(await client.ask("task_created", { id: "t", project: "p" }), "not_allowed");
  await board.settled(client);
  assert.deepEqual(client.arrivals.all({ event: "disconnect" }), []);
  assert.equal(client.arrivals.all({ event: "exception" }).length, 1, "what was acknowledged is no exception as well");
}

async function incomplete(board, transports) {
  const client = await board.client({ transports });
  const bytes = Buffer.from("a");
  for (const args of [[], [{}], [null], [{ project: "" }], [{ project: { a: 1 } }], [bytes], [{ project: bytes }, bytes]]) {
    const answer = await client.ask("join", ...args);
    assert.equal(answer?.status, "error", `join of ${JSON.stringify(args)}`);
    assert.equal(typeof answer.code, "string");
  }
  client.socket.emit("join");
  const { data } = await client.arrivals.until({ event: "exception" });
  assert.equal(data?.status, "error");
  await board.settled(client);
  assert.deepEqual(client.arrivals.all({ event: "disconnect" }), []);
}

async function forbidden(board) {
  const [own, other] = [board.fresh("project"), board.fresh("project")];
  const client = await board.client({ auth: { token: await board.token({ topics: [`project:${own}`] }) } });
  assertError(await client.ask("join", { project: other }), "topic_refused");
  assert.equal((await client.ask("join", { project: own })).status, "ok");
  const [seen, unseen] = [board.fresh("task"), board.fresh("task")];
  await board.post(taskCreated(unseen, other), taskCreated(seen, own));
  await board.settled(client);
  assert.deepEqual(client.named([seen, unseen]), [seen]);
}

/** Without a callback, too, a client that joins gets the topics and their current updates. */
async function joins(board) {
  const client = await board.client();
  const project = board.fresh("project");
  const ids = [board.fresh("task"), board.fresh("task")];
  await board.post(...ids.map((id) => taskCreated(id, project)));
  client.socket.emit("join", { project });
  const { data } = await client.arrivals.until({ event: "subscribed" });
  assert.deepEqual(data, { topics: [`project:${project}`] });
  for (const id of ids) await client.arrivals.until({ event: "task_created", data: { id, project } });
  await board.settled(client);
  assert.deepEqual(client.named(ids).sort(), [...ids].sort(), "each once");
}

async function asksForState(board) {
  const status = board.fresh("status");
  const client = await board.client();
  await board.post(statusIs(status));
  const came = await client.arrivals.until({ event: "system_status", data: { status } });
  assert.equal((await client.ask("state")).status, "ok");
  await client.arrivals.until({ event: "system_status", data: { status } }, { after: came });
}

async function refreshes(board) {
  const client = await board.client();
  assert.equal((await client.ask("refresh", { token: await board.token() })).status, "ok");
  await board.settled(client);
}

async function keepsToken(board) {
  const client = await board.client();
  assertError(await client.ask("refresh", { token: "none" }), "refresh_refused");
  await board.settled(client);
}

export const checks = [
  ...[["websocket"], ["polling"]].map((transports) => ({
    name: `an emit that the document does not name is answered with an error (${transports})`,
    run: (board) => unknown(board, transports),
  })),
  ...[["websocket"], ["polling"]].map((transports) => ({
    name: `an emit without what its topic needs is answered with an error (${transports})`,
    run: (board) => incomplete(board, transports),
  })),
  { name: "a client cannot join a topic that its token does not allow", run: forbidden },
  { name: "a client that joins gets the topics and their current updates", run: joins },
  { name: "a client gets the state when it asks for it", run: asksForState },
  { name: "a client puts a new token in the place of the old one", run: refreshes },
  { name: "a client whose new token is bad keeps the old one", run: keepsToken },
];
