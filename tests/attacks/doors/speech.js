// How a client of each dialect joins a room and speaks there: what the door `socket` has to know of them. It judges nothing.

import { ORIGIN } from "../secrets.js";
import { head, newKey } from "../wire.js";

/** A last frame. The room answers frames in order, and no other frame has this answer. */
const LAST = '{"type":"nothing","ref":"last"}';
const ALIVE = { type: "error", ref: "last" };

/** Engine.IO's. */
const PING = "2";

/** The id of the last emit of a client of Socket.IO. No case uses it. */
const LAST_ID = 999;

/**
 * Per dialect: `greeting` are the first frames of the server, in order, and `hello` is what the client says after the first
 * of them, if it has to. `read` makes a frame of a text. `last` is answered with `alive` as long as the connection is open.
 */
const SPEECHES = {
  v1: { greeting: [{ type: "connected" }], read: JSON.parse, last: LAST, alive: ALIVE },
  plain: { greeting: [{ type: "connected" }], read: JSON.parse, last: LAST, alive: ALIVE },
  /** A document of whose wire the greeting is `{"op":"hello"}`. */
  wire: { greeting: [{ op: "hello" }], read: JSON.parse, last: LAST, alive: ALIVE },
  socketio: {
    greeting: [{ packet: "0" }, { packet: "40" }],
    hello: (names) => `40${JSON.stringify({ token: names.token })}`,
    read: packet,
    last: `42${LAST_ID}["nothing"]`,
    alive: { packet: "43", id: LAST_ID },
  },
};

/** How the client of a case speaks. */
export function speechOf({ plain, speaks = plain ? "plain" : "v1" }) {
  const speech = SPEECHES[speaks];
  if (!speech) throw new Error(`nobody speaks ${speaks}`);
  return { name: speaks, ...speech };
}

/** The request for an upgrade with which the client of a case comes. */
export function upgrade({ at, anonymous }, { name }, server, names) {
  const path = at ?? `/api/sessions/${names.session}/live`;
  const headers = [
    ["host", server.host],
    ["connection", "Upgrade"],
    ["upgrade", "websocket"],
    ["sec-websocket-version", "13"],
    ["sec-websocket-key", newKey()],
    anonymous ? ["origin", ORIGIN] : ["authorization", `Bearer ${names.token}`],
    ...(name === "v1" ? [["sec-websocket-protocol", "roomcast.v1"]] : []),
  ];
  return head("GET", path, headers);
}

/**
 * A packet of Socket.IO in one of Engine.IO: `{packet, id, data}`. A ping does not count: the sweep of a room sends it once a
 * minute, and it may come before, between or after whatever a case expects.
 */
function packet(text) {
  if (text === PING) return undefined;
  const [, kind, id, rest] = /^(4?\d)(\d*)(.*)$/s.exec(text);
  return { packet: kind, ...(id && { id: Number(id) }), ...(rest && { data: JSON.parse(rest) }) };
}
