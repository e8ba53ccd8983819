//! A slower pace: rooms of a tenant over its budget gather for longer, so that they store fewer rows.

use roomcast::limits::{RoomLimits, PACE_WORTH_MS};
use roomcast::protocol::time::Timestamp;
use roomcast::room::publish::Posted;
use roomcast::room::Effect;

use crate::updates::update;
use crate::world::World;

const PACE_MS: u64 = 2_000;

/// A room whose posts bring the pace from now on, and that has been quiet for longer than that.
fn slowed() -> World {
    slowed_with(RoomLimits::default())
}

fn slowed_with(limits: RoomLimits) -> World {
    let mut world = World::with_limits(limits);
    world.connect();
    world.publish(&["e-0"]);
    world.pass_ms(PACE_MS);
    world.pace_ms = Some(2_000);
    world
}

/// Lets time pass, with what the room waits for in it.
fn pass(world: &mut World, ms: u64) {
    let end = world.now.plus_ms(ms);
    while let Some(left) = world.window.map(|(ms, _)| ms).filter(|ms| world.now.plus_ms(*ms) <= end)
    {
        let looked = world.now.plus_ms(left);
        world.look_at_window();
        assert_eq!(world.now, looked);
    }
    let left = end.ms_since(world.now);
    world.pass_ms(left);
    // What is left of an open window has become shorter.
    if let Some((ms, _)) = world.window.as_mut() {
        *ms = ms.saturating_sub(left);
    }
}

fn applied(world: &World) -> Vec<String> {
    world.clients.values().next().unwrap().applied.clone()
}

fn is_answered(world: &World, post: u64) -> bool {
    world.answers.contains_key(&post)
}

/// When each burst was stored.
fn stored_at(world: &World) -> Vec<Timestamp> {
    let stored = world.trace.iter().filter_map(|effect| match effect {
        Effect::Append { at, .. } => Some(*at),
        _ => None,
    });
    stored.collect()
}

#[test]
fn the_first_event_after_a_quiet_time_goes_out_at_once() {
    let mut world = slowed();
    let post = world.publish(&["e-1"]);
    assert!(is_answered(&world, post));
    assert_eq!(applied(&world), ["e-0", "e-1"]);
}

#[test]
fn posts_within_the_pace_share_one_row_and_one_frame_and_are_answered_after_it() {
    let mut world = slowed();
    world.publish(&["e-1"]);
    pass(&mut world, 400);
    let (rows, sends) = (world.disk.rows, world.sends);
    let early = world.publish(&["e-2"]);
    pass(&mut world, 1_000);
    let late = world.publish(&["e-3"]);
    let again = world.publish(&["e-2"]);
    assert_eq!(world.window.map(|(ms, _)| ms), Some(600), "what is left of the pace");
    assert!([early, late, again].iter().all(|post| !is_answered(&world, *post)));
    assert_eq!((world.disk.rows, world.sends), (rows, sends));
    pass(&mut world, 600);
    assert_eq!(applied(&world), ["e-0", "e-1", "e-2", "e-3"]);
    assert_eq!((world.disk.rows, world.sends), (rows + 1, sends + 1));
    assert_eq!(world.answers[&early], [Posted::Accepted(3)]);
    assert_eq!(world.answers[&late], [Posted::Accepted(4)]);
    assert_eq!(world.answers[&again], [Posted::Duplicate(3)]);
}

#[test]
fn a_room_rests_while_nothing_waits_for_the_pace_and_keeps_it_if_it_is_evicted() {
    let mut world = slowed();
    world.publish(&["e-1"]);
    assert!(world.runner.is_resting(), "being awake costs more than a row");
    world.evict();
    pass(&mut world, 400);
    let post = world.publish(&["e-2"]);
    assert!(!world.runner.is_resting() && !is_answered(&world, post));
    assert_eq!(world.window.map(|(ms, _)| ms), Some(1_600));
}

#[test]
fn a_room_with_few_posts_is_not_slowed_down_because_waiting_would_cost_more() {
    let mut world = slowed();
    for number in 1..10 {
        let post = world.publish(&[&format!("e-{number}")]);
        assert!(is_answered(&world, post) && world.runner.is_resting());
        pass(&mut world, PACE_WORTH_MS);
    }
}

#[test]
fn the_pace_counts_from_the_last_burst_also_if_that_had_none() {
    let mut world = slowed();
    world.pace_ms = None;
    world.publish(&["e-1"]);
    pass(&mut world, 300);
    world.pace_ms = Some(2_000);
    world.publish(&["e-2"]);
    assert_eq!(world.window.map(|(ms, _)| ms), Some(1_700));
}

#[test]
fn what_comes_while_a_burst_is_being_stored_waits_for_the_pace() {
    let mut world = slowed();
    world.post_together(vec![update("e-1", "k", 1), update("e-2", "k", 1)]);
    let post = world.post_together(vec![update("e-3", "k", 1)]);
    assert!(!is_answered(&world, post), "the pace is not over");
    assert_eq!(world.window.map(|(ms, _)| ms), Some(PACE_MS));
    pass(&mut world, PACE_MS);
    assert!(is_answered(&world, post));
}

#[test]
fn a_full_burst_goes_out_early() {
    let mut world = slowed_with(RoomLimits { burst_bytes: 200, ..RoomLimits::default() });
    world.publish(&["e-1"]);
    let small = world.publish(&["e-2"]);
    assert!(!is_answered(&world, small));
    let large = world.publish(&["e-3", "e-4"]);
    assert!(is_answered(&world, small) && is_answered(&world, large));
    let rest = world.publish(&["e-5"]);
    assert!(!is_answered(&world, rest));
    pass(&mut world, PACE_MS);
    assert!(is_answered(&world, rest), "nobody waits for longer than the pace");
}

