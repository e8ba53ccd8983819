// "Acks both ways, timeout, retries; events of types that the preset marks acknowledged are sent again until
// acknowledged, at most its attempts; offline emits of the client arrive once."

import assert from "node:assert/strict";
import { WAIT_MS, within } from "../../seeds/arrivals.js";
import { jobDone, taskCreated } from "../board.js";
import { missed, recovers } from "../losing.js";

/** What board.json says of jobs. */
const ATTEMPTS = 3;

/** Long enough for all attempts, one second apart, on a slow machine. */
const ATTEMPTS_MS = 12_000;

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

async function withRetries(board) {
  const cable = await board.cable();
  const client = await board.client({ retries: 3, ackTimeout: 1_000 }, cable);
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

/** Acknowledges the jobs of this id when they come for the `nth` time. */
function acknowledges(client, id, nth) {
  let times = 0;
  client.socket.on("job_done", (data, ...rest) => {
    if (data.id !== id) return;
    times += 1;
    const acknowledge = rest.at(-1);
    if (times === nth && typeof acknowledge === "function") acknowledge({ status: "ok" });
  });
}

async function untilAcknowledged(board, transports) {
  const client = await board.client({ transports });
  const [first, second, never, later] = ["first", "second", "never", "later"].map((what) => board.fresh(what));
  acknowledges(client, first, 1);
  acknowledges(client, second, 2);
  await board.post(jobDone(first), jobDone(second), jobDone(never));
  await times(client, never, ATTEMPTS);
  // A fourth attempt would come before the last of a later job.
  await board.post(jobDone(later));
  await times(client, later, ATTEMPTS);
  const counts = [first, second, never].map((id) => client.data("job_done", [id]).length);
  assert.deepEqual(counts, [1, 2, ATTEMPTS]);
  const asked = client.arrivals.all({ event: "job_done", data: { id: never } });
  assert.ok(asked.every(({ acknowledge }) => acknowledge), "each asks for it");
}

/** Waits until the job came so many times. */
async function times(client, id, wanted) {
  let after;
  for (let time = 0; time < wanted; time += 1) {
    after = await client.arrivals.until({ event: "job_done", data: { id } }, { after, ms: ATTEMPTS_MS });
  }
}

async function eachItself(board) {
  const [prompt, deaf] = [await board.client(), await board.client()];
  const id = board.fresh("job");
  acknowledges(prompt, id, 1);
  await board.post(jobDone(id));
  await times(deaf, id, ATTEMPTS);
  await board.settled(prompt);
  assert.equal(prompt.data("job_done", [id]).length, 1);
}

async function notAgain(board) {
  const cable = await board.cable();
  const client = await board.client({}, cable);
  await board.settled(client);
  const id = board.fresh("job");
  acknowledges(client, id, 1);
  await board.post(jobDone(id));
  await times(client, id, 1);
  // The acknowledgement is there before the answer to what was emitted after it.
  await client.ask("leave", { project: "none" });
  const events = missed(board);
  await recovers(client, cable, () => board.post(...events.posted));
  await board.settled(client);
  assert.deepEqual(client.named([id, ...events.names]), [id, ...events.names]);
}

export const checks = [
  { name: "an emit is answered with the topics, and a topic that was left is silent", run: callback },
  { name: "an emit with a timeout is answered, with a callback and as a promise", run: withTimeout },
  { name: "emits of a client with retries are acknowledged, also after its connection was lost", run: withRetries },
  ...[["websocket"], ["polling"]].map((transports) => ({
    name: `what is emitted offline arrives once (${transports})`,
    run: (board) => offline(board, transports),
  })),
  ...[["websocket"], ["polling"]].map((transports) => ({
    name: `an event is sent again until it is acknowledged, and at most ${ATTEMPTS} times (${transports})`,
    run: (board) => untilAcknowledged(board, transports),
  })),
  { name: "each client acknowledges for itself", run: eachItself },
  { name: "an event that was acknowledged does not come again when a connection is recovered", run: notAgain },
];
