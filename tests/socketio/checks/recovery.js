// "socket.recovered is true after a lost connection, with what was missed and nothing twice; beyond the log the state
// comes and recovered is false."

import assert from "node:assert/strict";
import { statusIs, taskCreated } from "../board.js";
import { missed, recovers, TRANSPORTS } from "../losing.js";

/** More posts than the log of a room has bursts, which are 512. */
const BEYOND_THE_LOG = 700;

/** So many posts are under way at once. */
const WINDOW = 20;

const CUTS = 5;

/** What a client has missed comes, from the project that it has joined and from what is for everyone. */
async function whole(board, transports) {
  const cable = await board.cable();
  const client = await board.client({ transports }, cable);
  const [project, other] = [board.fresh("project"), board.fresh("project")];
  await client.ask("join", { project });
  const before = [board.fresh("task"), board.fresh("status")];
  await board.post(taskCreated(before[0], project), statusIs(before[1]));
  await board.settled(client);
  const foreign = board.fresh("task");
  const events = missed(board, project);
  await recovers(client, cable, () => board.post(...events.posted, taskCreated(foreign, other)));
  // It is in the project still, without another join.
  const after = board.fresh("task");
  await board.post(taskCreated(after, project));
  await board.settled(client);
  const all = [...before, ...events.names, after];
  assert.deepEqual(client.named([...all, foreign]), all);
}

async function again(board, transports) {
  const cable = await board.cable();
  const client = await board.client({ transports }, cable);
  await board.settled(client);
  const names = [];
  for (let cut = 0; cut < CUTS; cut += 1) {
    const events = missed(board);
    names.push(...events.names);
    await recovers(client, cable, () => board.post(...events.posted));
  }
  await board.settled(client);
  assert.deepEqual(client.named(names), names);
}

async function tooLate(board, transports) {
  const cable = await board.cable();
  const client = await board.client({ transports }, cable);
  await board.settled(client);
  cable.unplug();
  const cut = await client.arrivals.until({ event: "disconnect" });
  const statuses = Array.from({ length: BEYOND_THE_LOG }, () => board.fresh("status"));
  const left = [...statuses];
  const post = async () => {
    while (left.length > 0 && !board.isOver) await board.post(statusIs(left.shift()));
  };
  await Promise.all(Array.from({ length: WINDOW }, post));
  const last = board.fresh("status");
  await board.post(statusIs(last));
  cable.plug();
  const { recovered } = await client.connectedAfter(cut);
  assert.equal(recovered, false);
  await client.arrivals.until({ event: "system_status", data: { status: last } });
  await board.settled(client);
  assert.deepEqual(client.named([...statuses, last]), [last], "the state, and nothing of what led to it");
}

const NAMES = {
  [`a client gets what it missed, each event once and in order, and is still in its topics`]: whole,
  [`a connection that is lost ${CUTS} times is recovered each time`]: again,
  [`a client that was away for longer than the log reaches gets the state`]: tooLate,
};

export const checks = Object.entries(NAMES).flatMap(([name, run]) => Object.entries(TRANSPORTS).map(([how, transports]) => ({
  name: `${name} (${how})`,
  run: (board) => run(board, transports),
})));
