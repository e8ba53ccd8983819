// The events of seed 003: how its backend posts them, and the types that its document prints, as checks.

import assert from "node:assert/strict";
import { event } from "../backend.js";
import { UTC } from "./dashboard-messages.js";

/** Someone who does something to a task. */
const ADA = { id: "ada", name: "Ada" };

const METRICS = { cpu: 0.4, queueDepth: 2 };

/** Events of a task in a project. `more` adds to the payload. */
export function task(project, id) {
  const about = (kind, payload) => event(`task.${kind}`, "Task", id, { task_id: id, project_id: project, ...payload });
  return {
    created: (more) => about("created", { title: "Count the towels", status: "open", created_by: ADA, ...more }),
    updated: (changes, more) => about("updated", { changes, updated_by: ADA, ...more }),
    progress: (progress, more) => about("progress", { execution_id: "exec-1", progress, stage: "edit", ...more }),
    logged: (message, more) => {
      const logs = [{ timestamp: new Date().toISOString(), level: "info", message }];
      return about("logged", { execution_id: "exec-1", progress: 0.5, stage: "test", logs, ...more });
    },
    deleted: () => about("deleted", { deleted_by: ADA }),
  };
}

export const status = (status, more) => event("system.status", "System", "executor", { status, metrics: METRICS, ...more });

export function alert(message, status = "error") {
  const alerts = [{ id: "queue", severity: "critical", message }];
  return event("system.alert", "System", "executor", { status, metrics: METRICS, alerts });
}

const text = (value) => typeof value === "string" && value !== "";
const object = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const list = (value) => Array.isArray(value) && value.length > 0;
const user = (value) => object(value) && text(value.id);

/** type → the fields of its `data`; `?` marks those that may be missing. */
const DATA = {
  task_created: { task: (task) => user(task) && text(task.title) && text(task.status), createdBy: user },
  task_updated: { taskId: text, changes: object, updatedBy: user },
  task_progress: {
    taskId: text,
    executionId: text,
    progress: (value) => value >= 0 && value <= 1,
    stage: text,
    "message?": text,
    "logs?": list,
  },
  system_status: {
    status: (value) => ["healthy", "degraded", "error"].includes(value),
    metrics: object,
    "alerts?": list,
  },
};

/** `BaseWebSocketEvent`, and the data of its type. */
const base = (type) => ({
  type: (value) => value === type,
  timestamp: (value) => UTC.test(value),
  "userId?": text,
  "metadata?": object,
  data: (value) => fits(value, DATA[type], type),
});

/** Checks that an event has the fields of its type and no others. */
export function checkShape(name, body) {
  fits(body, base(name), name);
}

function fits(value, fields, place) {
  for (const [named, check] of Object.entries(fields)) {
    const name = named.replace("?", "");
    if (named.endsWith("?") && !(name in value)) continue;
    assert.ok(check(value[name]), `${place}.${name} is ${JSON.stringify(value[name])}`);
  }
  const known = Object.keys(fields).map((name) => name.replace("?", ""));
  assert.deepEqual(Object.keys(value).filter((name) => !known.includes(name)), [], `${place} has other fields`);
  return true;
}
