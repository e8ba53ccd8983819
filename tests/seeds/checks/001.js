// Seed 001, "websocket-dashboard Specification": an anonymous dashboard of an ingestion service. Each check is named
// after the scenario of the specification that it follows. Scenarios that nobody can see from outside, such as what is
// logged, have no check, and neither has "Connection Limits".

import assert from "node:assert/strict";
import { event } from "../backend.js";
import { closeTo, DATA, TYPES, UTC } from "./dashboard-messages.js";

const PATH = "/admin/ws/dashboard";

/** The specification's 5 seconds, and what a busy machine may add. */
const REFRESH_MS = 5_000;
const LATE_MS = 1_500;

/** So many progress messages at once, and how many of them may come. */
const FLOOD = 30;
const THROTTLED = 3;

/** A dashboard that has had its first messages. */
async function dashboard(server) {
  const client = await server.connect(PATH, { origin: server.origin });
  await client.frames.until({ type: "stats_update" });
  return client;
}

const stats = (server) => server.get("/api/v1/stats", { origin: server.origin });

const ingestion = (kind, id, payload) => event(`ingestion.${kind}`, "Ingestion", id, payload);
const started = (id, files = 1) => ingestion("started", id, { source: "upload", total_files: files });
const progressed = (id, file, number, more) =>
  ingestion("progress", id, { current_file: file, status: "parsing", files_processed: number, ...more });
const completed = (id, more) => {
  const numbers = { files_processed: 3, nodes_created: 70, duration_ms: 1200 };
  return ingestion("completed", id, { file_name: `${id}.sql`, status: "success", ...numbers, ...more });
};
const queried = (type, more) => event("query.completed", "Query", type, { query_type: type, latency_ms: 412, ...more });
const failed = (type, more) =>
  event("system.error", "System", "parser", { error_type: type, severity: "critical", ...more });

/** The message of this kind about an ingestion. */
const heard = (client, kind, id, more) =>
  client.frames.until({ type: `ingestion_${kind}`, data: { ingestionId: id, ...more } });

async function establishing(server) {
  const client = await server.connect(PATH, { origin: server.origin });
  const first = await client.frames.until({});
  assert.equal(first.type, "connection_ack");
  assert.match(first.timestamp, UTC);
  const second = await client.frames.until({}, { after: first });
  assert.equal(second.type, "stats_update");
  await client.ping();
}

async function periodic(server) {
  const client = await dashboard(server);
  const next = (after) => client.frames.until({ type: "stats_update" }, { after, ms: REFRESH_MS + LATE_MS });
  const one = await next(client.frames.last);
  closeTo(one.timestamp, Date.now());
  const two = await next(one);
  closeTo(two.timestamp, Date.now());
  assert.deepEqual(two.data, await stats(server));
  assert.deepEqual(one.data, two.data);
  const apart = Date.parse(two.timestamp) - Date.parse(one.timestamp);
  assert.ok(Math.abs(apart - REFRESH_MS) <= LATE_MS, `the two refreshes were ${apart} ms apart`);
}

async function errorHandling(server) {
  const broken = await dashboard(server);
  broken.cut();
  await dashboard(server);
}

async function disconnection(server) {
  const client = await dashboard(server);
  assert.equal(await client.close(), 1000);
  await dashboard(server);
}

/** One message of each type, as a dashboard receives them. */
async function everyType(server) {
  const client = await dashboard(server);
  const id = server.fresh("ingestion");
  await server.backend.post(started(id));
  await heard(client, "started", id);
  await server.backend.post(progressed(id, "schema.sql", 1));
  await heard(client, "progress", id);
  const [chat, error] = [server.fresh("chat"), server.fresh("ParseError")];
  await server.backend.post(completed(id), queried(chat), failed(error));
  await heard(client, "complete", id);
  await client.frames.until({ type: "query_complete", data: { queryType: chat } });
  await client.frames.until({ type: "error", data: { errorType: error } });
  return client.frames.items;
}

async function types(server) {
  const frames = await everyType(server);
  const seen = new Set(frames.map(({ type }) => type));
  assert.deepEqual([...seen].sort(), TYPES);
}

async function data(server) {
  for (const frame of await everyType(server)) {
    assert.deepEqual(Object.keys(frame).sort(), ["data", "timestamp", "type"], frame.type);
    DATA[frame.type](frame.data);
  }
}

async function timestamps(server) {
  const began = Date.now();
  for (const { type, timestamp } of await everyType(server)) {
    assert.match(timestamp, UTC, `${type} has the timestamp ${timestamp}`);
    // The first stats may be as old as the last change.
    if (type !== "stats_update") closeTo(timestamp, began);
  }
}

async function ingestionCompletion(server) {
  const clients = [await dashboard(server), await dashboard(server)];
  const id = server.fresh("ingestion");
  await server.backend.post(completed(id));
  for (const client of clients) {
    const { data } = await heard(client, "complete", id);
    const numbers = { filesProcessed: 3, nodesCreated: 70, durationMs: 1200 };
    assert.deepEqual(data, { ingestionId: id, fileName: `${id}.sql`, status: "success", ...numbers });
  }
}

async function queryCompletion(server) {
  const clients = [await dashboard(server), await dashboard(server)];
  const type = server.fresh("chat");
  await server.backend.post(queried(type, { query: "SECRET salaries?", query_text: "SECRET", answer: "SECRET" }));
  for (const client of clients) {
    const { data } = await client.frames.until({ type: "query_complete", data: { queryType: type } });
    assert.deepEqual(data, { queryType: type, latencyMs: 412 });
    assert.doesNotMatch(JSON.stringify(client.frames.items), /SECRET/);
  }
}

