//! Events of decision sessions, as a backend posts them.

use serde_json::{json, Value};

/// When every event in these tests occurred.
pub(crate) const WHEN: &str = "2026-11-18T08:02:14Z";

/// An event about an aggregate, written `Type/id`.
pub(crate) fn event(id: &str, kind: &str, aggregate: &str, payload: Value) -> Value {
    let (aggregate_type, aggregate_id) = aggregate.split_once('/').expect("Type/id");
    let mut event = json!({
        "event_id": id, "event_type": kind, "aggregate_type": aggregate_type,
        "aggregate_id": aggregate_id, "occurred_at": WHEN,
    });
    event["payload"] = payload;
    event
}

/// A session gets a title.
pub(crate) fn created(id: &str, session: &str) -> Value {
    let payload = json!({"title": format!("Session {session}")});
    event(id, "session.created", &format!("Session/{session}"), payload)
}

/// A session gets another title. Tests use it wherever the type of the event does not matter.
pub(crate) fn renamed(id: &str, session: &str) -> Value {
    let payload = json!({"title": id});
    event(id, "session.renamed", &format!("Session/{session}"), payload)
}

/// So many renames: `<prefix>-1`, `<prefix>-2`, …
pub(crate) fn renames(prefix: &str, session: &str, count: usize) -> Vec<Value> {
    let numbers = 1..=count;
    numbers.map(|number| renamed(&format!("{prefix}-{number}"), session)).collect()
}

/// A cycle begins in a session.
pub(crate) fn cycle_created(id: &str, session: &str, cycle: &str) -> Value {
    let payload = json!({"session_id": session});
    event(id, "cycle.created", &format!("Cycle/{cycle}"), payload)
}

/// A component of a cycle is completed. The event does not name the session.
pub(crate) fn completed(id: &str, cycle: &str, component: &str) -> Value {
    let progress = json!({"completed": 1, "total": 8, "percent": 12});
    let payload = json!({"component_type": component, "completed_at": WHEN, "progress": progress});
    event(id, "component.completed", &format!("Cycle/{cycle}"), payload)
}

/// Somebody writes a message.
pub(crate) fn message(id: &str, session: &str, content: &str) -> Value {
    let message =
        json!({"id": format!("m-{id}"), "role": "user", "content": content, "timestamp": WHEN});
    let payload = json!({
        "session_id": session, "cycle_id": "c-1", "component_type": "objectives", "message": message,
    });
    event(id, "message.sent", "Conversation/conv-1", payload)
}
