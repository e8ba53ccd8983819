//! What a client is sent when it joins or comes back.

use roomcast::limits::RoomLimits;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::Position;
use serde_json::json;

use crate::updates::update;
use crate::world::World;

#[test]
fn the_first_client_of_a_new_room_has_nothing_to_recover() {
    let mut world = World::new();
    let client = world.connect();
    assert_eq!(world.clients[&client].frames[0]["recovery"], "none");
    assert_eq!(world.clients[&client].frames.len(), 1);
}

#[test]
fn a_client_without_a_position_gets_the_state_at_the_head_and_then_the_tail() {
    let mut world = World::new();
    world.post(vec![update("e-1", "a", 1), update("e-2", "a", 1), update("e-3", "b", 1)]);
    let client = world.connect();
    let state = &world.clients[&client].frames[1];
    assert_eq!((&state["type"], &state["seq"]), (&json!("dashboard.state"), &json!(3)));
    assert_eq!(state["updates"].as_array().unwrap().len(), 2, "the latest per key");
    world.publish(&["e-4"]);
    assert_eq!(world.clients[&client].applied, ["e-4"]);
}

#[test]
fn a_client_that_comes_back_gets_exactly_what_it_missed() {
    let mut world = World::new();
    let client = world.connect();
    world.publish(&["e-1"]);
    let position = world.clients[&client].position();
    world.disconnect(&client);
    world.publish(&["e-2"]);
    world.publish(&["e-3", "e-4"]);
    let back = world.resume(&position);
    assert_eq!(world.clients[&back].frames[0]["recovery"], "replayed");
    assert_eq!(world.clients[&back].applied, ["e-2", "e-3", "e-4"]);
    assert_eq!(world.clients[&back].frames.len(), 2, "the missed bursts are one frame");
}

#[test]
fn a_client_that_missed_nothing_gets_nothing() {
    let mut world = World::new();
    world.publish(&["e-1"]);
    let head = world.head();
    let back = world.resume(&head);
    assert_eq!(world.clients[&back].types(), ["connected"]);
    assert_eq!(world.clients[&back].frames[0]["recovery"], "replayed");
}

#[test]
fn a_client_can_resume_from_a_position_within_a_burst() {
    let mut world = World::new();
    world.publish(&["e-1", "e-2", "e-3"]);
    let head = world.head();
    for (seq, missed) in [(0, vec!["e-1", "e-2", "e-3"]), (1, vec!["e-2", "e-3"]), (2, vec!["e-3"])]
    {
        let back = world.resume(&Position { seq, ..head.clone() });
        assert_eq!(world.clients[&back].applied, missed);
    }
}

#[test]
fn a_position_of_another_epoch_or_beyond_the_head_gets_the_state() {
    let mut world = World::new();
    world.publish(&["e-1"]);
    let head = world.head();
    let other = Position { epoch: "00000000000000ff".parse().unwrap(), seq: 1 };
    for position in [other, Position { seq: 2, ..head }] {
        let back = world.resume(&position);
        assert_eq!(world.clients[&back].types(), ["connected", "dashboard.state"]);
    }
}

#[test]
fn a_position_that_the_log_no_longer_covers_gets_the_state() {
    let limits = RoomLimits { log_bursts: 8, checkpoint_bursts: 4, ..RoomLimits::default() };
    let mut world = World::with_limits(limits);
    world.publish(&["e-0"]);
    let early = world.head();
    for event in ["e-1", "e-2", "e-3", "e-4", "e-5", "e-6", "e-7", "e-8"] {
        world.publish(&[event]);
    }
    let back = world.resume(&early);
    assert_eq!(
        world.clients[&back].applied.len(),
        8,
        "the log has exactly the eight events that it missed"
    );
    world.publish(&["e-9"]);
    let late = world.resume(&early);
    assert_eq!(world.clients[&late].types(), ["connected", "dashboard.state"]);
    assert!(world.clients[&late].is_level());
}

#[test]
fn a_client_that_missed_more_than_may_be_replayed_gets_the_state() {
    let limits = RoomLimits { replay_bytes: 300, ..RoomLimits::default() };
    let mut world = World::with_limits(limits);
    world.publish(&["e-1"]);
    let position = world.head();
    world.publish(&["e-2"]);
    let near = world.resume(&position);
    assert_eq!(world.clients[&near].frames[0]["recovery"], "replayed");
    for event in ["e-3", "e-4", "e-5"] {
        world.publish(&[event]);
    }
    let far = world.resume(&position);
    assert_eq!(world.clients[&far].frames[0]["recovery"], "snapshot");
}

#[test]
fn a_plain_client_that_resumes_gets_one_missed_update_per_frame() {
    let mut world = World::new();
    world.publish(&["e-1", "e-2", "e-3"]);
    let position = Position { seq: 1, ..world.head() };
    let plain = world.join(Dialect::Plain, Some(position));
    assert_eq!(world.clients[&plain].applied, ["e-2", "e-3"]);
}

#[test]
fn an_evicted_room_still_knows_its_clients() {
    let mut world = World::new();
    let client = world.connect();
    world.publish(&["e-1"]);
    world.evict();
    world.publish(&["e-2"]);
    assert_eq!(world.clients[&client].applied, ["e-1", "e-2"]);
}

/// The number of slots is part of the storage format. A log that keeps fewer bursts than the ring still finds them.
#[test]
fn a_ring_that_holds_more_than_the_log_keeps_changes_nothing() {
    let limits = RoomLimits { log_bursts: 8, checkpoint_bursts: 4, ..RoomLimits::default() };
    let mut world = World::with_limits(limits);
    world.disk.slots = 512;
    world.publish(&["e-0"]);
    let early = world.head();
    for number in 1..=12 {
        world.publish(&[&format!("e-{number}")]);
    }
    for evict in [false, true] {
        if evict {
            world.evict();
        }
        let late = world.resume(&early);
        assert_eq!(world.clients[&late].types(), ["connected", "dashboard.state"], "{evict}");
        let near = world.resume(&Position { seq: 5, ..early.clone() });
        assert_eq!(world.clients[&near].applied.len(), 8, "{evict}");
    }
}
