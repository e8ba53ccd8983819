// "Acks, timeout, retries; offline emits of the client arrive once." Events that the client acknowledges are in
// redelivery.js.

import assert from "node:assert/strict";
import { WAIT_MS, within } from "../../seeds/arrivals.js";
import { taskCreated } from "../board.js";
import { recovers } from "../losing.js";

/** What callback-style emits are answered. */
function called(socket, ...emitted) {
  const answered = new Promise((resolve) => socket.emit(...emitted, (...answer) => resolve(answer)));
  return within(WAIT_MS, answered, () => `${emitted[0]} was not acknowledged`);
}

async function callback(board) {
  const client = await board.client();
  const [one, two] = [board.fresh("project"), board.fresh("project")];
  const topics = [one, two].map((project) => `project:${project}`);
  assert.deepEqual(await called(client.socket, "join", { project: one }), [{ status: "ok", topics: topics.slice(0, 1) }]);
  const [both] = await called(client.socket, "join", { project: two });
  assert.deepEqual({ ...both, topics: [...both.topics].sort() }, { status: "ok", topics: topics.sort() });
  const left = await called(client.socket, "leave", { project: one });
  assert.deepEqual(left, [{ status: "ok", topics: [`project:${two}`] }]);
  const [unseen, seen] = [board.fresh("task"), board.fresh("task")];
  await board.post(taskCreated(unseen, one), taskCreated(seen, two));
  await board.settled(client);
  assert.deepEqual(client.named([unseen, seen]), [seen]);
}

async function withTimeout(board) {
  const client = await board.client();
  const project = board.fresh("project");
  const [error, answer] = await called(client.socket.timeout(WAIT_MS), "join", { project });
  assert.deepEqual([error, answer?.status], [null, "ok"]);
  assert.equal((await client.socket.timeout(WAIT_MS).emitWithAck("leave", { project })).status, "ok");
}

/** What is emitted while the connection is lost waits for the next one, and not for this time to pass. */
const ACK_TIMEOUT_MS = WAIT_MS / 4;

async function withRetries(board) {
  const cable = await board.cable();
  const client = await board.client({ retries: 3, ackTimeout: ACK_TIMEOUT_MS }, cable);
  const join = () => called(client.socket, "join", { project: board.fresh("project") });
  assert.equal((await join())[1]?.status, "ok");
  // An answer of any kind ends the retries, so an error has to be one.
  const [error, refused] = await called(client.socket, "nonsense");
  assert.deepEqual([error, refused?.code], [null, "not_allowed"]);
  cable.cut();
  await client.arrivals.until({ event: "disconnect" });
  const [failed, answer] = await join();
  assert.deepEqual([failed, answer?.status], [null, "ok"]);
}

async function offline(board, transports) {
  const cable = await board.cable();
  const client = await board.client({ transports }, cable);
  await board.settled(client);
  const projects = [board.fresh("project"), board.fresh("project")];
  const tasks = projects.map((project) => taskCreated(board.fresh("task"), project));
  await board.post(...tasks);
  await recovers(client, cable, async () => {
    for (const project of projects) client.socket.emit("join", { project });
  });
  await client.ask("leave", { project: "none" });
  const subscribed = client.arrivals.all({ event: "subscribed" });
  assert.equal(subscribed.length, projects.length, "one for each");
  const ids = tasks.map(({ aggregate_id }) => aggregate_id);
  await board.settled(client);
  assert.deepEqual(client.named(ids), ids, "the state of each, once");
}

export const checks = [
  { name: "an emit is answered with the topics, and a topic that was left is silent", run: callback },
  { name: "an emit with a timeout is answered, with a callback and as a promise", run: withTimeout },
  { name: "emits of a client with retries are acknowledged, also after its connection was lost", run: withRetries },
  ...[["websocket"], ["polling"]].map((transports) => ({
    name: `what is emitted offline arrives once (${transports})`,
    run: (board) => offline(board, transports),
  })),
];
