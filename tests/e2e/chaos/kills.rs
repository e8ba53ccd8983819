//! `kill -9` at random moments of a feed.
//!
//! One kill in four comes before the clients are back from the one before, so that recovery itself is killed as well.

use tokio::time::{sleep, Duration, Instant};

use super::arena::Arena;
use super::report::Report;
use crate::chaos::chance::Chance;

/// After so many kills, the feed stops for a moment, and everything is compared.
const COMPARED: usize = 50;

/// In a thousand kills, so many come before the clients are back.
const HASTY: u64 = 250;

/// The longest time before a kill, in milliseconds.
const CALM_MS: u64 = 150;
const HASTY_MS: u64 = 80;

/// Kills the server so many times, but begins no kill after `time`.
pub(crate) async fn run(kills: usize, time: Duration, chance: &mut Chance) -> Report {
    let mut arena = Arena::start("kill -9", |_| ()).await;
    let mut hasty = 0;
    for kill in 1..=kills {
        if arena.age() > time {
            break;
        }
        sleep(Duration::from_millis(chance.below(CALM_MS))).await;
        while chance.happens(HASTY) {
            arena.server.restart().await;
            hasty += 1;
            sleep(Duration::from_millis(chance.below(HASTY_MS))).await;
        }
        if kill + hasty > kills {
            break;
        }
        let lost = Instant::now();
        arena.server.restart().await;
        arena.recover(Some(lost), Instant::now()).await;
        if kill % COMPARED == 0 {
            arena.compare().await;
        }
    }
    arena.report.faults += hasty;
    arena.report.notes.push(format!(
        "{hasty} of the kills came before the clients were back from the one before."
    ));
    arena.end().await
}
