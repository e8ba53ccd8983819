//! Dialects, frames, silent members, and when a room may sleep.

use roomcast::dialect::Received;
use roomcast::limits::{RoomLimits, ROOM_RETENTION_MS, SILENT_AFTER_MS, SWEEP_EVERY_MS};
use roomcast::protocol::codes::CloseCode;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::{Epoch, Position};
use roomcast::room::{Door, Effect};

use crate::updates::update;
use crate::world::World;

#[test]
fn a_plain_client_gets_single_updates_and_no_positions() {
    let mut world = World::new();
    world.crowd();
    let plain = world.join(Dialect::Plain, None);
    let greeting = world.clients[&plain].frames[0].as_object().unwrap();
    let fields: Vec<_> = greeting.keys().map(String::as_str).collect();
    assert_eq!(fields, ["type", "sessionId", "clientId", "timestamp"]);
    world.publish(&["e-1"]);
    world.publish(&["e-2", "e-3"]);
    world.pass_window();
    assert_eq!(world.clients[&plain].types()[1..], ["dashboard.update"; 3]);
}

#[test]
fn a_plain_client_that_asks_for_the_state_gets_one_update_per_frame() {
    let mut world = World::new();
    world.post(vec![update("e-1", "a", 1), update("e-2", "a", 1), update("e-3", "b", 1)]);
    let plain = world.join(Dialect::Plain, None);
    assert_eq!(world.clients[&plain].types(), ["connected"]);
    world.send(&plain, r#"{"type":"request.state"}"#);
    assert_eq!(world.clients[&plain].applied, ["e-2", "e-3"]);
}

#[test]
fn frames_are_answered_and_bad_ones_do_not_end_the_connection() {
    let mut world = World::new();
    let client = world.connect();
    world.publish(&["e-1"]);
    let mut answer = |text: &str| {
        world.send(&client, text);
        world.clients[&client].frames.last().unwrap().clone()
    };
    assert_eq!(answer(r#"{"type":"ping","ref":"1"}"#)["type"], "pong");
    assert_eq!(answer(r#"{"type":"request.state"}"#)["type"], "dashboard.state");
    assert_eq!(answer(r#"{"type":"dance","ref":"7"}"#)["code"], "unknown_type");
    assert_eq!(answer(r#"{"type":"dance","ref":"7"}"#)["ref"], "7");
    assert_eq!(answer("nonsense")["code"], "bad_frame");
    assert_eq!(answer(r#"{"type":"ack","seq":2}"#)["code"], "bad_position");
    assert_eq!(answer(r#"{"type":"ack"}"#)["code"], "bad_frame");
    world.hear(&client, Received::Binary(3));
    assert_eq!(world.clients[&client].frames.last().unwrap()["code"], "bad_frame");
}

#[test]
fn an_ack_is_remembered_with_the_connection_and_never_goes_back() {
    let mut world = World::new();
    let client = world.connect();
    world.publish(&["e-1", "e-2"]);
    world.send(&client, r#"{"type":"ack","seq":2}"#);
    world.send(&client, r#"{"type":"ack","seq":1}"#);
    world.evict();
    world.disconnect(&client);
    let Some(Effect::Left { member, .. }) = world.trace.iter().rev().nth(1) else { panic!() };
    assert_eq!(member.acked, 2);
}

#[test]
fn acks_begin_at_the_position_that_a_client_came_with_or_at_that_of_the_state() {
    let mut world = World::new();
    world.publish(&["e-1", "e-2", "e-3"]);
    let epoch = world.head().epoch;
    let other: Epoch = "00000000000000ff".parse().unwrap();
    let mut begins = |resume: Option<Position>| {
        let client = world.join(Dialect::V1, resume);
        world.members[&client].acked
    };
    assert_eq!(begins(Some(Position { epoch: epoch.clone(), seq: 2 })), 2);
    assert_eq!(begins(None), 3);
    assert_eq!(begins(Some(Position { epoch: other, seq: 2 })), 3, "of another log");
    assert_eq!(begins(Some(Position { epoch, seq: 9 })), 3, "beyond the head");
}

#[test]
fn a_frame_above_the_limit_closes_the_connection() {
    let mut world = World::new();
    let (text, binary) = (world.connect(), world.connect());
    world.send(&text, &" ".repeat(4_097));
    world.hear(&binary, Received::Binary(4_097));
    assert!(world.clients.is_empty());
    let closed = |effect: &Effect| match effect {
        Effect::Close { reason, .. } => reason.close() == CloseCode::TooBig,
        _ => false,
    };
    assert_eq!(world.trace.iter().filter(|effect| closed(effect)).count(), 2);
}

#[test]
fn silent_members_are_closed_and_members_that_ping_stay() {
    let mut world = World::new();
    let (silent, pinging, talking) = (world.connect(), world.connect(), world.connect());
    for _ in 0..8 {
        world.pass_ms(SWEEP_EVERY_MS / 2);
        world.ping(&pinging);
        world.send(&talking, r#"{"type":"ack","seq":0}"#);
    }
    assert!(!world.clients.contains_key(&silent));
    assert!(world.clients.contains_key(&pinging) && world.clients.contains_key(&talking));
    world.pass_ms(SILENT_AFTER_MS + SWEEP_EVERY_MS);
    assert!(world.clients.is_empty());
    let next = world.alarm.unwrap().ms_since(world.now);
    assert!(next > ROOM_RETENTION_MS / 2, "there are no members to sweep");
}

#[test]
fn a_room_without_clients_wakes_only_to_end() {
    let mut world = World::new();
    let (one, two) = (world.connect(), world.connect());
    world.disconnect(&one);
    assert!(world.alarm <= Some(world.now.plus_ms(SWEEP_EVERY_MS)));
    world.disconnect(&two);
    let end = Some(world.now.plus_ms(ROOM_RETENTION_MS));
    assert_eq!(world.alarm, end);
    world.now = world.now.plus_ms(1_000);
    world.publish(&["e-1"]);
    world.publish(&["e-2"]);
    assert!(world.alarm <= Some(world.now.plus_ms(ROOM_RETENTION_MS)) && world.window.is_none());
}

#[test]
fn a_full_room_refuses_clients() {
    let limits = RoomLimits { clients: 1, ..RoomLimits::default() };
    let mut world = World::with_limits(limits);
    assert_eq!(world.door(None), Door::Open);
    world.connect();
    assert_eq!(world.door(None), Door::Full);
}
