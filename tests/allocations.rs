//! How often the pure core allocates for an event. Speed cannot be tested on a machine that others share, but
//! allocations can be counted, and they are most of the cost of an event.
//!
//! The bounds are at most a tenth above what was counted. A change that needs more raises the constant, and its commit
//! says what for; a change that needs fewer lowers it. The failing test, or
//! `cargo test --test allocations -- --nocapture`, shows the counts. Growing a buffer counts as an allocation. The
//! shell and the command line are not measured.

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
use roomcast::limits::{RoomLimits, LOG_BURSTS, SEEN_IDS, STATE_BYTES, WINDOW_SOON_MS};
use roomcast::preset::presets::Presets;
use roomcast::protocol::company::Company;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::grant::Grant;
use roomcast::protocol::ids::{ClientId, Epoch};
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::update::{Entry, Update};
use roomcast::room::publish::Post;
use roomcast::room::row::{BurstRow, Corrupt, Head, Stored};
use roomcast::room::view::View;
use roomcast::room::{Effect, Input, PostId, Resume, Room};
use serde_json::{json, Value};

/// The room's allocations for a request with one update.
const ROOM_ALONE: f64 = 18.5;
/// The room's allocations for each update of a request with 100.
const ROOM_OF_100: f64 = 7.8;
/// The allocations of decoding and mapping for a request with one event.
const INGEST_ALONE: f64 = 52.0;
/// The allocations of decoding and mapping for each event of a request with 100.
const INGEST_OF_100: f64 = 44.0;

/// Bytes that a room at all its limits reads when it wakes, and bytes that it then allocates in addition. Together they
/// are a seventh of the memory of an object.
const MOST_READ: usize = 10_500_000;
const MOST_WAKING: u64 = 8_000_000;

/// The numbers of requests over which allocations are counted: enough for the ring to come round, or for two
/// checkpoints.
const REQUESTS: u64 = 640;
const REQUESTS_OF_100: u64 = 128;

/// So few clients that windows have no timer.
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

fn dispatched(preset: &Presets, body: &[u8]) -> Dispatch {
    let batch = Batch::new(preset, decode(body).unwrap()).unwrap();
    assert!(batch.unresolved().is_empty());
    batch.dispatch(&Pointers::new()).unwrap()
}

/// Prints the count, and fails if it is above the bound.
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn at_most(bound: f64, what: &str, allocations: u64, events: u64) {
    let each = allocations as f64 / events as f64;
    println!("{what}: {each:.2} allocations for each event");
    assert!(each <= bound, "{what}: {each:.2} allocations for each event are more than {bound}");
}

fn ingest(events: u64) -> u64 {
    let preset = Presets::parse("sessions").unwrap();
    let body = body(0, events);
    measure(|| drop(dispatched(&preset, &body))).count_total
}

fn empty_room() -> Room {
    Room::restore("s-1".parse().unwrap(), RoomLimits::default(), BTreeMap::new(), NOW)
}

fn room() -> Room {
    let session = "s-1".parse().unwrap();
    let epoch = Epoch::from_random([7; 8]);
    let (limits, stored) = (RoomLimits::default(), Stored::default());
    let mut room = Room::restore(session, limits, BTreeMap::new(), NOW);
    for number in 0..CLIENTS {
        let client = ClientId::from_random(number.to_be_bytes());
        let grant = Grant::new("ada".into(), NOW.plus_ms(1));
        let (view, resume) = (View::of_all(Dialect::V1), Resume::State);
        let company = Company::default();
        let input = Input::Connected {
            client,
            grant,
            view,
            company,
            resume,
            resume_topics: None,
            address: None,
        };
        let load = || Ok::<_, Corrupt>((stored.clone(), epoch.clone()));
        room.handle(input, NOW, load).unwrap();
    }
    room
}

/// A room with clients has read its log, so it must not read it again.
fn loaded() -> Result<(Stored, Epoch), Corrupt> {
    panic!("read again");
}

