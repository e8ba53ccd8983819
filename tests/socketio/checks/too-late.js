// "Beyond the log the state comes and recovered is false."

import assert from "node:assert/strict";
import { statusIs } from "../board.js";
import { TRANSPORTS } from "../losing.js";

/** More posts than the log of a room has bursts, which are 512. */
const BEYOND_THE_LOG = 530;

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

export const checks = [
  { name: "clients that were away for longer than the log reaches get the state", run: tooLate },
];
