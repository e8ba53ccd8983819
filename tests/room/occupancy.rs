//! What a tenant is told of who looks at a room: begun and ended once each, never lost, and nothing if it does not want to know.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;
use roomcast::limits::{ANNOUNCE_AGAIN_MS, ROOM_RETENTION_MS, SWEEP_EVERY_MS, VACATED_AFTER_MS};
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::rule::Rule;
use roomcast::room::{Effect, Input};

use crate::world::World;

impl World {
    /// A room whose tenant wants hooks, as soon as it has begun.
    fn with_hooks() -> Self {
        let mut world = Self::new();
        world.publish(&["e-1"]);
        world.want_hooks(true);
        world
    }

    fn want_hooks(&mut self, hooks: bool) {
        self.step(Input::Ruled(Rule { hooks, ..Rule::default() }));
    }

    /// The tenant notes what was announced last.
    fn note(&mut self) {
        let (number, _) = *self.announced.last().unwrap();
        self.step(Input::Announced { number });
    }

    /// A room that is occupied, which the tenant knows.
    fn occupied() -> (Self, ClientId) {
        let mut world = Self::with_hooks();
        let client = world.connect();
        world.note();
        (world, client)
    }
}

#[test]
fn the_first_member_is_announced_at_once_and_the_next_ones_are_not() {
    let mut world = World::with_hooks();
    assert_eq!(world.announced, [], "nobody is there");
    world.connect();
    assert_eq!(world.announced, [(1, true)]);
    world.note();
    let client = world.connect();
    world.disconnect(&client);
    world.pass_ms(SWEEP_EVERY_MS);
    assert_eq!(world.announced.len(), 1);
}

#[test]
fn that_the_last_member_has_left_is_announced_after_a_while_and_once() {
    let (mut world, client) = World::occupied();
    world.disconnect(&client);
    world.pass_ms(VACATED_AFTER_MS - 1);
    assert_eq!(world.announced.len(), 1);
    let loads = world.disk.loads;
    world.pass_ms(1);
    assert_eq!(world.announced, [(1, true), (2, false)]);
    assert_eq!(world.disk.loads, loads, "needs no log");
    world.note();
    world.pass_ms(ROOM_RETENTION_MS / 2);
    assert_eq!(world.announced.len(), 2);
}

#[test]
fn a_page_that_is_loaded_again_causes_neither() {
    for evicted in [false, true] {
        let (mut world, mut client) = World::occupied();
        for _ in 0..5 {
            world.disconnect(&client);
            world.pass_ms(VACATED_AFTER_MS - 1);
            if evicted {
                world.evict();
            }
            client = world.connect();
            world.pass_ms(VACATED_AFTER_MS);
        }
        assert_eq!(world.announced, [(1, true)]);
    }
}

#[test]
fn an_eviction_postpones_nothing() {
    let (mut world, client) = World::occupied();
    world.disconnect(&client);
    world.evict();
    world.pass_ms(VACATED_AFTER_MS / 2);
    world.publish(&["e-2"]);
    world.evict();
    world.pass_ms(VACATED_AFTER_MS / 2 - 1);
    assert_eq!(world.announced.len(), 1);
    world.pass_ms(1);
    assert_eq!(world.announced, [(1, true), (2, false)]);
}

#[test]
fn rooms_of_tenants_without_hooks_announce_nothing_and_store_nothing() {
    let mut world = World::new();
    world.publish(&["e-1"]);
    world.want_hooks(false);
    let rows = world.disk.rows;
    let client = world.connect();
    world.disconnect(&client);
    let end = world.now.plus_ms(ROOM_RETENTION_MS);
    assert_eq!((world.alarm, world.disk.rows), (Some(end), rows));
    world.pass_ms(SWEEP_EVERY_MS);
    assert_eq!(world.announced, []);
}

#[test]
fn a_change_writes_two_rows_and_that_the_room_is_empty_one() {
    let mut world = World::with_hooks();
    let rows = world.disk.rows;
    let client = world.connect();
    world.note();
    assert_eq!(world.disk.rows, rows + 2, "what is owed, and that it is noted");
    world.disconnect(&client);
    world.pass_ms(VACATED_AFTER_MS);
    world.note();
    assert_eq!(world.disk.rows, rows + 5, "and since when it is empty");
}

#[test]
fn what_the_tenant_has_not_noted_is_announced_again_under_the_same_number() {
    for evicted in [false, true] {
        let mut world = World::with_hooks();
        world.connect();
        if evicted {
            world.evict();
        }
        world.pass_ms(ANNOUNCE_AGAIN_MS);
        assert_eq!(world.announced, [(1, true), (1, true)], "{evicted}");
        world.note();
        world.pass_ms(10 * ANNOUNCE_AGAIN_MS);
        assert_eq!(world.announced.len(), 2);
    }
}

#[test]
fn what_happens_while_a_change_is_owed_is_announced_after_it() {
    let mut world = World::with_hooks();
    let client = world.connect();
    world.disconnect(&client);
    world.pass_ms(2 * VACATED_AFTER_MS);
    assert!(world.announced.iter().all(|told| *told == (1, true)));
    world.note();
    world.pass_ms(VACATED_AFTER_MS);
    assert_eq!(world.announced.last(), Some(&(2, false)));
    world.connect();
    world.note();
    assert_eq!(world.announced.last(), Some(&(3, true)), "in the turn that notes the one before");
}

