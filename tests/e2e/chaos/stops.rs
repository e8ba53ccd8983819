//! The server stops for some seconds, and goes on as if nothing had happened: `SIGSTOP` and `SIGCONT`.
//!
//! Clients with a heartbeat notice, leave, and knock at a server that does not answer; the others wait.

use tokio::time::{sleep, Duration, Instant};

use super::arena::Arena;
use super::report::Report;
use crate::chaos::chance::Chance;
use crate::support::program::signal;

/// How long the server stops, in milliseconds.
const SHORTEST_MS: u64 = 1_000;
const LONGEST_MS: u64 = 15_000;

/// The longest time before a stop, in milliseconds.
const CALM_MS: u64 = 1_000;

/// Stops the server so many times, but not after `time`.
pub(crate) async fn run(stops: usize, time: Duration, chance: &mut Chance) -> Report {
    let mut arena = Arena::start("SIGSTOP", |_| ()).await;
    for _ in 0..stops {
        if arena.age() > time {
            break;
        }
        sleep(Duration::from_millis(chance.below(CALM_MS))).await;
        signal("STOP", &arena.server.process().to_string());
        sleep(Duration::from_millis(chance.between(SHORTEST_MS, LONGEST_MS))).await;
        signal("CONT", &arena.server.process().to_string());
        let answer = reqwest::get(arena.server.url("/healthz")).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        arena.recover(None, Instant::now()).await;
    }
    arena.end().await
}
