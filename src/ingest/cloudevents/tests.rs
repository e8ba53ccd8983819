use serde_json::json;

use super::*;
use crate::limits::{LISTED_ERRORS, POST_EVENTS};

const SIGNED: Timestamp = Timestamp(1_767_780_000_000);

fn event() -> Value {
    json!({"specversion": "1.0", "id": "e-1", "source": "/orders", "type": "order.placed",
        "subject": "o-1", "time": "2026-01-07T09:00:00Z", "correlationid": "c-1", "tenantid": "acme",
        "data": {"total": 42}})
}

fn read(value: &Value) -> Result<Event, Rejected> {
    structured(value.to_string().as_bytes(), SIGNED).map(|mut events| events.remove(0))
}

fn fault(result: Result<impl std::fmt::Debug, Rejected>) -> (usize, String, String) {
    match result {
        Err(Rejected::Malformed(mut errors)) => {
            let error = errors.remove(0);
            (error.index, error.field, error.reason)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn attributes_become_the_fields_of_an_event() {
    let read = read(&event()).unwrap();
    assert_eq!((read.id.as_str(), read.kind.as_str()), ("/orders e-1", "order.placed"));
    assert_eq!(read.aggregate, Aggregate { kind: "/orders".into(), id: "o-1".into() });
    assert_eq!(read.occurred_at, "2026-01-07T09:00:00Z");
    assert_eq!(read.correlation_id.as_deref(), Some("c-1"));
    assert_eq!(json!(read.payload), json!({"total": 42}));
    let metadata = json!({"tenantid": "acme", "source": "/orders", "subject": "o-1"});
    assert_eq!(json!(read.metadata), metadata);
}

#[test]
fn what_is_absent_or_null_has_a_meaning() {
    for null in [false, true] {
        let mut small = event();
        for field in ["subject", "time", "data", "correlationid"] {
            small[field] = Value::Null;
        }
        if !null {
            small.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        }
        let read = read(&small).unwrap();
        assert_eq!(read.aggregate, Aggregate { kind: "/orders".into(), id: "/orders".into() });
        assert_eq!(read.occurred_at, "2026-01-07T10:00:00.000Z", "when it was signed");
        assert_eq!((read.correlation_id, read.payload.len()), (None, 0));
    }
}

#[test]
fn a_missing_or_wrong_attribute_is_named() {
    for field in ["id", "source", "specversion", "type"] {
        let mut bad = event();
        bad[field] = Value::Null;
        assert_eq!(fault(read(&bad)), (0, field.into(), "is missing".into()));
    }
    for (field, wrong) in [
        ("id", json!("")),
        ("id", json!(7)),
        ("source", json!("x".repeat(129))),
        ("type", json!(["a"])),
        ("specversion", json!("0.3")),
        ("specversion", json!("1.0.2")),
        ("specversion", json!(1.0)),
        ("subject", json!("")),
        ("time", json!("yesterday")),
        ("time", json!(1_767_780_000)),
        ("correlationid", json!(7)),
        ("data", json!([1])),
        ("data", json!("{}")),
        ("data_base64", json!("e30=")),
    ] {
        let mut bad = event();
        bad[field] = wrong.clone();
        assert_eq!(fault(read(&bad)).1, field, "{wrong}");
    }
    for bad in ["7", "[]", "\"x\"", "null"] {
        let (_, field, reason) = fault(structured(bad.as_bytes(), SIGNED));
        assert_eq!((field.as_str(), reason.as_str()), ("", "an event must be a JSON object"));
    }
}

#[test]
fn encoded_data_is_decoded_if_it_is_an_object() {
    let with = |encoded: Value| {
        let mut event = event();
        event.as_object_mut().unwrap().remove("data");
        event["data_base64"] = encoded;
        read(&event)
    };
    assert_eq!(json!(with(json!("eyJ0b3RhbCI6NDJ9")).unwrap().payload), json!({"total": 42}));
    for wrong in [json!("%"), json!("W10="), json!("AAAA"), json!(7), json!("")] {
        assert_eq!(fault(with(wrong.clone())).1, "data_base64", "{wrong}");
    }
}

#[test]
fn no_two_events_share_a_name() {
    let (long, longer) = ("s".repeat(128), "s".repeat(127));
    let pairs = [
        ("a", "b c"),
        ("a b", "c"),
        ("a%20b", "c"),
        ("a%2520b", "c"),
        ("a", "b%20c"),
        ("a", "%20b c"),
        (long.as_str(), "1"),
        (long.as_str(), "2"),
        (longer.as_str(), "s1"),
        (longer.as_str(), "1"),
    ];
    let names: std::collections::BTreeSet<_> =
        pairs.iter().map(|(source, id)| event_id(source, id)).collect();
    assert_eq!(names.len(), pairs.len(), "{names:?}");
    for name in &names {
        assert!(crate::protocol::ids::is_name(name), "{name}");
    }
    // The only names without a blank are hashes, and a name of two parts always has one.
    assert!(event_id(&long, "1").starts_with("sha256:") && !event_id(&long, "1").contains(' '));
    assert_eq!(event_id("sha256:x", "1"), "sha256:x 1");
}

#[test]
fn a_batch_may_be_empty_and_decodes_together_or_not_at_all() {
    let read = |value: &Value| batch(value.to_string().as_bytes(), SIGNED);
    assert_eq!(read(&json!([])), Ok(vec![]));
    let mut other = event();
    other["id"] = json!("e-2");
    let events = read(&json!([event(), other])).unwrap();
    assert_eq!([&events[0].id, &events[1].id], ["/orders e-1", "/orders e-2"]);
    other["type"] = json!("");
    let (index, field, _) = fault(read(&json!([event(), other])));
    assert_eq!((index, field.as_str()), (1, "type"));
    assert_eq!(fault(read(&event())).2, "a batch must be a JSON array");
    let many: Vec<_> = std::iter::repeat_n(event(), POST_EVENTS + 1).collect();
    assert_eq!(read(&json!(many)), Err(Rejected::TooLarge));
    let wrong: Vec<_> = std::iter::repeat_n(json!({}), 100).collect();
    let Err(Rejected::Malformed(errors)) = read(&json!(wrong)) else { panic!() };
    assert_eq!(errors.len(), LISTED_ERRORS);
    assert!(structured(json!([event()]).to_string().as_bytes(), SIGNED).is_err(), "one, not many");
}

#[test]
fn headers_are_attributes_in_binary_mode() {
    let attributes = [
        ("id", "e-1"),
        ("source", "/orders"),
        ("specversion", "1.0"),
        ("type", "order.placed"),
        ("subject", "o-1"),
        ("time", "2026-01-07T09:00:00Z"),
        ("correlationid", "c-1"),
        ("tenantid", "acme"),
    ];
    let read = |attributes: &[(&str, &str)], body: &str| {
        binary(attributes, body.as_bytes(), SIGNED).map(|mut events| events.remove(0))
    };
    let one = read(&attributes, r#"{"total":42}"#).unwrap();
    assert_eq!(one, structured(event().to_string().as_bytes(), SIGNED).unwrap()[0]);
    assert_eq!(read(&attributes, "").unwrap().payload.len(), 0);
    assert_eq!(fault(read(&attributes, "[1]")).1, "data");
    assert_eq!(fault(read(&attributes, "{")).2, "the body is not JSON (line 1, column 1)");
    assert_eq!(fault(read(&attributes[1..], "{}")), (0, "id".into(), "is missing".into()));
    // These would stand in the place of the body.
    let more = [("data", "x"), ("data_base64", "e30="), ("datacontenttype", "text/xml")];
    assert_eq!(read(&[&attributes[..], &more].concat(), r#"{"total":42}"#).unwrap(), one);
}

#[test]
fn the_value_of_a_header_is_decoded_once() {
    let subject = |value: &str| {
        let attributes = [
            ("id", "1"),
            ("source", "s"),
            ("specversion", "1.0"),
            ("type", "t"),
            ("subject", value),
        ];
        binary(&attributes, b"", SIGNED).map(|mut events| events.remove(0).aggregate.id)
    };
    for (value, wanted) in [
        ("o-1", "o-1"),
        ("Gr%C3%BC%c3%9Fe%20%F0%9F%8E%89", "Grüße 🎉"),
        ("100%2525", "100%25"),
        ("100%", "100%"),
        ("%zz", "%zz"),
        ("a b", "a b"),
    ] {
        assert_eq!(subject(value).as_deref(), Ok(wanted), "{value}");
    }
    for wrong in ["%ff", "%C3", "Grüße", "a\tb", "\u{7f}"] {
        let (_, field, reason) = fault(subject(wrong));
        assert_eq!(
            (field.as_str(), reason.contains("percent-encoded")),
            ("subject", true),
            "{wrong}"
        );
    }
}
