// Losing a connection: what the checks of recovery have in common. It decides nothing about what has to come; a check does.

import assert from "node:assert/strict";
import { statusIs, taskCreated } from "./board.js";

/** Which transports a client may use. */
export const TRANSPORTS = {
  "default options": undefined,
  websocket: ["websocket"],
  polling: ["polling"],
};

const MISSED = 5;

/** Events that happen while a client is away, and what each is called: statuses, and tasks in turn with them if there is a project. */
export function missed(board, project = undefined) {
  const names = Array.from({ length: MISSED }, () => board.fresh("missed"));
  const posted = names.map((name, at) => (project && at % 2 === 0 ? taskCreated(name, project) : statusIs(name)));
  return { names, posted };
}

/** Cuts the cable of a client, lets happen what happens meanwhile, and waits until the connection is recovered. */
export async function recovers(client, cable, meanwhile) {
  cable.unplug();
  const cut = await client.arrivals.until({ event: "disconnect" }, { after: client.arrivals.last });
  await meanwhile();
  cable.plug();
  const { recovered } = await client.connectedAfter(cut);
  assert.equal(recovered, true, "socket.recovered");
}