/// Counts the allocations of one room for `requests` requests of `events` updates each. Each request comes after a quiet time, so
/// that it becomes a burst of its own.
fn handling(requests: u64, events: u64) -> u64 {
    let preset = Presets::parse("sessions").unwrap();
    let mut room = room();
    let mut allocations = 0;
    for request in 0..requests {
        let mut dispatch = dispatched(&preset, &body(request * events, events));
        let updates: Vec<Update> = dispatch.deliveries.remove(0).updates;
        let mut effects = Vec::new();
        let now = NOW.plus_ms(request * WINDOW_SOON_MS);
        let post = Post { id: PostId(request), signed: now, updates, pace_ms: None };
        let input = Input::Published(post);
        allocations += measure(|| effects = room.handle(input, now, loaded).unwrap()).count_total;
        assert!(
            effects.iter().any(|effect| matches!(effect, Effect::Append { .. })),
            "each request is a burst"
        );
        assert!(room.is_resting());
    }
    allocations
}

/// The storage of a room whose log, state and remembered event ids have reached their limits.
fn full() -> Stored {
    let mut room = empty_room();
    let mut stored = Stored::default();
    let epoch = Epoch::from_random([7; 8]);
    let key = "%25".repeat(100);
    let content = format!(r#""data":"{}""#, "x".repeat(1_600));
    for request in 0..LOG_BURSTS + 100 {
        let update = |number: u64| Update {
            event_id: format!("{request}-{number}"),
            entry: Entry {
                occurred: Some(NOW),
                parts: Some([9_999; 4].into()),
                ..Entry::new(format!("{key}{}", (request * 260 + number) % 3_000), content.len())
            },
            content: content.clone(),
        };
        let updates = (0..260).map(update).collect();
        let post = Post { id: PostId(request), signed: NOW, updates, pace_ms: None };
        let load = || Ok::<_, Corrupt>((Stored::default(), epoch.clone()));
        let now = NOW.plus_ms(request * WINDOW_SOON_MS);
        for effect in room.handle(Input::Published(post), now, load).unwrap() {
            store(&mut stored, effect);
        }
    }
    stored
}

fn store(stored: &mut Stored, effect: Effect) {
    match effect {
        Effect::Found(epoch) => stored.epoch = Some(epoch),
        Effect::Append { row, at, signed, ids } => {
            let (bytes, BurstRow { number, first, last, .. }) = (row.body.len(), row.clone());
            stored.heads.push(Head { number, first, last, bytes, at, signed, ids });
            stored.heads.retain(|head| head.number + LOG_BURSTS > number);
            stored.tail.push(row);
        }
        Effect::Checkpoint(row) => {
            stored.tail.retain(|burst| burst.number > row.number);
            stored.checkpoint = Some(row);
        }
        _ => {}
    }
}

#[test]
fn a_room_at_all_its_limits_reads_and_allocates_little_when_it_wakes() {
    let stored = full();
    let log: usize = stored.heads.iter().map(|head| head.bytes).sum();
    let checkpoint = stored.checkpoint.as_ref().unwrap();
    let state = checkpoint.body.len() + checkpoint.meta.len();
    let ids: usize = stored.heads.iter().map(|head| head.ids.len()).sum();
    let ids = ids + checkpoint.leaving.groups.len();
    assert!(log > 200_000_000 && state > STATE_BYTES * 9 / 10, "{log} {state}");
    assert!(ids > SEEN_IDS * 10, "{ids}");
    let tail: usize = stored.tail.iter().map(|row| row.body.len() + row.meta.len()).sum();
    let read = state + ids + tail;
    let mut room = empty_room();
    let mut given = Some((stored, Epoch::none()));
    let load = || Ok::<_, Corrupt>(given.take().unwrap());
    let view = View::of_all(Dialect::V1);
    let waking = measure(|| drop(room.state(view.of_group(), NOW, load).unwrap())).bytes_max;
    println!("a log of {log} bytes: {read} bytes read, {waking} allocated at most beside them");
    assert!(read < MOST_READ && waking < MOST_WAKING, "{read} read, {waking} allocated");
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
