//! Bodies of posts: what is decoded is within its limits, decodes again from what it says, and is mapped to updates that are
//! JSON and survive the way to their room.

use roomcast::hop::delivery::{self, Docket};
use roomcast::ingest::dispatch::{Batch, Dispatch, Pointers};
use roomcast::ingest::envelope::{decode, Rejected};
use roomcast::limits::{LISTED_ERRORS, POST_BYTES, POST_EVENTS, POST_STORED_BYTES};
use roomcast::preset::event::Event;
use roomcast::preset::presets::Presets;
use roomcast::protocol::ids::is_name;
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::update::Update;
use serde_json::{json, Value};

use crate::seeds;
use crate::stage::NOW;

thread_local! {
    static PRESETS: Presets = Presets::parse("sessions admin projects stats").unwrap();
}

/// The target `envelope`: a body.
pub(super) fn envelope(input: &[u8]) {
    if let Some(events) = checked(decode(input)) {
        let said = Value::Array(events.iter().map(written).collect()).to_string();
        // As it is written here, a body may be longer than it was.
        if said.len() <= POST_BYTES {
            let again = decode(said.as_bytes()).expect("what was decoded decodes again");
            assert_eq!(rounded(&again), rounded(&events));
        }
        PRESETS.with(|presets| drop(dispatched(presets, events)));
    }
}

/// The events of a decoded body, whatever decoded it.
pub(super) fn checked(decoded: Result<Vec<Event>, Rejected>) -> Option<Vec<Event>> {
    match decoded {
        Ok(events) => {
            assert!(events.len() <= POST_EVENTS);
            events.iter().for_each(is_within_limits);
            Some(events)
        }
        Err(Rejected::TooLarge) => None,
        Err(Rejected::Malformed(errors)) => {
            assert!((1..=LISTED_ERRORS).contains(&errors.len()));
            assert!(errors.iter().all(|error| error.index < POST_EVENTS));
            None
        }
    }
}

fn is_within_limits(event: &Event) {
    let names = [&event.id, &event.kind, &event.aggregate.kind, &event.aggregate.id];
    assert!(names.into_iter().chain(&event.correlation_id).all(|name| is_name(name)), "{event:?}");
    assert!(Timestamp::from_rfc3339(&event.occurred_at).is_some(), "{event:?}");
    let audience = event.audience.iter();
    let mut admitted = audience.flat_map(|one| one.users.iter().chain(&one.permissions));
    assert!(admitted.all(|name| is_name(name)), "{event:?}");
}

/// What becomes of events, if they are taken.
pub(super) fn dispatched(presets: &Presets, events: Vec<Event>) -> Option<Dispatch> {
    let count = events.len();
    let batch = Batch::new(presets, events).ok()?;
    // Every aggregate whose session is not known is in the same session.
    let session = || "s-1".parse().unwrap();
    let found: Pointers = batch.unresolved().into_iter().map(|one| (one, session())).collect();
    let dispatch = batch.dispatch(&found).ok()?;
    assert_eq!(dispatch.results.len(), count);
    let mut stored = 0;
    for delivery in &dispatch.deliveries {
        assert_eq!(delivery.slots.len(), delivery.updates.len());
        stored += delivery.updates.iter().map(Update::stored_bytes).sum::<usize>();
        delivery.updates.iter().for_each(is_json);
        let body = delivery::encode(Docket::signed(NOW), &delivery.updates);
        let read = delivery::decode(body.as_bytes()).expect("a delivery reads back");
        assert_eq!(read, (Docket::signed(NOW), delivery.updates.clone()));
    }
    assert!(stored <= POST_STORED_BYTES);
    Some(dispatch)
}

fn is_json(update: &Update) {
    let frame = format!("{{{}}}", update.content);
    let read: Value = serde_json::from_str(&frame).expect("the content of an update is JSON");
    assert!(read["data"].is_object() && read["updateType"].is_string(), "{frame}");
    assert_eq!(update.entry.bytes, update.content.len());
}

/// Events as envelopes, with fractions in few digits: `serde_json` may read the last of 17 digits as its neighbour.
fn rounded(events: &[Event]) -> Vec<Value> {
    fn round(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(round),
            Value::Object(fields) => fields.values_mut().for_each(round),
            Value::Number(number) if number.is_f64() => {
                *value = format!("{:.9e}", number.as_f64().unwrap()).into();
            }
            _ => {}
        }
    }
    let mut all: Vec<Value> = events.iter().map(written).collect();
    all.iter_mut().for_each(round);
    all
}

/// An event as an envelope.
fn written(event: &Event) -> Value {
    let metadata = json!({"correlation_id": event.correlation_id, "audience": event.audience});
    json!({"event_id": event.id, "event_type": event.kind, "aggregate_type": event.aggregate.kind,
        "aggregate_id": event.aggregate.id, "occurred_at": event.occurred_at,
        "payload": event.payload, "metadata": metadata})
}

/// Seeds of `envelope`: the examples of all documents, the vectors, and the bodies that are attacks.
pub(super) fn envelopes() -> Vec<Vec<u8>> {
    let mut bodies = seeds::texts(&seeds::json("tests/attacks/cases/bodies.json"));
    for example in seeds::EXAMPLES {
        let events = seeds::events(example);
        bodies.extend(events.iter().map(Value::to_string));
        bodies.push(Value::Array(events.into_iter().take(3).collect()).to_string());
    }
    let event = &seeds::events("projects")[0];
    let mut audience = event.clone();
    audience["metadata"] = json!({"correlation_id": "c-1",
        "audience": {"users": ["ada"], "permissions": ["see"]}});
    bodies.push(audience.to_string());
    bodies.push(
        event.to_string().replace("event_id", "eventId").replace("occurred_at", "occurredAt"),
    );
    bodies.push(event.to_string().replacen("\":\"", "\":\"\\ud83c", 1));
    bodies.into_iter().map(String::into_bytes).collect()
}
