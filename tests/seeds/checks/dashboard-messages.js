// The messages of seed 001: their types, and which fields each must have. "Data structure matches message type
// expectations", says the specification; these are the expectations.

import assert from "node:assert/strict";

/** The types that the specification lists, sorted. */
export const TYPES = [
  "connection_ack",
  "error",
  "ingestion_complete",
  "ingestion_progress",
  "ingestion_started",
  "query_complete",
  "stats_update",
];

/** ISO format, in UTC. */
export const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** A message with a time further off would count as stale. It is less than the time between two refreshes. */
const STALE_MS = 4_000;

export function closeTo(timestamp, time) {
  const off = Math.abs(Date.parse(timestamp) - time);
  assert.ok(off < STALE_MS, `${timestamp} is ${off} ms off`);
}

const text = "string";
const number = "number";

/** type → what checks the data of such a message. */
export const DATA = {
  connection_ack: (data) => assert.equal(typeof data, "object"),
  stats_update: fields({
    filesProcessed: number,
    nodeCount: number,
    ingestionsRunning: number,
    ingestionsFailed: number,
    ingestionsTotal: number,
  }),
  ingestion_started: fields({ ingestionId: text, source: text, totalFiles: number }),
  ingestion_progress: fields({ ingestionId: text, currentFile: text, status: text, filesProcessed: number }),
  ingestion_complete: fields({
    ingestionId: text,
    fileName: text,
    status: text,
    filesProcessed: number,
    nodesCreated: number,
    durationMs: number,
  }),
  query_complete: fields({ queryType: text, latencyMs: number }),
  error: fields({ errorType: text, severity: text }),
};

/** Checks that the data has exactly these fields, of these types. */
function fields(wanted) {
  return (data) => {
    const found = Object.entries(data).map(([name, value]) => [name, typeof value]);
    assert.deepEqual(Object.fromEntries(found), wanted);
  };
}
