// The unit and the integration tests of seed 003. Instead of mocks they have the server.

import assert from "node:assert/strict";
import { bearing, dashboard, idsOf, join, member, settled, small } from "./task-clients.js";
import { alert, checkShape, status, task } from "./task-events.js";

/** So many progress events at once, and how many of them may come. */
const FLOOD = 30;
const THROTTLED = 3;

/** How often the network fails. */
const CUTS = 4;

const HOUR_S = 3_600;
const now = () => Math.floor(Date.now() / 1000);

async function eventHandler(server) {
  const [project, id, assignee] = [server.fresh("project"), server.fresh("task"), server.fresh("ben")];
  const client = await member(server, project, { claims: { permissions: ["operations"] } });
  const [one, message] = [task(project, id), server.fresh("alert")];
  const changes = { status: "in_progress", title: "Count all towels" };
  await server.backend.post(
    one.created({ assignee_id: assignee, priority: "high", secret: "SECRET" }),
    one.updated(changes, { assignee_id: assignee }),
    one.progress(0.25, { message: "src/towels.ts" }),
    one.logged("31 of 31 passed"),
    status("degraded"),
    alert(message),
  );
  await client.heard("system_status", { data: { alerts: [{ id: "queue", severity: "critical", message }] } });
  const created = await client.heard("task_created", {});
  assert.deepEqual([created.userId, created.metadata], [assignee, { projectId: project }]);
  const assigned = { id, title: "Count the towels", status: "open", priority: "high", assigneeId: assignee };
  assert.deepEqual(created.data, { task: assigned, createdBy: { id: "ada", name: "Ada" } });
  const updated = await client.heard("task_updated", {});
  assert.deepEqual(updated.data, { taskId: id, changes, updatedBy: { id: "ada", name: "Ada" } });
  const progress = await client.heard("task_progress", { data: { message: "src/towels.ts" } });
  assert.deepEqual([progress.data.taskId, progress.data.progress], [id, 0.25]);
  const [logged] = client.all("task_progress").filter(({ data }) => data.logs);
  assert.deepEqual(logged.data.logs.map(({ level, message }) => [level, message]), [["info", "31 of 31 passed"]]);
  const events = client.events.items.filter(({ name }) => name !== "subscribed");
  for (const { name, body } of events) checkShape(name, body);
  assert.deepEqual([...new Set(events.map(({ name }) => name))].sort(), ["system_status", "task_created", "task_progress", "task_updated"]);
  assert.doesNotMatch(JSON.stringify(events), /SECRET/);
}

async function roomManagement(server) {
  const [project, other, user] = [server.fresh("project"), server.fresh("other"), server.fresh("ada")];
  await server.backend.post(task(project, "early").created());
  const client = await dashboard(server, { user });
  // In no room but the global one.
  await server.backend.post(task(project, "unseen").created({ assignee_id: user }));
  await settled(client);
  assert.deepEqual(idsOf(client), []);
  // Whoever enters a room is sent its state before the acknowledgement.
  assert.deepEqual((await client.emit("join_project", { projectId: project })).topics, ["global", `project:${project}:*`]);
  assert.deepEqual(idsOf(client), ["early", "unseen"]);
  await client.emit("join_user", { userId: user });
  assert.deepEqual(idsOf(client), ["early", "unseen", "unseen"], "the task of the user is in its own room too");
  await server.backend.post(task(undefined, "errand").created({ assignee_id: user }));
  await client.heard("task_created", { data: { task: { id: "errand" } } });
  // Joining twice changes nothing, and neither does leaving a room that it is not in.
  await join(client, project);
  assert.equal((await client.emit("leave_project", { projectId: other })).status, "ok");
  assert.equal(idsOf(client).length, 4);
  const left = await client.emit("leave_project", { projectId: project });
  assert.deepEqual(left.topics, ["global", `user:${user}:*`]);
  await server.backend.post(task(project, "late").created());
  await settled(client);
  assert.equal(idsOf(client).length, 4);
  // Whose token names rooms gets into no others, and nobody into a room without a name.
  const topics = ["global", `project:${project}:*`];
  const narrow = await member(server, project, { claims: { topics } });
  for (const [emit, body] of [["join_project", { projectId: other }], ["join_user", { userId: user }]]) {
    assert.equal((await narrow.emit(emit, body)).code, "topic_refused", emit);
  }
  assert.equal((await narrow.emit("join_project", {})).code, "bad_frame");
  // A room has as many clients as the document lets.
  const [inside, late] = [[await small(server), await small(server)], await small(server)];
  for (const one of inside) await join(one, project);
  const full = await late.emit("join_project", { projectId: project });
  assert.deepEqual([full.code, full.retryable], ["topic_full", true]);
  await inside[0].emit("leave_project", { projectId: project });
  await join(late, project);
  for (const one of [...inside, late]) one.cut();
  assert.equal((await narrow.emit("delete_project", { projectId: project })).code, "not_allowed");
}

