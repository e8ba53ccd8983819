//! A server with its backends and with clients of all dialects, on which faults are made.
//!
//! It makes none itself. After each fault it waits until every client is level, and compares what was answered, stored and sent.

use std::mem::take;
use std::time::Duration;

use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::audit::{state, Audit};
use super::feed::{Answered, Answers, Feed};
use super::report::Report;
use super::rooms::{documents, Room};
use super::standing::{Dialect, Watched};
use super::{stock, v1, wire};
use crate::support::server::Server;
use crate::support::watch::Watch;
use crate::support::worker_config::Setup;

/// Clients of `roomcast.v1` in each of their sessions, and of the JSON wire.
const V1: usize = 3;
const WIRE: usize = 4;

/// Stock clients of each transport. One that changes from polling to a WebSocket while its server dies notices that after its
/// `pingTimeout` only, so none does.
const STOCK: usize = 2;
const TRANSPORTS: [&str; 2] = ["websocket", "polling"];

/// How many lines of the log are shown when something is wrong.
const LAST: usize = 30;

/// What faults are made on.
#[derive(Debug)]
pub(crate) struct Arena {
    pub(crate) server: Server,
    pub(crate) feed: Feed,
    pub(crate) report: Report,
    clients: Vec<Watched>,
    tasks: Vec<JoinHandle<()>>,
    audit: Audit,
    begun: Instant,
}

/// Lets a server have the documents of the [rooms](super::rooms).
pub(crate) fn with_documents(setup: &mut Setup) {
    setup.document()["presets"] = documents();
}

impl Arena {
    /// A server that nobody has posted to yet.
    pub(crate) async fn start(fault: &'static str, change: impl FnOnce(&mut Setup)) -> Self {
        let server = Server::start_with(|setup| {
            with_documents(setup);
            change(setup);
        });
        Self::on(fault, server.await).await
    }

    /// A server that runs.
    pub(crate) async fn on(fault: &'static str, server: Server) -> Self {
        let feed = Feed::start(server.publisher(), &Room::ALL, "e");
        // What clients miss before they come is their first state.
        let mut arena = Self {
            server,
            feed,
            report: Report { fault, ..Report::default() },
            clients: Vec::new(),
            tasks: Vec::new(),
            audit: Audit::default(),
            begun: Instant::now(),
        };
        arena.enter();
        arena.level(None).await;
        arena
    }

    /// Expects what other backends were answered before.
    pub(crate) fn expect(&mut self, before: Answers) {
        let mut answers = self.feed.answers();
        answers.events += before.events;
        answers.unchecked.extend(before.unchecked);
        answers.wrong.extend(before.wrong);
        for (status, count) in before.statuses {
            *answers.statuses.entry(status).or_default() += count;
        }
    }

    /// Lets all clients in.
    fn enter(&mut self) {
        for room in [Room::First, Room::Second] {
            for number in 0..V1 {
                let client = self.client(Dialect::V1, room);
                let connecting = self.server.client(room.session());
                self.tasks.push(tokio::spawn(v1::follow(connecting, client, number % 2 == 1)));
            }
        }
        for _ in 0..WIRE {
            let client = self.client(Dialect::Wire, Room::Projects);
            let connecting = self.server.client("all").at("/ws/projects").plain();
            self.tasks.push(tokio::spawn(wire::follow(connecting, client)));
        }
        for transport in TRANSPORTS {
            let clients = (0..STOCK).map(|_| self.client(Dialect::SocketIo, Room::Board)).collect();
            let watch = Watch::dial(&self.server, (STOCK, transport), None);
            self.tasks.push(tokio::spawn(stock::follow(watch, clients)));
        }
    }

    fn client(&mut self, dialect: Dialect, room: Room) -> Watched {
        let client = Watched::new(dialect, room);
        self.clients.push(client.clone());
        client
    }

    /// A fault was made, and the port answers again since `back`. Waits until all clients are level, and compares. If all connections
    /// were lost at `lost`, clients have to be connected anew.
    pub(crate) async fn recover(&mut self, lost: Option<Instant>, back: Instant) {
        self.report.faults += 1;
        for (dialect, level) in self.level(lost).await {
            let time = level.saturating_duration_since(back);
            self.report.times.entry(dialect).or_default().push(time);
        }
        self.check();
    }

