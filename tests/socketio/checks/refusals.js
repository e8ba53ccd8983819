// "CONNECT_ERROR with data that says what to do (refresh, log in)."

import assert from "node:assert/strict";

const HOUR_S = 3_600;

/** A key that the tenant does not have. */
const FOREIGN_KEY = "fedcba9876543210fedcba9876543210";

const ago = (seconds) => Math.floor(Date.now() / 1000) - seconds;

const REFUSED = [
  { who: "without a token", auth: () => ({}), code: "token_missing", status: 401, action: "log_in" },
  {
    who: "with an expired token",
    auth: async (board) => ({ token: await board.token({ exp: ago(HOUR_S) }) }),
    code: "token_expired", status: 401, action: "refresh",
  },
  {
    who: "with a token of another signer",
    auth: async (board) => ({ token: await board.token({}, FOREIGN_KEY) }),
    code: "token_invalid", status: 401, action: "log_in",
  },
  {
    who: "with a token for another session",
    auth: async (board) => ({ token: await board.token({ sessions: ["another"] }) }),
    code: "session_refused", status: 403, action: "none",
  },
];

async function isRefused(board, { auth, code, status, action }, transports) {
  const client = board.dial({ transports, auth: await auth(board) });
  const { message, data } = await client.arrivals.until({ event: "connect_error" });
  assert.equal(message, code);
  const { detail, ...rest } = data ?? {};
  assert.deepEqual(rest, { code, status, action });
  assert.ok(typeof detail === "string" && detail.length > 0, "detail says it in words");
}

async function foreignPage(board) {
  // Such a page may read no answer, so only that it fails is checked.
  const extraHeaders = { cookie: `roomcast_token=${await board.token()}`, origin: "https://elsewhere.example" };
  for (const transports of [["polling"], ["websocket"]]) {
    const client = board.dial({ transports, extraHeaders });
    await client.arrivals.until({ event: "connect_error" });
    assert.deepEqual(client.arrivals.all({ event: "connect" }), []);
  }
}

async function staysAway(board) {
  const cable = await board.cable();
  const refused = board.dial({ auth: { token: "none" } }, cable);
  await refused.arrivals.until({ event: "connect_error" });
  assert.equal(refused.socket.active, false, "its client gives up");
  const lost = await board.client({}, cable);
  cable.cut();
  const cut = await lost.arrivals.until({ event: "disconnect" });
  await lost.connectedAfter(cut);
  for (const event of ["open", "connect_error"]) {
    assert.equal(refused.arrivals.all({ event }).length, 1, `it has not tried again: ${event}`);
  }
}

async function refreshes(board) {
  const tokens = [await board.token({ exp: ago(HOUR_S) }), await board.token()];
  const client = board.dial({ auth: (give) => give({ token: tokens.shift() }) });
  const { data } = await client.arrivals.until({ event: "connect_error" });
  assert.equal(data?.action, "refresh");
  client.socket.connect();
  await client.arrivals.until({ event: "connect" });
  await board.settled(client);
}

export const checks = [
  ...REFUSED.flatMap((refused) => ["polling", "websocket"].map((transport) => ({
    name: `a client ${refused.who} learns over ${transport} what to do`,
    run: (board) => isRefused(board, refused, [transport]),
  }))),
  { name: "a page of another origin cannot connect with a cookie", run: foreignPage },
  { name: "a refused client does not connect again by itself, and one whose connection was lost does", run: staysAway },
  { name: "a client whose token has expired connects with a new one", run: refreshes },
];
