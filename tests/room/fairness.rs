//! How much one client may cost the others: by frames, by states, and by not reading.

use roomcast::limits::{RoomLimits, SILENT_AFTER_MS, STATE_EVERY_MS, SWEEP_EVERY_MS};
use roomcast::protocol::codes::CloseCode;
use roomcast::protocol::ids::ClientId;
use roomcast::room::{Door, Effect};

use crate::updates::update;
use crate::world::World;

const REQUEST: &str = r#"{"type":"request.state"}"#;
const PING: &str = r#"{"type":"ping","ref":"1"}"#;

fn closes(world: &World, wanted: CloseCode) -> usize {
    let closed = |effect: &&Effect| matches!(effect, Effect::Close { reason, .. } if reason.close() == wanted);
    world.trace.iter().filter(closed).count()
}

fn count(world: &World, client: &ClientId, kind: &str) -> usize {
    world.clients[client].types().iter().filter(|one| **one == kind).count()
}

#[test]
fn forty_frames_at_once_are_answered_and_more_are_errors() {
    let mut world = World::new();
    let client = world.connect();
    (0..60).for_each(|_| world.send(&client, PING));
    assert_eq!((count(&world, &client, "pong"), count(&world, &client, "error")), (40, 20));
    let error = world.clients[&client].frames.last().unwrap();
    assert_eq!((&error["code"], &error["retryable"]), (&"rate_limited".into(), &true.into()));
}

#[test]
fn twenty_frames_a_second_are_always_answered() {
    let mut world = World::new();
    let client = world.connect();
    for _ in 0..500 {
        world.send(&client, PING);
        world.now = world.now.plus_ms(50);
    }
    assert_eq!(count(&world, &client, "error"), 0);
}

#[test]
fn a_client_that_goes_on_in_spite_of_the_errors_is_closed() {
    let mut world = World::new();
    let (client, other) = (world.connect(), world.connect());
    for _ in 0..81 {
        assert!(world.clients.contains_key(&client));
        world.send(&client, PING);
    }
    assert_eq!(closes(&world, CloseCode::TooFast), 1);
    assert!(!world.clients.contains_key(&client) && world.clients.contains_key(&other));
}

#[test]
fn a_room_counts_frames_across_an_eviction() {
    let mut world = World::new();
    let client = world.connect();
    (0..40).for_each(|_| world.send(&client, PING));
    world.evict();
    world.send(&client, PING);
    assert_eq!(count(&world, &client, "error"), 1);
}

#[test]
fn requests_for_the_state_within_a_second_share_one_answer_at_its_end() {
    let mut world = World::new();
    let client = world.connect();
    world.publish(&["e-1"]);
    (0..30).for_each(|_| world.send(&client, REQUEST));
    assert_eq!(
        count(&world, &client, "dashboard.state"),
        1,
        "the first request is answered at once"
    );
    assert_eq!(world.states.map(|(ms, _)| ms), Some(STATE_EVERY_MS));
    world.publish(&["e-2"]);
    world.pass_states();
    assert_eq!(count(&world, &client, "dashboard.state"), 2, "one answer for all other requests");
    assert_eq!(world.clients[&client].frames.last().unwrap()["seq"], 2, "the state at that time");
    assert_eq!(world.states, None);
    world.now = world.now.plus_ms(STATE_EVERY_MS);
    world.send(&client, REQUEST);
    assert_eq!(
        count(&world, &client, "dashboard.state"),
        3,
        "after a second a request is answered at once"
    );
}

#[test]
fn each_client_has_a_second_of_its_own_and_a_client_that_has_left_is_not_answered() {
    let mut world = World::new();
    world.publish(&["e-1"]);
    let (one, two, gone) = (world.connect(), world.connect(), world.connect());
    world.send(&one, REQUEST);
    world.now = world.now.plus_ms(400);
    world.send(&two, REQUEST);
    world.send(&gone, REQUEST);
    world.disconnect(&gone);
    world.rest();
    for client in [&one, &two] {
        assert_eq!(
            count(&world, client, "dashboard.state"),
            2,
            "one when it joined, one when it asked"
        );
    }
}

/// A room whose state is one update of half a kilobyte.
fn half_a_kilobyte(limits: RoomLimits) -> World {
    let mut world = World::with_limits(limits);
    let large = update(&"e".repeat(300), "a", 1);
    world.post(vec![large]);
    world
}

