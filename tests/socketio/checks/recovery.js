// "socket.recovered is true after a lost connection, with what was missed and nothing twice; beyond the log the state
// comes and recovered is false."

import assert from "node:assert/strict";
import { statusIs, taskCreated } from "../board.js";
import { missed, recovers, TRANSPORTS } from "../losing.js";

/** More posts than the log of a room has bursts, which are 512. */
const BEYOND_THE_LOG = 530;

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

/** Posting so much takes some seconds, so clients with all transports are away meanwhile. */
async function tooLate(board) {
  const cable = await board.cable();
  const all = Object.values(TRANSPORTS).map((transports) => board.client({ transports }, cable));
  const clients = await Promise.all(all);
  await board.settled(...clients);
  cable.unplug();
  const cuts = await Promise.all(clients.map(({ arrivals }) => arrivals.until({ event: "disconnect" })));
  const statuses = Array.from({ length: BEYOND_THE_LOG }, () => board.fresh("status"));
  for (const status of statuses) {
    if (board.isOver) return;
    // Posts at the same time could become one burst.
    await board.post(statusIs(status));
  }
  cable.plug();
  const back = await Promise.all(clients.map((client, at) => client.connectedAfter(cuts[at])));
  await board.settled(...clients);
  for (const { recovered } of back) assert.equal(recovered, false, "socket.recovered");
  const last = statuses.slice(-1);
  for (const client of clients) assert.deepEqual(client.named(statuses), last, "the state, and nothing of what led to it");
}

const NAMES = {
  "a client gets what it missed, each event once and in order, and is still in its topics": whole,
  [`a connection that is lost ${CUTS} times is recovered each time`]: again,
};

export const checks = [
  ...Object.entries(NAMES).flatMap(([name, run]) => Object.entries(TRANSPORTS).map(([how, transports]) => ({
    name: `${name} (${how})`,
    run: (board) => run(board, transports),
  }))),
  { name: "clients that were away for longer than the log reaches get the state", run: tooLate },
];
