use serde_json::json;

use super::*;
use crate::bridge::source::Message;

fn message(fields: &Value) -> Fields {
    let time = Some("2026-01-07T10:00:00.000Z".to_owned());
    Message::new("s:1-0".to_owned(), time, fields.as_object().unwrap().clone()).fields
}

fn map(document: &Value) -> Map {
    Map::parse(&document.to_string()).unwrap()
}

fn event(document: &Value, fields: &Value) -> Value {
    match map(document).apply(&message(fields)) {
        Mapped::Event(event) => serde_json::from_str(&event).unwrap(),
        other => panic!("no event: {other:?}"),
    }
}

fn fault(document: &Value, fields: &Value) -> (String, String) {
    match map(document).apply(&message(fields)) {
        Mapped::Dead(problem) => {
            assert_eq!(problem.code, "malformed");
            let error = problem.errors.into_iter().next().unwrap();
            (error.field, error.reason)
        }
        other => panic!("not dead: {other:?}"),
    }
}

fn renamed() -> Value {
    json!({"event_id": "e-1", "event_type": "session.renamed", "aggregate_type": "Session", "aggregate_id": "s-1",
        "occurred_at": "2026-01-07T09:00:00Z", "payload": {"title": "x"}})
}

#[test]
fn without_a_document_a_message_is_an_event_already() {
    let flat = json!({"event_id": "e-1", "event_type": "session.renamed", "aggregate_type": "Session",
        "aggregate_id": "s-1", "occurred_at": "2026-01-07T09:00:00Z", "payload": r#"{"title":"x"}"#, "id": 9});
    for fields in [
        json!({"data": renamed()}),
        json!({"event": renamed().to_string()}),
        json!({"event": "x", "data": renamed().to_string()}).as_object().map_or(
            Value::Null,
            |fields| {
                let mut fields = fields.clone();
                fields.remove("event");
                Value::Object(fields)
            },
        ),
        flat,
    ] {
        assert_eq!(event(&json!({}), &fields), renamed(), "{fields}");
    }
}

#[test]
fn what_an_event_does_not_say_is_taken_from_the_bus() {
    let mut bare = renamed();
    for name in ["event_id", "occurred_at", "payload"] {
        bare.as_object_mut().unwrap().remove(name);
    }
    let made = event(&json!({}), &json!({"data": bare}));
    assert_eq!((&made["event_id"], &made["payload"]), (&json!("s:1-0"), &json!({})));
    assert_eq!(made["occurred_at"], "2026-01-07T10:00:00.000Z");
    let camel = json!({"eventId": "e-1", "eventType": "t", "occurredAt": "2026-01-07T09:00:00Z"});
    let made = event(&json!({}), &json!({"data": camel}));
    assert_eq!((&made["eventId"], made.get("event_id")), (&json!("e-1"), None));
}

#[test]
fn a_document_composes_an_event_that_the_server_takes() {
    let document = json!({
        "event_id": "job:{/id}", "event_type": "job.{/event}", "session": "/queue",
        "aggregate_type": {"value": "Job"}, "aggregate_id": "/id", "occurred_at": "/at",
        "payload": {"progress": {"json": "/data"}, "error?": "/failedReason"},
        "metadata": {"correlation_id": "/id"},
    });
    let fields =
        json!({"id": 7, "event": "progress", "queue": "q-1", "at": "1767780000123", "data": "50"});
    let made = event(&document, &fields);
    assert_eq!(
        made,
        json!({"event_id": "job:7", "event_type": "job.progress", "aggregate_type": "Job", "aggregate_id": "7",
            "occurred_at": "2026-01-07T10:00:00.123Z", "payload": {"progress": 50, "session_id": "q-1"},
            "metadata": {"correlation_id": 7}})
    );
    let session = json!({"event_type": {"value": "t"}, "session": {"value": "all"}});
    let made = event(&session, &json!({}));
    assert_eq!(
        (&made["aggregate_type"], &made["aggregate_id"]),
        (&json!("Session"), &json!("all"))
    );
}

#[test]
fn a_document_may_change_a_single_field_of_an_event() {
    let document =
        json!({"event": "/body", "event_type": "board.{/body/event_type}", "session": "/board"});
    let made = event(&document, &json!({"body": renamed().to_string(), "board": "b-1"}));
    assert_eq!(
        (&made["event_type"], &made["event_id"]),
        (&json!("board.session.renamed"), &json!("e-1"))
    );
    assert_eq!(made["payload"], json!({"title": "x", "session_id": "b-1"}));
}

#[test]
fn only_what_is_wanted_becomes_an_event() {
    let document = json!({"event_type": "job.{/event}",
        "only": [{"at": "/event", "is": ["completed", "failed"]}, {"at": "/id"}], "skip": [{"at": "/id", "is": [7]}]});
    let of = |fields: Value| map(&document).apply(&message(&fields));
    assert!(matches!(of(json!({"event": "completed", "id": "1"})), Mapped::Event(_)));
    for skipped in [
        json!({"event": "active", "id": "1"}),
        json!({"event": "failed"}),
        json!({"event": "failed", "id": "7"}),
        json!({}),
    ] {
        assert_eq!(of(skipped.clone()), Mapped::Skipped, "{skipped}");
    }
}

#[test]
fn a_message_that_cannot_become_an_event_is_dead_and_says_why() {
    let whole = |reason: &str| (String::new(), reason.to_owned());
    for fields in [json!({}), json!({"data": "{"}), json!({"data": null}), json!({"data": "[1]"})] {
        assert_eq!(fault(&json!({}), &fields), whole(NONE), "{fields}");
    }
    let at = json!({"event": "/body"});
    assert_eq!(fault(&at, &json!({"body": 7})), whole("there is no JSON object at /body"));
    let composed = json!({"event_type": "/type", "payload": {"a": "/b"}});
    assert_eq!(fault(&composed, &json!({"type": []})).0, "event_type");
    let field = ("payload.a".to_owned(), "there is nothing at /b".to_owned());
    assert_eq!(fault(&composed, &json!({"type": "t"})), field);
    let large = json!({"data": {"x": "x".repeat(EVENT_BYTES)}});
    let dead = Map::default().apply(&message(&large));
    assert!(matches!(dead, Mapped::Dead(problem) if problem.code == "too_large"));
}

#[test]
fn a_document_that_is_wrong_says_where_and_how_to_mend_it() {
    for (document, place, says) in [
        (json!({"event_typ": "/x"}), "event_typ", "unknown field `event_typ`"),
        (json!({"event_type": "completed"}), "event_type", "must be a place that begins with `/`"),
        (json!({"payload": {"a": "b"}}), "payload.a", "must be a place that begins with `/`"),
        (json!({"payload": 7}), "payload", "must be the place of an object"),
        (json!({"skip": [{"is": [1]}]}), "skip[0]", "missing field `at`"),
    ] {
        let fault = Map::parse(&document.to_string()).unwrap_err();
        assert!(fault.place == place && fault.reason.contains(says), "{fault}");
    }
    assert!(Map::parse("{").unwrap_err().to_string().contains("is not JSON"));
}
