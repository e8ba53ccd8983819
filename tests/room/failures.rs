//! What a failed turn leaves behind: waits that must not act on the next room, and alarms that were not set.

use crate::updates::update;
use crate::world::World;

#[test]
fn a_wait_of_a_room_that_failed_does_not_end_the_window_of_the_next() {
    let mut world = World::new();
    let client = world.connect();
    world.post_together(vec![update("e-0", "k", 1)]);
    world.post_together(vec![update("e-1", "k", 1)]);
    assert!(world.window.is_some(), "the second waits");
    world.fails = Some(1);
    world.send(&client, r#"{"type":"ack","seq":1}"#);
    assert_eq!((world.failures, world.window), (1, None));
    world.post_together(vec![update("e-2", "k", 1)]);
    assert!(world.window.is_some());
    world.pass_stale_waits();
    assert!(!world.runner.is_resting(), "the window of the next room is still open");
}

#[test]
fn an_alarm_that_could_not_be_set_is_set_at_the_next_input() {
    let mut world = World::new();
    // The epoch, the burst and the answer come first.
    world.fails = Some(4);
    world.post_together(vec![update("e-1", "k", 1)]);
    assert_eq!((world.failures, world.alarm), (1, None));
    world.publish(&["e-2"]);
    assert!(world.alarm.is_some());
}
