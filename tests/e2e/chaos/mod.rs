//! Chaos: real faults on the built Worker in workerd, under a feed, with clients of three dialects at once.
//!
//! `scripts/chaos` runs it for long and prints a report; `docs/proof.md` has its numbers. A short run belongs to the regular tests. What is
//! random is decided by a seed, but real programs are not: a seed makes the same faults, not the same run.
//!
//! | file | what it is for |
//! | --- | --- |
//! | [`kills`], [`stops`], [`disk`], [`clock`], [`deploys`] | the faults |
//! | [`arena`] | the server, its backends and clients, and what has to hold after each fault |
//! | [`feed`] | backends, and what they were answered |
//! | [`v1`], [`wire`], [`stock`] | the clients |
//! | [`standing`] | how a client stands |
//! | [`audit`] | the logs, compared with answers and clients |
//! | [`rooms`] | the rooms, their events and documents |
//! | [`report`], [`options`] | what a run prints, and what it is asked for |

mod arena;
mod audit;
#[path = "../../sim/chance.rs"]
#[allow(dead_code, reason = "the simulation needs more of it")]
mod chance;
mod clock;
mod deploys;
mod disk;
mod feed;
mod kills;
mod options;
mod report;
mod rooms;
mod standing;
mod stock;
mod stops;
mod v1;
mod wire;

use std::time::Duration;

use tokio::time::Instant;

use chance::Chance;
use options::Options;
use report::Report;

/// Kills in the run that belongs to the regular tests.
const FEW: usize = 3;

/// How often the server stops.
const STOPS: usize = 20;

/// How often the disk is full.
const FULL: usize = 5;

/// How often the clock is set back.
const SET_BACK: u64 = 6;

/// How often another release is deployed.
const DEPLOYS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_loses_anything_in_any_dialect_when_the_server_is_killed() {
    let report = kills::run(FEW, Duration::from_mins(2), &mut Chance::new(7)).await;
    assert!(report.faults >= FEW && report.events > 0, "{}", report.markdown());
    assert!(report.lost + report.doubled == 0, "{}", report.markdown());
}

/// What `scripts/chaos` runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/chaos runs it, for a quarter of an hour"]
async fn chaos_for_long() {
    let options = Options::read();
    let begun = Instant::now();
    println!("Seed {}.\n", options.seed);
    for fault in ["deploys", "stops", "disk", "clock", "kills"] {
        if !options.wants(fault) {
            continue;
        }
        let left = options.time.saturating_sub(begun.elapsed());
        let text = match run(fault, &options, left).await {
            Ok(report) => report.markdown(),
            Err(why) => format!("### {fault}\n\nNot run: {why}.\n"),
        };
        println!("{text}");
    }
    println!("All of it took {} s.", begun.elapsed().as_secs());
}

/// Makes faults of one kind.
///
/// # Errors
/// Why that is not possible here.
async fn run(fault: &str, options: &Options, left: Duration) -> Result<Report, String> {
    let chance = &mut Chance::new(options.seed);
    match fault {
        "kills" => Ok(kills::run(options.kills, left, chance).await),
        "stops" => Ok(stops::run(STOPS, left, chance).await),
        "disk" => disk::run(FULL, chance).await,
        "clock" => clock::run(SET_BACK, options.clock.as_deref()).await,
        "deploys" => Ok(deploys::run(DEPLOYS, options).await),
        other => Err(format!("there is no fault called {other}")),
    }
}
