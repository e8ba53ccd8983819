//! The tenant's rule: for how long a room is kept that nobody uses, and whether anybody may be in it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::limits::ROOM_RETENTION_MS;
use roomcast::protocol::codes::{CloseReason, Refusal};
use roomcast::protocol::rule::Rule;
use roomcast::room::{Effect, Input};

use crate::world::World;

const DAY_MS: u64 = 24 * 3_600_000;

impl World {
    /// The tenant tells the room its rule, as the platform does: only if the room has begun.
    pub(crate) fn rule(&mut self, suspended: bool, retention_ms: u64) {
        if self.disk.has_begun() {
            self.step(Input::Ruled(Rule { suspended, retention_ms, hooks: false }));
        }
    }

    fn has_ended(&self) -> bool {
        !self.disk.has_begun()
    }

    /// The room ends after so many milliseconds, and not before.
    fn expect_end_in(&mut self, ms: u64) {
        self.pass_ms(ms - 1);
        assert!(!self.has_ended(), "sooner than after {ms} ms");
        self.pass_ms(1);
        assert!(self.has_ended(), "later than after {ms} ms");
    }
}

#[test]
fn a_room_of_a_tenant_that_keeps_rooms_for_a_day_ends_then_and_that_of_another_later() {
    for (retention_ms, ends) in [(DAY_MS, DAY_MS), (60 * DAY_MS, 60 * DAY_MS)] {
        let mut world = World::new();
        let client = world.connect();
        world.rule(false, retention_ms);
        world.publish(&["e-1"]);
        world.evict();
        world.disconnect(&client);
        world.expect_end_in(ends);
    }
}

#[test]
fn an_idle_room_is_kept_for_the_new_time_from_the_change_on() {
    for evicted in [true, false] {
        let mut world = World::new();
        world.publish(&["e-1"]);
        world.pass_ms(3 * DAY_MS);
        if evicted {
            world.evict();
        }
        let loads = world.disk.loads;
        world.rule(false, 2 * DAY_MS);
        assert_eq!(world.disk.loads, loads, "needs no log");
        assert_eq!(world.alarm, Some(world.now.plus_ms(2 * DAY_MS)));
        world.expect_end_in(2 * DAY_MS);
    }
}

#[test]
fn an_idle_room_with_a_longer_time_does_not_end_after_the_shorter_one() {
    let mut world = World::new();
    world.publish(&["e-1"]);
    world.rule(false, 60 * DAY_MS);
    world.evict();
    world.pass_ms(ROOM_RETENTION_MS + DAY_MS);
    assert!(!world.has_ended());
    world.pass_ms(30 * DAY_MS);
    assert!(world.has_ended());
}

#[test]
fn a_room_that_begins_anew_is_kept_for_the_default_time_until_it_is_told_another() {
    let mut world = World::new();
    world.publish(&["e-1"]);
    world.rule(false, DAY_MS);
    world.pass_ms(DAY_MS);
    assert!(world.has_ended());
    world.publish(&["e-2"]);
    assert_eq!(world.alarm, Some(world.now.plus_ms(ROOM_RETENTION_MS)));
}

#[test]
fn an_event_keeps_a_room_for_the_time_that_it_was_told() {
    let mut world = World::new();
    world.publish(&["e-1"]);
    world.rule(false, 2 * DAY_MS);
    world.pass_ms(DAY_MS);
    world.evict();
    world.publish(&["e-2"]);
    world.expect_end_in(2 * DAY_MS);
}

#[test]
fn a_rule_that_changes_nothing_postpones_nothing_and_writes_nothing() {
    let mut world = World::new();
    world.publish(&["e-1"]);
    world.rule(false, 2 * DAY_MS);
    world.pass_ms(DAY_MS);
    world.evict();
    let (rows, alarm, effects) = (world.disk.rows, world.alarm, world.trace.len());
    world.rule(false, 2 * DAY_MS);
    world.rule(true, 2 * DAY_MS);
    assert_eq!((world.disk.rows, world.alarm, world.trace.len()), (rows, alarm, effects));
}

#[test]
fn a_suspended_tenant_closes_everyone_and_the_room_is_kept() {
    let mut world = World::new();
    let clients = [world.connect(), world.connect()];
    world.publish(&["e-1"]);
    let head = world.head();
    world.evict();
    let loads = world.disk.loads;
    world.rule(true, ROOM_RETENTION_MS);
    assert!(clients.iter().all(|client| !world.clients.contains_key(client)));
    let suspended = CloseReason::from(Refusal::TenantSuspended);
    let closed = world
        .trace
        .iter()
        .filter(|effect| matches!(effect, Effect::Close { reason, .. } if *reason == suspended));
    assert_eq!((closed.count(), suspended.close().number()), (2, 4403));
    assert_eq!(world.disk.loads, loads, "needs no log");
    assert_eq!(world.alarm, Some(world.now.plus_ms(ROOM_RETENTION_MS)));
    let back = world.resume(&head);
    assert_eq!(world.clients[&back].frames[0]["recovery"], "replayed", "once it is open again");
}

#[test]
fn a_room_that_could_not_store_the_rule_follows_the_old_one_until_it_is_told_again() {
    let mut world = World::new();
    world.publish(&["e-1"]);
    for fails in [1, 2] {
        world.fails = Some(fails);
        world.rule(false, 2 * DAY_MS);
        world.fails = None;
        assert_eq!(world.failures, fails);
        world.rule(false, 2 * DAY_MS);
        assert_eq!(world.disk.retention_ms, Some(2 * DAY_MS));
        assert_eq!(world.alarm, Some(world.now.plus_ms(2 * DAY_MS)));
        world.rule(false, ROOM_RETENTION_MS);
    }
}
