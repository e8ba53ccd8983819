//! Pacing: what members with a pace are sent, and what becomes of updates that may wait.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::limits::CONFLATED_EVERY_MS;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::update::{Entry, Update};
use roomcast::room::view::View;
use roomcast::room::Effect;
use serde_json::{json, Value};

use crate::updates::update;
use crate::world::World;

const PACE_MS: u32 = 2_000;

fn paced() -> View {
    View { pace_ms: PACE_MS, ..View::of_all(Dialect::V1) }
}

fn patient(id: &str, key: &str, patience_ms: u32) -> Update {
    let update = update(id, key, 1);
    Update { entry: Entry { patience_ms, ..update.entry }, ..update }
}

fn urgent(id: &str) -> Update {
    let update = update(id, id, 1);
    Update { entry: Entry { urgent: true, ..update.entry }, ..update }
}

/// Posts updates under one key, one request each.
fn post_to(world: &mut World, key: &str, ids: &[&str]) {
    for id in ids {
        world.post(vec![update(id, key, 1)]);
    }
}

/// A member with a pace that was just sent an update.
fn just_sent(world: &mut World) -> ClientId {
    let member = world.watch(paced(), "ada", None);
    world.publish(&["first"]);
    world.rest();
    assert_eq!(world.clients[&member].applied, ["first"]);
    member
}

fn last<'w>(world: &'w World, client: &ClientId) -> &'w Value {
    world.clients[client].frames.last().unwrap()
}

fn conflated(world: &World) -> Vec<u64> {
    let updates = |effect: &Effect| match effect {
        Effect::Conflated { updates } => Some(*updates),
        _ => None,
    };
    world.trace.iter().filter_map(updates).collect()
}

#[test]
fn between_two_frames_a_paced_member_is_sent_the_latest_of_each_key() {
    let mut world = World::new();
    let member = just_sent(&mut world);
    let everything = world.connect();
    let begun = world.now;
    post_to(&mut world, "a", &["a-1", "a-2", "a-3"]);
    post_to(&mut world, "b", &["b-1"]);
    post_to(&mut world, "a", &["a-4"]);
    assert_eq!(world.clients[&member].applied, ["first"], "nothing comes before its time");
    world.rest();
    assert!(world.now.ms_since(begun) <= u64::from(PACE_MS));
    assert_eq!(world.clients[&member].applied, ["first", "b-1", "a-4"]);
    let frame = last(&world, &member);
    assert_eq!((&frame["prev"], &frame["seq"]), (&json!(1), &json!(6)), "positions are exact");
    assert_eq!(world.clients[&everything].applied, ["a-1", "a-2", "a-3", "b-1", "a-4"]);
}

#[test]
fn a_paced_member_that_was_sent_nothing_lately_does_not_wait() {
    let mut world = World::new();
    let member = just_sent(&mut world);
    world.pass_ms(u64::from(PACE_MS));
    world.publish(&["e-1"]);
    assert_eq!(world.clients[&member].applied, ["first", "e-1"]);
}

#[test]
fn an_urgent_update_is_sent_at_once_with_all_that_waits() {
    let mut world = World::new();
    let member = just_sent(&mut world);
    post_to(&mut world, "a", &["a-1", "a-2"]);
    world.post(vec![urgent("now")]);
    assert_eq!(world.clients[&member].applied, ["first", "a-2", "now"]);
    assert_eq!(last(&world, &member)["prev"], 1);
}

#[test]
fn patient_updates_wait_for_others_of_their_key_whatever_the_pace() {
    let mut world = World::new();
    let member = world.connect();
    let begun = world.now;
    world.post(vec![patient("a-1", "a", 500)]);
    world.post(vec![patient("a-2", "a", 500)]);
    assert_eq!(world.clients[&member].applied, Vec::<String>::new());
    world.rest();
    assert_eq!(world.now.ms_since(begun), 500);
    assert_eq!(world.clients[&member].applied, ["a-2"]);
}

