// Asks to watch a session in three ways: the state over HTTP (undici), an upgrade of a plain client, and an upgrade of a
// client of `roomcast.v1` (both ws). A refusal is a status for the first two and a close code for the third. Both are
// in the vector tests/vectors/refusals.json.

import { readFileSync } from "node:fs";
import { answerDifferences, differ, differences } from "../verdict.js";
import { open } from "../dashboard.js";

const TABLE = new Map(
  JSON.parse(readFileSync(new URL("../../vectors/refusals.json", import.meta.url))).map((row) => [row.code, row]),
);

const WAYS = { state, plain, v1 };

/**
 * `expect` is the code of a refusal, or `admitted`. `at` is the session as written in the path, and `query` is the query
 * of the address. `headers` replace the usual `Authorization`, and `origin` is the header of that name. `protocols` are
 * the subprotocols of a v1 client. `ways` are the ways to try, by default all three.
 */
export async function watch(test, server, names) {
  const headers = { ...(test.headers ?? { authorization: `Bearer ${names.token}` }) };
  if (test.origin) headers.origin = test.origin;
  const asked = {
    sessions: `${test.tenant === undefined ? "" : `/t/${test.tenant}`}/api/sessions`,
    at: test.at ?? names.session,
    query: test.query === undefined ? "" : `?${test.query}`,
    headers,
    protocols: test.protocols ?? ["roomcast.v1"],
  };
  const faults = [];
  for (const way of test.ways ?? Object.keys(WAYS)) {
    const found = await WAYS[way](asked, test.expect, server);
    faults.push(...found.map((fault) => `${way}: ${fault}`));
  }
  return faults;
}

function refusal(code) {
  const row = TABLE.get(code);
  if (!row) throw new Error(`no such refusal: ${code}`);
  return row;
}

/** A refusal as an answer over HTTP. */
function refused(expected) {
  const { code, status } = refusal(expected);
  const challenge = status === 401 ? { headers: { "www-authenticate": { $matches: "^Bearer" } } } : {};
  return { status, code, ...challenge };
}

async function state({ sessions, at, query, headers }, expected, server) {
  const path = `${sessions}/${at}/state${query}`;
  const answer = await server.request({ method: "GET", path, headers });
  if (expected === "admitted") {
    return answerDifferences({ status: 200, body: { type: "dashboard.state" } }, answer);
  }
  return answerDifferences(refused(expected), answer);
}

async function plain({ sessions, at, query, headers }, expected, server) {
  const opened = await open(`${server.url}${sessions}/${at}/live${query}`, [], headers);
  if (expected === "admitted") return admitted(opened);
  const wanted = refused(expected);
  if (!opened.answer) return [differ("upgrade", `status ${wanted.status}`, opened.closed ?? opened.frame)];
  return answerDifferences(wanted, opened.answer);
}

async function v1({ sessions, at, query, headers, protocols }, expected, server) {
  const opened = await open(`${server.url}${sessions}/${at}/live${query}`, protocols, headers);
  if (expected === "admitted") return admitted(opened);
  const { code, close } = refusal(expected);
  return differences({ closed: { close, reason: code } }, { closed: opened.closed ?? opened.answer ?? opened.frame });
}

function admitted(opened) {
  opened.leave?.();
  const came = opened.frame ?? opened.answer ?? opened.closed;
  return differences({ type: "connected" }, came, "first frame");
}
