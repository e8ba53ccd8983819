// Stock clients whose server is stopped, started and evicted by whoever started this program:
//
//   node tests/socketio/watch.js --url URL [--transports LIST] [--clients NUMBER] [--project NAME] [--deaf]
//
// The token is in ROOMCAST_TOKEN. It prints one line of JSON for each arrival at a client, as client.js has it, with the
// number of the client. Each client joins the project, if there is one, when it first connects. A client that is asked to
// acknowledge does, unless it is deaf. The lines `unplug` and `plug` on its input break the network and mend it; at the end of its input the
// program ends.

import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { Cable } from "../seeds/cable.js";
import { Client } from "./client.js";

const text = { type: "string" };
const { values } = parseArgs({
  options: { url: text, transports: text, clients: { ...text, default: "1" }, project: text, deaf: { type: "boolean" } },
});
const options = {
  auth: { token: process.env.ROOMCAST_TOKEN },
  // A server that is gone comes back at once, and its clients must not wait for long then.
  reconnectionDelay: 100,
  reconnectionDelayMax: 500,
  ...(values.transports && { transports: values.transports.split(",") }),
};

const cable = await Cable.to(values.url);
const clients = Array.from({ length: Number(values.clients) }, (_, number) => watched(number));
const commands = createInterface({ input: process.stdin });
commands.on("line", (line) => (line === "unplug" ? cable.unplug() : cable.plug()));
commands.on("close", () => {
  for (const client of clients) client.leave();
  cable.remove();
});

function watched(number) {
  const client = new Client(`http://127.0.0.1:${cable.port}`, options);
  client.arrivals.each(({ acknowledge, ...arrival }) => {
    console.log(JSON.stringify({ client: number, ...arrival }));
    if (!values.deaf) acknowledge?.({ status: "ok" });
  });
  if (values.project) joinOnce(client, number);
  return client;
}

function joinOnce({ socket }, number) {
  socket.once("connect", async () => {
    const answer = await socket.emitWithAck("join", { project: values.project });
    console.log(JSON.stringify({ client: number, event: "joined", data: answer }));
  });
}
