// Frames on an open, legitimate connection, well formed or not.

import { differ, differences } from "../verdict.js";
import { frame, Wire } from "../wire.js";
import { speechOf, upgrade } from "./speech.js";

const WAIT_MS = 15_000;
/** After a broken frame the runtime ends the connection only when the room leaves memory, ten seconds later. */
const END_MS = 15_000;

const CLOSE = 8;
const NORMAL = 1000;
const NO_CODE = 1005;

/**
 * `at` is the path, by default that of the session, and `speaks` the dialect (`speech.js`); `plain` is short for one of them. An
 * `anonymous` client has no token and comes from a page of the tenant.
 *
 * `do` is a list of steps, done one after the other: a frame (as `wire.js` takes it; `say` is short for a text that is
 * JSON, `emit` for an event of Socket.IO with an `id`, `times` repeats the frame), `bytes`, `pause` (milliseconds), `halfClose`, or `cut` (ends the connection).
 *
 * `answers` are all the frames that must arrive before the end of the case. `some` are frames that must be among them in
 * this order. `counts` says how many of them must match. A case ends in one of three ways:
 *
 * - `close`: the server closes with this code, or with one of a list. Where the platform differs from RFC 6455, `lives`
 *   means that the connection stays open, `cut` that it ends without a close, `malformed` that ws refuses the answer.
 * - `ends`: the TCP connection ends.
 * - Otherwise one last frame must be answered, which shows that the connection is open.
 *
 * `witness` is what another connection of the same user in the same room is sent meanwhile: it has `answers`, `some` and `counts`
 * too, and has to be alive at the end.
 */
export async function socket(test, server, names) {
  const [wire, witness] = [new Wire(server.url), test.witness && new Wire(server.url)];
  const speech = speechOf(test);
  try {
    const refused = (witness && (await join(witness, test, server, names))) ?? (await join(wire, test, server, names));
    if (refused) return refused;
    for (const step of test.do) await act(step, wire);
    const faults = [...(await ending(test, wire, speech)), ...compare(test, came(wire, speech))];
    if (!witness) return faults;
    const seen = [...(await stillAlive(witness, speech)), ...compare(test.witness, came(witness, speech))];
    return [...faults, ...seen.map((fault) => `the witness: ${fault}`)];
  } finally {
    wire.destroy();
    witness?.destroy();
  }
}

/** The frames since the greeting, without the close and the answer to the last frame. */
function came(wire, { greeting, alive }) {
  const frames = wire.frames.slice(greeting.length);
  return frames.filter((one) => one.close === undefined && !is(one, alive));
}

const is = (one, wanted) => Object.entries(wanted).every(([name, value]) => one[name] === value);

const closes = (test) => test.close !== undefined || test.ends === true;

async function join(wire, test, server, names) {
  const speech = speechOf(test);
  await wire.write(upgrade(test, speech, server, names));
  const answer = await wire.answer(WAIT_MS);
  if (answer?.status !== 101) return [differ("upgrade", 101, answer?.status)];
  wire.upgrade(speech.read);
  for (const [index, wanted] of speech.greeting.entries()) {
    if (index === 1) await wire.write(frame({ payload: speech.hello(names) }));
    const greeted = await wire.until(() => wire.frames[index], WAIT_MS);
    if (!greeted || !is(greeted, wanted)) return [differ(`frame ${index}`, wanted, greeted)];
  }
  return undefined;
}

async function act(step, wire) {
  if (step.pause) await wire.until(() => undefined, step.pause);
  else if (step.halfClose) wire.halfClose();
  else if (step.cut) wire.destroy();
  else if (step.bytes) await wire.write(step.bytes, step.size);
  else for (let turn = 0; turn < (step.times ?? 1); turn += 1) await wire.write(made(step), step.size);
}

function made(step) {
  if (step.say !== undefined) return frame({ ...step, payload: JSON.stringify(step.say) });
  return frame(step.emit === undefined ? step : { ...step, payload: `42${step.id ?? ""}${JSON.stringify(step.emit)}` });
}

async function ending(test, wire, { last, alive }) {
  const faults = [];
  const wanted = test.close === undefined ? [] : [test.close].flat();
  const mayLive = wanted.includes("lives");
  if (wanted.length > 0) {
    if (mayLive) await wire.write(frame({ payload: last }));
    const isEnd = (one) => one.close !== undefined || one.malformed !== undefined || (mayLive && is(one, alive));
    const end = await wire.until(() => wire.frames.find(isEnd), WAIT_MS);
    const got = endOf(end, wire.ended);
    if (!wanted.includes(got)) faults.push(differ("close", test.close, got));
    if (test.reason !== undefined) faults.push(...differences(test.reason, end?.reason, "reason"));
    if (got === "lives") return faults;
    // RFC 6455 requires this answer, and some servers wait for it.
    if (end?.close) await wire.write(frame({ op: CLOSE, payload: code(end.close) }));
  }
  if (test.ends && !(await wire.ends(END_MS))) faults.push("the TCP connection did not end");
  return closes(test) ? faults : [...faults, ...(await stillAlive(wire, { last, alive }))];
}

/** Sends a last frame, which has to be answered. */
async function stillAlive(wire, { last, alive }) {
  await wire.write(frame({ payload: last }));
  const answer = await wire.until(() => wire.frames.find((one) => is(one, alive)), WAIT_MS);
  return differences(alive, answer ?? null, "the answer to a last frame");
}

function endOf(end, ended) {
  if (end?.malformed) return "malformed";
  if (end && end.close === undefined) return "lives";
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
