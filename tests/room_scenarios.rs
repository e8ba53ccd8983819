//! Ring 1: what a room does, told as scenarios in a world of its own.

mod support;

use roomcast::limits::{RoomLimits, LOOK_EVERY_MS, SILENT_AFTER_MS};
use roomcast::protocol::codes::CloseCode;
use roomcast::protocol::ids::Position;
use roomcast::protocol::server_frame::Dialect;
use roomcast::room::publish::Posted;
use roomcast::room::{Effect, Input, Received};
use serde_json::json;
use support::{update, World};

fn accepted(world: &World, post: u64) -> Vec<u64> {
    let seq = |outcome: &Posted| match outcome {
        Posted::Accepted(seq) => *seq,
        Posted::Duplicate(seq) => panic!("duplicate of {seq}"),
    };
    world.answers[&post].iter().map(seq).collect()
}

/// Enough clients for a window of 5 ms.
fn crowd(world: &mut World) {
    for _ in 0..100 {
        world.connect();
    }
}

#[test]
fn a_published_event_reaches_everyone_in_the_room_at_once() {
    let mut world = World::new();
    let (one, two) = (world.connect(), world.connect());
    let post = world.publish(&["e-1"]);
    assert_eq!(accepted(&world, post), [1]);
    for client in [&one, &two] {
        assert_eq!(world.clients[client].applied, ["e-1"]);
        assert_eq!(
            world.clients[client].types(),
            ["connected", "dashboard.update"]
        );
    }
}

#[test]
fn numbers_are_dense_and_start_at_one() {
    let mut world = World::new();
    let posts = [
        world.publish(&["e-1"]),
        world.publish(&["e-2", "e-3"]),
        world.publish(&["e-4"]),
    ];
    let numbers: Vec<_> = posts
        .iter()
        .flat_map(|post| accepted(&world, *post))
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

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
    world.post(vec![
        update("e-1", "a", 1),
        update("e-2", "a", 1),
        update("e-3", "b", 1),
    ]);
    let client = world.connect();
    let state = &world.clients[&client].frames[1];
    assert_eq!(
        (&state["type"], &state["seq"]),
        (&json!("dashboard.state"), &json!(3))
    );
    assert_eq!(
        state["updates"].as_array().unwrap().len(),
        2,
        "the latest per key"
    );
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
    assert_eq!(
        world.clients[&back].frames.len(),
        2,
        "the missed bursts are one frame"
    );
}

#[test]
fn a_client_that_missed_nothing_gets_nothing() {
    let mut world = World::new();
    world.publish(&["e-1"]);
    let head = world.room.head();
    let back = world.resume(&head);
    assert_eq!(world.clients[&back].types(), ["connected"]);
    assert_eq!(world.clients[&back].frames[0]["recovery"], "replayed");
}

#[test]
fn a_position_within_a_burst_is_resumed_within_it() {
    let mut world = World::new();
    world.publish(&["e-1", "e-2", "e-3"]);
    let head = world.room.head();
    for (seq, missed) in [
        (0, vec!["e-1", "e-2", "e-3"]),
        (1, vec!["e-2", "e-3"]),
        (2, vec!["e-3"]),
    ] {
        let back = world.resume(&Position {
            seq,
            ..head.clone()
        });
        assert_eq!(world.clients[&back].applied, missed);
    }
}

#[test]
fn a_position_of_another_epoch_or_beyond_the_head_gets_the_state() {
    let mut world = World::new();
    world.publish(&["e-1"]);
    let head = world.room.head();
    let other = Position {
        epoch: "00000000000000ff".parse().unwrap(),
        seq: 1,
    };
    for position in [other, Position { seq: 2, ..head }] {
        let back = world.resume(&position);
        assert_eq!(
            world.clients[&back].types(),
            ["connected", "dashboard.state"]
        );
    }
}

#[test]
fn a_position_that_the_log_no_longer_covers_gets_the_state() {
    let limits = RoomLimits {
        log_bursts: 8,
        checkpoint_bursts: 4,
        ..RoomLimits::default()
    };
    let mut world = World::with_limits(limits);
    world.publish(&["e-0"]);
    let early = world.room.head();
    for event in ["e-1", "e-2", "e-3", "e-4", "e-5", "e-6", "e-7", "e-8"] {
        world.publish(&[event]);
    }
    let back = world.resume(&early);
    assert_eq!(
        world.clients[&back].applied.len(),
        8,
        "the log has just the eight that it missed"
    );
    world.publish(&["e-9"]);
    let late = world.resume(&early);
    assert_eq!(
        world.clients[&late].types(),
        ["connected", "dashboard.state"]
    );
    assert!(world.clients[&late].is_level());
}

