//! Clients that stop reading for a while, as a dashboard does on a network that is too slow.
//!
//! They acknowledge, unlike the other clients of a trial: the room spares only whom it knows to be behind. When they stop and
//! read on is decided by the mode.

use std::sync::Arc;
use std::time::Duration;

use futures_util::SinkExt as _;
use tokio::time::{interval, sleep, Instant, MissedTickBehavior};
use tokio_tungstenite::tungstenite::Message;

use crate::client::{cause, Client, Socket, PING_AFTER};
use crate::report::figures::{each, seconds};
use crate::report::Stall;
use crate::trial::{Room, Trial};

/// How often a client acknowledges at most.
const ACK_EVERY: Duration = Duration::from_secs(1);

const LOOK_EVERY: Duration = Duration::from_millis(5);

impl Client {
    /// Listens until the connection ends, and returns why it ended. Reads nothing, and says nothing, during a pause.
    pub(crate) async fn stall(&self, trial: &Trial, mut socket: Socket) -> String {
        let mut acks = interval(ACK_EVERY);
        acks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut acked, mut unproven) = (0, 0);
        loop {
            trial.pause.over().await;
            let said = tokio::select! {
                heard = self.hear_next(trial, &mut socket) => match heard {
                    Ok(bytes) => ping_after(trial, &mut unproven, bytes),
                    Err(why) => return self.ended(why),
                },
                _ = acks.tick() => self.acknowledge(&mut acked),
            };
            let Some(text) = said else { continue };
            if let Err(error) = socket.send(Message::text(text)).await {
                return self.ended(cause(&error));
            }
        }
    }

    /// The acknowledgement of what has come since the last one.
    fn acknowledge(&self, acked: &mut u64) -> Option<String> {
        let seq = self.tally(|tally| tally.seq());
        let ack = (seq > *acked).then(|| format!(r#"{{"type":"ack","seq":{seq}}}"#));
        *acked = seq;
        ack
    }
}

/// The ping that is due when a client has read so much.
fn ping_after(trial: &Trial, unproven: &mut usize, bytes: usize) -> Option<String> {
    *unproven += bytes;
    let (ping, _) = trial.peer.ping().filter(|_| *unproven >= PING_AFTER)?;
    *unproven = 0;
    Some(ping.to_owned())
}

/// Ends the pause, and waits until each of these clients has everything that had been accepted by then, but not longer than
/// `most`.
pub(crate) async fn read_on(trial: &Trial, stalled: &[Arc<Client>], most: Duration) -> Stall {
    let heads: Vec<u64> = stalled.iter().map(|client| head(trial, client)).collect();
    let clients = || stalled.iter().zip(&heads);
    let behind = clients().map(|(client, head)| head.saturating_sub(client.tally(|it| it.seq())));
    let behind = each(behind.sum(), u64::try_from(stalled.len()).unwrap_or(u64::MAX));
    let level = || clients().filter(|(client, head)| client.tally(|it| it.level(&[**head])));
    let (before, begun) = (snapshots(stalled), Instant::now());
    trial.pause.end();
    while level().count() < stalled.len() && begun.elapsed() < most {
        sleep(LOOK_EVERY).await;
    }
    let level_seconds = seconds(begun.elapsed());
    let snapshots = snapshots(stalled) - before;
    Stall { clients: stalled.len(), behind, level_seconds, level: level().count(), snapshots }
}

fn head(trial: &Trial, client: &Client) -> u64 {
    client.room(trial).map_or(0, Room::head)
}

/// How many states these clients were sent.
fn snapshots(clients: &[Arc<Client>]) -> u64 {
    clients.iter().map(|client| client.tally(|tally| tally.counts().snapshots)).sum()
}
