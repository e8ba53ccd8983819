// "Events of types that the preset marks acknowledged are sent again until acknowledged, at most its attempts."

import assert from "node:assert/strict";
import { jobDone } from "../board.js";
import { missed, recovers } from "../losing.js";

/** What redelivery.json says of jobs. */
const ATTEMPTS = 3;

/** Long enough for all attempts, one second apart, on a slow machine. */
const ATTEMPTS_MS = 30_000;

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
  const [once, twice] = [await acknowledged(client, first, 1), await acknowledged(client, second, 2)];
  await times(client, never, ATTEMPTS);
  // An attempt too many would come before the last of a later job.
  await board.post(jobDone(later));
  await times(client, later, ATTEMPTS);
  const counts = [first, second, never].map((id) => came(client, id));
  assert.deepEqual(counts, [once, twice, ATTEMPTS]);
  const asked = client.arrivals.all({ event: "job_done", data: { id: never } });
  assert.ok(asked.every(({ acknowledge }) => acknowledge), "each asks for it");
}

const came = (client, id) => client.data("job_done", [id]).length;

/**
 * Waits until the server has the acknowledgement that the client sent at the `nth` time. Returns how often the job had come by
 * then: on a slow machine it may be sent once more while the acknowledgement is under way, and never after that.
 */
async function acknowledged(client, id, nth) {
  await times(client, id, nth);
  // The acknowledgement is there before the answer to what was emitted after it.
  await client.ask("leave", { project: "none" });
  return came(client, id);
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
  const once = await acknowledged(prompt, id, 1);
  await times(deaf, id, ATTEMPTS);
  await board.settled(prompt);
  assert.equal(came(prompt, id), once);
}

async function notAgain(board) {
  const cable = await board.cable();
  const client = await board.client({}, cable);
  await board.settled(client);
  const id = board.fresh("job");
  acknowledges(client, id, 1);
  await board.post(jobDone(id));
  const once = Array.from({ length: await acknowledged(client, id, 1) }, () => id);
  const events = missed(board);
  await recovers(client, cable, () => board.post(...events.posted));
  await board.settled(client);
  assert.deepEqual(client.named([id, ...events.names]), [...once, ...events.names]);
}

export const checks = [
  ...[["websocket"], ["polling"]].map((transports) => ({
    name: `an event is sent again until it is acknowledged, and at most ${ATTEMPTS} times (${transports})`,
    run: (board) => untilAcknowledged(board, transports),
  })),
  { name: "each client acknowledges for itself", run: eachItself },
  { name: "an event that was acknowledged does not come again when a connection is recovered", run: notAgain },
];