/** A room with a time to live (`ttl`). Whoever is in it is taken out when it ends, and can begin it anew. */
async function timeToLive(server) {
  const project = server.fresh("project");
  const [client, other] = [await small(server), await small(server)];
  for (const one of [client, other]) assert.equal((await one.emit("join_sprint", { projectId: project })).status, "ok");
  await server.backend.post(task(project, "before").created());
  for (const one of [client, other]) {
    await one.heard("task_created", { data: { task: { id: "before" } } });
    const { body } = await one.events.until({ name: "unsubscribed" });
    assert.deepEqual(body, { topics: ["global"] });
  }
  await server.backend.post(task(project, "after").created());
  await settled(client);
  assert.deepEqual(idsOf(client), ["before"]);
  await client.emit("join_sprint", { projectId: project });
  assert.deepEqual(idsOf(client), ["before", "before", "after"], "the state of the room");
  for (const one of [client, other]) one.cut();
}

async function eventFilter(server) {
  const project = server.fresh("project");
  const [filtered, all] = [await dashboard(server), await member(server, project)];
  const answer = await filtered.emit("subscribe_event", { projectId: project, event: "task_created" });
  assert.deepEqual(answer.topics, ["global", `project:${project}:task_created`]);
  const one = task(project, "t-1");
  await server.backend.post(one.created(), one.updated({ status: "done" }), one.logged("passed"));
  await all.heard("task_progress", {});
  await settled(filtered);
  const names = filtered.events.items.map(({ name }) => name).filter((name) => name.startsWith("task"));
  assert.deepEqual(names, ["task_created"]);
}

async function throttling(server) {
  const project = server.fresh("project");
  const [client, paced] = [await member(server, project), await member(server, project)];
  // Of a flood of progress, the latest counts; logs are no progress, and none is lost.
  const one = task(project, "t-1");
  const numbers = Array.from({ length: FLOOD }, (_, index) => (index + 1) / FLOOD);
  await server.backend.post(...numbers.map((number) => one.progress(number)));
  await client.heard("task_progress", { data: { progress: 1 } });
  const came = client.all("task_progress").length;
  assert.ok(came <= THROTTLED, `${came} of ${FLOOD} came`);
  await server.backend.post(one.progress(0.1), one.logged("first"), one.logged("second"));
  await settled(client);
  const logs = client.all("task_progress").flatMap(({ data }) => data.logs ?? []);
  assert.deepEqual(logs.map(({ message }) => message), ["first", "second"]);
  // What is low waits, and what is high takes it along at once.
  await server.backend.post(one.progress(0.9));
  await server.backend.post(task(project, "t-2").created());
  await client.heard("task_created", { data: { task: { id: "t-2" } } });
  assert.equal(client.all("task_progress").at(-1).data.progress, 0.9);
  // A client sets a pace of its own: of each task it is sent the latest, but what is high at once.
  assert.deepEqual(await paced.emit("set_pace", { ms: 60_000 }), { status: "ok", ms: 60_000 });
  const before = paced.all("task_progress").length;
  await server.backend.post(...numbers.map((number) => one.progress(number)));
  await server.backend.post(task(project, "t-3").created());
  await paced.heard("task_created", { data: { task: { id: "t-3" } } });
  assert.ok(paced.all("task_progress").length - before <= THROTTLED);
  assert.equal((await paced.emit("set_pace", { ms: 60_001 })).code, "bad_frame");
}

async function middleware(server) {
  const user = server.fresh("ada");
  const token = await server.backend.token(user);
  const ways = {
    "in auth": { auth: { token } },
    "in auth, as a header has it": { auth: { token: `Bearer ${token}` } },
    "in the query": { query: { token } },
    "in a header": { extraHeaders: { authorization: `Bearer ${token}` } },
    "in a cookie": { extraHeaders: { cookie: `roomcast_token=${token}`, origin: server.origin } },
  };
  for (const [way, options] of Object.entries(ways)) {
    const client = server.socket({ transports: ["websocket"], ...options });
    await Promise.race([client.connected(), client.refused().then(({ code }) => assert.fail(`${way}: ${code}`))]);
  }
  const bad = {
    token_invalid: [{ iss: "someone" }, { aud: "something" }, { sub: undefined }],
    token_expired: [{ exp: now() - HOUR_S }, { nbf: now() + HOUR_S }],
    session_refused: [{ sessions: ["another"] }],
  };
  for (const [code, claims] of Object.entries(bad)) {
    for (const one of claims) {
      const refused = await server.socket(bearing(await server.backend.token(user, one))).refused();
      assert.equal(refused.code, code, JSON.stringify(one));
    }
  }
  const client = await dashboard(server, { user });
  const [others, own] = [await server.backend.token(server.fresh("ben")), await server.backend.token(user)];
  assert.equal((await client.emit("refresh_token", { token: others })).code, "refresh_refused");
  assert.equal(client.socket.connected, true, "a refused token leaves the old one");
  const again = await dashboard(server, { user });
  const refreshed = await again.emit("refresh_token", { token: own });
  assert.equal(refreshed.status, "ok");
  assert.ok(Date.parse(refreshed.expiresAt) > Date.now());
}