#[test]
fn an_update_without_patience_takes_the_patient_ones_with_it() {
    let mut world = World::new();
    let member = world.connect();
    world.post(vec![patient("a-1", "a", 5_000)]);
    world.post(vec![patient("a-2", "a", 5_000)]);
    world.publish(&["now"]);
    assert_eq!(world.clients[&member].applied, ["a-2", "now"]);
}

#[test]
fn what_waits_is_sent_before_a_member_joins_the_group() {
    let mut world = World::new();
    let member = just_sent(&mut world);
    post_to(&mut world, "a", &["a-1", "a-2"]);
    let second = world.watch(paced(), "bob", None);
    assert_eq!(world.clients[&member].applied, ["first", "a-2"]);
    post_to(&mut world, "a", &["a-3"]);
    world.rest();
    assert_eq!(world.clients[&second].applied, ["a-3"]);
    assert_eq!(world.clients[&member].applied, ["first", "a-2", "a-3"]);
}

#[test]
fn a_member_changes_its_pace_and_is_told() {
    let mut world = World::new();
    let member = world.connect();
    world.send(&member, r#"{"type":"pace","ms":1900,"ref":"7"}"#);
    assert_eq!(last(&world, &member), &json!({"type": "paced", "ref": "7", "ms": 2_000}));
    world.publish(&["e-1"]);
    post_to(&mut world, "a", &["a-1", "a-2"]);
    let before = world.clients[&member].applied.clone();
    world.send(&member, r#"{"type":"pace","ms":0}"#);
    assert_eq!(last(&world, &member), &json!({"type": "paced", "ms": 0}));
    assert_eq!(before.last().map(String::as_str), Some("e-1"));
    assert_eq!(world.clients[&member].applied, ["e-1", "a-2"], "what waited comes first");
    world.publish(&["e-2"]);
    assert_eq!(world.clients[&member].applied.last().unwrap(), "e-2");
}

#[test]
fn a_client_that_leaves_in_the_middle_gets_everything_when_it_is_back() {
    let mut world = World::new();
    let member = just_sent(&mut world);
    post_to(&mut world, "a", &["a-1", "a-2"]);
    let client = world.clients[&member].position();
    assert_eq!(client.seq, 1);
    let gone = world.clients.remove(&member).unwrap();
    world.lose(&member);
    let back = world.come_back(gone);
    assert_eq!(world.clients[&back].applied, ["first", "a-1", "a-2"]);
}

#[test]
fn an_evicted_room_sends_what_waited() {
    let mut world = World::new();
    let member = just_sent(&mut world);
    post_to(&mut world, "a", &["a-1", "a-2"]);
    world.evict();
    world.publish(&["e-1"]);
    world.rest();
    assert!(world.clients[&member].is_level());
    assert_eq!(last(&world, &member)["seq"], 4);
}

#[test]
fn more_bytes_than_a_burst_may_have_do_not_wait() {
    let mut world = World::new();
    world.limits.burst_bytes = 600;
    let member = just_sent(&mut world);
    let ids: Vec<_> = (0..8).map(|number| format!("a-{number}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    post_to(&mut world, "a", &ids);
    assert!(world.clients[&member].applied.len() > 1, "some came before their time");
}

#[test]
fn updates_that_were_never_sent_are_counted_and_reported_at_most_once_a_minute() {
    let mut world = World::new();
    let (begun, member) = (world.now, just_sent(&mut world));
    for round in 0..40 {
        let ids = ["a", "b", "c"].map(|id| format!("{id}-{round}"));
        post_to(&mut world, "a", &ids.each_ref().map(String::as_str));
        world.rest();
    }
    let reports = conflated(&world).len() as u64;
    let minutes = world.now.ms_since(begun) / CONFLATED_EVERY_MS;
    assert!(reports > 0 && reports <= 1 + minutes, "{reports} reports");
    world.ping(&member);
    world.pass_ms(CONFLATED_EVERY_MS);
    world.publish(&["late"]);
    assert_eq!(conflated(&world).iter().sum::<u64>(), 2 * 40, "each is reported once");
}