#[test]
fn only_the_pace_of_the_latest_post_counts() {
    let mut world = slowed();
    world.publish(&["e-1"]);
    pass(&mut world, 500);
    world.pace_ms = None;
    let post = world.publish(&["e-2"]);
    assert!(is_answered(&world, post));
}

#[test]
fn a_window_that_is_open_keeps_its_end_if_the_tenant_is_no_longer_slowed() {
    let mut world = slowed();
    world.publish(&["e-1"]);
    let waits = world.publish(&["e-2"]);
    world.pace_ms = None;
    let post = world.publish(&["e-3"]);
    assert!(!is_answered(&world, waits) && !is_answered(&world, post));
    pass(&mut world, PACE_MS);
    assert!(is_answered(&world, waits) && is_answered(&world, post));
    let next = world.publish(&["e-4"]);
    assert!(is_answered(&world, next));
}

/// The rows of a room to which something is posted every 100 ms for ten seconds.
fn rows_of_ten_seconds(mut world: World) -> (usize, Vec<Timestamp>) {
    world.trace.clear();
    let begun = world.disk.rows;
    for number in 0..100 {
        world.publish(&[&format!("n-{number}")]);
        pass(&mut world, 100);
    }
    assert!(world.unanswered.is_empty());
    assert_eq!(applied(&world).iter().filter(|event| event.starts_with("n-")).count(), 100);
    (world.disk.rows - begun, stored_at(&world))
}

#[test]
fn a_hundred_posts_in_ten_seconds_store_one_burst_every_two() {
    let (rows, stored) = rows_of_ten_seconds(slowed());
    assert_eq!((rows, stored.len()), (6, 6));
    assert!(stored.windows(2).all(|pair| pair[1].ms_since(pair[0]) == PACE_MS), "{stored:?}");
}

#[test]
fn without_a_pace_each_post_of_a_lone_publisher_is_a_burst() {
    let mut world = slowed();
    world.pace_ms = None;
    let (rows, stored) = rows_of_ten_seconds(world);
    assert_eq!((rows, stored.len()), (100 + 1, 100), "and a checkpoint");
}

#[test]
fn a_crowd_is_slowed_down_as_well_and_stores_nothing_between_laps() {
    let mut world = slowed();
    world.crowd();
    world.trace.clear();
    let posts: Vec<u64> = (0..5).map(|number| world.publish(&[&format!("n-{number}")])).collect();
    while world.window.is_some_and(|(ms, _)| ms < 1_000) {
        world.look_at_window();
    }
    assert_eq!(stored_at(&world).len(), 1, "the first");
    assert_eq!(posts.iter().filter(|post| is_answered(&world, **post)).count(), 1);
    pass(&mut world, PACE_MS);
    assert!(posts.iter().all(|post| is_answered(&world, *post)));
    assert_eq!(stored_at(&world).len(), 2);
}

#[test]
fn what_was_stored_between_laps_does_not_wait_for_a_pace_that_comes_then() {
    let mut world = World::new();
    world.crowd();
    world.publish(&["e-1"]);
    world.publish(&["e-2"]);
    world.look_at_window();
    assert_eq!(applied(&world), ["e-1"], "the second is stored, but not sent");
    world.pace_ms = Some(2_000);
    let post = world.publish(&["e-3"]);
    world.look_at_window();
    assert_eq!(applied(&world), ["e-1", "e-2"]);
    assert!(!is_answered(&world, post));
    world.rest();
    assert_eq!(applied(&world), ["e-1", "e-2", "e-3"]);
}

#[test]
fn a_client_that_joins_while_updates_wait_for_the_pace_gets_them_once() {
    let mut world = slowed();
    world.publish(&["e-1"]);
    world.publish(&["e-2"]);
    let late = world.connect();
    assert_eq!(world.clients[&late].frames[0]["seq"], 2, "an update that waits is not the head");
    pass(&mut world, PACE_MS);
    assert_eq!(world.clients[&late].applied, ["e-2"]);
}

#[test]
fn a_room_that_ends_with_its_tenant_answers_what_waits_for_the_pace() {
    let mut world = slowed();
    world.publish(&["e-1"]);
    let post = world.publish(&["e-2"]);
    world.abolish();
    assert_eq!(world.answers[&post], [Posted::Accepted(3)]);
}

#[test]
fn a_suspended_room_answers_what_waits_when_the_pace_is_over() {
    let mut world = slowed();
    world.publish(&["e-1"]);
    let post = world.publish(&["e-2"]);
    world.rule(true, RoomLimits::default().retention_ms);
    pass(&mut world, PACE_MS);
    assert_eq!(world.answers[&post], [Posted::Accepted(3)]);
}

#[test]
fn a_room_that_fails_while_it_gathers_has_stored_nothing_of_it_and_takes_it_again() {
    let mut world = slowed();
    world.publish(&["e-1"]);
    let post = world.publish(&["e-2"]);
    world.fails = Some(1);
    pass(&mut world, PACE_MS);
    assert_eq!((world.failures, is_answered(&world, post)), (1, false));
    let again = world.publish(&["e-2"]);
    assert_eq!(world.answers[&again], [Posted::Accepted(3)]);
}
