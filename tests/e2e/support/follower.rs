//! A dashboard that connects again with its position, however often its connection breaks.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::connecting::Connecting;
use super::tracker::Tracker;

/// How long a whole feed may take.
pub(crate) const FEED: Duration = Duration::from_mins(2);

/// What a dashboard has seen, and how often it had to connect.
#[derive(Debug)]
pub(crate) struct Followed {
    /// What it has seen.
    pub(crate) seen: Tracker,
    /// How often it received `connected`.
    pub(crate) connections: usize,
}

/// Follows a session on a task of its own, until `last` has been seen.
pub(crate) fn follow(connecting: Connecting, last: u64) -> JoinHandle<Followed> {
    tokio::spawn(async move {
        let followed = timeout(FEED, run(&connecting, last)).await;
        followed.unwrap_or_else(|_| panic!("{last} was not seen in time"))
    })
}

async fn run(connecting: &Connecting, last: u64) -> Followed {
    let mut followed = Followed { seen: Tracker::default(), connections: 0 };
    while followed.seen.seq() < last {
        let connecting = connecting.clone().after(followed.seen.clone());
        if let Ok(mut client) = connecting.try_open().await {
            followed.connections += 1;
            while client.seen.seq() < last && client.try_frame().await.is_ok() {}
            followed.seen = client.seen;
        } else {
            // A client pauses before it connects again.
            sleep(Duration::from_millis(20)).await;
        }
    }
    followed
}