    /// Waits until all clients have what the logs have now. Returns when each was level.
    async fn level(&mut self, lost: Option<Instant>) -> Vec<(Dialect, Instant)> {
        let mut waiting = JoinSet::new();
        // Answers that come while the logs are read are compared the next time.
        let answers = take(&mut self.feed.answers().unchecked);
        for room in Room::ALL {
            let head = self.audit.read(&self.server, room).await;
            for client in self.clients.iter().filter(|client| client.room == room).cloned() {
                waiting.spawn(async move { (client.dialect, client.level(lost, head).await) });
            }
        }
        self.audit.compare(answers);
        let mut level = Vec::new();
        for (dialect, reached) in waiting.join_all().await {
            match reached {
                Ok(at) => level.push((dialect, at)),
                Err(wrong) => self.report.wrong.push(wrong),
            }
        }
        self.fail();
        level
    }

    /// Compares what clients were sent with the log, as far as it was read.
    fn check(&mut self) {
        let Self { clients, audit, report, .. } = self;
        for client in clients {
            client.standing.send_if_modified(|standing| {
                for (seq, id) in take(&mut standing.unchecked) {
                    if audit.has(client.room, seq, &id) {
                        continue;
                    }
                    // It may have come after the log was read.
                    standing.unchecked.push((seq, id));
                }
                false
            });
        }
        report.wrong.append(&mut self.feed.answers().wrong);
        self.fail();
    }

    /// Stops the feed, and compares what every client shows with the state; and the numbers of repeated posts with those of the
    /// first time.
    pub(crate) async fn compare(&mut self) {
        let pause = self.feed.pause().await;
        self.level(None).await;
        self.check();
        for room in Room::ALL {
            let state = state(&self.server, room).await;
            for client in self.clients.iter().filter(|client| client.room == room) {
                let standing = client.standing.borrow();
                if standing.view != state {
                    let shown = &standing.view;
                    self.report
                        .wrong
                        .push(format!("{} shows {shown:?}, not {state:?}", client.name()));
                }
                for (seq, id) in &standing.unchecked {
                    self.report.wrong.push(format!("{} was sent {id} as {seq}", client.name()));
                }
            }
        }
        self.repeat().await;
        self.fail();
        drop(pause);
    }

    /// Posts the last bodies again. They must be known by their numbers.
    async fn repeat(&mut self) {
        let last: Vec<_> = self.feed.answers().last.values().cloned().collect();
        for (events, answered) in last {
            let answer = self.feed.again(&events).await;
            let results = answer["results"].as_array().cloned().unwrap_or_default();
            for (Answered { id, seq, .. }, result) in answered.iter().zip(&results) {
                if result["status"] != "duplicate" || result["seq"] != *seq {
                    self.report.wrong.push(format!("{id} was answered {seq}, and then {result}"));
                }
            }
        }
    }

    /// Ends the feed, and compares everything a last time.
    pub(crate) async fn end(mut self) -> Report {
        self.compare().await;
        self.feed.end().await;
        self.compare().await;
        self.summarise();
        take(&mut self.report)
    }

    /// Puts what was counted into the report.
    fn summarise(&mut self) {
        let Self { clients, report, audit, feed, .. } = self;
        for client in clients {
            let standing = client.standing.borrow();
            let counts = [1, standing.connections, standing.deliveries, standing.states];
            let sums = report.clients.entry(client.dialect).or_default();
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        let answers = feed.answers();
        report.events = answers.events;
        report.statuses.clone_from(&answers.statuses);
        (report.lost, report.doubled) = (audit.lost.len(), audit.doubled.len());
        report.took = self.begun.elapsed();
    }

    /// Ends the run if anything is wrong, with all that is known.
    fn fail(&mut self) {
        self.report.wrong.append(&mut self.audit.wrong);
        if let Some(task) = self.tasks.iter().position(JoinHandle::is_finished) {
            self.report.wrong.push(format!("the clients number {task} have ended: see above"));
        }
        if !self.report.wrong.is_empty() {
            self.summarise();
            let log = self.server.log().text();
            let last: Vec<&str> = log.lines().rev().take(LAST).collect();
            panic!(
                "{}\nThe last lines of the log, newest first:\n{}",
                self.report.markdown(),
                last.join("\n")
            );
        }
    }

    /// How long this has been going on.
    pub(crate) fn age(&self) -> Duration {
        self.begun.elapsed()
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
