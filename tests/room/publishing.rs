//! Seqs, duplicates, bursts and their window.

use roomcast::limits::{RoomLimits, WINDOW_LAPS, WINDOW_SOON_MS, WINDOW_TRY};
use roomcast::room::publish::Posted;
use roomcast::room::Effect;

use crate::updates::update;
use crate::world::World;

fn accepted(world: &World, post: u64) -> Vec<u64> {
    let seq = |outcome: &Posted| match outcome {
        Posted::Accepted(seq) => *seq,
        other => panic!("{other:?}"),
    };
    world.answers[&post].iter().map(seq).collect()
}

#[test]
fn a_published_event_reaches_every_client_in_the_room_at_once() {
    let mut world = World::new();
    let (one, two) = (world.connect(), world.connect());
    let post = world.publish(&["e-1"]);
    assert_eq!(accepted(&world, post), [1]);
    for client in [&one, &two] {
        assert_eq!(world.clients[client].applied, ["e-1"]);
        assert_eq!(world.clients[client].types(), ["connected", "dashboard.update"]);
    }
}

#[test]
fn seqs_are_dense_and_start_at_one() {
    let mut world = World::new();
    let posts = [world.publish(&["e-1"]), world.publish(&["e-2", "e-3"]), world.publish(&["e-4"])];
    let numbers: Vec<_> = posts.iter().flat_map(|post| accepted(&world, *post)).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[test]
fn a_repeated_event_keeps_its_first_seq() {
    let mut world = World::new();
    world.publish(&["e-1", "e-2"]);
    let again = world.publish(&["e-2", "e-3", "e-1", "e-3"]);
    let want =
        [Posted::Duplicate(2), Posted::Accepted(3), Posted::Duplicate(1), Posted::Duplicate(3)];
    assert_eq!(world.answers[&again], want);
    world.kill();
    let after = world.publish(&["e-2"]);
    assert_eq!(world.answers[&after], [Posted::Duplicate(2)]);
}

#[test]
fn in_a_crowd_the_first_event_is_sent_at_once_and_the_rest_as_a_burst() {
    let mut world = World::new();
    world.crowd();
    let client = world.clients.keys().next().unwrap().clone();
    let first = world.publish(&["e-1"]);
    assert!(world.window.is_some() && world.answers.contains_key(&first));
    let held = [world.publish(&["e-2"]), world.publish(&["e-3"])];
    assert!(
        held.iter().all(|post| !world.answers.contains_key(post)),
        "they are not durable, so they are not answered"
    );
    assert_eq!(world.clients[&client].applied, ["e-1"]);
    world.pass_window();
    assert_eq!(world.clients[&client].applied, ["e-1", "e-2", "e-3"]);
    assert_eq!(world.clients[&client].frames.last().unwrap()["type"], "dashboard.updates");
    assert!(held.iter().all(|post| world.answers.contains_key(post)));
    assert!(world.window.is_some(), "a busy room opens the next window");
    world.pass_window();
    assert!(world.window.is_none(), "a room without new events does not");
}

#[test]
fn a_burst_is_one_row() {
    let mut world = World::new();
    world.crowd();
    let begun = world.disk.rows;
    world.publish(&["e-1"]);
    world.publish(&["e-2", "e-3"]);
    world.publish(&["e-4"]);
    world.pass_window();
    assert_eq!(world.disk.rows - begun, 2, "one for the first event, one for the rest");
}

#[test]
fn a_burst_that_is_large_enough_does_not_wait_for_its_window() {
    let limits = RoomLimits { burst_bytes: 200, ..RoomLimits::default() };
    let mut world = World::with_limits(limits);
    world.crowd();
    world.publish(&["e-1"]);
    let small = world.publish(&["e-2"]);
    assert!(!world.answers.contains_key(&small));
    let large = world.publish(&["e-3", "e-4"]);
    assert!(world.answers.contains_key(&small) && world.answers.contains_key(&large));
}

#[test]
fn a_duplicate_of_an_event_that_waits_is_answered_with_it() {
    let mut world = World::new();
    world.crowd();
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
    world.crowd();
    world.publish(&["e-1"]);
    world.publish(&["e-2"]);
    let late = world.connect();
    assert_eq!(world.clients[&late].frames[0]["seq"], 1, "an update that waits is not the head");
    world.pass_window();
    assert_eq!(world.clients[&late].applied, ["e-2"]);
}

/// A crowd in which one update was sent and one more is stored and answered, but not sent.
fn between_laps() -> World {
    let mut world = World::new();
    world.crowd();
    world.publish(&["e-1"]);
    let held = world.publish(&["e-2"]);
    world.look_at_window();
    assert!(world.answers.contains_key(&held), "a publisher that posts one by one can go on");
    assert_eq!(world.head().seq, 2);
    world
}

#[test]
fn in_a_crowd_the_updates_of_several_laps_are_sent_as_one_frame() {
    let mut world = between_laps();
    let client = world.clients.keys().next().unwrap().clone();
    let events = 1 + usize::try_from(WINDOW_LAPS).unwrap();
    for event in 3..=events {
        world.publish(&[&format!("e-{event}")]);
        assert_eq!(world.clients[&client].applied, ["e-1"]);
        world.look_at_window();
    }
    assert_eq!(world.clients[&client].applied.len(), events);
    assert_eq!(world.clients[&client].frames.len(), 3, "`connected`, the first event, the burst");
}

#[test]
fn when_a_client_joins_between_laps_every_client_gets_each_update_once() {
    let mut world = between_laps();
    let first = world.clients.keys().next().unwrap().clone();
    let late = world.connect();
    assert_eq!(world.clients[&first].applied, ["e-1", "e-2"], "the others are brought level first");
    assert_eq!(world.clients[&late].types(), ["connected", "dashboard.state"]);
    world.publish(&["e-3"]);
    world.rest();
    assert_eq!(world.clients[&first].applied, ["e-1", "e-2", "e-3"]);
    assert_eq!(world.clients[&late].applied, ["e-3"]);
}

#[test]
fn a_client_that_asks_for_the_state_between_laps_gets_nothing_twice() {
    let mut world = between_laps();
    let client = world.clients.keys().next().unwrap().clone();
    world.send(&client, r#"{"type":"request.state"}"#);
    world.rest();
    let seen = ["connected", "dashboard.update", "dashboard.update", "dashboard.state"];
    assert_eq!(world.clients[&client].types(), seen);
}

#[test]
fn a_burst_of_many_laps_is_sent_when_it_is_large_enough() {
    let limits = RoomLimits { burst_bytes: 300, ..RoomLimits::default() };
    let mut world = World::with_limits(limits);
    world.crowd();
    let client = world.clients.keys().next().unwrap().clone();
    world.publish(&["e-1"]);
    world.publish(&["e-2"]);
    world.look_at_window();
    assert_eq!(world.clients[&client].applied, ["e-1"], "stored but not sent");
    world.publish(&["e-3", "e-4"]);
    assert_eq!(world.clients[&client].applied, ["e-1", "e-2", "e-3", "e-4"]);
}

#[test]
fn a_read_of_the_state_between_laps_shows_nothing_before_the_clients_have_it() {
    let mut world = between_laps();
    let client = world.clients.keys().next().unwrap().clone();
    assert_eq!(world.clients[&client].applied, ["e-1"], "stored but not sent");
    assert_eq!(world.state().len(), 2);
    assert_eq!(world.clients[&client].applied, ["e-1", "e-2"]);
}

#[test]
fn an_update_is_stored_before_it_is_shown_and_answered() {
    let mut world = World::new();
    world.connect();
    world.trace.clear();
    world.publish(&["e-1"]);
    let place = |wanted: fn(&Effect) -> bool| world.trace.iter().position(wanted).unwrap();
    let stored = place(|effect| matches!(effect, Effect::Append { .. }));
    let shown = place(|effect| matches!(effect, Effect::Broadcast { .. }));
    let answered = place(|effect| matches!(effect, Effect::Answer { .. }));
    assert!(stored < shown && shown < answered);
}

#[test]
fn requests_during_a_write_share_the_next_row() {
    let mut world = World::new();
    let begun = world.disk.rows;
    let one = |id: &str| vec![update(id, id, 1)];
    let first = world.post_together(one("e-1"));
    let rest = [world.post_together(one("e-2")), world.post_together(one("e-3"))];
    assert!(world.answers.contains_key(&first) && !world.answers.contains_key(&rest[0]));
    world.rest();
    assert!(rest.iter().all(|post| world.answers.contains_key(post)));
    assert_eq!(
        world.disk.rows - begun,
        3,
        "one for the epoch, one for the first event, one for the rest"
    );
}

/// Posts an event as a request of its own.
fn post_one(world: &mut World, event: u64) -> u64 {
    world.post_together(vec![update(&format!("e-{event}"), "key", 1)])
}

/// Posts one event, rests, and says whether it waited in a window.
fn waits_in_a_window(world: &mut World, event: u64) -> bool {
    post_one(world, event);
    let opened = world.window.is_some();
    world.rest();
    opened
}

/// A room with a client, in which so many events have come one by one.
fn after_singles(events: u64) -> World {
    let mut world = World::new();
    world.connect();
    for event in 1..=events {
        waits_in_a_window(&mut world, event);
    }
    world
}

#[test]
fn where_updates_come_one_by_one_in_quick_succession_only_every_fourth_waits_in_a_window() {
    for evicts in [false, true] {
        let mut world = after_singles(0);
        let waited: Vec<u64> = (1..=13)
            .filter(|event| {
                if evicts {
                    world.evict();
                }
                waits_in_a_window(&mut world, *event)
            })
            .collect();
        assert_eq!(WINDOW_TRY, 4);
        assert_eq!(waited, [2, 5, 9, 13], "{evicts}");
    }
}

#[test]
fn updates_that_come_together_again_share_rows_from_the_next_window_on() {
    let mut world = after_singles(5);
    let before = world.disk.rows;
    let volley: Vec<u64> = (6..=17).map(|event| post_one(&mut world, event)).collect();
    world.rest();
    assert!(volley.iter().all(|post| world.answers.contains_key(post)));
    assert_eq!(world.disk.rows - before, 4, "three that came before the window, and the rest");
    assert!(waits_in_a_window(&mut world, 18), "where updates came together, each waits");
}

#[test]
fn an_event_after_a_quiet_time_opens_no_window_and_the_room_may_sleep_at_once() {
    let mut world = after_singles(1);
    world.pass_ms(WINDOW_SOON_MS - 1);
    assert!(waits_in_a_window(&mut world, 2), "it came soon");
    for event in 3..=9 {
        world.pass_ms(WINDOW_SOON_MS);
        let post = post_one(&mut world, event);
        assert!(world.answers.contains_key(&post) && world.runner.is_resting(), "{event}");
    }
}

#[test]
fn after_a_quiet_time_a_volley_shares_rows_at_once() {
    let mut world = after_singles(5);
    world.pass_ms(WINDOW_SOON_MS - 1);
    assert!(!waits_in_a_window(&mut world, 6), "it came soon");
    world.pass_ms(WINDOW_SOON_MS);
    let before = world.disk.rows;
    // The burst before the volley is none of those after which the next waits all the same.
    for event in 7..=16 {
        post_one(&mut world, event);
    }
    world.rest();
    assert_eq!(world.disk.rows - before, 2, "the first, and the rest");
}
