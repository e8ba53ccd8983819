//! How events are published: one after the other by each of several publishers.
//!
//! In a closed loop a publisher posts again when it was answered; in an open loop when its turn
//! has come. Nothing is repeated: a post that failed is a finding.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::time::Duration;

use roomcast::deployment::failure::{root_cause, Failure};
use roomcast::protocol::cost;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

use super::bill::Bill;
use super::latency::Latencies;
use super::options::LoadOptions;
use super::peer::{Composed, Post};
use super::scan::code;
use super::schedule::{counted_from, Schedule};
use super::shared::{Reasons, Shared};
use super::trial::{size, Trial};

const ANSWER_WITHIN: Duration = Duration::from_secs(30);
const REST_AFTER_FAILURE: Duration = Duration::from_millis(50);

/// What the publishers share.
pub(crate) struct Posting {
    http: reqwest::Client,
    /// Events that may still be published.
    quota: AtomicU64,
    over: watch::Sender<bool>,
    accepted: AtomicU64,
    /// From sending a post, or from when it was due, to its answer.
    pub(crate) answered: Shared<Latencies>,
    /// What the answers so far say of their cost.
    pub(crate) bill: Shared<Bill>,
    /// Why posts failed.
    pub(crate) failures: Reasons,
}

impl Posting {
    /// Nothing has been published.
    ///
    /// # Errors
    /// This machine cannot make requests.
    pub(crate) fn new() -> Result<Self, Failure> {
        let http = reqwest::Client::builder().timeout(ANSWER_WITHIN).build();
        let http = http
            .map_err(|error| Failure::Machine(format!("cannot start: {}", root_cause(&error))))?;
        Ok(Self {
            http,
            quota: AtomicU64::new(0),
            over: watch::Sender::new(false),
            accepted: AtomicU64::new(0),
            answered: Shared::new(Latencies::new()?),
            bill: Shared::default(),
            failures: Reasons::default(),
        })
    }

    /// Events accepted so far.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Relaxed)
    }

    /// No more posts. Those under way are waited for by whoever waits for the publishers.
    pub(crate) fn stop(&self) {
        self.quota.store(0, Relaxed);
        self.over.send_replace(true);
    }

    fn take(&self, most: u64) -> u64 {
        let left = |quota: u64| Some(quota.saturating_sub(most));
        self.quota.fetch_update(Relaxed, Relaxed, left).unwrap_or(0).min(most)
    }

    /// What was answered, or why nothing good was.
    async fn send(&self, composed: Composed) -> Result<String, String> {
        let mut request = self.http.post(composed.url);
        for (name, value) in composed.headers {
            request = request.header(name, value);
        }
        let answer = request.body(composed.body).send().await;
        let answer = answer.map_err(|error| root_cause(&error))?;
        let status = answer.status();
        let cost = answer.headers().get(cost::HEADER).and_then(|value| value.to_str().ok());
        self.bill.with(|bill| bill.answered(cost));
        let body = answer.text().await.map_err(|error| root_cause(&error))?;
        if status.is_success() {
            return Ok(body);
        }
        let told = format!("answered {} {}", status.as_u16(), code(&body).unwrap_or_default());
        Err(told.trim_end().to_owned())
    }
}

/// Starts the publishers. They end when `events` have been sent, or when they are stopped; each
/// says how many posts were due and not made.
pub(crate) fn start(trial: &Arc<Trial>, options: &LoadOptions, events: u64) -> JoinSet<u64> {
    let begin = trial.stopwatch.now();
    trial.posting.quota.store(events, Relaxed);
    let batch = u32::try_from(options.batch).unwrap_or(u32::MAX);
    let mut publishers = JoinSet::new();
    for index in 0..options.publishers {
        let turns = (u64::from(index), u64::from(options.publishers));
        let publisher = Publisher {
            trial: Arc::clone(trial),
            index: size(index),
            batch: u64::from(batch),
            payload: options.payload,
            schedule: options.rate.map(|rate| Schedule::new(begin, rate, batch, turns)),
            posts: 0,
            numbers: vec![0; trial.rooms.len()],
        };
        publishers.spawn(publisher.run());
    }
    publishers
}

struct Publisher {
    trial: Arc<Trial>,
    index: usize,
    batch: u64,
    payload: usize,
    schedule: Option<Schedule>,
    posts: usize,
    /// Events so far, by room.
    numbers: Vec<u64>,
}

impl Publisher {
    async fn run(mut self) -> u64 {
        while let Some(sent_us) = self.turn().await {
            let events = self.trial.posting.take(self.batch);
            if events == 0 {
                break;
            }
            if let Some(schedule) = self.schedule.as_mut() {
                schedule.advance();
            }
            self.publish(sent_us, events).await;
        }
        let until = self.trial.stopwatch.until();
        self.schedule.map_or(0, |schedule| schedule.missed(until))
    }

    /// Waits for its turn, and says from when on latency counts. `None` if there are no more.
    async fn turn(&self) -> Option<u64> {
        let stopwatch = &self.trial.stopwatch;
        let Some(schedule) = &self.schedule else {
            return Some(stopwatch.now());
        };
        let due = schedule.due();
        let early = due > stopwatch.now();
        if early {
            let mut over = self.trial.posting.over.subscribe();
            tokio::select! {
                () = sleep_until(stopwatch.instant(due)) => {}
                _ = over.wait_for(|over| *over) => return None,
            }
        }
        Some(counted_from(due, stopwatch.now(), early))
    }

    async fn publish(&mut self, sent_us: u64, events: u64) {
        let trial = Arc::clone(&self.trial);
        let index = (self.index + self.posts) % trial.rooms.len().max(1);
        self.posts += 1;
        let (Some(room), Some(number)) = (trial.rooms.get(index), self.numbers.get_mut(index))
        else {
            return;
        };
        let first = *number + 1;
        *number += events;
        let (publisher, payload) = (self.index, self.payload);
        let head = room.head();
        let post = Post { room: &room.session, publisher, first, events, head, sent_us, payload };
        let composed = trial.peer.compose(&post);
        room.awake.with(|awake| awake.begin(trial.stopwatch.now()));
        let answer = trial.posting.send(composed).await;
        room.awake.with(|awake| awake.end(trial.stopwatch.now()));
        match answer {
            Ok(body) => {
                let accepted = trial.peer.accepted(&post, &body);
                room.advance(accepted);
                answered(&trial, &post, accepted.events);
            }
            Err(why) => {
                trial.posting.failures.add(why);
                sleep(REST_AFTER_FAILURE).await;
            }
        }
    }
}

fn answered(trial: &Trial, post: &Post<'_>, accepted: u64) {
    trial.posting.accepted.fetch_add(accepted, Relaxed);
    if accepted < post.events {
        trial.posting.failures.add("accepted only some of the events".to_owned());
    }
    let now = trial.stopwatch.now();
    if trial.stopwatch.measures(post.sent_us, now) {
        let took = now.saturating_sub(post.sent_us);
        trial.posting.answered.with(|latencies| latencies.record(took));
    }
}
