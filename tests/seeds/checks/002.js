// Seed 002, "ADR-004: WebSocket for Real-Time Dashboard Updates": a dashboard of agents that subscribes to projects.
// The printed subscription runs in node and in Chromium, the printed TanStack effect in Chromium. The performance
// results have no check.

import assert from "node:assert/strict";
import { surrounded } from "../app/surroundings.js";
import { event } from "../backend.js";
import { printed } from "../snippets.js";
import { lifeOf } from "./project-life.js";

const PATH = "/ws/projects";

/** The project of the printed lines. All checks share it, so a check that uses it first deletes what it has. */
const PRINTED = "abc-123";

const moved = (project, story, status) =>
  event("story.status.changed", "Project", project, { story_id: story, status });
const deleted = (project) => event("project.deleted", "Project", project);

/** A dashboard of someone with these claims. */
async function dashboard(server, claims) {
  const token = await server.backend.token("ada", claims);
  return server.connect(PATH, { authorization: `Bearer ${token}` });
}

async function subscribe(client, projectId) {
  client.send({ action: "subscribe", projectId });
  assert.deepEqual(await client.frames.until({ type: "subscribed", projectId }), { type: "subscribed", projectId });
}

async function subscriber(server, project) {
  const client = await dashboard(server);
  await subscribe(client, project);
  return client;
}

/** What has arrived about a project, once the answer to a ping says that nothing more is on its way. */
async function aboutProject(client, projectId) {
  client.send({ action: "ping" });
  await client.frames.until({ type: "pong" }, { after: client.frames.last });
  return client.frames.all({ projectId }).filter(({ type }) => !/^(un)?subscribed$/.test(type));
}

/** Runs a printed snippet in node, as the function that its surroundings make of it. */
async function runnable(name) {
  return import(`data:text/javascript,${encodeURIComponent(surrounded(name))}`);
}

async function printedProtocol(server) {
  const client = await dashboard(server);
  await server.backend.post(deleted(PRINTED));
  const { subscribe } = await runnable("002/subscribe.ts");
  subscribe({ send: (text) => client.send(text) });
  await client.frames.until({ type: "subscribed", projectId: PRINTED });
  const { emit } = await runnable("002/emit.ts");
  let posted;
  // The team's service would post its event to Roomcast in the form of a domain event.
  emit({
    emit: ({ type, projectId, payload: { storyId, status } }) => {
      posted = server.backend.post(event(type, "Project", projectId, { story_id: storyId, status }));
    },
  });
  await posted;
  const frame = await client.frames.until({ type: "story.status.changed" });
  const payload = { storyId: "6-5", status: "done" };
  assert.deepEqual(frame, { type: "story.status.changed", projectId: PRINTED, payload });
}

async function onlySubscribers(server) {
  const [project, other] = [server.fresh("project"), server.fresh("project")];
  const subscribed = await subscriber(server, project);
  const elsewhere = await subscriber(server, other);
  const nowhere = await dashboard(server);
  await server.backend.post(moved(project, "6-5", "done"));
  await subscribed.frames.until({ type: "story.status.changed", projectId: project });
  assert.deepEqual(await aboutProject(elsewhere, project), []);
  assert.deepEqual(await aboutProject(nowhere, project), []);
}

async function everyType(server) {
  const project = server.fresh("project");
  const client = await subscriber(server, project);
  const life = lifeOf(project);
  const types = [...printed("002/EventType.ts").matchAll(/'(.+?)'/g)].map(([, type]) => type);
  assert.deepEqual(life.map(({ frame }) => frame.type).sort(), types.sort(), "the types that the document lists");
  await server.backend.post(...life.map(({ posted }) => posted));
  await client.frames.until({ type: "project.deleted", projectId: project });
  assert.deepEqual(await aboutProject(client, project), life.map(({ frame }) => frame));
}

async function unsubscribing(server) {
  const project = server.fresh("project");
  const [left, stayed] = [await subscriber(server, project), await subscriber(server, project)];
  left.send({ action: "unsubscribe", projectId: project });
  const answer = await left.frames.until({ type: "unsubscribed" });
  assert.deepEqual(answer, { type: "unsubscribed", projectId: project });
  await server.backend.post(moved(project, "6-5", "done"));
  await stayed.frames.until({ type: "story.status.changed", projectId: project });
  assert.deepEqual(await aboutProject(left, project), []);
}

