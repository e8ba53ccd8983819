// The error scenarios of seed 003, each with the handling and the impact on users that the document wants.

import assert from "node:assert/strict";
import { asked, bearing, enter, idsOf, join, member, settled, small, SMALL_CLIENTS, SMALL_PATH } from "./task-clients.js";
import { alert, task } from "./task-events.js";

/** How often the small dashboard sends an event that is not acknowledged. */
const ATTEMPTS = 3;

/** Packets that a client may send at once, and some more: fewer than those for which it is disconnected. */
const TOO_MANY = 60;

async function authentication(server) {
  const user = server.fresh("ada");
  const expired = Math.floor(Date.now() / 1000) - 3_600;
  const tokens = [
    [undefined, "token_missing", "log_in"],
    [await server.backend.token(user, {}, "another-secret-another-secret-1234"), "token_invalid", "log_in"],
    [await server.backend.token(user, { exp: expired }), "token_expired", "refresh"],
  ];
  for (const [token, code, action] of tokens) {
    const refused = await server.socket(bearing(token)).refused();
    assert.equal(refused.code, code);
    const { status, detail, ...data } = refused.data;
    assert.deepEqual([status, typeof detail, data], [401, "string", { code, action }]);
  }
  // The app does what it is told: it gets a new token and connects again.
  let current = tokens[2][0];
  const client = server.socket({ auth: (give) => give({ token: current }), transports: ["websocket"] });
  const { data } = await client.refused();
  if (data.action === "refresh") current = await server.backend.token(user);
  client.socket.connect();
  await client.connected();
}

async function delivery(server) {
  const [project, later] = [server.fresh("project"), server.fresh("later")];
  const cable = await server.cable();
  const client = await member(server, project, { cable, options: { retries: 3, ackTimeout: 1_000 } });
  await server.backend.post(task(project, "before").created());
  await client.heard("task_created", {});
  const connected = client.states.last;
  cable.cut();
  const lost = await client.states.until({ state: "disconnect" }, { after: connected });
  // What the user does without a connection is queued, and what happens meanwhile is not lost.
  const joined = client.emit("join_project", { projectId: later });
  await server.backend.post(task(project, "missed").created(), task(later, "first").created());
  assert.equal((await client.connected(lost)).recovered, true);
  const answer = await joined;
  assert.equal(answer.status, "ok");
  assert.ok(answer.topics.includes(`project:${later}:*`));
  await client.heard("task_created", { data: { task: { id: "first" } } });
  await settled(client);
  assert.deepEqual(idsOf(client).sort(), ["before", "first", "missed"]);
  await acknowledged(server);
}

/** What is not acknowledged is sent again, up to three times. */
async function acknowledged(server) {
  const project = server.fresh("project");
  const [good, bad] = [await small(server), await small(server)];
  for (const client of [good, bad]) await join(client, project);
  bad.acknowledges = false;
  await server.backend.post(task(project, "t-1").created());
  let last;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    last = await bad.events.until({ name: "task_created" }, { after: last });
  }
  await settled(good);
  assert.deepEqual([idsOf(good), idsOf(bad)], [["t-1"], Array(ATTEMPTS).fill("t-1")]);
}

async function rateLimits(server) {
  const project = server.fresh("project");
  const claims = { permissions: ["operations"] };
  const [eager, calm] = [await member(server, project, { claims }), await member(server, project)];
  const flood = Array.from({ length: TOO_MANY }, () => eager.emit("set_pace", { ms: 0 }));
  const answers = await Promise.all(flood);
  const refused = answers.filter(({ status }) => status === "error");
  assert.ok(refused.length > 0 && refused.length < TOO_MANY, `${refused.length} of ${TOO_MANY} were refused`);
  for (const { code, retryable } of refused) assert.deepEqual([code, retryable], ["rate_limited", true]);
  // Only what it sends is limited: it is sent on what counts, and nobody else notices.
  const message = server.fresh("alert");
  await server.backend.post(task(project, "t-1").created(), alert(message));
  for (const client of [eager, calm]) await client.heard("task_created", {});
  await eager.heard("system_status", { data: { alerts: [{ id: "queue", severity: "critical", message }] } });
  assert.equal((await calm.emit("set_pace", { ms: 0 })).status, "ok");
  assert.deepEqual(eager.states.all({ state: "disconnect" }), []);
}

