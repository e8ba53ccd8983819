//! What a metered room reports to its tenant: everything that it does, once, without an alarm, and without staying awake for trifles.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use roomcast::dialect::Received;
use roomcast::limits::{BILLED_FRAMES, METER_LONGEST_PAUSE_MS, QUIET_MS, SWEEP_EVERY_MS};
use roomcast::protocol::amounts::Amounts as _;
use roomcast::protocol::details::{Details, Kept};
use roomcast::protocol::report::{Deeds, Report};

use crate::world::World;

fn metered() -> World {
    let mut world = World::new();
    world.reports.metered = true;
    world
}

/// All that was reported.
fn total(reports: &[Report]) -> (Deeds, Details) {
    let mut sum = (Deeds::default(), Details::default());
    for report in reports {
        sum.0.add(report.did);
        sum.1.add(report.details);
    }
    sum
}

#[test]
fn a_room_that_is_not_metered_reports_nothing() {
    let mut world = World::new();
    world.connect();
    world.publish(&["e-1"]);
    assert!(world.reports.metered_came.is_empty() && world.reports.wait.is_none());
}

#[test]
fn a_lone_event_is_reported_at_once_and_waits_for_nothing() {
    let mut world = metered();
    for event in ["e-1", "e-2", "e-3"] {
        world.publish(&[event]);
        world.pass_window();
        assert!(world.reports.wait.is_none(), "what the window did goes with the next report");
        world.pass_ms(QUIET_MS);
    }
    let (did, details) = total(&world.reports.metered_came);
    assert_eq!((world.reports.metered_came.len(), did.events, did.updates), (3, 3, 3));
    assert_eq!((details.lag.updates[0], details.lag.ms), (3, 0));
}

#[test]
fn a_busy_room_reports_more_and_more_seldom_and_loses_nothing() {
    let mut world = metered();
    let (mut events, begin) = (0, world.now);
    while world.now.ms_since(begin) < 100_000 {
        world.publish(&[&format!("e-{events}")]);
        world.pass_window();
        events += 1;
        world.pass_ms(100);
        world.pass_report_if_due();
    }
    world.pass_report();
    let reports = &world.reports.metered_came;
    assert!(reports.len() < 14, "{} reports", reports.len());
    let gaps: Vec<u64> = reports.windows(2).map(|two| two[1].at.ms_since(two[0].at)).collect();
    assert!(gaps[0] < 2 * QUIET_MS && gaps.iter().max() < Some(&(METER_LONGEST_PAUSE_MS + 200)));
    let (did, details) = total(reports);
    assert_eq!(
        (did.events, did.updates, details.lag.updates.iter().sum::<u64>()),
        (events, events, events)
    );
    assert!(
        reports.windows(2).all(|two| two[0].at == two[1].since),
        "each moment is in one report"
    );
}

#[test]
fn a_few_frames_of_clients_are_no_reason_to_report_or_to_wait() {
    let mut world = metered();
    let client = world.connect();
    world.pass_ms(QUIET_MS);
    world.publish(&["e-1"]);
    world.pass_window();
    world.pass_ms(QUIET_MS);
    let before = world.reports.metered_came.len();
    let ack = r#"{"type":"ack","seq":1}"#;
    for _ in 1..BILLED_FRAMES {
        world.hear(&client, Received::Text(ack));
    }
    assert_eq!((world.reports.metered_came.len(), world.reports.wait), (before, None));
    world.hear(&client, Received::Text(ack));
    assert_eq!(world.reports.metered_came.len(), before + 1, "as many as one request");
}

#[test]
fn members_are_reported_with_each_sweep_and_when_they_come_and_go() {
    let mut world = metered();
    let client = world.connect();
    world.pass_ms(QUIET_MS);
    world.publish(&["e-1"]);
    world.pass_window();
    world.reports.metered_came.clear();
    world.pass_ms(SWEEP_EVERY_MS);
    let [sweep] = &world.reports.metered_came[..] else { panic!("one report") };
    assert_eq!((sweep.room.members.all, sweep.did.alarms.sweep), (1, 1));
    world.pass_ms(QUIET_MS);
    world.reports.metered_came.clear();
    world.disconnect(&client);
    let [left] = &world.reports.metered_came[..] else { panic!("one report") };
    assert_eq!((left.room.members.all, left.did.turns.left), (0, 1));
}

#[test]
fn how_clients_got_to_the_head_is_counted() {
    let mut world = metered();
    world.connect();
    world.publish(&["e-1"]);
    world.pass_window();
    world.connect();
    world.pass_ms(METER_LONGEST_PAUSE_MS);
    world.publish(&["e-2"]);
    let (_, details) = total(&world.reports.metered_came);
    assert_eq!((details.recoveries.none, details.recoveries.snapshot), (1, 1));
}

#[test]
fn what_kept_the_room_awake_adds_up_to_how_long_it_was() {
    let mut world = metered();
    world.crowd();
    for event in ["e-1", "e-2", "e-3"] {
        world.publish(&[event]);
    }
    world.pass_window();
    world.rest();
    world.pass_ms(METER_LONGEST_PAUSE_MS);
    world.publish(&["e-4"]);
    let (did, details) = total(&world.reports.metered_came);
    let Kept { window, states, pace, presence, token, relays, report } = details.kept;
    assert!(window > 0, "{details:?}");
    let all = window + states + pace + presence + token + relays + report;
    assert_eq!(all, did.kept_ms);
}

#[test]
fn a_room_that_fails_says_so_when_it_works_again() {
    let mut world = metered();
    world.fails = Some(1);
    world.publish(&["e-1"]);
    world.pass_stale_waits();
    assert!(world.reports.metered_came.is_empty());
    world.publish(&["e-2"]);
    assert_eq!(total(&world.reports.metered_came).1.failures, 1);
}

#[test]
fn a_room_that_is_watched_and_metered_reports_the_same_to_both() {
    let mut world = metered();
    world.observe(60_000);
    world.publish(&["e-1"]);
    world.publish(&["e-2"]);
    world.pass_report();
    assert_eq!(world.reports.came, world.reports.metered_came);
    assert_eq!(total(&world.reports.came).0.events, 2);
}