async function missingToken(server) {
  assert.equal(await server.refusal(PATH, {}), 401);
}

async function expiredToken(server) {
  const hourAgo = Math.floor(Date.now() / 1000) - 3_600;
  const token = await server.backend.token("ada", { exp: hourAgo });
  assert.equal(await server.refusal(PATH, { authorization: `Bearer ${token}` }), 401);
}

async function wronglySignedToken(server) {
  const token = await server.backend.token("ada", {}, "a secret that the server does not have");
  assert.equal(await server.refusal(PATH, { authorization: `Bearer ${token}` }), 401);
  assert.equal(await server.refusal(`${PATH}?token=${token}`, {}), 401);
}

async function foreignProject(server) {
  const [own, foreign] = [server.fresh("project"), server.fresh("project")];
  const client = await dashboard(server, { topics: [`project:${own}`] });
  client.send({ action: "subscribe", projectId: foreign });
  const { projectId, payload } = await client.frames.until({ type: "error" });
  assert.deepEqual([projectId, payload.code], [foreign, "topic_refused"]);
  await subscribe(client, own);
  await server.backend.post(moved(foreign, "6-5", "done"), moved(own, "6-6", "done"));
  await client.frames.until({ type: "story.status.changed", projectId: own });
  const events = await aboutProject(client, foreign);
  assert.deepEqual(events.filter(({ type }) => type !== "error"), []);
}

async function ping(server) {
  const client = await dashboard(server);
  client.send({ action: "ping" });
  assert.deepEqual(await client.frames.until({ type: "pong" }), { type: "pong" });
}

async function lateSubscriber(server) {
  const project = server.fresh("project");
  const moves = [["6-5", "review"], ["6-5", "done"], ["6-6", "open"]];
  await server.backend.post(...moves.map(([story, status]) => moved(project, story, status)));
  const client = await subscriber(server, project);
  const payloads = (await aboutProject(client, project)).map(({ payload }) => payload);
  assert.deepEqual(payloads, [{ storyId: "6-5", status: "done" }, { storyId: "6-6", status: "open" }]);
}

async function deletedProject(server) {
  const project = server.fresh("project");
  await server.backend.post(moved(project, "6-5", "done"));
  await server.backend.post(deleted(project));
  const client = await subscriber(server, project);
  assert.deepEqual(await aboutProject(client, project), []);
}

async function printedEffect(server) {
  await server.backend.post(deleted(PRINTED));
  let status = "review";
  const stories = () => [{ id: "6-5", status }];
  const user = await server.user(await server.backend.token("ada"), { stories });
  const tab = await user.open("002");
  const socket = await tab.sockets.until({ path: PATH });
  await socket.frames.until({ type: "subscribed", projectId: PRINTED });
  await tab.shows({ "story 6-5": "review" });
  status = "done";
  await server.backend.post(event("agent.started", "Project", PRINTED, { agent_id: "a-1", agent: "dev" }));
  await socket.frames.until({ type: "agent.started" });
  await server.backend.post(moved(PRINTED, "6-5", "done"));
  await tab.shows({ "story 6-5": "done" });
  const fetched = tab.requests.all({ path: `/seed/stories/${PRINTED}` });
  assert.equal(fetched.length, 2, "the stories are fetched at first and after their event, and not after another");
}

export const checks = [
  { name: "the printed subscription gets what the printed service emits", run: printedProtocol },
  { name: "only subscribed clients get an event", run: onlySubscribers },
  { name: "all twelve event types arrive as type, projectId and payload", run: everyType },
  { name: "after unsubscribe no event arrives", run: unsubscribing },
  { name: "a missing token is refused before the connection is accepted", run: missingToken },
  { name: "an expired token is refused before the connection is accepted", run: expiredToken },
  { name: "a wrongly signed token is refused before the connection is accepted", run: wronglySignedToken },
  { name: "a token for one project cannot subscribe to another", run: foreignProject },
  { name: "a ping is answered with a pong", run: ping },
  { name: "a late subscriber is sent the latest of each story", run: lateSubscriber },
  { name: "a late subscriber is sent nothing of a deleted project", run: deletedProject },
  { name: "the printed TanStack effect fetches the stories again", run: printedEffect },
];
