//! How often the pure core allocates for an event. Speed cannot be tested where others share the
//! machine, but allocations can be counted, and they are most of what an event costs.
//!
//! The bounds are at most a tenth above what was counted. Where a change needs more, it raises the
//! constant and says what for in its commit; one that needs fewer lowers it: the failing test, or
//! `cargo test --test allocations -- --nocapture`, shows what was counted. Growing a buffer counts as one
//! more. Nothing of the shell or of the command line is looked at.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use allocation_counter::measure;
use roomcast::ingest::dispatch::{Batch, Dispatch, Pointers};
use roomcast::ingest::envelope::decode;
use roomcast::ingest::preset::Preset;
use roomcast::limits::RoomLimits;
use roomcast::protocol::grant::Grant;
use roomcast::protocol::ids::{ClientId, Epoch};
use roomcast::protocol::server_frame::Dialect;
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::update::Update;
use roomcast::room::publish::Post;
use roomcast::room::row::{Corrupt, Stored};
use roomcast::room::{Effect, Input, PostId, Room};
use serde_json::{json, Value};

/// Of the room, for a request with one update.
const ROOM_ALONE: f64 = 18.5;
/// Of the room, for each update of a request with 100.
const ROOM_OF_100: f64 = 7.8;
/// Of decoding and mapping, for a request with one event.
const INGEST_ALONE: f64 = 52.0;
/// Of decoding and mapping, for each event of a request with 100.
const INGEST_OF_100: f64 = 44.0;

/// Requests over which is counted: enough for the log to come round, and for two checkpoints.
const REQUESTS: u64 = 640;
const REQUESTS_OF_100: u64 = 128;

/// Few enough for windows without a timer.
const CLIENTS: u64 = 10;

const NOW: Timestamp = Timestamp(1_767_780_000_000);

fn event(number: u64) -> Value {
    json!({"event_id": format!("event-{number}"), "event_type": "component.output_updated",
        "aggregate_type": "Session", "aggregate_id": "s-1", "occurred_at": "2026-01-07T10:00:00.123Z",
        "payload": {"cycle_id": format!("cycle-{}", number % 8), "component_type": "part-0",
            "summary": "a text of some length"}})
}

/// A request with `events` events, the first of which is `first`.
fn body(first: u64, events: u64) -> Vec<u8> {
    let events: Vec<Value> = (first..first + events).map(event).collect();
    json!(events).to_string().into_bytes()
}

fn dispatched(preset: &Preset, body: &[u8]) -> Dispatch {
    let batch = Batch::new(preset, decode(body).unwrap()).unwrap();
    assert!(batch.unresolved().is_empty());
    batch.dispatch(&Pointers::new()).unwrap()
}

/// Says what was counted, and fails where it is more than it may be.
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn at_most(bound: f64, what: &str, allocations: u64, events: u64) {
    let each = allocations as f64 / events as f64;
    println!("{what}: {each:.2} allocations for each event");
    assert!(each <= bound, "{what}: {each:.2} allocations for each event are more than {bound}");
}

fn ingest(events: u64) -> u64 {
    let preset = Preset::built_in("sessions").unwrap();
    let body = body(0, events);
    measure(|| drop(dispatched(&preset, &body))).count_total
}

fn room() -> Room {
    let session = "s-1".parse().unwrap();
    let epoch = Epoch::from_random([7; 8]);
    let (limits, stored) = (RoomLimits::default(), Stored::default());
    let mut room = Room::restore(session, limits, BTreeMap::new());
    for number in 0..CLIENTS {
        let client = ClientId::from_random(number.to_be_bytes());
        let grant = Grant { user: "ada".into(), expires: NOW.plus_ms(1), sessions: vec![] };
        let input = Input::Connected { client, grant, dialect: Dialect::V1, resume: None };
        let load = || Ok::<_, Corrupt>((stored.clone(), epoch.clone()));
        room.handle(input, NOW, load).unwrap();
    }
    room
}

/// Everybody is here, so the log has been read.
fn loaded() -> Result<(Stored, Epoch), Corrupt> {
    panic!("read again");
}

/// Allocations of one room for so many requests of `events` updates. The next one comes when the room
/// rests, so that each is a burst of its own.
fn handling(requests: u64, events: u64) -> u64 {
    let preset = Preset::built_in("sessions").unwrap();
    let mut room = room();
    let mut allocations = 0;
    for request in 0..requests {
        let mut dispatch = dispatched(&preset, &body(request * events, events));
        let updates: Vec<Update> = dispatch.deliveries.remove(0).updates;
        let mut effects = Vec::new();
        let post = Post { id: PostId(request), signed: NOW, updates };
        let input = Input::Published(post);
        allocations += measure(|| effects = room.handle(input, NOW, loaded).unwrap()).count_total;
        assert!(
            effects.iter().any(|effect| matches!(effect, Effect::Append { .. })),
            "a burst each"
        );
        room.handle(Input::WindowElapsed, NOW, loaded).unwrap();
        assert!(room.is_resting());
    }
    allocations
}

#[test]
fn a_lone_event_is_decoded_and_mapped_with_few_allocations() {
    at_most(INGEST_ALONE, "ingest of 1", ingest(1), 1);
}

#[test]
fn many_events_are_decoded_and_mapped_with_few_allocations_each() {
    at_most(INGEST_OF_100, "ingest of 100", ingest(100), 100);
}

#[test]
fn a_room_takes_a_lone_event_with_few_allocations() {
    at_most(ROOM_ALONE, "room, 1 at a time", handling(REQUESTS, 1), REQUESTS);
}

#[test]
fn a_room_takes_many_events_with_few_allocations_each() {
    at_most(
        ROOM_OF_100,
        "room, 100 at a time",
        handling(REQUESTS_OF_100, 100),
        REQUESTS_OF_100 * 100,
    );
}