#[test]
fn a_client_that_reads_nothing_is_closed_once_it_was_sent_too_much() {
    let limits = RoomLimits { unread_bytes: 5_000, ..RoomLimits::default() };
    let mut world = World::with_limits(limits);
    let (silent, reading) = (world.connect(), world.connect());
    for number in 0..100 {
        world.now = world.now.plus_ms(10);
        world.ping(&reading);
        world.publish(&[&format!("e-{number}")]);
    }
    assert!(!world.clients.contains_key(&silent), "10 KB are too much");
    assert!(world.clients.contains_key(&reading), "a client that pings has read what it was sent");
    assert_eq!(closes(&world, CloseCode::Slow), 1);
}

#[test]
fn joins_that_need_a_recovery_wait_while_others_have_not_read_theirs() {
    let limits = RoomLimits { recovery_bytes: 1_200, ..RoomLimits::default() };
    let mut world = half_a_kilobyte(limits);
    let (one, _two) = (world.connect(), world.connect());
    assert_eq!(world.door(None), Door::Busy);
    let head = world.head();
    assert_eq!(world.door(Some(&head)), Door::Open, "this client needs no recovery");
    for _ in 0..2 {
        world.now = world.now.plus_ms(1_000);
        world.ping(&one);
        world.ask_pings();
    }
    assert_eq!(world.door(None), Door::Open, "one of them has read it");
}

#[test]
fn a_state_that_cannot_be_sent_yet_is_sent_later() {
    let limits = RoomLimits { recovery_bytes: 1_200, ..RoomLimits::default() };
    let mut world = half_a_kilobyte(limits);
    let (one, two) = (world.connect(), world.connect());
    world.now = world.now.plus_ms(STATE_EVERY_MS);
    world.send(&one, REQUEST);
    assert_eq!(count(&world, &one, "dashboard.state"), 1, "others have not read theirs");
    world.pass_states();
    assert_eq!(count(&world, &one, "dashboard.state"), 1);
    world.disconnect(&two);
    world.pass_states();
    assert_eq!(count(&world, &one, "dashboard.state"), 2);
}

#[test]
fn the_room_aborts_when_closed_connections_hold_too_much_memory() {
    let limits = RoomLimits { stuck_bytes: 1_500, ..RoomLimits::default() };
    let mut world = half_a_kilobyte(limits);
    let stuck: Vec<_> = (0..4).map(|_| world.connect()).collect();
    let reading = world.connect();
    for _ in 0..5 {
        world.pass_ms(SWEEP_EVERY_MS / 2);
        if world.clients.contains_key(&reading) {
            world.ping(&reading);
        }
    }
    assert!(stuck.iter().all(|client| !world.clients.contains_key(client)));
    assert_eq!(closes(&world, CloseCode::Silent), 4);
    assert_eq!(world.trace.iter().filter(|effect| **effect == Effect::Abort).count(), 1);
    assert_eq!(world.dropped.len(), 1, "the client that reads has to connect again, too");
    let client = world.dropped.remove(0);
    let back = world.come_back(client);
    world.publish(&["e-2"]);
    assert_eq!(world.clients[&back].applied.last().unwrap(), "e-2");
}

#[test]
fn the_room_aborts_when_clients_that_closed_hold_too_much_memory() {
    let limits = RoomLimits { stuck_bytes: 1_500, ..RoomLimits::default() };
    let mut world = half_a_kilobyte(limits);
    for _ in 0..4 {
        let client = world.connect();
        world.disconnect(&client);
    }
    assert_eq!(world.trace.iter().filter(|effect| **effect == Effect::Abort).count(), 1);
}

#[test]
fn a_closed_connection_that_is_lost_holds_no_memory() {
    let limits = RoomLimits { stuck_bytes: 1_500, ..RoomLimits::default() };
    let mut world = half_a_kilobyte(limits);
    let slow: Vec<_> = (0..4).map(|_| world.connect()).collect();
    for client in &slow {
        (0..81).for_each(|_| world.send(client, PING));
        world.lose(client);
    }
    world.connect();
    world.pass_ms(SILENT_AFTER_MS);
    assert!(!world.trace.contains(&Effect::Abort));
}
