// A server that stands in for Roomcast: it accepts every post, sends it to every client, and refuses everything
// else. A test says what it does wrong.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer } from "ws";
import { fileOf } from "../rooms.js";

/**
 * Starts a server. `wrong` may have: `lose` or `repeat` (the number of an update), `found` (the session for which a
 * refused request makes a room), `log` (what is logged about a refused request), `pauseMs` (the pause before a refusal).
 */
export async function standIn(wrong = {}) {
  const storage = mkdtempSync(join(tmpdir(), "roomcast-stand-in-"));
  const log = join(storage, "log");
  mkdirSync(join(storage, "room"));
  writeFileSync(log, "");
  const server = createServer();
  const sockets = new WebSocketServer({ server, handleProtocols: () => "roomcast.v1" });
  sockets.on("connection", greet);
  server.on("request", (request, response) => answer(request, response, { wrong, storage, log, sockets }));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    storage,
    log,
    stop() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
      rmSync(storage, { recursive: true, force: true });
    },
  };
}

/** The first frames for a client, and of Socket.IO also the answer to its last emit. Pings come in between. */
function greet(socket, { url }) {
  if (!url.includes("socket.io")) return socket.send('{"type":"connected"}');
  for (const packet of ["0{}", "2", "40{}", "2"]) socket.send(packet);
  return socket.on("message", (data) => {
    const [, id] = /^42(\d+)/.exec(data) ?? [];
    if (id) socket.send(`43${id}[]`);
  });
}

let seq = 0;

async function answer(request, response, { wrong, storage, log, sockets }) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  if (request.method === "POST") return accept(JSON.parse(Buffer.concat(pieces)), response, { wrong, sockets });
  await sleep(wrong.pauseMs);
  const session = request.url.split("/")[3];
  if (wrong.found) writeFileSync(join(storage, "room", fileOf(wrong.found(session))), "");
  const lines = wrong.log ? [JSON.stringify(wrong.log(session, request))] : [];
  writeFileSync(log, `${[...lines, `refused ${session}`].join("\n")}\n`, { flag: "a" });
  response.writeHead(401, { "content-type": "application/problem+json", "www-authenticate": "Bearer" });
  response.end('{"type":"about:blank","status":401,"code":"token_missing","detail":"x"}');
}

function accept({ payload }, response, { wrong, sockets }) {
  seq += 1;
  const number = Number(payload.title.split("-").pop());
  const frame = JSON.stringify({ type: "dashboard.update", seq, data: payload });
  const times = number === wrong.lose ? 0 : number === wrong.repeat ? 2 : 1;
  for (const socket of sockets.clients) for (let turn = 0; turn < times; turn += 1) socket.send(frame);
  response.writeHead(202, { "content-type": "application/json" });
  response.end(JSON.stringify({ results: [{ status: "accepted", seq }] }));
}
