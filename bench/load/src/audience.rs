//! All clients of a trial: connects them, checks whether they have received everything, disconnects them.
//!
//! `client` says what one client does; this module decides when, and how many at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, sleep_until, timeout_at, Instant};

use crate::client::{Client, Role};
use crate::options::LoadOptions;
use crate::report::Stall;
use crate::stall::read_on;
use crate::tally::{Counts, Tally};
use crate::trial::{size, Trial};

/// One client in so many measures latencies, and at least so many clients do.
const SAMPLE_EVERY: usize = 20;
const SAMPLED_AT_LEAST: usize = 5;

const RETRY_AFTER: Duration = Duration::from_millis(100);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How clients connect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entrance {
    /// The time over which the attempts are spread.
    pub(crate) ramp: Duration,
    /// How many clients may be connecting at the same time.
    pub(crate) at_once: usize,
    /// How long a client that fails keeps trying; `None` if it tries once only.
    pub(crate) again: Option<Duration>,
}

/// All clients.
pub(crate) struct Audience {
    trial: Arc<Trial>,
    clients: Vec<Arc<Client>>,
    listeners: Vec<AbortHandle>,
}

impl Audience {
    /// Clients that are not connected, spread evenly over the rooms.
    pub(crate) fn new(trial: &Arc<Trial>, options: &LoadOptions) -> Self {
        let count = size(options.clients);
        let publishers = size(options.publishers);
        let readers = count.saturating_sub(size(options.stall));
        let every = (count / SAMPLED_AT_LEAST).clamp(1, SAMPLE_EVERY);
        let client = |index: usize| {
            let room = index % trial.rooms.len().max(1);
            // Counted within the room, so that every room has a sampled client.
            let sampled = (index / trial.rooms.len().max(1)).is_multiple_of(every);
            let role = match index {
                last if last >= readers => Role::Stalls,
                _ if sampled => Role::Samples,
                _ => Role::Reads,
            };
            Arc::new(Client::new(index, room, trial.peer.tally(publishers), role))
        };
        let clients = (0..count).map(client).collect();
        Self { trial: Arc::clone(trial), clients, listeners: vec![] }
    }

    /// Connects all clients, and waits until each has arrived or failed. Returns how long that took.
    pub(crate) async fn enter(&mut self, entrance: Entrance) -> Duration {
        let begun = Instant::now();
        let until = begun + entrance.again.unwrap_or(Duration::from_hours(1));
        let mut entering = self.start(begun, entrance);
        while let Ok(Some(done)) = timeout_at(until, entering.join_next()).await {
            self.listeners.extend(done.ok().flatten());
        }
        begun.elapsed()
    }

    /// How many clients have arrived.
    pub(crate) fn arrived(&self) -> usize {
        self.listeners.len()
    }

    /// Ends all connections. Each client keeps its position.
    pub(crate) fn leave(&mut self) {
        for listener in self.listeners.drain(..) {
            listener.abort();
        }
        for client in &self.clients {
            client.tally(Tally::leave);
        }
    }

    /// Waits until every connected client has everything, but not longer than `most`. Returns how long that took.
    pub(crate) async fn settle(&self, most: Duration) -> Duration {
        let begun = Instant::now();
        while self.anyone_behind() && begun.elapsed() < most {
            sleep(LOOK_EVERY).await;
        }
        begun.elapsed()
    }

    /// Lets those read on that had stopped, and waits until they are level, but not longer than `most`. `None` if no client has
    /// stopped.
    pub(crate) async fn read_on(&self, most: Duration) -> Option<Stall> {
        let stalled: Vec<_> =
            self.clients.iter().filter(|client| client.stalls()).cloned().collect();
        if stalled.is_empty() {
            return None;
        }
        Some(read_on(&self.trial, &stalled, most).await)
    }

    /// The sum of what the clients have counted.
    pub(crate) fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for client in &self.clients {
            sum += client.tally(|tally| tally.counts());
        }
        sum
    }

    /// Updates that were accepted but not received, summed over all clients that ever arrived.
    pub(crate) fn lost(&self) -> u64 {
        self.clients.iter().map(|client| self.lost_by(client)).sum()
    }

    fn lost_by(&self, client: &Client) -> u64 {
        let Some(room) = client.room(&self.trial) else {
            return 0;
        };
        room.heads(|heads| {
            client.tally(|tally| if tally.ever_ready() { tally.lost(heads) } else { 0 })
        })
    }

    fn anyone_behind(&self) -> bool {
        self.clients.iter().any(|client| {
            let behind = |heads: &[u64]| client.tally(|tally| tally.behind(heads));
            client.room(&self.trial).is_some_and(|room| room.heads(behind))
        })
    }

    fn start(&self, begun: Instant, entrance: Entrance) -> JoinSet<Option<AbortHandle>> {
        let gate = Arc::new(Semaphore::new(entrance.at_once));
        let count = u32::try_from(self.clients.len()).unwrap_or(u32::MAX).max(1);
        let mut entering = JoinSet::new();
        let mut due = begun;
        for client in &self.clients {
            let (trial, client) = (Arc::clone(&self.trial), Arc::clone(client));
            entering.spawn(enter(trial, client, due, Arc::clone(&gate), entrance.again.is_some()));
            due += entrance.ramp / count;
        }
        entering
    }
}

async fn enter(
    trial: Arc<Trial>,
    client: Arc<Client>,
    due: Instant,
    gate: Arc<Semaphore>,
    again: bool,
) -> Option<AbortHandle> {
    sleep_until(due).await;
    let mut turn = gate.acquire().await.ok()?;
    let begun = trial.stopwatch.now();
    loop {
        match client.arrive(&trial).await {
            Ok(socket) => {
                let took = trial.stopwatch.now() - begun;
                trial.ready.with(|latencies| latencies.record(took));
                let listening = async move {
                    let why = client.listen(&trial, socket).await;
                    trial.dropped.add(why);
                };
                return Some(tokio::spawn(listening).abort_handle());
            }
            Err(why) => trial.refused.add(why),
        }
        drop(turn);
        if !again {
            return None;
        }
        sleep(RETRY_AFTER).await;
        turn = gate.acquire().await.ok()?;
    }
}