async function errorEvent(server) {
  const clients = [await dashboard(server), await dashboard(server)];
  const type = server.fresh("ParseError");
  const sensitive = { message: "at parse (TRACE.py:7)", stack_trace: "TRACE", traceback: "TRACE" };
  await server.backend.post(failed(type, { component: "parser", ...sensitive }));
  for (const client of clients) {
    const { data } = await client.frames.until({ type: "error", data: { errorType: type } });
    assert.deepEqual(data, { errorType: type, severity: "critical", component: "parser" });
    assert.doesNotMatch(JSON.stringify(client.frames.items), /TRACE/);
  }
}

async function origins(server) {
  assert.equal(await server.refusal(PATH, { origin: server.origin }), "accepted");
  assert.equal(await server.refusal(PATH, { origin: "https://elsewhere.example" }), 403, "a foreign origin");
  assert.equal(await server.refusal(PATH, {}), 403, "no origin");
}

async function messageValidation(server) {
  const client = await dashboard(server);
  const [before, bad, after, later] = ["before", "bad", "after", "later"].map((name) => server.fresh(name));
  const incomplete = completed(bad, { file_name: undefined });
  const results = await server.backend.offer([started(before), incomplete, started(after)]);
  assert.deepEqual(
    results.map(({ status, reason }) => [status, reason]),
    [["accepted", undefined], ["ignored", "invalid"], ["accepted", undefined]],
  );
  await server.backend.post(started(later));
  for (const id of [before, after, later]) {
    await heard(client, "started", id);
  }
  assert.deepEqual(client.frames.all({ data: { ingestionId: bad } }), []);
  await client.ping();
}

async function rateLimiting(server) {
  const client = await dashboard(server);
  const [id, error] = [server.fresh("ingestion"), server.fresh("ParseError")];
  const flood = Array.from({ length: FLOOD }, (_, index) => progressed(id, `${index + 1}.sql`, index + 1));
  await server.backend.post(...flood, failed(error));
  await client.frames.until({ type: "error", data: { errorType: error } });
  await heard(client, "progress", id, { filesProcessed: FLOOD });
  const came = client.frames.all({ type: "ingestion_progress", data: { ingestionId: id } }).length;
  assert.ok(came <= THROTTLED, `${came} of ${FLOOD} progress messages came`);
}

async function liveCounts(server) {
  const client = await dashboard(server);
  const before = await stats(server);
  const [good, bad] = [server.fresh("ingestion"), server.fresh("ingestion")];
  const shows = async (more) => {
    const wanted = Object.entries(before).map(([name, number]) => [name, number + (more[name] ?? 0)]);
    const { data } = await client.frames.until({ type: "stats_update", data: Object.fromEntries(wanted) });
    assert.deepEqual(await stats(server), data);
  };
  await server.backend.post(started(good), started(bad));
  await shows({ ingestionsRunning: 2, ingestionsTotal: 2 });
  await server.backend.post(progressed(good, "1.sql", 1, { nodes_created: 20 }));
  await shows({ ingestionsRunning: 2, ingestionsTotal: 2, filesProcessed: 1, nodeCount: 20 });
  const nothing = { status: "failed", files_processed: 0, nodes_created: 0 };
  await server.backend.post(completed(good), completed(bad, nothing));
  await shows({ ingestionsFailed: 1, ingestionsTotal: 2, filesProcessed: 3, nodeCount: 70 });
}

async function upload(server) {
  const client = await dashboard(server);
  const id = server.fresh("ingestion");
  await server.backend.post(started(id, 2));
  const begin = await heard(client, "started", id);
  assert.deepEqual(begin.data, { ingestionId: id, source: "upload", totalFiles: 2 });
  await server.backend.post(progressed(id, "schema.sql", 1, { total_files: 2 }));
  const one = await heard(client, "progress", id, { currentFile: "schema.sql" });
  const first = { currentFile: "schema.sql", status: "parsing", filesProcessed: 1, totalFiles: 2 };
  assert.deepEqual(one.data, { ingestionId: id, ...first });
  const errors = ["line 7: unknown keyword"];
  await server.backend.post(progressed(id, "views.sql", 2, { status: "extracting", errors }));
  const two = await heard(client, "progress", id, { currentFile: "views.sql" });
  const second = { currentFile: "views.sql", status: "extracting", filesProcessed: 2, errors };
  assert.deepEqual(two.data, { ingestionId: id, ...second });
}

export const checks = [
  { name: "Establishing WebSocket connection", run: establishing },
  { name: "Receiving periodic stats updates", run: periodic },
  { name: "Connection error handling", run: errorHandling },
  { name: "Client disconnection", run: disconnection },
  { name: "Message type identification", run: types },
  { name: "Message data payload", run: data },
  { name: "Message timestamp", run: timestamps },
  { name: "Ingestion completion broadcast", run: ingestionCompletion },
  { name: "Query completion broadcast", run: queryCompletion },
  { name: "Error event broadcast", run: errorEvent },
  { name: "Origin validation", run: origins },
  { name: "Message validation", run: messageValidation },
  { name: "Rate limiting broadcasts", run: rateLimiting },
  { name: "Stats update uses live counts", run: liveCounts },
  { name: "File upload telemetry", run: upload },
];
