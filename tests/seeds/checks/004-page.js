// Seed 004 in Chromium: the printed hook and the printed layout, against the acceptance criteria of their document.

import assert from "node:assert/strict";
import { everyEvent, happened, numbers, PATHS, plus, shown } from "./badges.js";

/** The printed hook connects again after this time. */
const AGAIN_MS = 3_000;

/** What a busy machine may add to it, and what the clocks of node and Chromium may take from it. */
const LATE_MS = 2_000;
const EARLY_MS = 50;

/** Long enough for any timer of the page to be due. */
const LATER_MS = 60_000;

/** Someone's browser, which no other check uses. */
async function somebody(server) {
  return server.user(await server.backend.token("ada"));
}

/** A tab with the layout that has read its three answers and its first frames. */
async function layout(user) {
  const tab = await user.open("004");
  for (const path of PATHS) await tab.answers.until({ path, status: 200 });
  const { frames } = await tab.sockets.until({ path: "/ws" });
  await frames.until({ type: "stats:conversations" });
  return tab;
}

async function initialNumbers(server) {
  const tab = await layout(await somebody(server));
  await tab.shows(shown(await numbers(server)));
}

async function changes(server) {
  const tab = await layout(await somebody(server));
  const begun = tab.requests.items.length;
  await everyEvent(server, (badge, counts) => tab.shows(shown({ [badge]: counts })));
  assert.deepEqual(tab.requests.items.slice(begun), [], "requests while updates arrived");
  const asked = tab.requests.items.map(({ path }) => path).filter((path) => path.startsWith("/api/"));
  assert.deepEqual(asked.sort(), [...PATHS].sort(), "requests to the REST API");
  assert.equal(tab.sockets.items.length, 1);
}

async function twoTabs(server) {
  const before = await numbers(server);
  const user = await somebody(server);
  const tabs = [await layout(user), await layout(user)];
  await server.backend.post(happened("task.created", server.fresh("task")));
  const tasks = plus(before.tasks, { pending: 1, total: 1 });
  for (const tab of tabs) await tab.shows(shown({ tasks }));
}

async function reconnecting(server) {
  const before = await numbers(server);
  const tab = await layout(await somebody(server));
  const begun = tab.requests.items.length;
  const cut = tab.sockets.last;
  // Not from when the page's message is heard here, which may take a while on a busy machine.
  const since = performance.now();
  await server.cutBrowser();
  await tab.console.until({ text: "WebSocket closed: 1006" });
  await server.backend.post(happened("approval.queued", server.fresh("approval")));
  const again = await tab.sockets.until({ path: "/ws" }, { after: cut, ms: AGAIN_MS + LATE_MS });
  assert.ok(again.at - since >= AGAIN_MS - EARLY_MS, `connected again after ${again.at - since} ms`);
  const approvals = plus(before.approvals, { pending: 1, total: 1 });
  await tab.shows(shown({ ...before, approvals }));
  await server.backend.post(happened("conversation.created", server.fresh("conversation")));
  await tab.shows(shown({ conversations: plus(before.conversations, { active: 1, total: 1 }) }));
  assert.deepEqual(tab.requests.items.slice(begun), [], "requests after the connection was cut");
}

async function unmounting(server) {
  const tab = await layout(await somebody(server));
  await tab.page.clock.install();
  await tab.page.evaluate(() => window.unmount());
  await tab.console.until({ text: "WebSocket closed: 1000" });
  await tab.passTime(LATER_MS);
  assert.equal(tab.sockets.items.length, 1, "WebSockets after the layout was left");
}

export const checks = [
  { name: "the badges of the printed layout show the numbers at first", run: initialNumbers },
  { name: "the badges change with every event, without a request", run: changes },
  { name: "the badges change in two tabs", run: twoTabs },
  { name: "the printed hook connects again after 3 s, and shows what happened meanwhile", run: reconnecting },
  { name: "the printed hook closes with 1000 when its layout is left, and stays away", run: unmounting },
];
