//! Rooms that have spread: how many members there may be and where, and how relays end.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use roomcast::limits::{
    FEED_AGAIN_MS, RELAY_CLOSED_MS, RELAY_KEPT_MS, RELAY_LOST_MS, SWEEP_EVERY_MS,
};
use roomcast::protocol::capacity::Capacity;
use roomcast::protocol::rule::Rule;
use roomcast::room::tree::feeding::Ate;
use roomcast::room::tree::KeptTree;
use roomcast::room::{Door, Effect, Input};

use crate::forest::{relay, Forest, Letter};
use crate::tree::{is_answer, is_ate, is_feed, is_hunger, is_join, newcomer};

#[test]
fn a_relay_ends_a_minute_after_its_last_member_and_the_root_forgets_it() {
    let mut forest = Forest::new(1, None);
    forest.crowd(3);
    forest.leave(Some(relay(0)));
    forest.leave(Some(relay(1)));
    forest.calm(RELAY_KEPT_MS + 5_000);
    for number in 0..2 {
        let world = forest.at(Some(relay(number)));
        assert!(!world.disk.has_begun() && world.alarm.is_none());
    }
    forest.calm(RELAY_LOST_MS);
    let root = forest.root();
    assert_eq!(root.disk.tree, KeptTree::default());
    root.publish(&["e-1"]);
    assert!(root.meals.is_empty(), "there is nobody to feed");
}

#[test]
fn a_relay_ends_a_minute_after_its_last_member_although_it_is_still_fed() {
    let mut forest = Forest::new(1, None);
    forest.crowd(2);
    forest.leave(Some(relay(0)));
    for number in 0..8 {
        forest.publish(&[&format!("e-{number}")]);
        forest.calm(RELAY_KEPT_MS / 5);
    }
    assert!(!forest.at(Some(relay(0))).disk.has_begun());
}

#[test]
fn a_relay_that_has_ended_says_so_when_it_is_fed() {
    let mut forest = Forest::that_feeds_a_relay_that_has_ended();
    let gone = |letter: &Letter| matches!(letter, Letter::Ate { ate: Some(Ate::Gone), .. });
    assert_eq!(forest.under_way(gone), 1);
    forest.deliver_all();
    forest.publish(&["e-2"]);
    assert_eq!(forest.under_way(is_feed), 0);
}

#[test]
fn a_relay_that_feeds_others_does_not_end() {
    let mut forest = Forest::new(1, None);
    forest.crowd(8);
    let deep = *forest.objects.keys().next_back().unwrap();
    let parent = deep.unwrap().parent();
    assert!(parent.is_some() && forest.members(deep) == 1);
    forest.leave(parent);
    forest.calm(RELAY_KEPT_MS + 10_000);
    forest.publish(&["e-1"]);
    forest.deliver_all();
    forest.check_level();
    forest.leave(deep);
    forest.calm(RELAY_LOST_MS + 2 * RELAY_KEPT_MS);
    for place in [parent, deep] {
        assert!(!forest.at(place).disk.has_begun(), "{place:?}");
    }
}

#[test]
fn a_relay_that_begins_for_a_client_that_does_not_come_ends() {
    let mut forest = Forest::new(1, None);
    forest.crowd(1);
    forest.publish(&["e-1"]);
    forest.bring(newcomer(), 0);
    while forest.under_way(is_hunger) == 0 {
        forest.deliver(0);
    }
    forest.deliver_first(is_hunger);
    // Its client has given up meanwhile.
    forest.give_up(relay(0));
    forest.deliver_all();
    let world = forest.at(Some(relay(0)));
    assert!(world.disk.has_begun() && world.members.is_empty() && world.alarm.is_some());
    forest.calm(RELAY_KEPT_MS + 5_000);
    assert!(!forest.at(Some(relay(0))).disk.has_begun());
}

#[test]
fn a_relay_whose_first_answer_is_overtaken_by_a_burst_is_not_forgotten() {
    let mut forest = Forest::new(1, Some(2));
    forest.crowd(1);
    forest.bring(newcomer(), 0);
    while forest.under_way(is_answer) == 0 {
        forest.deliver(0);
    }
    forest.publish(&["e-1"]);
    forest.deliver_first(is_feed);
    forest.deliver_first(is_ate);
    forest.deliver_all();
    forest.pass(FEED_AGAIN_MS);
    forest.deliver_all();
    assert_eq!(forest.members(Some(relay(0))), 1);
    forest.check_level();
}

