// "socket.recovered is true after a lost connection, with what was missed and nothing twice." What comes beyond the log is
// in too-late.js.

import assert from "node:assert/strict";
import { statusIs, taskCreated } from "../board.js";
import { missed, recovers, TRANSPORTS } from "../losing.js";

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

/** Leaving is told with an offset, so a client that is lost before anything else comes does not come back with what it has left. */
async function left(board, transports) {
  const cable = await board.cable();
  const client = await board.client({ transports }, cable);
  const [stays, leaves] = [board.fresh("project"), board.fresh("project")];
  for (const project of [stays, leaves]) await client.ask("join", { project });
  await client.ask("leave", { project: leaves });
  const [seen, unseen] = [board.fresh("task"), board.fresh("task")];
  await recovers(client, cable, () => board.post(taskCreated(unseen, leaves), taskCreated(seen, stays)));
  await board.settled(client);
  assert.deepEqual(client.named([seen, unseen]), [seen]);
}

const NAMES = {
  "a client gets what it missed, each event once and in order, and is still in its topics": whole,
  [`a connection that is lost ${CUTS} times is recovered each time`]: again,
  "a client that has left a topic and is lost at once comes back without it": left,
};

export const checks = Object.entries(NAMES).flatMap(([name, run]) => Object.entries(TRANSPORTS).map(([how, transports]) => ({
  name: `${name} (${how})`,
  run: (board) => run(board, transports),
})));
