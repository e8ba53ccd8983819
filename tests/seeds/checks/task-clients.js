// Clients of seed 003: dashboards that connect with socket.io-client, and the room of few clients that a check can fill.

import assert from "node:assert/strict";

/** Where the same dashboard is, for three clients. */
export const SMALL_PATH = "/small/socket.io";
export const SMALL_CLIENTS = 3;

/** Options of a client that brings this token. */
export const bearing = (token, options) => ({ auth: { token }, transports: ["websocket"], ...options });

/** A connected dashboard of someone with these claims. */
export async function dashboard(server, { user = server.fresh("user"), claims, options, cable } = {}) {
  const client = server.socket(bearing(await server.backend.token(user, claims), options), cable);
  await client.connected();
  client.user = user;
  return client;
}

/** A dashboard of few clients. It asks until the clients of the check before have left. */
export async function small(server) {
  const client = server.socket(bearing(await server.backend.token(server.fresh("user")), { path: SMALL_PATH }));
  await enter(client, await client.states.until({}));
  return client;
}

/** Asks until a client is let in. The check has an end. */
export async function enter(client, first) {
  for (let told = first ?? (await asked(client)); told.state !== "connect"; ) told = await asked(client);
}

/** What a client is told that asks once more. */
export async function asked(client) {
  const before = client.states.last;
  client.socket.connect();
  return client.states.until({}, { after: before });
}

/** A dashboard that shows this project. */
export async function member(server, project, options) {
  const client = await dashboard(server, options);
  await join(client, project);
  return client;
}

export async function join(client, projectId) {
  const answer = await client.emit("join_project", { projectId });
  assert.equal(answer.status, "ok", JSON.stringify(answer));
}

/** Waits until everything has come that was sent before. */
export async function settled(client) {
  assert.equal((await client.emit("set_pace", { ms: 0 })).status, "ok");
}

/** Those of these task ids that a client has heard of, in the order of its events. */
export const idsOf = (client, name = "task_created") => client.all(name).map(({ data }) => data.task?.id ?? data.taskId);
