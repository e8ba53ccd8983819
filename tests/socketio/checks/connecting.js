// "Unmodified socket.io-client 4.8 connects with default options, with transports: ['websocket'], with polling only;
// auth payload, query, header and cookie carry the token."

import assert from "node:assert/strict";
import { statusIs, taskCreated } from "../board.js";

const EVENTS = 20;

/** So many clients change to a WebSocket while events come. */
const CLIENTS = 10;

const HOW = [
  { how: "default options", options: {}, first: "polling", last: "websocket" },
  { how: "transports: ['websocket']", options: { transports: ["websocket"] }, first: "websocket", last: "websocket" },
  { how: "polling only", options: { transports: ["polling"] }, first: "polling", last: "polling" },
];

async function connects(board, { options, first, last }) {
  const client = await board.client(options);
  assert.deepEqual(client.arrivals.all({ event: "open" }), [{ event: "open", transport: first }]);
  const project = board.fresh("project");
  const topics = [`project:${project}`];
  assert.deepEqual(await client.ask("join", { project }), { status: "ok", topics });
  const ids = Array.from({ length: EVENTS }, () => board.fresh("task"));
  for (const id of ids) await board.post(taskCreated(id, project));
  await board.settled(client);
  assert.deepEqual(client.data("task_created", ids), ids.map((id) => ({ id, project })));
  const offsets = client.arrivals.all({ event: "task_created" }).map(({ offset }) => offset);
  assert.ok(offsets.every((offset) => typeof offset === "string"), `offsets: ${offsets}`);
  assert.equal(new Set(offsets).size, EVENTS, "each event has another offset");
  assert.equal(client.socket.io.engine.transport.name, last);
}

async function staysWhole(board) {
  const statuses = [];
  const post = async () => {
    statuses.push(board.fresh("status"));
    await board.post(statusIs(statuses.at(-1)));
  };
  await post();
  const auth = { token: await board.token() };
  const clients = Array.from({ length: CLIENTS }, () => board.dial({ auth }));
  const upgraded = ({ arrivals }) => arrivals.all({ event: "upgrade" }).length > 0;
  while (!clients.every(upgraded) && !board.isOver) await post();
  await post();
  await board.settled(...clients);
  for (const client of clients) {
    // The first is the state of a client that came later.
    const came = client.named(statuses);
    assert.deepEqual(came, statuses.slice(statuses.indexOf(came[0])));
  }
}

/** Where a client can put its token. A cookie counts only from a page of the tenant. */
const CARRIERS = {
  "the auth payload": (token) => ({ auth: { token } }),
  "a function for the auth payload": (token) => ({ auth: (give) => give({ token }) }),
  "the query": (token) => ({ query: { token } }),
  "a header": (token) => ({ extraHeaders: { authorization: `Bearer ${token}` } }),
  "a cookie": (token, origin) => ({ extraHeaders: { cookie: `roomcast_token=${token}`, origin } }),
};

async function carries(board, carrier, transports) {
  const client = board.dial({ transports, ...CARRIERS[carrier](await board.token(), board.origin) });
  await client.arrivals.until({ event: "connect" });
  await board.settled(client);
}

/** A browser asks before it sends a header of its own, and shows a page only answers that name the page's origin. */
async function pages(board) {
  const asked = { "access-control-request-method": "GET", "access-control-request-headers": "authorization" };
  for (const [origin, may] of [[board.origin, true], ["https://elsewhere.example", false]]) {
    const opened = await board.request("GET", { origin });
    assert.equal(opened.headers.get("access-control-allow-origin") === origin, may, `GET by a page of ${origin}`);
    const { status, headers } = await board.request("OPTIONS", { origin, ...asked });
    assert.equal(headers.get("access-control-allow-origin") === origin, may, `OPTIONS by a page of ${origin}`);
    if (!may) continue;
    assert.equal(opened.headers.get("access-control-allow-credentials"), "true");
    assert.ok(status >= 200 && status < 300, `OPTIONS: ${status}`);
    assert.match(headers.get("access-control-allow-headers") ?? "", /authorization/i);
  }
}

export const checks = [
  ...HOW.map((how) => ({
    name: `a client with ${how.how} connects, joins, and gets ${EVENTS} events in order`,
    run: (board) => connects(board, how),
  })),
  { name: "pages of the tenant may poll from browsers, and no others", run: pages },
  { name: "nothing is lost, doubled or out of order while clients change to a WebSocket", run: staysWhole },
  ...Object.keys(CARRIERS).flatMap((carrier) => ["polling", "websocket"].map((transport) => ({
    name: `${carrier} carries the token over ${transport}`,
    run: (board) => carries(board, carrier, [transport]),
  }))),
];