#[test]
fn a_crash_loses_neither_what_is_owed_nor_that_nobody_came_back() {
    let mut world = World::with_hooks();
    world.connect();
    world.kill();
    world.pass_ms(ANNOUNCE_AGAIN_MS);
    assert_eq!(world.announced, [(1, true), (1, true)]);
    world.note();
    world.kill();
    world.pass_ms(SWEEP_EVERY_MS + VACATED_AFTER_MS);
    assert_eq!(world.announced.last(), Some(&(2, false)));
    world.kill();
    world.pass_ms(ANNOUNCE_AGAIN_MS);
    assert!(world.announced[2..].len() > 1);
    assert!(world.announced[2..].iter().all(|told| *told == (2, false)), "{:?}", world.announced);
}

#[test]
fn clients_that_come_back_after_a_crash_cause_nothing() {
    let (mut world, _) = World::occupied();
    world.kill();
    world.connect();
    world.pass_ms(SWEEP_EVERY_MS);
    assert_eq!(world.announced, [(1, true)]);
}

#[test]
fn hooks_that_are_switched_on_tell_what_is_and_off_tell_nothing_more() {
    let mut world = World::new();
    let client = world.connect();
    world.want_hooks(true);
    assert_eq!(world.announced, [(1, true)]);
    world.want_hooks(false);
    world.disconnect(&client);
    world.pass_ms(SWEEP_EVERY_MS);
    assert_eq!(world.announced.len(), 1);
    world.want_hooks(true);
    world.pass_ms(VACATED_AFTER_MS);
    assert_eq!(world.announced.last(), Some(&(2, false)), "which is true meanwhile");
}

#[test]
fn a_room_does_not_end_before_its_tenant_knows_that_nobody_is_there() {
    let (mut world, client) = World::occupied();
    world.disconnect(&client);
    world.pass_ms(ROOM_RETENTION_MS + SWEEP_EVERY_MS);
    assert!(world.disk.has_begun());
    world.note();
    world.pass_ms(2 * ROOM_RETENTION_MS);
    assert!(!world.disk.has_begun(), "and ends then");
}

#[test]
fn whatever_fails_the_last_announcement_tells_the_truth() {
    for fails in 1..=4 {
        let (mut world, client) = World::occupied();
        world.fails = Some(fails);
        world.disconnect(&client);
        world.pass_ms(VACATED_AFTER_MS);
        world.fails = None;
        world.pass_ms(2 * SWEEP_EVERY_MS);
        assert_eq!(world.announced.last(), Some(&(2, false)), "{fails}");
        world.note();
        world.fails = Some(fails);
        let back = world.connect();
        world.fails = None;
        if !world.clients.contains_key(&back) {
            world.connect();
        }
        world.pass_ms(SWEEP_EVERY_MS);
        assert_eq!(world.announced.last(), Some(&(3, true)), "{fails}");
    }
}

#[test]
fn what_is_announced_is_stored_before() {
    let (mut world, client) = World::occupied();
    world.disconnect(&client);
    world.pass_ms(VACATED_AFTER_MS);
    let place = |wanted: fn(&Effect) -> bool| world.trace.iter().rposition(wanted).unwrap();
    let stored = place(|effect| matches!(effect, Effect::Occupy(_)));
    assert!(stored < place(|effect| matches!(effect, Effect::Announce { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_happens_the_tenant_learns_every_change_in_order_and_how_it_is_at_last(
        happens in vec((0..8_u8, 1..15_u64), 1..40),
    ) {
        let mut world = World::with_hooks();
        let (mut noted, mut seen) = (Vec::new(), 0);
        let mut note = |world: &mut World| {
            let new = world.announced[seen..].to_vec();
            for told in new {
                // A repeat of what is noted changes nothing.
                if noted.last() != Some(&told) {
                    noted.push(told);
                }
                world.step(Input::Announced { number: told.0 });
            }
            seen = world.announced.len();
            noted.clone()
        };
        for (what, number) in happens {
            match what {
                0 | 1 => {
                    world.connect();
                }
                2 | 3 => {
                    if let Some(client) = world.clients.keys().next().cloned() {
                        world.disconnect(&client);
                    }
                }
                4 => world.evict(),
                5 if number < 5 => world.kill(),
                6 => {
                    note(&mut world);
                }
                _ => world.pass_ms(number * 1_000),
            }
        }
        for _ in 0..3 {
            world.pass_ms(SWEEP_EVERY_MS + VACATED_AFTER_MS);
            note(&mut world);
        }
        let truth = !world.clients.is_empty();
        let noted = note(&mut world);
        prop_assert_eq!(noted.last().is_some_and(|(_, occupied)| *occupied), truth);
        let in_order = (1_u64..).map(|number| (number, number % 2 == 1)).take(noted.len());
        prop_assert_eq!(noted, in_order.collect::<Vec<_>>());
    }
}
