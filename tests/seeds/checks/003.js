// Seed 003, "Real-time WebSocket Events" over Socket.IO: tasks of projects, with their progress and logs. The document prints types
// and no client, so npm's socket.io-client runs as it comes. Each check is named after an error scenario or a test of the document.
// Here are its end-to-end tests. That of performance measures no time, only that nothing is lost.

import assert from "node:assert/strict";
import { checks as errors } from "./003-errors.js";
import { checks as parts } from "./003-parts.js";
import { bearing, dashboard, idsOf, join, member, settled } from "./task-clients.js";
import { task } from "./task-events.js";

/** So many clients at once. */
const CLIENTS = 30;

/** A high volume: so many posts of so many events, to so many clients. */
const POSTS = 10;
const EVENTS = 100;
const READERS = 5;

/** The tasks that a frontend shows: `{id: {title, status, progress, logs}}`. */
function shown(client) {
  const tasks = {};
  const change = {
    task_created: ({ task }) => (tasks[task.id] = task),
    task_updated: ({ taskId, changes }) => Object.assign(tasks[taskId] ?? {}, changes),
    task_deleted: ({ taskId }) => delete tasks[taskId],
    task_progress: ({ taskId, progress, logs = [] }) => {
      if (!tasks[taskId]) return;
      const known = tasks[taskId];
      tasks[taskId] = { ...known, progress, logs: [...(known.logs ?? []), ...logs.map(({ message }) => message)] };
    },
  };
  for (const { name, body } of client.events.items) change[name]?.(body.data);
  return tasks;
}

async function workflow(server) {
  const project = server.fresh("project");
  const early = await member(server, project);
  const [one, other] = [task(project, "t-1"), task(project, "t-2")];
  await server.backend.post(one.created(), other.created());
  await server.backend.post(one.updated({ status: "in_progress", assignee: "ben" }), one.progress(0.1));
  await server.backend.post(one.logged("30 of 31 passed"), one.logged("31 of 31 passed"));
  await server.backend.post(one.progress(1), other.deleted(), one.updated({ status: "done" }));
  await early.heard("task_updated", { data: { taskId: "t-1", changes: { status: "done" } } });
  await settled(early);
  const late = await member(server, project);
  const logs = ["30 of 31 passed", "31 of 31 passed"];
  const task1 = { id: "t-1", title: "Count the towels", status: "done", assignee: "ben", progress: 1, logs };
  for (const client of [early, late]) assert.deepEqual(shown(client), { "t-1": task1 });
  assert.deepEqual(idsOf(late), ["t-1"], "who comes later is shown nothing of what was deleted");
}

async function coordination(server) {
  const project = server.fresh("project");
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => member(server, project)));
  const ids = Array.from({ length: CLIENTS }, (_, index) => `t-${index}`);
  // Clients come and go while events arrive.
  const leaver = await member(server, project);
  await Promise.all([...ids.map((id) => server.backend.post(task(project, id).created())), leaver.emit("leave_project", { projectId: project })]);
  await Promise.all(clients.map(async (client) => {
    for (const id of ids) await client.heard("task_created", { data: { task: { id } } });
  }));
  const [first] = clients;
  assert.deepEqual(idsOf(first).sort(), [...ids].sort());
  for (const client of clients) assert.deepEqual(idsOf(client), idsOf(first), "all in the same order");
}

async function resilience(server) {
  const project = server.fresh("project");
  const cable = await server.cable();
  const polling = await member(server, project, { cable, options: { transports: ["polling"] } });
  const socket = await member(server, project, { cable });
  const ways = { "the cable is cut": () => cable.cut(), "the transports close": () => [polling, socket].forEach((client) => client.interrupt()) };
  const posted = [];
  for (const [way, interrupt] of Object.entries(ways)) {
    const states = [polling, socket].map(({ states }) => states.last);
    interrupt();
    for (const [index, client] of [polling, socket].entries()) await client.states.until({ state: "disconnect" }, { after: states[index] });
    posted.push(way);
    await server.backend.post(task(project, way).created());
    for (const client of [polling, socket]) {
      await client.heard("task_created", { data: { task: { id: way } } });
      assert.equal(client.socket.recovered, true, way);
      assert.deepEqual(idsOf(client), posted);
    }
  }
  // Whoever leaves and connects again is where they were as well.
  socket.socket.disconnect();
  await server.backend.post(task(project, "away").created());
  const before = socket.states.last;
  socket.socket.connect();
  await socket.connected(before);
  await socket.heard("task_created", { data: { task: { id: "away" } } });
  assert.deepEqual(idsOf(socket), [...posted, "away"]);
}

async function volume(server) {
  const project = server.fresh("project");
  const clients = await Promise.all(Array.from({ length: READERS }, () => member(server, project)));
  const lines = Array.from({ length: POSTS * EVENTS }, (_, index) => `line ${index}`);
  for (let post = 0; post < POSTS; post += 1) {
    const part = lines.slice(post * EVENTS, (post + 1) * EVENTS);
    await server.backend.post(...part.map((line) => task(project, "t-1").logged(line)));
  }
  for (const client of clients) {
    await settled(client);
    const logs = client.all("task_progress").flatMap(({ data }) => data.logs);
    assert.deepEqual(logs.map(({ message }) => message), lines);
  }
}

async function security(server) {
  const project = server.fresh("project");
  const [user, other] = [server.fresh("ada"), server.fresh("ben")];
  const clients = [await dashboard(server, { user }), await dashboard(server, { user })];
  const stranger = await dashboard(server, { user: other });
  // The room of a user shows nothing to anybody else, even if a token names no rooms.
  for (const client of [...clients, stranger]) await client.emit("join_user", { userId: user });
  await server.backend.post(task(project, "mine").created({ assignee_id: user }));
  for (const client of clients) await client.heard("task_created", { data: { task: { id: "mine" } } });
  await settled(stranger);
  assert.deepEqual(idsOf(stranger), []);
  // A page of another origin is refused, even with a good token.
  const token = await server.backend.token(user);
  const foreign = server.socket(bearing(token, { extraHeaders: { origin: "https://elsewhere.example" } }));
  assert.equal((await foreign.refused()).data?.code, undefined, "it does not come as far as its token");
  // A revoked user is thrown out everywhere, and stays out.
  await server.backend.revoke(user);
  for (const client of clients) {
    const { reason } = await client.states.until({ state: "disconnect" });
    assert.equal(reason, "io server disconnect");
    assert.equal(client.all("exception").at(-1).code, "token_revoked");
  }
  const refused = await server.socket(bearing(token)).refused();
  assert.deepEqual([refused.code, refused.data.action], ["token_revoked", "log_in"]);
  await join(stranger, project);
  assert.deepEqual(idsOf(stranger), ["mine"], "others go on");
}

export const checks = [
  ...errors,
  ...parts,
  { name: "Complete real-time workflow testing from backend events to frontend updates", run: workflow },
  { name: "Multi-client coordination testing with concurrent connections", run: coordination },
  { name: "Network resilience testing with connection interruptions", run: resilience },
  { name: "Performance testing under high message volume", run: volume },
  { name: "Security testing with authentication and authorization scenarios", run: security },
];
