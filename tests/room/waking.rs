//! What a room reads when it wakes, how much it can hold, and when it ends.

use roomcast::limits::{
    RoomLimits, BURST_BYTES, CHECKPOINT_BYTES, POST_STORED_BYTES, ROOM_RETENTION_MS,
    SEEN_IDS_WITHOUT_BURST, STATE_BYTES, SWEEP_EVERY_MS,
};
use roomcast::protocol::ids::Position;
use roomcast::protocol::update::Update;
use roomcast::room::Effect;

use crate::updates::update;
use crate::world::World;

#[test]
fn members_leave_and_are_swept_without_reading_the_log() {
    let mut world = World::new();
    let (one, two) = (world.connect(), world.connect());
    world.publish(&["e-1"]);
    world.evict();
    let loads = world.disk.loads;
    world.disconnect(&one);
    for _ in 0..5 {
        world.pass_ms(SWEEP_EVERY_MS);
        assert_eq!(world.disk.loads, loads);
    }
    assert!(!world.clients.contains_key(&two), "silent for five minutes");
    world.send(&two, r#"{"type":"request.state"}"#);
    assert_eq!(world.disk.loads, loads, "its connection has been closed");
    world.connect();
    assert_eq!(world.disk.loads, loads + 1, "a join needs the log");
}

/// Bytes of the largest burst that one request can make.
const LARGE: usize = 250_000;

/// An update as large as one request allows.
fn large(id: usize, bytes: usize) -> Vec<Update> {
    let content = format!(r#""data":"{}""#, "x".repeat(bytes));
    vec![Update { content, ..update(&format!("e-{id}"), &format!("k-{}", id % 9), 1) }]
}

#[test]
fn a_join_reads_only_the_bursts_after_the_checkpoint_however_large_the_log_is() {
    let mut world = World::new();
    for id in 0..540 {
        world.post(large(id, LARGE - 100));
        if id % 50 == 3 {
            world.evict();
            let before = world.disk.loaded_bytes;
            world.connect();
            let loaded = world.disk.loaded_bytes - before;
            let bound = CHECKPOINT_BYTES + LARGE;
            assert!(loaded <= bound, "{loaded} bytes after {id} bursts");
        }
    }
    let row = world.disk.largest_row;
    assert!((LARGE..2_000_000).contains(&row), "{row}");
}

#[test]
fn no_row_is_larger_than_the_platform_allows() {
    const ROW: usize = 2_000_000;
    let mut world = World::new();
    let key = "%25\u{1}".repeat(200);
    for round in 0..10 {
        let updates: Vec<_> = (0..500)
            .map(|id| {
                update(
                    &format!("{}-{round}-{id}", "i".repeat(100)),
                    &format!("{key}{id}-{round}"),
                    1,
                )
            })
            .collect();
        let stored: usize = updates.iter().map(Update::stored_bytes).sum();
        assert!(
            stored > POST_STORED_BYTES,
            "the updates must be more than a request may store: {stored}"
        );
        world.post_together(updates);
    }
    world.rest();
    let row = world.disk.largest_row;
    assert!(row > STATE_BYTES * 9 / 10 && row < ROW, "{row}");
    const { assert!(BURST_BYTES + POST_STORED_BYTES < ROW) };
    // A checkpoint also holds the hashes of event ids, 32 characters for three of them.
    const { assert!(STATE_BYTES + SEEN_IDS_WITHOUT_BURST * 11 < ROW) };
}

#[test]
fn a_room_without_members_and_events_ends_and_can_begin_again() {
    let mut world = World::new();
    let client = world.connect();
    world.publish(&["e-1"]);
    let old = world.head();
    world.disconnect(&client);
    world.pass_ms(ROOM_RETENTION_MS - 1);
    assert_eq!(world.head(), old, "not yet");
    world.pass_ms(1);
    assert_eq!(world.trace.last(), Some(&Effect::End));
    assert_eq!((world.head().seq, world.alarm), (0, None));
    let back = world.resume(&old);
    assert_eq!(world.clients[&back].frames[0]["recovery"], "none");
}

#[test]
fn an_alarm_that_goes_off_as_the_last_member_leaves_does_not_end_the_room() {
    let mut world = World::new();
    let client = world.connect();
    world.now = world.alarm.unwrap();
    world.disconnect(&client);
    let end = world.alarm;
    assert_eq!(end, Some(world.now.plus_ms(ROOM_RETENTION_MS)));
    world.alarm = Some(world.now);
    world.pass_ms(1);
    assert!(world.disk.has_begun(), "nobody has been away for long");
    assert_eq!(world.alarm, end);
    world.pass_ms(ROOM_RETENTION_MS);
    assert!(!world.disk.has_begun());
}

#[test]
fn each_event_postpones_the_end_of_its_room() {
    let mut world = World::new();
    world.publish(&["e-1"]);
    for id in ["e-2", "e-3", "e-4"] {
        world.pass_ms(ROOM_RETENTION_MS * 2 / 3);
        world.evict();
        world.publish(&[id]);
    }
    world.pass_ms(ROOM_RETENTION_MS - 1);
    assert_eq!(world.head().seq, 4);
    world.pass_ms(1);
    assert_eq!(world.head().seq, 0);
}

#[test]
fn a_room_with_a_member_does_not_end() {
    let mut world = World::new();
    world.publish(&["e-1"]);
    let client = world.join_until(roomcast::protocol::dialect::Dialect::V1, None, u64::MAX / 2);
    for _ in 0..50 {
        world.ping(&client);
        world.now = world.now.plus_ms(ROOM_RETENTION_MS / 10);
        world.ping(&client);
        world.alarm = Some(world.now);
        world.pass_ms(1);
    }
    assert_eq!(world.head().seq, 1);
}

#[test]
fn reading_a_room_that_has_not_begun_writes_nothing() {
    let mut world = World::new();
    assert_eq!(world.state(), Vec::<serde_json::Value>::new());
    let Position { epoch, seq } = world.head();
    assert_eq!((epoch.as_str(), seq), ("0000000000000000", 0));
    assert_eq!((world.disk.rows, world.alarm), (0, None));
    let read = Position { epoch, seq };
    world.publish(&["e-1"]);
    let client = world.resume(&read);
    assert_eq!(world.clients[&client].types(), ["connected", "dashboard.state"]);
}

#[test]
fn the_first_post_of_a_room_writes_two_rows_and_sets_the_alarm_of_its_end() {
    let mut world = World::with_limits(RoomLimits::default());
    world.publish(&["e-1"]);
    assert_eq!(world.disk.rows, 2, "the epoch and the burst");
    let ends = world.trace.iter().filter(|effect| matches!(effect, Effect::WakeAt(_))).count();
    world.publish(&["e-2"]);
    assert_eq!((ends, world.disk.rows), (1, 3));
}
