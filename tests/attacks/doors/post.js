// Posts of backends: one, or several one after the other.

import { answerDifferences, differences } from "../verdict.js";
import { expand } from "../placeholders.js";
import { sign } from "../signing.js";

const PATH = "/api/events";

/**
 * Posts `body` (text or bytes) or `events`, signed as `sign` says (`sign: null`: not at all). `headers` are added; a
 * header of null is removed. `shown` is the data of the updates in the session's state afterwards.
 */
export async function post(test, server, names) {
  const faults = answerDifferences(test.expect, await server.request(request(test, names)));
  if (test.shown) faults.push(...(await shown(test.shown, server, names)));
  return faults;
}

/**
 * Each of `steps` is a post. `times` repeats it, one after the other, with other event ids. `again` is the number of a
 * step whose exact bytes are sent again.
 */
export async function posts({ steps }, server, names) {
  const sent = [];
  const faults = [];
  for (const [number, step] of steps.entries()) {
    for (let turn = 0; turn < (step.times ?? 1); turn += 1) {
      const found = await take(step, `${number}-${turn}`);
      faults.push(...found.map((fault) => `step ${number}: ${fault}`));
    }
  }
  return faults;

  async function take(step, mark) {
    const own = { ...names, id: `${names.session}-${mark}` };
    const { again, expect, ...said } = step;
    const asked = again === undefined ? request(expand(said, own), own) : sent[again];
    if (mark.endsWith("-0")) sent.push(asked);
    return answerDifferences(expand(expect, own), await server.request(asked));
  }
}

function request({ path = PATH, body, events, sign: how, headers = {} }, names) {
  const bytes = body ?? JSON.stringify(events);
  const usual = { "content-type": "application/json" };
  const all = { ...usual, ...(how === null ? {} : sign(bytes, names, how)), ...headers };
  const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
  return { method: "POST", path, headers: kept, body: bytes };
}

async function shown(wanted, server, { session, good }) {
  const path = `/api/sessions/${session}/state`;
  const { text } = await server.request({ method: "GET", path, headers: { authorization: `Bearer ${good}` } });
  const updates = JSON.parse(text).updates ?? [];
  return differences(wanted, updates.map(({ data }) => data), "shown");
}
