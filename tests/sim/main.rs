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
mod line;
mod network;
mod pointer;
mod posting;
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
#[path = "../room/platform.rs"]
#[allow(dead_code, reason = "the tests of rooms need more of it")]
mod platform;
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

use coverage::Coverage;
use system::Counts;

/// Runs seeds, and returns what they counted, or the first that broke.
fn simulate(seeds: impl Iterator<Item = u64>) -> (Counts, Coverage) {
    let (mut counts, mut coverage) = (Counts::default(), Coverage::default());
    for seed in seeds {
        match runs::one(seed) {
            Ok(ran) => {
                counts.add(&ran.counts);
                coverage.add(&ran.coverage);
            }
            Err(broken) => panic!("{broken}"),
        }
    }
    (counts, coverage)
}

#[test]
fn nothing_is_lost_and_nothing_comes_twice() {
    let (counts, coverage) = simulate(0..20);
    println!("{counts:#?}\n{}", coverage.table());
}
