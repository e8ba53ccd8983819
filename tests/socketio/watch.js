// Stock clients whose server is stopped, started and evicted by whoever started this program:
//
//   node tests/socketio/watch.js --url URL [--transports LIST] [--clients NUMBER] [--project NAME]
//
// The token is in ROOMCAST_TOKEN. It prints one line of JSON for each arrival at a client, as client.js has it, with the
// number of the client. Each client joins the project, if there is one, when it first connects. A client that is asked to
// acknowledge does. The program ends when its input ends.

import { parseArgs } from "node:util";
import { Client } from "./client.js";

const text = { type: "string" };
const { values } = parseArgs({
  options: { url: text, transports: text, clients: { ...text, default: "1" }, project: text },
});
const options = {
  auth: { token: process.env.ROOMCAST_TOKEN },
  // A server that is gone comes back at once, and its clients must not wait for long then.
  reconnectionDelay: 100,
  reconnectionDelayMax: 500,
  ...(values.transports && { transports: values.transports.split(",") }),
};

const clients = Array.from({ length: Number(values.clients) }, (_, number) => watched(number));
process.stdin.resume();
process.stdin.on("end", () => {
  for (const client of clients) client.leave();
});

function watched(number) {
  const client = new Client(values.url, options);
  client.arrivals.each(({ acknowledge, ...arrival }) => {
    console.log(JSON.stringify({ client: number, ...arrival }));
    acknowledge?.({ status: "ok" });
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
