//! Reports to the operator's console: what a watched room says of itself, and that nothing else depends on it.

use roomcast::dialect::Received;
use roomcast::limits::{REPORT_EVERY_MS, SWEEP_EVERY_MS, WATCHED_MS};
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::report::{Census, Deeds, Keeps, Turns, Why};
use roomcast::room::view::View;
use roomcast::runner::Runner;

use crate::updates::update;
use crate::world::World;

#[test]
fn a_room_that_nobody_watches_never_reports() {
    let mut world = World::new();
    let client = world.connect();
    world.publish(&["e-1"]);
    world.send(&client, r#"{"type":"ping"}"#);
    world.pass_ms(3 * SWEEP_EVERY_MS);
    world.observe(0);
    world.publish(&["e-2"]);
    assert!(world.reports.came.is_empty() && world.reports.wait.is_none());
}

#[test]
fn a_watched_room_says_what_it_did() {
    let mut world = World::new();
    world.connect();
    world.observe(WATCHED_MS);
    world.pass_ms(500);
    world.post(vec![update("e-1", "k", 1), update("e-2", "k", 1), update("e-2\u{0}1", "l", 1)]);
    let report = world.report();
    assert_eq!((report.at.ms_since(report.since), report.room.head), (500, Some(3)));
    assert_eq!(report.room.members, Census { all: 1, v1: 1, ..Census::default() });
    assert_eq!(report.room.keeps, [], "nothing waits");
    let did = report.did;
    assert_eq!((did.events, did.updates, did.bursts, did.frames), (2, 3, 1, 1));
    let frame = world.clients.values().next().unwrap().frames.last().unwrap();
    assert_eq!(did.bytes, frame.to_string().len() as u64);
    assert_eq!(did.turns, Turns { published: 1, ..Turns::default() });
    assert_eq!(did.rows_written, 1, "the room had begun with its first client");
}

#[test]
fn a_room_says_that_it_stays_for_an_update_that_waits() {
    let mut world = World::new();
    world.publish(&["e-1"]);
    world.observe(WATCHED_MS);
    world.post_together(vec![update("e-2", "k", 1)]);
    assert_eq!(world.report().room.keeps, [Keeps::Window]);
}

#[test]
fn the_rows_of_a_room_that_begins_are_counted() {
    let mut world = World::new();
    world.observe(WATCHED_MS);
    world.publish(&["e-1"]);
    assert_eq!(world.report().did.rows_written, 5, "table, epoch, burst, and the alarm of its end");
}

#[test]
fn each_receiver_of_a_frame_counts() {
    let mut world = World::new();
    for _ in 0..5 {
        world.connect();
    }
    world.join(Dialect::Plain, None);
    world.observe(WATCHED_MS);
    world.publish(&["e-1", "e-2"]);
    let report = world.report();
    assert_eq!(report.did.frames, 5 + 2, "a plain client gets a frame for each update");
    assert_eq!((report.room.members.v1, report.room.members.plain), (5, 1));
}

#[test]
fn what_happens_soon_after_a_report_is_in_the_next_one() {
    let mut world = World::new();
    world.observe(WATCHED_MS);
    world.publish(&["e-1"]);
    world.report();
    world.pass_ms(300);
    world.publish(&["e-2"]);
    world.publish(&["e-3"]);
    assert!(world.reports.came.is_empty());
    world.pass_report();
    let report = world.report();
    assert_eq!((report.did.events, report.room.head), (2, Some(3)));
    assert_eq!(report.at.ms_since(report.since), REPORT_EVERY_MS);
    assert!(world.reports.wait.is_none(), "nothing is left to report");
}

#[test]
fn a_busy_room_reports_every_two_seconds() {
    let mut world = World::new();
    world.observe(WATCHED_MS);
    for number in 0..100 {
        world.publish(&[&format!("e-{number}")]);
        world.pass_ms(100);
        world.pass_report_if_due();
    }
    let times: Vec<_> = world.reports.came.iter().map(|report| report.at).collect();
    assert_eq!(times.len(), 6, "in ten seconds, the first at once");
    assert!(times.windows(2).all(|pair| pair[1].ms_since(pair[0]) == REPORT_EVERY_MS));
    let events: u64 = world.reports.came.iter().map(|report| report.did.events).sum();
    assert_eq!(events, 100);
}

#[test]
fn a_room_that_rests_stays_at_rest() {
    let mut world = World::new();
    world.observe(WATCHED_MS);
    world.publish(&["e-1"]);
    world.report();
    world.publish(&["e-2"]);
    let alarm = world.alarm;
    assert!(world.reports.wait.is_some() && world.runner.is_resting());
    world.evict();
    assert_eq!((world.alarm, world.reports.came.len()), (alarm, 0), "no alarm for a report");
}

#[test]
fn an_eviction_loses_the_counts_and_nothing_else() {
    let mut world = World::new();
    world.observe(WATCHED_MS);
    world.publish(&["e-1"]);
    world.report();
    world.publish(&["e-2"]);
    world.evict();
    world.publish(&["e-3"]);
    assert!(world.reports.came.is_empty(), "it does not know that it is watched");
    world.evict();
    world.observe(WATCHED_MS);
    world.publish(&["e-4"]);
    let report = world.report();
    assert_eq!((report.did.events, report.room.head), (1, Some(4)));
    assert_eq!(
        report.did.rows_read,
        3 + 3 + 1,
        "its log, the bursts that no checkpoint covers, its epoch"
    );
}

#[test]
fn a_wait_of_a_room_that_was_evicted_reports_nothing() {
    let mut world = World::new();
    world.observe(WATCHED_MS);
    world.publish(&["e-1"]);
    world.publish(&["e-2"]);
    let (_, wait) = world.reports.wait.unwrap();
    world.evict();
    world.reports.came.clear();
    world.take_turn(|runner, world| runner.waited(wait, world));
    assert!(world.reports.came.is_empty() && world.runner.head().is_none(), "nor restores it");
}

#[test]
fn reports_end_when_the_room_is_watched_no_longer() {
    let mut world = World::new();
    world.observe(1_000);
    world.publish(&["e-1"]);
    world.report();
    world.observe(500);
    world.pass_ms(999);
    world.publish(&["e-2"]);
    world.pass_report();
    assert!(world.reports.came.is_empty(), "the earlier time does not count");
    world.publish(&["e-3"]);
    assert!(world.reports.came.is_empty() && world.reports.wait.is_none());
}

#[test]
fn turns_are_counted_by_cause_and_alarms_by_reason() {
    let mut world = World::new();
    let client = world.connect();
    world.publish(&["e-1"]);
    world.observe(10 * SWEEP_EVERY_MS);
    let second = world.connect();
    world.report();
    world.send(&client, r#"{"type":"ping"}"#);
    world.disconnect(&second);
    world.read(&View::of_all(Dialect::V1), "ada");
    world.pass_ms(SWEEP_EVERY_MS);
    let report = world.report();
    let Deeds { turns, alarms, rows_written, .. } = report.did;
    assert_eq!((turns.said, turns.left, turns.read, turns.alarm), (1, 1, 1, 1));
    assert_eq!((alarms.sweep, alarms.end, rows_written), (1, 0, 1), "the row is the next alarm");
    assert_eq!(report.room.alarm.map(|alarm| alarm.why), Some(Why::Sweep));
}

#[test]
fn the_time_for_which_a_room_cannot_rest_is_counted() {
    let mut world = World::new();
    world.crowd();
    world.observe(WATCHED_MS);
    world.publish(&["e-1"]);
    world.publish(&["e-2"]);
    world.reports.came.clear();
    let before = world.now;
    world.pass_window();
    let window = world.now.ms_since(before);
    world.rest();
    world.pass_report();
    let did = world.report().did;
    assert!(window > 0 && did.kept_ms >= window && did.turns.waited > 0, "{did:?}");
}

#[test]
fn a_room_that_is_asked_answers_whether_or_not_it_is_watched() {
    let mut world = World::new();
    world.connect();
    world.publish(&["e-1"]);
    world.evict();
    let report = world.with_runner(Runner::survey).unwrap();
    assert_eq!((report.room.head, report.room.members.all), (Some(1), 1));
    assert_eq!(report.did, Deeds::default());
    assert!(world.reports.came.is_empty() && world.runner.is_resting());
    world.observe(WATCHED_MS);
    world.publish(&["e-2"]);
    world.publish(&["e-3"]);
    let asked = world.with_runner(Runner::survey).unwrap();
    assert_eq!(asked.did.events, 1, "what it has not reported yet, which it still will");
    world.reports.came.clear();
    world.pass_report();
    assert_eq!(world.report().did.events, 1);
}

#[test]
fn a_room_that_fails_forgets_its_counts_and_works() {
    let mut world = World::new();
    let client = world.connect();
    world.observe(WATCHED_MS);
    world.fails = Some(1);
    world.publish(&["e-1"]);
    assert!(world.reports.came.is_empty());
    world.pass_stale_waits();
    world.observe(WATCHED_MS);
    world.publish(&["e-2"]);
    assert_eq!(world.report().did.events, 1);
    world.hear(&client, Received::Text("{}"));
}
