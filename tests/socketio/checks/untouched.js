// "Also when no event had been received yet": recovery in a room that is still empty. It needs a server on which nothing
// else has run.

import assert from "node:assert/strict";
import { missed, TRANSPORTS } from "../losing.js";

const UPDATES = ["task_created", "system_status", "job_done"];

const updates = (client) => client.arrivals.items.filter(({ event }) => UPDATES.includes(event));

/** The room is empty only once, so all clients are in it at the same time. */
async function fromNothing(board) {
  const cable = await board.cable();
  const all = Object.values(TRANSPORTS).map((transports) => board.client({ transports }, cable));
  const clients = await Promise.all(all);
  for (const client of clients) assert.deepEqual(updates(client), [], "the room is empty");
  cable.unplug();
  const cuts = await Promise.all(clients.map(({ arrivals }) => arrivals.until({ event: "disconnect" })));
  const { names, posted } = missed(board);
  await board.post(...posted);
  cable.plug();
  const back = await Promise.all(clients.map((client, at) => client.connectedAfter(cuts[at])));
  await board.settled(...clients);
  for (const client of clients) assert.deepEqual(client.named(names), names);
  for (const { recovered } of back) assert.equal(recovered, true, "socket.recovered");
}

export const checks = [
  { name: "a client that had received no event is recovered, and gets what it missed", run: fromNothing },
];