async function gateway(server) {
  const project = server.fresh("project");
  const token = await server.backend.token(server.fresh("ada"));
  const ways = [["polling"], ["websocket"], ["polling", "websocket"]];
  const clients = ways.map((transports) => server.socket({ auth: { token }, transports }));
  for (const client of clients) {
    await client.connected();
    await join(client, project);
  }
  const upgraded = clients[2].socket.io.engine;
  if (upgraded.transport.name !== "websocket") await new Promise((resolve) => upgraded.once("upgrade", resolve));
  const transports = clients.map(({ socket }) => socket.io.engine.transport.name);
  assert.deepEqual(transports, ["polling", "websocket", "websocket"]);
  await server.backend.post(task(project, "t-1").created());
  for (const client of clients) await client.heard("task_created", { data: { task: { id: "t-1" } } });
  const ids = clients.map(({ socket }) => socket.id);
  assert.equal(new Set(ids).size, ids.length);
}

async function emission(server) {
  const projects = ["one", "two", "three"].map((name) => server.fresh(name));
  const groups = await Promise.all(projects.map((project) => Promise.all([1, 2, 3].map(() => member(server, project)))));
  const both = await member(server, projects[0]);
  await join(both, projects[1]);
  await server.backend.post(...projects.map((project) => task(project, `of ${project}`).created()));
  for (const [index, group] of groups.entries()) {
    for (const client of group) await client.heard("task_created", {});
    for (const client of group) await settled(client);
    for (const client of group) assert.deepEqual(idsOf(client), [`of ${projects[index]}`]);
  }
  await settled(both);
  assert.deepEqual(idsOf(both), [`of ${projects[0]}`, `of ${projects[1]}`]);
  // The room `global` reaches everyone.
  const state = server.fresh("state");
  await server.backend.post(status("healthy", { metrics: { state } }));
  const everyone = [...groups.flat(), both];
  for (const client of everyone) await client.heard("system_status", { data: { status: "healthy", metrics: { state } } });
}

async function permissions(server) {
  const project = server.fresh("project");
  const roles = { operator: ["operations"], auditor: ["audit"], both: ["audit", "operations"], none: [] };
  const clients = {};
  for (const [role, permissions] of Object.entries(roles)) {
    clients[role] = await member(server, project, { claims: { permissions } });
  }
  const [message, one] = [server.fresh("alert"), (id) => task(project, id).created()];
  const shown = (event, audience) => ({ ...event, metadata: { audience } });
  await server.backend.post(
    alert(message),
    shown(one("audited"), { permissions: ["audit"] }),
    shown(one("both"), { permissions: ["audit", "operations"] }),
    shown(one("named"), { users: [clients.none.user] }),
    one("open"),
  );
  const seen = { operator: ["open"], auditor: ["audited", "open"], both: ["audited", "both", "open"], none: ["named", "open"] };
  for (const [role, client] of Object.entries(clients)) {
    await settled(client);
    assert.deepEqual(idsOf(client), seen[role], role);
    const alerts = client.all("system_status").flatMap(({ data }) => data.alerts ?? []);
    assert.equal(alerts.some((alert) => alert.message === message), roles[role].includes("operations"), role);
  }
  // Who comes later is shown the same.
  const late = await member(server, project, { claims: { permissions: ["audit"] } });
  assert.deepEqual(idsOf(late), ["audited", "open"]);
}

async function network(server) {
  const project = server.fresh("project");
  const cable = await server.cable();
  const client = await member(server, project, { cable });
  const posted = [];
  for (let cut = 0; cut < CUTS; cut += 1) {
    const connected = client.states.last;
    const ids = ["with", "during"].map((when) => `${when} ${cut}`);
    await server.backend.post(task(project, ids[0]).created());
    cable.cut();
    const lost = await client.states.until({ state: "disconnect" }, { after: connected });
    await server.backend.post(task(project, ids[1]).created());
    assert.equal((await client.connected(lost)).recovered, true);
    posted.push(...ids);
  }
  await client.heard("task_created", { data: { task: { id: posted.at(-1) } } });
  assert.deepEqual(idsOf(client), posted, "each once, in order");
}

export const checks = [
  { name: "Event handler testing: each event has the shape of its type", run: eventHandler },
  { name: "Room management testing with permission scenarios", run: roomManagement },
  { name: "Room management testing: a room has a time to live", run: timeToLive },
  { name: "Event filters: a client subscribes to one kind of event", run: eventFilter },
  { name: "Message throttling testing with rate limit simulation", run: throttling },
  { name: "Authentication middleware testing with token validation", run: middleware },
  { name: "Socket.IO gateway testing with real WebSocket connections", run: gateway },
  { name: "Event emission testing with multiple client scenarios", run: emission },
  { name: "Permission filtering testing with user role combinations", run: permissions },
  { name: "Message delivery testing with network simulation", run: network },
];