/** The limit for all (`globalRateLimit`): the tenant of these checks may post so many events a second (tests/e2e/seeds.rs). */
async function limitForAll(server) {
  const project = server.fresh("project");
  const client = await member(server, project);
  const floods = Array.from({ length: 8 }, (_, post) =>
    Array.from({ length: 500 }, (_, index) => task(project, "t-1").logged(`${post} ${index}`)));
  const answers = await Promise.all(floods.map((flood) => server.backend.attempt(flood)));
  const refused = answers.filter(({ status }) => status !== 202);
  assert.ok(refused.length > 0 && refused.length < floods.length, `${refused.length} of ${floods.length} were refused`);
  for (const { status, code, retryAfter } of refused) {
    assert.deepEqual([status, code, retryAfter > 0], [429, "events_exceeded", true]);
  }
  // A post is taken as a whole or not at all, so it can be repeated when its time has come.
  const message = server.fresh("later");
  for (let last = refused[0]; last.status === 429; ) {
    await new Promise((resolve) => setTimeout(resolve, last.retryAfter * 1000));
    last = await server.backend.attempt([task(project, "t-1").logged(message)]);
  }
  await settled(client);
  const taken = floods.filter((_, post) => answers[post].status === 202);
  const lines = client.all("task_progress").flatMap(({ data }) => data.logs ?? []).map(({ message }) => message);
  assert.deepEqual([lines.length, lines.at(-1)], [taken.flat().length + 1, message]);
}

async function roomPermissions(server) {
  const [own, other] = [server.fresh("project"), server.fresh("project")];
  const user = server.fresh("ada");
  const may = (...projects) => ({ topics: ["global", ...projects.map((project) => `project:${project}:*`)] });
  const client = await member(server, own, { user, claims: may(own) });
  const refused = await client.emit("join_project", { projectId: other });
  assert.deepEqual([refused.status, refused.code, refused.retryable], ["error", "topic_refused", false]);
  assert.equal(typeof refused.message, "string");
  await server.backend.post(task(other, "hidden").created(), task(own, "shown").created());
  await client.heard("task_created", { data: { task: { id: "shown" } } });
  // Its user loses the project: the new token takes it out of the room.
  const token = await server.backend.token(user, may(other));
  const refreshed = await client.emit("refresh_token", { token });
  assert.deepEqual([refreshed.status, refreshed.topics], ["ok", ["global"]]);
  await join(client, other);
  await server.backend.post(task(own, "lost").created(), task(other, "won").created());
  await client.heard("task_created", { data: { task: { id: "won" } } });
  assert.deepEqual(idsOf(client), ["shown", "hidden", "won"], "with the room comes its state");
}

async function overload(server) {
  const options = { path: SMALL_PATH };
  const inside = [];
  while (inside.length < SMALL_CLIENTS) inside.push(await small(server));
  const line = [];
  for (const name of ["first", "second"]) {
    const waiting = server.socket(bearing(await server.backend.token(server.fresh(name)), options));
    line.push(waiting);
    const { code, data } = await waiting.refused();
    assert.deepEqual([code, data.status, data.action, data.queuePosition], ["room_full", 503, "wait", line.length]);
    assert.ok(data.retryAfterMs > 0, `the estimated wait is ${data.retryAfterMs}`);
  }
  // Those who are inside are served on, and who comes first is let in first.
  for (const client of inside) await settled(client);
  const [first, second] = line;
  inside[0].cut();
  assert.equal((await asked(second)).state, "connect_error");
  await enter(first);
  const { data } = await asked(second);
  assert.equal(data.queuePosition, 1, "it has moved up");
  inside[1].cut();
  await enter(second);
}

export const checks = [
  { name: "Connection Authentication Failures", run: authentication },
  { name: "Message Delivery Failures", run: delivery },
  { name: "Rate Limit Violations", run: rateLimits },
  { name: "Rate Limit Violations: the limit for all events", run: limitForAll },
  { name: "Room Permission Violations", run: roomPermissions },
  { name: "Server Overload Conditions", run: overload },
];
