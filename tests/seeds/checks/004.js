// Seed 004, "Phase 14: Real-Time Dashboard", on the wire: what a WebSocket client in node is sent. What the printed
// hook and layout make of it in Chromium is in 004-page.js.

import assert from "node:assert/strict";
import { checks as inChromium } from "./004-page.js";
import { BADGES, everyEvent, happened, numbers, plus } from "./badges.js";

/** The counts of each badge. The document prints those of tasks. */
const COUNTS = {
  tasks: ["pending", "inProgress", "completed", "total"],
  approvals: ["pending", "approved", "rejected", "executed", "total"],
  conversations: ["active", "waiting", "escalated", "resolved", "total"],
};

/** A client of this user that has had its first frames. */
async function dashboard(server, { user = "ada", query = "" } = {}) {
  const client = await server.connect(`/ws?token=${await server.backend.token(user)}${query}`);
  const last = query === "" ? "stats:conversations" : "stats:tasks";
  await client.frames.until({ type: last });
  return client;
}

async function firstFrames(server) {
  const { frames } = await dashboard(server);
  const now = await numbers(server);
  const stats = BADGES.map((badge) => ({ type: `stats:${badge}`, payload: now[badge] }));
  assert.deepEqual(frames.items, [{ type: "connected" }, ...stats]);
}

async function counted(server) {
  const now = await numbers(server);
  for (const badge of BADGES) {
    assert.deepEqual(Object.keys(now[badge]).sort(), [...COUNTS[badge]].sort(), badge);
    for (const number of Object.values(now[badge])) assert.ok(Number.isInteger(number) && number >= 0);
  }
}

async function changes(server) {
  const client = await dashboard(server);
  await everyEvent(server, async (badge, counts) => {
    const frame = await client.frames.until({ type: `stats:${badge}`, payload: counts });
    assert.deepEqual(frame, { type: `stats:${badge}`, payload: counts });
    assert.deepEqual((await numbers(server))[badge], counts);
  });
}

async function ownTasks(server) {
  const before = await numbers(server);
  const [assignee, other] = [server.fresh("ada"), server.fresh("ben")];
  const [hers, his] = [await dashboard(server, { user: assignee }), await dashboard(server, { user: other })];
  const id = server.fresh("task");
  await server.backend.post(happened("task.assigned", id, { assignee_id: assignee, title: "Change the towels" }));
  const frame = await hers.frames.until({ type: "task:assigned" });
  assert.deepEqual(frame, { type: "task:assigned", payload: { taskId: id, title: "Change the towels" } });
  await server.backend.post(happened("task.completed", id));
  const after = plus(before.tasks, { completed: 1, total: 1 });
  await his.frames.until({ type: "stats:tasks", payload: after });
  assert.deepEqual(his.frames.all({ type: "task:assigned" }), []);
}

async function oneTopic(server) {
  const before = await numbers(server);
  const client = await dashboard(server, { query: "&topics=tasks" });
  await server.backend.post(
    happened("approval.queued", server.fresh("approval")),
    happened("conversation.created", server.fresh("conversation")),
    happened("task.created", server.fresh("task")),
  );
  const after = plus(before.tasks, { pending: 1, total: 1 });
  await client.frames.until({ type: "stats:tasks", payload: after });
  const types = client.frames.items.map(({ type }) => type);
  assert.deepEqual([...new Set(types)], ["connected", "stats:tasks"]);
}

async function noToken(server) {
  assert.equal(await server.refusal("/ws", {}), 401);
}

export const checks = [
  { name: "a client is first sent connected and the numbers of the three badges", run: firstFrames },
  { name: "the REST API answers every count of every badge", run: counted },
  { name: "every event that changes a badge sends its new numbers", run: changes },
  { name: "an assigned task is shown to its assignee only", run: ownTasks },
  { name: "a client that asks for one topic gets nothing else", run: oneTopic },
  { name: "a client without a token is refused", run: noToken },
  ...inChromium,
];
