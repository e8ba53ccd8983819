// Bytes on a bare connection, and the answers to them: requests that no library would make, and upgrades
// with any headers, which ws would not allow.

import { sign } from "../signing.js";
import { answerDifferences, differ, differences } from "../verdict.js";
import { join } from "../placeholders.js";
import { head, newKey, Wire } from "../wire.js";

const ANSWER_MS = 15_000;
const FRAME_MS = 15_000;

/**
 * Sends `send`, in packets of `size` bytes if that is given; `halfClose` then ends the client's side. `expect` is a list
 * of answers. A list within `expect` has several answers, of which any is right. With `ends`, the server must end the
 * connection after the answers.
 */
export async function raw(test, server) {
  const wire = new Wire(server.url);
  try {
    await wire.write(join(test.send), test.size);
    if (test.halfClose) wire.halfClose();
    const faults = [];
    for (const [number, wanted] of test.expect.entries()) {
      const answer = await wire.answer(ANSWER_MS, test.method);
      faults.push(...verdict(wanted, answer).map((fault) => `answer ${number}: ${fault}`));
    }
    if (test.ends && !(await wire.ends(ANSWER_MS))) faults.push("the connection did not end");
    return faults;
  } finally {
    wire.destroy();
  }
}

function verdict(wanted, answer) {
  if (Array.isArray(wanted)) {
    const found = wanted.map((one) => verdict(one, answer));
    return found.some((faults) => faults.length === 0) ? [] : found.flat();
  }
  if (wanted === "none") return answer ? [differ("answer", "none", answer.status)] : [];
  return answer ? answerDifferences(wanted, answer) : ["no answer came"];
}

/**
 * A signed post. Its head has `headers` in addition to the usual ones, in which `{length}` stands for the length of the
 * body. If there is `sent`, it is sent in place of the body.
 */
export function rawPost(test, server, names) {
  const body = Buffer.from(test.body ?? JSON.stringify(test.events));
  const signed = Object.entries(sign(test.signed ?? body, names, test.sign));
  const usual = [["host", server.host], ["content-type", "application/json"], ...signed];
  const own = test.headers.map(([name, value]) => [name, String(value).replaceAll("{length}", body.length)]);
  const whole = head("POST", test.path ?? "/api/events", [...usual, ...own]);
  return raw({ ...test, send: [whole, ...(test.sent ?? [body])] }, server);
}

/**
 * An upgrade of `path`. `headers` is a list of pairs that are added to the usual headers, of which those in `without`
 * are left out. `expect` has what `answerDifferences` compares, with status 101 by default, and `frame`, the first frame
 * after an upgrade.
 */
export async function upgrade(test, server, names) {
  const wire = new Wire(server.url);
  try {
    const usual = [
      ["host", server.host],
      ["connection", "Upgrade"],
      ["upgrade", "websocket"],
      ["sec-websocket-version", "13"],
      ["sec-websocket-key", newKey()],
      ["sec-websocket-protocol", "roomcast.v1"],
      ["authorization", `Bearer ${names.token}`],
    ];
    const left = usual.filter(([name]) => !test.without?.includes(name));
    const path = test.path ?? `/api/sessions/${names.session}/live`;
    await wire.write(head(test.method ?? "GET", path, [...left, ...(test.headers ?? [])]));
    const answer = await wire.answer(ANSWER_MS, test.method);
    return await judged(test.expect, answer, wire);
  } finally {
    wire.destroy();
  }
}

async function judged(expected, answer, wire) {
  if (!answer) return ["no answer came"];
  const { frame, ...wanted } = expected;
  if (answer.status !== 101) return answerDifferences({ status: 101, ...wanted }, answer);
  if (!frame) return answerDifferences(wanted, answer);
  wire.upgrade();
  const first = await wire.until(() => wire.frames[0], FRAME_MS);
  return [...answerDifferences({ status: 101, ...wanted }, answer), ...differences(frame, first, "first frame")];
}
