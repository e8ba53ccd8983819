//! What documents make a room do: frames of their own, refreshes, capacity, updates that end others.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::limits::{SILENT_AFTER_MS, SWEEP_EVERY_MS};
use roomcast::protocol::capacity::{Capacity, WhenFull};
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::label::Label;
use roomcast::protocol::update::{Entry, Update};
use roomcast::protocol::wire::WireForm;
use roomcast::room::view::View;
use roomcast::room::Door;
use serde_json::{json, Value};

use crate::updates::{labelled, update};
use crate::views::topics;
use crate::world::World;

fn wired(wire: &Value) -> View {
    let form: WireForm = serde_json::from_value(wire.clone()).unwrap();
    assert_eq!(form.faults(), []);
    View::of_all(Dialect::Json(form.into()))
}

/// Frames as a team may have them, with a refresh every five seconds.
fn wire() -> Value {
    json!({
        "greeting": {"op": "hello", "session": "@session"},
        "update": {"op": "@type", "data": "@data", "at": "@now"},
        "notice": {"op": "bye", "why": "@reason"},
        "accepts": [{"when": {"op": "sub"}, "do": "subscribe", "topic": "t:{id}", "ref": "id"}],
        "refresh": {"every_ms": 5000, "types": ["test"]},
    })
}

fn frames(world: &World, client: &ClientId) -> Vec<Value> {
    world.clients[client].frames.clone()
}

fn ids(frames: &[Value]) -> Vec<&str> {
    frames.iter().filter_map(|frame| frame["data"]["id"].as_str()).collect()
}

#[test]
fn a_client_of_a_document_is_spoken_to_in_the_frames_of_the_document() {
    let mut world = World::new();
    world.publish(&["e-1"]);
    let client = world.watch(wired(&wire()), "ada", None);
    world.publish(&["e-2"]);
    let seen = frames(&world, &client);
    assert_eq!(seen[0], json!({"op": "hello", "session": "s-1"}));
    assert_eq!(
        seen[1],
        json!({"op": "test", "data": {"id": "e-1"}, "at": world.now.rfc3339()}),
        "the state comes first"
    );
    assert_eq!(ids(&seen), ["e-1", "e-2"]);
}

#[test]
fn a_client_is_sent_initial_data_before_anything_has_happened() {
    let mut world = World::new();
    let mut wire = wire();
    wire["first"] = json!([{"type": "test", "initial": {"n": 0}}]);
    let client = world.watch(wired(&wire), "ada", None);
    let seen = frames(&world, &client);
    assert_eq!((seen.len(), &seen[1]["data"]), (2, &json!({"n": 0})));
    world.publish(&["e-1"]);
    let second = world.watch(wired(&wire), "bob", None);
    assert_eq!(ids(&frames(&world, &second)), ["e-1"]);
}

#[test]
fn an_evicted_room_speaks_to_it_as_before() {
    let mut world = World::new();
    let client = world.watch(wired(&wire()), "ada", None);
    world.evict();
    world.publish(&["e-1"]);
    assert_eq!(ids(&frames(&world, &client)), ["e-1"]);
}

