//! Properties of reports, with random events: nothing else depends on them, and what happened is reported once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;
use roomcast::protocol::amounts::Amounts as _;
use roomcast::protocol::details::Details;
use roomcast::protocol::report::Deeds;
use roomcast::room::Effect;

use crate::properties::{event, happen, limits, live, unnumbered, Event};
use crate::world::World;

/// The world after these events, of which the marked ones find the room watched for a moment or for long.
fn live_watched(events: &[(Event, Option<u64>)]) -> World {
    let mut world = World::with_limits(limits());
    for (event, watched) in events {
        if let Some(ms) = watched {
            world.observe(*ms);
        }
        happen(&mut world, event);
        world.pass_report_if_due();
    }
    world.rest();
    world
}

/// The world after these events in a deployment with meters.
fn live_metered(events: &[(Event, bool)]) -> World {
    let mut world = World::with_limits(limits());
    world.reports.metered = true;
    for (event, _) in events {
        happen(&mut world, event);
        world.pass_report_if_due();
    }
    world.rest();
    world
}

/// Lets the room report everything. A wait that ends late, after the room has reported in a turn, only begins the next one.
fn pass_last_report(world: &mut World) {
    for _ in 0..2 {
        if world.reports.wait.is_some() {
            world.pass_report();
        }
    }
}

#[test]
fn what_a_room_does_while_a_wait_is_late_is_reported_after_the_next_wait() {
    let events = [
        Event::Pass(198_420),
        Event::PublishInOrder(vec![(0, 0)], 0),
        Event::Slow(Some(5_790)),
        Event::PassWindow,
        Event::Publish(vec![(1, 0)]),
        Event::PassWindow,
        Event::ConnectFor(65_790, 0),
        Event::Frame(0, String::new()),
        Event::Publish(vec![(2, 0)]),
    ];
    let mut metered = live_metered(&events.map(|event| (event, false)));
    let told = |world: &World| -> u64 {
        world.reports.metered_came.iter().map(|report| report.did.bursts).sum()
    };
    assert_eq!((told(&metered), metered.reports.wait.is_some()), (2, true));
    pass_last_report(&mut metered);
    assert_eq!((told(&metered), metered.reports.wait.is_some()), (3, false));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Reports are no effects of the room: nothing else depends on whether somebody watches.
    #[test]
    fn a_watched_room_has_the_same_effects_as_one_that_nobody_watches(
        events in vec((event(), prop::option::of(1..200_000_u64)), 1..60),
    ) {
        let unwatched: Vec<_> = events.iter().map(|(event, _)| (event.clone(), false)).collect();
        let (mut watched, mut unwatched) = (live_watched(&events), live(&unwatched, false));
        prop_assert_eq!(unnumbered(&watched), unnumbered(&unwatched));
        prop_assert_eq!(&watched.answers, &unwatched.answers);
        prop_assert_eq!(watched.state(), unwatched.state());
        prop_assert!(unwatched.reports.came.is_empty());
        watched.check_reports();
    }

    /// Nor does anything depend on whether the deployment has meters; and what happened is reported once, no more and no less.
    #[test]
    fn a_metered_room_has_the_same_effects_and_reports_what_it_did_once(
        events in vec((event(), Just(false)), 1..60),
    ) {
        let (mut metered, mut unmetered) = (live_metered(&events), live(&events, false));
        prop_assert_eq!(unnumbered(&metered), unnumbered(&unmetered));
        prop_assert_eq!(&metered.answers, &unmetered.answers);
        prop_assert_eq!(metered.state(), unmetered.state());
        prop_assert!(unmetered.reports.metered_came.is_empty());
        pass_last_report(&mut metered);
        let (mut did, mut details) = (Deeds::default(), Details::default());
        for report in &metered.reports.metered_came {
            did.add(report.did);
            details.add(report.details);
        }
        let stored = metered.trace.iter().filter_map(|effect| match effect {
            Effect::Append { row, .. } => Some(row.last + 1 - row.first),
            _ => None,
        });
        let stored: Vec<u64> = stored.collect();
        let all: (u64, u64) = (stored.iter().sum(), stored.len() as u64);
        // A crash loses what was not reported, and nothing is reported twice.
        if events.iter().any(|(event, _)| matches!(event, Event::Kill)) {
            prop_assert!(did.updates <= all.0 && did.bursts <= all.1);
        } else {
            prop_assert_eq!((did.updates, did.bursts), all);
            prop_assert_eq!(details.lag.updates.iter().sum::<u64>(), did.updates, "each was sent");
        }
    }
}
