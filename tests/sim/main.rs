//! The whole system, simulated: nothing is lost, nothing comes twice, and anyone can run it again by its seed.
//!
//! Front Workers, seats, rooms, pointers, a tenant, and clients of each dialect run on one calendar, over a network that loses, delays and
//! cuts, on objects that are lost, evicted, replaced, and that fail at any step. `docs/proof.md` says what is simulated and what is not.
//! `scripts/simulate` runs the same for longer.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod agent;
mod backend;
mod calendar;
mod chance;
mod connecting;
mod coverage;
mod documents;
mod entrance;
mod events;
mod faults;
mod front;
mod invariants;
mod letters;
mod line;
mod network;
mod pointer;
mod posting;
mod relays;
mod room;
mod runs;
mod seat;
mod stocks;
mod system;
mod tail;
mod tenant;
mod undertaking;

// The world of one room, which the tests of rooms have, too.
#[path = "../room/client.rs"]
#[allow(dead_code, reason = "the tests of rooms need more of it")]
mod client;
#[path = "../room/disk.rs"]
#[allow(dead_code, reason = "the tests of rooms need more of it")]
mod disk;
#[path = "../room/joining.rs"]
#[allow(dead_code, reason = "the tests of rooms need more of it")]
mod joining;
#[path = "../room/lines.rs"]
#[allow(dead_code, reason = "the tests of rooms need more of it")]
mod lines;
#[path = "../room/losing.rs"]
#[allow(dead_code, reason = "the tests of rooms need more of it")]
mod losing;
#[path = "../room/platform.rs"]
#[allow(dead_code, reason = "the tests of rooms need more of it")]
mod platform;
#[path = "../room/reports.rs"]
#[allow(dead_code, reason = "the tests of rooms need more of it")]
mod reports;
#[path = "../room/sessions.rs"]
#[allow(dead_code, reason = "the tests of rooms need more of it")]
mod sessions;
#[path = "../room/stock.rs"]
#[allow(dead_code, reason = "the tests of rooms need more of it")]
mod stock;
#[path = "../room/time.rs"]
#[allow(dead_code, reason = "the tests of rooms need more of it")]
mod time;
#[path = "../room/updates.rs"]
#[allow(dead_code, reason = "the tests of rooms need more of it")]
mod updates;
#[path = "../room/world.rs"]
#[allow(dead_code, reason = "the tests of rooms need more of it")]
mod world;

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use coverage::Coverage;
use system::Counts;

/// Runs seeds until one breaks. Returns how many there were, and what they counted.
fn simulate(seeds: impl Iterator<Item = u64>) -> (u64, Counts, Coverage) {
    let (mut ran, mut counts, mut coverage) = (0, Counts::default(), Coverage::default());
    for seed in seeds {
        match runs::one(seed) {
            Ok(one) => {
                counts.add(&one.counts);
                coverage.add(&one.coverage);
            }
            Err(broken) => panic!("{broken}"),
        }
        ran += 1;
    }
    (ran, counts, coverage)
}

/// The seeds that every test run tries.
const FEW: u64 = 16;

/// What these counted.
fn few() -> &'static (u64, Counts, Coverage) {
    static RAN: OnceLock<(u64, Counts, Coverage)> = OnceLock::new();
    RAN.get_or_init(|| simulate(0..FEW))
}

#[test]
fn nothing_is_lost_and_nothing_comes_twice() {
    let (ran, counts, _) = few();
    assert!(*ran == FEW && counts.disconnects > 100 * FEW, "{counts:?}");
    assert!(counts.undone > 0 && counts.resumed > 0 && counts.deploys > 0, "{counts:?}");
}

/// Otherwise the simulation says nothing about them.
#[test]
fn each_listed_transition_was_seen() {
    let (_, _, coverage) = few();
    for (input, effect) in coverage::EFFECTS {
        let seen = coverage.count(input, None, Some(effect));
        assert!(seen > 0, "{input} never had the effect {effect}");
    }
    for (input, state) in coverage::STATES {
        let seen = coverage.count(input, Some(state), None);
        assert!(seen > 0, "{input} never met a room in the state: {state}");
    }
    for step in coverage::STEPS {
        assert!(coverage.seats.contains_key(step), "no seat ever {step}");
    }
}

#[test]
fn a_seed_reproduces_its_run() {
    for seed in 0..2 {
        assert!(runs::log(seed) == runs::log(seed), "seed {seed}");
    }
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// What `scripts/simulate` runs.
#[test]
#[ignore = "scripts/simulate runs it, for as long as one likes"]
fn simulate_for_long() {
    let first = number("SIMULATE_SEED").unwrap_or(0);
    let runs = number("SIMULATE_RUNS").unwrap_or(u64::MAX);
    let minutes = number("SIMULATE_MINUTES");
    #[allow(clippy::disallowed_methods, reason = "how long it takes is not part of a run")]
    let clock = || SystemTime::now();
    let begun = clock();
    let late = |_: &u64| {
        let passed = clock().duration_since(begun).unwrap_or_default();
        minutes.is_none_or(|minutes| passed < Duration::from_secs(minutes * 60))
    };
    let (ran, counts, coverage) = simulate((first..first.saturating_add(runs)).take_while(late));
    let seconds = clock().duration_since(begun).unwrap_or_default().as_secs_f64();
    println!("{}\n{counts:#?}\n{ran} runs from seed {first} in {seconds:.0} s", coverage.table());
}