#[test]
fn a_frame_of_the_document_subscribes() {
    let mut world = World::new();
    let view = View { topics: topics(&[]), ..wired(&wire()) };
    let client = world.watch(view, "ada", None);
    let about = |id, topic| labelled(id, id, 1, Label { topic: Some(topic), audience: None });
    world.post(vec![about("e-1", "t:7"), about("e-2", "t:8")]);
    assert_eq!(ids(&frames(&world, &client)), Vec::<&str>::new());
    world.send(&client, r#"{"op":"sub","id":"7"}"#);
    world.post(vec![about("e-3", "t:8"), about("e-4", "t:7")]);
    let seen = frames(&world, &client);
    assert_eq!(seen[1], json!({"type": "subscribed", "ref": "7", "topics": ["t:7"]}));
    assert_eq!(ids(&seen), ["e-1", "e-4"]);
}

#[test]
fn a_client_of_a_document_need_not_ping() {
    let mut world = World::new();
    let client = world.watch(wired(&wire()), "ada", None);
    let other = world.connect();
    world.pass_ms(SILENT_AFTER_MS + SWEEP_EVERY_MS);
    assert!(world.clients.contains_key(&client));
    assert!(!world.clients.contains_key(&other));
}

#[test]
fn updates_are_sent_again_while_someone_watches_who_wants_them() {
    let mut world = World::new();
    let client = world.watch(wired(&wire()), "ada", None);
    let plain = world.join(Dialect::Plain, None);
    world.publish(&["e-1"]);
    world.rest();
    let head = world.head();
    let before = world.clients[&plain].frames.len();
    world.pass_ms(15_000);
    let seen = frames(&world, &client);
    assert_eq!(ids(&seen), ["e-1"; 4], "and again every five seconds");
    let times: Vec<_> = seen.iter().filter_map(|frame| frame["at"].as_str()).collect();
    assert!(times.is_sorted_by(|one, other| one < other), "with the time of sending: {times:?}");
    assert_eq!(world.clients[&plain].frames.len(), before, "only who wants it");
    assert_eq!(world.head(), head, "they are not in the log");
    world.disconnect(&client);
    let sends = world.sends;
    world.pass_ms(15_000);
    assert_eq!(world.sends, sends, "nobody wants them any more");
}

#[test]
fn what_is_sent_again_is_what_the_member_sees() {
    let mut world = World::new();
    let about = |topic: &str| View { topics: topics(&[topic]), ..wired(&wire()) };
    let (seven, eight) =
        (world.watch(about("t:7"), "ada", None), world.watch(about("t:8"), "bob", None));
    let update = |id, topic| labelled(id, id, 1, Label { topic: Some(topic), audience: None });
    world.post(vec![update("e-7", "t:7"), update("e-8", "t:8")]);
    world.rest();
    world.pass_ms(10_000);
    assert_eq!(ids(&frames(&world, &seven)), ["e-7"; 3]);
    assert_eq!(ids(&frames(&world, &eight)), ["e-8"; 3]);
}

#[test]
fn an_evicted_room_refreshes_at_the_same_times() {
    let times = |evict: bool| {
        let mut world = World::new();
        let client = world.watch(wired(&wire()), "ada", None);
        world.publish(&["e-1"]);
        world.rest();
        for _ in 0..4 {
            world.pass_ms(4_000);
            if evict {
                world.evict();
            }
        }
        frames(&world, &client)
    };
    assert_eq!(times(false), times(true));
}

#[test]
fn a_full_room_closes_the_member_that_was_heard_of_longest_ago_if_its_document_says_so() {
    let mut world = World::new();
    let first = world.watch(wired(&wire()), "ada", None);
    world.pass_ms(1_000);
    let second = world.watch(wired(&wire()), "bob", None);
    world.pass_ms(1_000);
    world.ping(&first);
    let capacity = |when_full| Capacity { clients: Some(2), when_full };
    assert_eq!(world.door_of(None, capacity(WhenFull::Refuse)), Door::Full);
    assert_eq!(world.door_of(None, capacity(WhenFull::CloseOldestIdle)), Door::Open);
    assert!(world.clients.contains_key(&first), "it has just pinged");
    assert!(!world.clients.contains_key(&second));
    let told = world.left[&second].last().cloned();
    assert_eq!(told, Some(json!({"op": "bye", "why": "replaced"})));
}

fn ending(id: &str, drops: &str, label: Label<'_>) -> Update {
    let update = labelled(id, id, 0, label);
    Update { entry: Entry { drops: vec![drops.into()], ..update.entry }, ..update }
}

#[test]
fn an_update_can_end_what_was_known_under_other_keys() {
    let mut world = World::new();
    let member = world.connect();
    world.post(vec![update("p:1:a", "p:1:a", 1), update("p:2:a", "p:2:a", 1)]);
    world.post(vec![ending("end", "p:1:*", Label::default())]);
    let state = world.state();
    assert_eq!(
        state.iter().map(|one| one["data"]["id"].as_str().unwrap()).collect::<Vec<_>>(),
        ["p:2:a"]
    );
    assert_eq!(world.clients[&member].applied.last().unwrap(), "end", "and is itself sent");
    world.evict();
    assert_eq!(world.state().len(), 1);
}

#[test]
fn an_update_ends_nothing_that_someone_sees_who_does_not_see_it() {
    let mut world = World::new();
    let about = |topic| Label { topic: Some(topic), audience: None };
    world.post(vec![labelled("k:1", "k:1", 1, about("a")), labelled("k:2", "k:2", 1, about("b"))]);
    world.post(vec![ending("end", "k:*", about("a"))]);
    assert_eq!(world.state()[0]["data"]["id"], "k:2");
    world.post(vec![ending("all", "k:*", Label::default())]);
    assert_eq!(world.state(), Vec::<Value>::new());
}
