//! The examples: they are the vectors that tests hold the Rust types and the client to, and bodies that the tests post to a Worker.

use serde_json::{json, Map, Value};

const FRAMES: &str = include_str!("../../tests/vectors/frames.json");
const DEFLATED: &str = include_str!("../../tests/vectors/deflate.json");
const EVENTS: &str = include_str!("../../tests/vectors/sessions.json");
const RESULTS: &str = include_str!("../../tests/vectors/results.json");
const LOG: &str = include_str!("../../tests/vectors/log.json");
const TENANT: &str = include_str!("examples/tenant.json");

/// A vector. They are part of the program, so there is nothing that could not be read.
fn vector(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Examples by their names, as `OpenAPI` has them.
pub(super) fn named(examples: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let entry = |(name, value): (&str, Value)| (name.to_owned(), json!({ "value": value }));
    Value::Object(examples.into_iter().map(entry).collect::<Map<_, _>>())
}

/// The frames of the server of this type. Those that only plain clients are sent have fewer fields.
pub(super) fn sent(kind: &str) -> Vec<Value> {
    let frames = vector(FRAMES);
    let named = frames.get("server").and_then(Value::as_object).into_iter().flatten();
    let for_v1 = named.filter(|(name, _)| name.rsplit('.').next() != Some("plain"));
    for_v1.map(|(_, frame)| frame.clone()).filter(|frame| is_of(frame, kind)).collect()
}

/// The frames of clients of this type.
pub(super) fn said(kind: &str) -> Vec<Value> {
    let frames = vector(FRAMES);
    let listed = frames.get("client").and_then(Value::as_array).into_iter().flatten();
    let good = listed.filter(|one| one.get("frame").is_some());
    let texts = good.filter_map(|one| one.get("text")?.as_str());
    let read = texts.filter_map(|text| serde_json::from_str::<Value>(text).ok());
    read.filter(|frame| is_of(frame, kind) && frame.get("unknown").is_none()).collect()
}

/// A compressed frame, in hex.
pub(super) fn deflated() -> Value {
    vector(DEFLATED).pointer("/frames/0/hex").cloned().unwrap_or_default()
}

fn is_of(frame: &Value, kind: &str) -> bool {
    frame.get("type").and_then(Value::as_str) == Some(kind)
}

/// Bodies of posts: an event, and some.
pub(super) fn envelopes() -> Value {
    let rows = vector(EVENTS);
    let events = rows.as_array().into_iter().flatten().filter_map(|row| row.get("event").cloned());
    let events: Vec<_> = events.take(4).collect();
    let first = events.first().cloned().unwrap_or_default();
    named([("one", first), ("several", json!(events))])
}

/// A `CloudEvent`.
pub(super) fn cloud_event() -> Value {
    json!({"specversion": "1.0", "id": "ce-1", "source": "/billing", "type": "session.renamed",
        "subject": "s-1", "time": "2026-01-07T10:00:00Z", "correlationid": "c-1",
        "data": {"session_id": "s-1", "title": "Where to live"}})
}

/// What became of events.
pub(super) fn results() -> Value {
    json!({ "results": vector(RESULTS) })
}

/// A page of a log.
pub(super) fn log_page() -> Value {
    vector(LOG).get(0).cloned().unwrap_or_default()
}

/// The state of a session.
pub(super) fn state() -> Value {
    sent("dashboard.state").pop().unwrap_or_default()
}

/// Who is here.
pub(super) fn present() -> Value {
    let mut frame = sent("presence.state").into_iter().next().unwrap_or_default();
    if let Some(fields) = frame.as_object_mut() {
        fields.shift_remove("type");
        fields.shift_remove("ref");
    }
    frame
}

/// The document of a tenant.
pub(super) fn tenant() -> Value {
    vector(TENANT)
}

/// The same as answers show it.
pub(super) fn shown_tenant() -> Value {
    let mut shown = tenant();
    let secrets =
        [("/tokens/keys/0/secret", "84be1b946adf4160"), ("/webhooks/0/secret", "0f6d2c7a91b3e854")];
    for (place, name) in secrets {
        if let Some(secret) = shown.pointer_mut(place) {
            *secret = json!({ "kept": name });
        }
    }
    shown
}

/// Orders to revoke tokens.
pub(super) fn orders() -> Value {
    named([
        ("all", json!({"user": "ada"})),
        (
            "one",
            json!({"user": "ada", "token": "t-1", "session": "s-1", "issued_until": "2026-01-07T10:00:00Z"}),
        ),
    ])
}

/// What a tenant has used.
pub(super) fn usage() -> Value {
    let day = |day: &str, dollars: f64| {
        json!({"day": day, "events": 1_200, "deliveries": 48_000, "workerRequests": 900.0, "objectRequests": 1_100.5,
            "awakeMs": 61_000.0, "rowsWritten": 1_150, "rowsRead": 9_000, "dollars": dollars})
    };
    json!({
        "tenant": "acme",
        "since": 1_767_693_600_000_u64,
        "pricesAsOf": "2026-11-21",
        "dollars": 0.0051,
        "budget": {"dollarsPerDay": 2.5, "warnAt": 0.8, "level": "within"},
        "today": day("2026-01-07", 0.0017),
        "days": [day("2026-01-06", 0.0034)],
    })
}