/// A room for two, of which one is at the root, and whose relay has said that it has ended.
fn with_an_ended_relay() -> Forest {
    let mut forest = Forest::new(1, Some(2));
    forest.crowd(2);
    forest.leave(Some(relay(0)));
    forest.pass(RELAY_KEPT_MS - 2_000);
    forest.deliver_all();
    forest
}

fn end_relay(forest: &mut Forest, event: &str) {
    forest.pass(3_000);
    forest.publish(&[event]);
    while let Some(next) = forest.letters.iter().position(|one| is_feed(one) || is_ate(one)) {
        forest.deliver(next);
    }
    assert!(!forest.at(Some(relay(0))).disk.has_begun());
}

/// A client sets out for the relay that its front Worker has been told of, and is under way.
fn set_out(forest: &mut Forest, front: usize) {
    forest.bring(newcomer(), front);
    while !forest.fronts[front].knows(relay(0)) {
        forest.deliver_first(is_join);
    }
    assert_eq!(forest.under_way(is_join), 1);
}

/// Everything arrives but what was first under way.
fn deliver_others(forest: &mut Forest) {
    while forest.letters.len() > 1 {
        let last = forest.letters.len() - 1;
        forest.deliver(last);
    }
}

#[test]
fn the_places_of_a_relay_that_has_ended_are_nobody_elses_while_somebody_may_remember_it() {
    let mut forest = with_an_ended_relay();
    set_out(&mut forest, 0);
    end_relay(&mut forest, "e-1");
    forest.pass(1_000);
    // One of another region must not get the place that the first is about to take.
    forest.bring(newcomer(), 2);
    deliver_others(&mut forest);
    forest.deliver_all();
    assert_eq!(forest.all_members(), 2);
    forest.calm(RELAY_LOST_MS);
    assert!(forest.all_members() <= 2);
}

#[test]
fn a_relay_that_has_ended_takes_members_again_if_there_is_no_other_place() {
    let mut forest = with_an_ended_relay();
    end_relay(&mut forest, "e-1");
    forest.pass(RELAY_CLOSED_MS - 2_000);
    set_out(&mut forest, 0);
    // Its places would have been given to others by now.
    forest.pass(3_000);
    forest.bring(newcomer(), 2);
    deliver_others(&mut forest);
    forest.deliver_all();
    assert_eq!(forest.all_members(), 2);
}

#[test]
fn a_root_that_has_spread_lets_in_as_many_as_its_relays_leave_of_the_limit() {
    let mut forest = Forest::new(2, Some(4));
    forest.crowd(3);
    forest.move_from(None);
    let capacity = |clients| Capacity { clients: Some(clients), ..Capacity::default() };
    assert_eq!(forest.members(None), 1);
    assert_eq!(forest.root().door_of(None, capacity(4)), Door::Open);
    assert_eq!(forest.root().door_of(None, capacity(3)), Door::Full, "two are for the relay");
}

#[test]
fn a_relay_whose_parent_does_not_answer_sends_its_members_away_before_they_are_forgotten() {
    let mut forest = Forest::new(1, Some(2));
    forest.crowd(2);
    let lost_for = |forest: &mut Forest, ms: u64| {
        for _ in 0..ms / 1_000 {
            forest.pass(1_000);
            while let Some(first) = forest.letters.first() {
                if is_hunger(first) {
                    forest.lose(0);
                } else {
                    forest.deliver(0);
                }
            }
        }
    };
    lost_for(&mut forest, SWEEP_EVERY_MS);
    assert_eq!(forest.members(Some(relay(0))), 1, "one lost question is nothing");
    forest.evict(Some(relay(0)));
    lost_for(&mut forest, SWEEP_EVERY_MS);
    assert_eq!((forest.members(Some(relay(0))), forest.away.len()), (0, 1));
    // Nobody else gets in there either, until the parent answers.
    let client = forest.away.pop().unwrap();
    forest.bring(client, 0);
    lost_for(&mut forest, 10_000);
    assert_eq!(forest.members(Some(relay(0))), 0);
    let client = forest.away.pop().unwrap();
    forest.bring(client, 0);
    forest.deliver_all();
    assert_eq!(forest.members(Some(relay(0))), 1);
    assert_eq!(forest.at(Some(relay(0))).disk.tree, KeptTree::default());
}

