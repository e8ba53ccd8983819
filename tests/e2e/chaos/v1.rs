//! A client of `roomcast.v1`: it comes back with its position, and is never sent a state but for its first one.
//!
//! [`Tracker`] checks each frame. Every second client has a heartbeat, as the client for browsers has; the others wait for the network to
//! say that a connection is lost.

use std::mem::take;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::rooms::update;
use super::standing::{Rule, Standing, Watched};
use crate::support::client::{Client, PING};
use crate::support::connecting::Connecting;
use crate::support::tracker::Tracker;

/// After such a silence, a client with a heartbeat pings.
const SILENCE: Duration = Duration::from_secs(2);

/// So many silences end a connection.
const SILENCES: u32 = 2;

/// A client pauses before it connects again.
const PAUSE: Duration = Duration::from_millis(20);

/// Follows a session for ever.
pub(crate) async fn follow(connecting: Connecting, client: Watched, heartbeat: bool) {
    let mut known = Tracker::default();
    loop {
        if let Ok(mut opened) = connecting.clone().after(known.clone()).try_open().await {
            client.standing.send_modify(Standing::connect);
            read(&mut opened, &client, heartbeat).await;
            client.standing.send_modify(|standing| standing.since = None);
            known = opened.seen;
        }
        sleep(PAUSE).await;
    }
}

/// Reads until the connection ends.
async fn read(opened: &mut Client, client: &Watched, heartbeat: bool) {
    let mut silences = 0;
    while silences < SILENCES {
        client.standing.send_if_modified(|standing| show(&mut opened.seen, standing));
        match timeout(SILENCE, opened.try_frame()).await {
            Ok(Ok(_)) => silences = 0,
            Ok(Err(_)) => return,
            Err(_) if heartbeat => {
                silences += 1;
                if opened.try_send_text(PING).await.is_err() {
                    return;
                }
            }
            Err(_) => {}
        }
    }
}

/// Moves what a tracker has seen into the view. Returns whether there was anything.
fn show(seen: &mut Tracker, standing: &mut Standing) -> bool {
    let (state, updates) = (take(&mut seen.state), take(&mut seen.updates));
    let anything = !state.is_empty() || !updates.is_empty();
    if !state.is_empty() {
        standing.begin();
    }
    let of_state = state.into_iter().map(|update| (update, Rule::Later));
    for (frame, rule) in of_state.chain(updates.into_iter().map(|update| (update, Rule::Next))) {
        match update(&frame["seq"], &frame["data"]) {
            Some(update) => standing.take(update, rule),
            None => standing.complain(format!("nobody has posted {frame}")),
        }
    }
    anything
}
