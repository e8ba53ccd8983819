//! Events that are sent again: repeats and captured requests; and events that arrive out of order.

use roomcast::limits::{RoomLimits, REPLAY_WINDOW_MS, SIGNATURE_TOLERANCE_S};
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::update::Update;
use roomcast::room::publish::Posted;

use crate::updates::update;
use crate::world::World;

fn one(id: &str) -> Vec<Update> {
    vec![update(id, "title", 1)]
}

fn posted(world: &mut World, signed: Timestamp, id: &str) -> Posted {
    let post = world.post_signed(signed, one(id));
    world.rest();
    world.answers[&post][0]
}

/// Posts an event in a request that is signed now.
fn posted_now(world: &mut World, id: &str) -> Posted {
    let signed = world.now;
    posted(world, signed, id)
}

fn small() -> RoomLimits {
    RoomLimits { log_bursts: 8, checkpoint_bursts: 4, ..RoomLimits::default() }
}

/// Posts so many other events, `apart_ms` apart.
fn others(world: &mut World, count: usize, apart_ms: u64) {
    for number in 0..count {
        world.now = world.now.plus_ms(apart_ms);
        world.publish(&[&format!("other-{number}-{}", world.now.0)]);
    }
}

#[test]
fn a_captured_request_has_no_effect_however_many_requests_came_in_between() {
    for evict in [false, true] {
        let mut world = World::with_limits(small());
        let signed = world.now;
        assert_eq!(posted(&mut world, signed, "captured"), Posted::Accepted(1));
        for _ in 0..60 {
            others(&mut world, 9, 500);
            if evict {
                world.evict();
            }
            assert_eq!(posted(&mut world, signed, "captured"), Posted::Duplicate(1));
        }
    }
}

#[test]
fn an_event_is_remembered_while_its_request_could_be_sent_again_and_then_forgotten() {
    let mut world = World::with_limits(small());
    let signed = world.now;
    posted(&mut world, signed, "e-1");
    others(&mut world, 20, (REPLAY_WINDOW_MS - 1_000) / 20);
    assert_eq!(posted_now(&mut world, "e-1"), Posted::Duplicate(1));
    others(&mut world, 20, 2_000);
    let again = posted_now(&mut world, "e-1");
    assert!(matches!(again, Posted::Accepted(_)), "{again:?}");
}

#[test]
fn an_event_is_remembered_as_long_as_the_log_keeps_it() {
    let mut world = World::with_limits(small());
    posted_now(&mut world, "e-1");
    others(&mut world, 7, REPLAY_WINDOW_MS);
    world.evict();
    assert_eq!(posted_now(&mut world, "e-1"), Posted::Duplicate(1));
    others(&mut world, 1, REPLAY_WINDOW_MS);
    assert!(matches!(posted_now(&mut world, "e-1"), Posted::Accepted(_)));
}

#[test]
fn a_room_with_too_many_ids_to_remember_refuses_old_requests_and_accepts_new_ones() {
    for evict in [false, true] {
        let limits = RoomLimits { seen_ids: 50, ..small() };
        let mut world = World::with_limits(limits);
        let signed = world.now;
        posted(&mut world, signed, "captured");
        others(&mut world, 100, 10);
        if evict {
            world.evict();
        }
        assert_eq!(posted(&mut world, signed, "captured"), Posted::Stale);
        let head = world.head().seq;
        assert_eq!(head, 101, "it changed nothing");
        assert!(matches!(posted_now(&mut world, "e-1"), Posted::Accepted(_)));
        let tolerance = SIGNATURE_TOLERANCE_S.unsigned_abs() * 1_000;
        let ahead = world.now.plus_ms(tolerance);
        assert!(matches!(posted(&mut world, ahead, "e-2"), Posted::Accepted(_)));
    }
}

#[test]
fn a_room_remembers_more_ids_in_its_log_than_a_checkpoint_can_hold() {
    for evict in [false, true] {
        let mut world = World::with_limits(RoomLimits { seen_ids_without_burst: 10, ..small() });
        let signed = world.now;
        others(&mut world, 100, 10);
        let recent = world.now;
        posted(&mut world, recent, "recent");
        if evict {
            world.evict();
        }
        assert_eq!(posted(&mut world, recent, "recent"), Posted::Duplicate(101));
        assert_eq!(posted(&mut world, signed, "captured"), Posted::Stale);
        assert!(matches!(posted_now(&mut world, "new"), Posted::Accepted(_)));
    }
}

#[test]
fn in_a_request_that_is_too_old_known_events_are_still_duplicates() {
    let limits = RoomLimits { seen_ids: 50, ..small() };
    let mut world = World::with_limits(limits);
    let signed = world.now;
    others(&mut world, 100, 10);
    posted_now(&mut world, "known");
    let mut mixed = one("known");
    mixed.extend(one("unknown"));
    let post = world.post_signed(signed, mixed);
    world.rest();
    assert_eq!(world.answers[&post], [Posted::Duplicate(101), Posted::Stale]);
}

fn at(id: &str, key: &str, occurred: u64) -> Vec<Update> {
    let mut update = update(id, key, 1);
    update.entry.occurred = Some(Timestamp(occurred));
    vec![update]
}

#[test]
fn an_event_older_than_the_latest_of_its_key_is_superseded_and_changes_nothing() {
    for evict in [false, true] {
        let mut world = World::with_limits(small());
        world.post(at("e-1", "title", 20));
        others(&mut world, if evict { 6 } else { 0 }, 1);
        if evict {
            world.evict();
        }
        let before = (world.head(), world.state());
        let late = world.post(at("e-2", "title", 10));
        assert_eq!(world.answers[&late], [Posted::Superseded(1)]);
        assert_eq!((world.head(), world.state()), before);
        let again = world.post(at("e-2", "title", 10));
        assert_eq!(world.answers[&again], [Posted::Superseded(1)], "it is superseded again");
        for (id, key, occurred) in [("e-3", "title", 20), ("e-4", "title", 30), ("e-5", "other", 1)]
        {
            let post = world.post(at(id, key, occurred));
            assert!(matches!(world.answers[&post][0], Posted::Accepted(_)), "{id}");
        }
    }
}

#[test]
fn an_event_is_superseded_by_one_that_waits_and_is_answered_with_it() {
    let mut world = World::new();
    world.crowd();
    world.publish(&["e-1"]);
    let newer = world.post(at("e-2", "title", 20));
    let older = world.post(at("e-3", "title", 10));
    assert!(
        !world.answers.contains_key(&older),
        "the event that supersedes it could still be lost"
    );
    world.pass_window();
    assert_eq!(world.answers[&newer], [Posted::Accepted(2)]);
    assert_eq!(world.answers[&older], [Posted::Superseded(2)]);
}

/// A burst takes the slot of an older one, so a checkpoint has to store what is kept of that one before.
#[test]
fn nothing_is_forgotten_while_the_checkpoint_fails_again_and_again() {
    for effect in 1..=3 {
        let mut world = World::with_limits(small());
        posted_now(&mut world, "e-1");
        others(&mut world, 6, 1);
        for number in 0..20 {
            world.fails = Some(effect);
            world.post_together(one(&format!("failing-{number}")));
            world.fails = None;
        }
        world.rest();
        assert_eq!(posted_now(&mut world, "e-1"), Posted::Duplicate(1), "effect {effect}");
    }
}
