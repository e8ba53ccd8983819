// Frames on an open, legitimate connection, well formed or not.

import { differ, differences } from "../verdict.js";
import { frame, head, newKey, Wire } from "../wire.js";

const WAIT_MS = 15_000;
/** After a broken frame the runtime ends the connection only when the room leaves memory, ten seconds later. */
const END_MS = 15_000;

/** A last frame. The room answers frames in order, and no other frame has this answer. */
const LAST = '{"type":"nothing","ref":"last"}';
const ALIVE = { type: "error", ref: "last" };

const CLOSE = 8;
const NORMAL = 1000;
const NO_CODE = 1005;

/**
 * `do` is a list of steps, done one after the other: a frame (as `wire.js` takes it; `say` is short for a text that is
 * JSON, `times` repeats the frame), `bytes`, `pause` (milliseconds), `halfClose`, or `cut` (ends the connection).
 *
 * `answers` are all the frames that must arrive before the end of the case. `some` are frames that must be among them in
 * this order. `counts` says how many of them must match. A case ends in one of three ways:
 *
 * - `close`: the server closes with this code, or with one of a list. Where the platform differs from RFC 6455, `lives`
 *   means that the connection stays open, `cut` that it ends without a close, `malformed` that ws refuses the answer.
 * - `ends`: the TCP connection ends.
 * - Otherwise one last frame must be answered, which shows that the connection is open.
 */
export async function socket(test, server, names) {
  const wire = new Wire(server.url);
  try {
    const refused = await join(wire, test, server, names);
    if (refused) return refused;
    for (const step of test.do) await act(step, wire);
    const faults = await ending(test, wire);
    const came = wire.frames.slice(1).filter((one) => one.close === undefined);
    return [...faults, ...compare(test, came.filter((one) => one.ref !== ALIVE.ref))];
  } finally {
    wire.destroy();
  }
}

const closes = (test) => test.close !== undefined || test.ends === true;

async function join(wire, test, server, names) {
  const headers = [
    ["host", server.host],
    ["connection", "Upgrade"],
    ["upgrade", "websocket"],
    ["sec-websocket-version", "13"],
    ["sec-websocket-key", newKey()],
    ["authorization", `Bearer ${names.good}`],
    ...(test.plain ? [] : [["sec-websocket-protocol", "roomcast.v1"]]),
  ];
  await wire.write(head("GET", `/api/sessions/${names.session}/live`, headers));
  const answer = await wire.answer(WAIT_MS);
  if (answer?.status !== 101) return [differ("upgrade", 101, answer?.status)];
  wire.upgrade();
  const first = await wire.until(() => wire.frames[0], WAIT_MS);
  return first?.type === "connected" ? undefined : [differ("first frame", "connected", first)];
}

async function act(step, wire) {
  if (step.pause) await wire.until(() => undefined, step.pause);
  else if (step.halfClose) wire.halfClose();
  else if (step.cut) wire.destroy();
  else if (step.bytes) await wire.write(step.bytes, step.size);
  else for (let turn = 0; turn < (step.times ?? 1); turn += 1) await wire.write(made(step), step.size);
}

function made(step) {
  return frame(step.say === undefined ? step : { ...step, payload: JSON.stringify(step.say) });
}

async function ending(test, wire) {
  const faults = [];
  const wanted = test.close === undefined ? [] : [test.close].flat();
  const mayLive = wanted.includes("lives");
  if (wanted.length > 0) {
    if (mayLive) await wire.write(frame({ payload: LAST }));
    const end = await wire.until(() => wire.frames.find((one) => isEnd(one, mayLive)), WAIT_MS);
    const got = endOf(end, wire.ended);
    if (!wanted.includes(got)) faults.push(differ("close", test.close, got));
    if (test.reason !== undefined) faults.push(...differences(test.reason, end?.reason, "reason"));
    if (got === "lives") return faults;
    // RFC 6455 requires this answer, and some servers wait for it.
    if (end?.close) await wire.write(frame({ op: CLOSE, payload: code(end.close) }));
  }
  if (test.ends && !(await wire.ends(END_MS))) faults.push("the TCP connection did not end");
  if (closes(test)) return faults;
  await wire.write(frame({ payload: LAST }));
  const alive = await wire.until(() => wire.frames.find((one) => one.ref === ALIVE.ref), WAIT_MS);
  return [...faults, ...differences(ALIVE, alive ?? null, "the answer to a last frame")];
}

function isEnd(one, mayLive) {
  return one.close !== undefined || one.malformed !== undefined || (mayLive && one.ref === ALIVE.ref);
}

function endOf(end, ended) {
  if (end?.ref === ALIVE.ref) return "lives";
  if (end?.malformed) return "malformed";
  return end?.close ?? (ended ? "cut" : undefined);
}

function code(number) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(number === NO_CODE ? NORMAL : number);
  return bytes;
}

function compare(test, came) {
  const faults = [];
  if (test.answers) faults.push(...differences(test.answers, came, "answers"));
  let from = 0;
  for (const wanted of test.some ?? []) {
    const at = came.findIndex((one, index) => index >= from && differences(wanted, one).length === 0);
    if (at < 0) faults.push(differ("answers", wanted, came.slice(-3)));
    else from = at + 1;
  }
  for (const { of, least = 0, most = Infinity } of test.counts ?? []) {
    const count = came.filter((one) => differences(of, one).length === 0).length;
    const many = `${least} to ${most}`;
    if (count < least || count > most) faults.push(differ(`answers like ${JSON.stringify(of)}`, many, count));
  }
  return faults;
}