#[test]
fn a_relay_that_the_root_has_forgotten_has_as_many_places_as_members() {
    let mut forest = Forest::new(2, Some(4));
    forest.crowd(3);
    // The root begins anew, and knows nothing of its relay.
    let root = forest.root();
    root.disk.tree = KeptTree::default();
    root.runner.forget();
    forest.pass(SWEEP_EVERY_MS);
    forest.deliver_all();
    forest.crowd(3);
    assert_eq!(forest.all_members(), 4);
    assert_eq!(forest.members(Some(relay(0))), 1);
}

#[test]
fn a_small_relay_that_is_full_is_not_named_until_it_has_room() {
    let mut forest = Forest::new(3, None);
    forest.crowd(6);
    forest.crowd(1);
    assert_eq!(forest.members(Some(relay(1))), 1);
    // Its question says that it is as full as it was.
    forest.calm(SWEEP_EVERY_MS);
    forest.bring(newcomer(), 0);
    forest.deliver_all();
    assert_eq!(forest.members(Some(relay(1))), 2);
    assert!(!forest.fronts[0].knows(relay(0)));
    forest.leave(Some(relay(0)));
    forest.calm(SWEEP_EVERY_MS / 2);
    assert!(forest.members(Some(relay(0))) == 0);
}

#[test]
fn the_last_places_of_relays_that_are_nearly_full_are_found() {
    let mut forest = Forest::new(16, Some(32));
    forest.crowd(32);
    assert_eq!(forest.members(Some(relay(0))), 16);
    forest.bring(newcomer(), 0);
    forest.deliver_all();
    assert_eq!(forest.away.len(), 1, "the room is full");
    let client = forest.at(Some(relay(0))).clients.keys().next().unwrap().clone();
    forest.at(Some(relay(0))).disconnect(&client);
    forest.calm(SWEEP_EVERY_MS);
    let waiting = forest.away.pop().unwrap();
    forest.bring(waiting, 0);
    forest.deliver_all();
    assert_eq!((forest.away.len(), forest.all_members()), (0, 32));
}

#[test]
fn a_full_room_that_has_spread_closes_one_of_its_own_members_for_another() {
    let mut forest = Forest::new(2, Some(3));
    forest.crowd(3);
    assert_eq!((forest.members(None), forest.members(Some(relay(0)))), (2, 1));
    let crowded = |clients| Input::Crowded { clients, pinged: Vec::new() };
    forest.root().step(crowded(3));
    assert_eq!(forest.members(None), 1, "the place of the relay stays its own");
    forest.root().step(crowded(1));
    assert_eq!(forest.members(None), 1, "there is no place for anyone here");
}

#[test]
fn a_room_with_relays_is_not_vacated_and_does_not_end() {
    let mut forest = Forest::new(1, None);
    forest.crowd(2);
    forest.root().step(Input::Ruled(Rule { hooks: true, ..Rule::default() }));
    let told = |forest: &mut Forest| {
        let (number, occupied) = forest.root().announced.last().copied().unwrap();
        forest.root().step(Input::Announced { number });
        occupied
    };
    assert!(told(&mut forest));
    forest.leave(None);
    forest.calm(2 * SWEEP_EVERY_MS);
    assert!(told(&mut forest));
    forest.leave(Some(relay(0)));
    forest.calm(RELAY_LOST_MS + 2 * SWEEP_EVERY_MS);
    assert!(!told(&mut forest));
}

#[test]
fn objects_of_a_room_do_not_sweep_at_the_same_time() {
    let mut forest = Forest::new(1, None);
    forest.crowd(4);
    let mut alarms: Vec<_> = forest.objects.values().map(|world| world.alarm).collect();
    alarms.sort();
    alarms.dedup();
    assert_eq!(alarms.len(), 4);
}

#[test]
fn a_room_that_has_not_spread_does_what_it_always_did() {
    let mut forest = Forest::new(10, Some(10));
    forest.crowd(5);
    forest.publish(&["e-1"]);
    forest.pass(SWEEP_EVERY_MS);
    let root = forest.root();
    let of_tree = |effect: &Effect| {
        matches!(effect, Effect::KeepTree(_) | Effect::AskParent | Effect::FeedLater { .. })
    };
    assert!(!root.trace.iter().any(of_tree) && root.meals.is_empty());
    assert_eq!(root.disk.rows, 2, "its epoch and its burst");
}
