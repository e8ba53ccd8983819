// Whom the reference server lets in: a middleware of Socket.IO that takes a token from each place where a client may
// put it, and refuses as docs/protocol.md says. It knows HS256 only.

import { createHmac, timingSafeEqual } from "node:crypto";

/** As Roomcast allows for clocks that differ, in seconds. */
const LEEWAY_S = 60;

const REFUSALS = {
  token_missing: { status: 401, action: "log_in" },
  token_invalid: { status: 401, action: "log_in" },
  token_expired: { status: 401, action: "refresh" },
  session_refused: { status: 403, action: "none" },
  origin_refused: { status: 403, action: "none" },
};

export function admission({ secret, origin }) {
  return (socket, next) => {
    const { code, claims } = judged(socket.handshake, { secret, origin });
    socket.data.topics = claims?.topics;
    if (!code) return next();
    const { status, action } = REFUSALS[code];
    next(Object.assign(new Error(code), { data: { code, status, detail: code.replace("_", " "), action } }));
  };
}

/** The claims of a client, or the code with which it is not let in. */
function judged({ auth, query, headers }, { secret, origin }) {
  const cookie = /(?:^|; )roomcast_token=([^;]+)/.exec(headers.cookie)?.[1];
  const token = auth.token ?? query.token ?? /^Bearer (.+)$/.exec(headers.authorization)?.[1];
  const foreign = headers.origin ? headers.origin !== origin : !token && cookie;
  return foreign ? { code: "origin_refused" } : verified(token ?? cookie, secret);
}

/** The claims of a token, or the code with which it is refused. */
export function verified(token, secret) {
  if (!token) return { code: "token_missing" };
  const [head, body, signature] = token.split(".");
  const wanted = createHmac("sha256", secret).update(`${head}.${body}`).digest();
  const found = Buffer.from(signature ?? "", "base64url");
  if (found.length !== wanted.length || !timingSafeEqual(found, wanted)) return { code: "token_invalid" };
  const claims = JSON.parse(Buffer.from(body, "base64url"));
  if (claims.exp + LEEWAY_S < Date.now() / 1000) return { code: "token_expired" };
  if (claims.sessions && !claims.sessions.includes("all")) return { code: "session_refused" };
  return { claims };
}
