use serde_json::{json, Value};

use super::*;

fn event_of_stripe() -> Value {
    json!({"id": "evt_1", "object": "event", "api_version": "2026-10-28", "created": 1_767_776_400,
        "type": "invoice.paid", "livemode": false, "account": "acct_1",
        "data": {"object": {"id": "in_1", "object": "invoice", "total": 4200},
            "previous_attributes": {"status": "open"}}})
}

fn read(value: &Value) -> Result<Event, Rejected> {
    decode(value.to_string().as_bytes()).map(|mut events| events.remove(0))
}

fn fault(value: &Value) -> (String, String) {
    match read(value) {
        Err(Rejected::Malformed(mut errors)) => {
            let error = errors.remove(0);
            (error.field, error.reason)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_event_is_about_its_object() {
    let event = read(&event_of_stripe()).unwrap();
    assert_eq!((event.id.as_str(), event.kind.as_str()), ("evt_1", "stripe.invoice.paid"));
    assert_eq!(event.aggregate, Aggregate { kind: "invoice".into(), id: "in_1".into() });
    assert_eq!(event.occurred_at, "2026-01-07T09:00:00.000Z");
    assert_eq!(event.payload["total"], 4200);
    assert_eq!(event.metadata["account"], "acct_1");
    assert_eq!(event.metadata["previous_attributes"], json!({"status": "open"}));
}

#[test]
fn an_object_without_an_id_is_the_only_one_of_its_type() {
    let mut balance = event_of_stripe();
    balance["data"]["object"] = json!({"object": "balance"});
    let aggregate = read(&balance).unwrap().aggregate;
    assert_eq!(aggregate, Aggregate { kind: "balance".into(), id: "balance".into() });
}

#[test]
fn a_missing_or_wrong_field_is_named() {
    let long = "x".repeat(122);
    for (path, wrong, field, reason) in [
        ("/id", json!(null), "id", "is missing"),
        ("/type", json!(7), "type", "must be a string"),
        ("/type", json!(long), "type", "must be a string"),
        ("/created", json!(null), "created", "is missing"),
        ("/created", json!("2026-01-07T10:00:00Z"), "created", "must be a whole number of seconds"),
        ("/created", json!(1.5), "created", "must be a whole number of seconds"),
        ("/created", json!(-1), "created", "must be a whole number of seconds"),
        ("/created", json!(1_767_776_400_000_i64), "created", "must be a whole number of seconds"),
        ("/data", json!(null), "data.object", "is missing"),
        ("/data", json!({}), "data.object", "is missing"),
        ("/data/object", json!([]), "data.object", "must be a JSON object"),
        ("/data/object/object", json!(null), "data.object.object", "is missing"),
        ("/data/object/id", json!(7), "data.object.id", "must be a string"),
    ] {
        let mut bad = event_of_stripe();
        *bad.pointer_mut(path).unwrap() = wrong.clone();
        let found = fault(&bad);
        assert_eq!(found.0, field, "{path}: {wrong}");
        assert!(found.1.starts_with(reason), "{path}: {wrong}: {}", found.1);
    }
    assert_eq!(fault(&json!([event_of_stripe()])).1, "an event must be a JSON object");
}