#[test]
fn more_than_may_be_replayed_is_answered_with_the_state() {
    let limits = RoomLimits {
        replay_bytes: 300,
        ..RoomLimits::default()
    };
    let mut world = World::with_limits(limits);
    world.publish(&["e-1"]);
    let position = world.room.head();
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
fn a_repeated_event_keeps_the_number_it_got_first() {
    let mut world = World::new();
    world.publish(&["e-1", "e-2"]);
    let again = world.publish(&["e-2", "e-3", "e-1", "e-3"]);
    let want = [
        Posted::Duplicate(2),
        Posted::Accepted(3),
        Posted::Duplicate(1),
        Posted::Duplicate(3),
    ];
    assert_eq!(world.answers[&again], want);
    world.kill();
    let after = world.publish(&["e-2"]);
    assert_eq!(world.answers[&after], [Posted::Duplicate(2)]);
}

#[test]
fn an_event_is_remembered_as_long_as_the_log_keeps_it() {
    let limits = RoomLimits {
        log_bursts: 4,
        checkpoint_bursts: 2,
        ..RoomLimits::default()
    };
    let mut world = World::with_limits(limits);
    for event in ["e-1", "e-2", "e-3", "e-4"] {
        world.publish(&[event]);
    }
    let kept = world.publish(&["e-1"]);
    assert_eq!(world.answers[&kept], [Posted::Duplicate(1)]);
    world.publish(&["e-5"]);
    let forgotten = world.publish(&["e-1"]);
    assert_eq!(world.answers[&forgotten], [Posted::Accepted(6)]);
}

#[test]
fn in_a_crowd_the_first_event_goes_out_at_once_and_the_rest_as_a_burst() {
    let mut world = World::new();
    crowd(&mut world);
    let client = world.clients.keys().next().unwrap().clone();
    let first = world.publish(&["e-1"]);
    assert!(world.window_open && world.answers.contains_key(&first));
    let held = [world.publish(&["e-2"]), world.publish(&["e-3"])];
    assert!(
        held.iter().all(|post| !world.answers.contains_key(post)),
        "not durable, not answered"
    );
    assert_eq!(world.clients[&client].applied, ["e-1"]);
    world.pass_window();
    assert_eq!(world.clients[&client].applied, ["e-1", "e-2", "e-3"]);
    assert_eq!(
        world.clients[&client].frames.last().unwrap()["type"],
        "dashboard.updates"
    );
    assert!(held.iter().all(|post| world.answers.contains_key(post)));
    assert!(world.window_open, "a busy room goes on in windows");
    world.pass_window();
    assert!(!world.window_open, "a silent one does not");
}

#[test]
fn a_burst_is_one_row() {
    let mut world = World::new();
    crowd(&mut world);
    let begun = world.rows;
    world.publish(&["e-1"]);
    world.publish(&["e-2", "e-3"]);
    world.publish(&["e-4"]);
    world.pass_window();
    assert_eq!(world.rows - begun, 2, "the leading edge, and the rest");
}

#[test]
fn a_burst_that_is_large_enough_does_not_wait_for_its_window() {
    let limits = RoomLimits {
        burst_bytes: 200,
        ..RoomLimits::default()
    };
    let mut world = World::with_limits(limits);
    crowd(&mut world);
    world.publish(&["e-1"]);
    let small = world.publish(&["e-2"]);
    assert!(!world.answers.contains_key(&small));
    let large = world.publish(&["e-3", "e-4"]);
    assert!(world.answers.contains_key(&small) && world.answers.contains_key(&large));
}

#[test]
fn a_duplicate_of_an_event_that_waits_is_answered_with_it() {
    let mut world = World::new();
    crowd(&mut world);
    world.publish(&["e-1"]);
    let first = world.publish(&["e-2"]);
    let again = world.publish(&["e-2"]);
    assert!(!world.answers.contains_key(&again), "it is not durable yet");
    world.pass_window();
    assert_eq!(world.answers[&first], [Posted::Accepted(2)]);
    assert_eq!(world.answers[&again], [Posted::Duplicate(2)]);
}

#[test]
fn a_client_that_joins_while_updates_wait_gets_them_once() {
    let mut world = World::new();
    crowd(&mut world);
    world.publish(&["e-1"]);
    world.publish(&["e-2"]);
    let late = world.connect();
    assert_eq!(
        world.clients[&late].frames[0]["seq"], 1,
        "what waits is not the head"
    );
    world.pass_window();
    assert_eq!(world.clients[&late].applied, ["e-2"]);
}

#[test]
fn an_update_is_stored_before_it_is_shown_and_shown_before_it_is_answered() {
    let mut world = World::new();
    world.connect();
    world.trace.clear();
    world.publish(&["e-1"]);
    let place = |wanted: fn(&Effect) -> bool| world.trace.iter().position(wanted).unwrap();
    let stored = place(|effect| matches!(effect, Effect::Append(_)));
    let shown = place(|effect| matches!(effect, Effect::Broadcast { .. }));
    let answered = place(|effect| matches!(effect, Effect::Answer { .. }));
    assert!(stored < shown && shown < answered);
}

#[test]
fn a_plain_client_gets_single_updates_and_no_positions() {
    let mut world = World::new();
    crowd(&mut world);
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
fn a_plain_client_gets_the_state_when_it_asks_one_update_per_frame() {
    let mut world = World::new();
    world.post(vec![
        update("e-1", "a", 1),
        update("e-2", "a", 1),
        update("e-3", "b", 1),
    ]);
    let plain = world.join(Dialect::Plain, None);
    assert_eq!(world.clients[&plain].types(), ["connected"]);
    world.send(&plain, r#"{"type":"request.state"}"#);
    assert_eq!(world.clients[&plain].applied, ["e-2", "e-3"]);
}

#[test]
fn a_plain_client_that_resumes_gets_what_it_missed_one_per_frame() {
    let mut world = World::new();
    world.publish(&["e-1", "e-2", "e-3"]);
    let position = Position {
        seq: 1,
        ..world.room.head()
    };
    let plain = world.join(Dialect::Plain, Some(position));
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
    assert_eq!(
        answer(r#"{"type":"request.state"}"#)["type"],
        "dashboard.state"
    );
    assert_eq!(
        answer(r#"{"type":"dance","ref":"7"}"#)["code"],
        "unknown_type"
    );
    assert_eq!(answer(r#"{"type":"dance","ref":"7"}"#)["ref"], "7");
    assert_eq!(answer("nonsense")["code"], "bad_frame");
    assert_eq!(answer(r#"{"type":"ack","seq":2}"#)["code"], "bad_position");
    assert_eq!(answer(r#"{"type":"ack"}"#)["code"], "bad_frame");
    world.step(Input::Frame {
        client: &client,
        frame: Received::Binary(3),
    });
    assert_eq!(
        world.clients[&client].frames.last().unwrap()["code"],
        "bad_frame"
    );
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
    let Some(Effect::Left { session, .. }) = world.trace.iter().rev().nth(1) else {
        panic!()
    };
    assert_eq!(session.acked, 2);
}

#[test]
fn a_frame_above_the_limit_closes_the_connection() {
    let mut world = World::new();
    let (text, binary) = (world.connect(), world.connect());
    world.send(&text, &" ".repeat(4_097));
    world.step(Input::Frame {
        client: &binary,
        frame: Received::Binary(4_097),
    });
    assert!(world.clients.is_empty());
    let closed = |effect: &Effect| {
        matches!(
            effect,
            Effect::Close {
                code: CloseCode::TooBig,
                ..
            }
        )
    };
    assert_eq!(
        world.trace.iter().filter(|effect| closed(effect)).count(),
        2
    );
}

#[test]
fn who_is_silent_is_closed_and_who_pings_stays() {
    let mut world = World::new();
    let (silent, pinging, talking) = (world.connect(), world.connect(), world.connect());
    for _ in 0..8 {
        world.pass_ms(LOOK_EVERY_MS / 2);
        world.ping(&pinging);
        world.send(&talking, r#"{"type":"ack","seq":0}"#);
    }
    assert!(!world.clients.contains_key(&silent));
    assert!(world.clients.contains_key(&pinging) && world.clients.contains_key(&talking));
    world.pass_ms(SILENT_AFTER_MS + LOOK_EVERY_MS);
    assert!(world.clients.is_empty() && world.alarm.is_none());
}

#[test]
fn a_connection_does_not_outlive_its_grant_by_more_than_a_look() {
    let mut world = World::new();
    let short = world.join_until(Dialect::V1, None, 30_000);
    let long = world.connect();
    world.ping(&short);
    world.ping(&long);
    world.pass_ms(LOOK_EVERY_MS);
    assert!(!world.clients.contains_key(&short) && world.clients.contains_key(&long));
    let left = |effect: &Effect| matches!(effect, Effect::Left { code: 4401, .. });
    assert!(world.trace.iter().any(left));
}

#[test]
fn a_room_without_clients_wakes_for_nothing() {
    let mut world = World::new();
    let (one, two) = (world.connect(), world.connect());
    world.disconnect(&one);
    assert!(world.alarm.is_some());
    world.disconnect(&two);
    assert!(world.alarm.is_none());
    world.publish(&["e-1"]);
    assert!(world.alarm.is_none() && !world.window_open);
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

#[test]
fn a_full_room_says_so() {
    let limits = RoomLimits {
        clients: 1,
        ..RoomLimits::default()
    };
    let mut world = World::with_limits(limits);
    assert!(!world.room.is_full());
    world.connect();
    assert!(world.room.is_full());
}
