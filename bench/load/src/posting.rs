//! What the publishers share: the connections that they post over, how much they may, and what came of it.
//!
//! When to post is each publisher's business.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use roomcast::deployment::failure::{root_cause, Failure};
use roomcast::protocol::cost;
use tokio::sync::watch;

use crate::bill::Bill;
use crate::latency::Latencies;
use crate::peer::exchange::Composed;
use crate::scan::code;
use crate::shared::{Reasons, Shared};

const ANSWER_WITHIN: Duration = Duration::from_secs(30);

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

    /// More events were accepted.
    pub(crate) fn add(&self, events: u64) {
        self.accepted.fetch_add(events, Relaxed);
    }

    /// So many events may be published from now on.
    pub(crate) fn allow(&self, events: u64) {
        self.quota.store(events, Relaxed);
    }

    /// No more posts. Those under way are waited for by whoever waits for the publishers.
    pub(crate) fn stop(&self) {
        self.quota.store(0, Relaxed);
        self.over.send_replace(true);
    }

    /// Waits until there are to be no more posts.
    pub(crate) async fn over(&self) {
        // Fails only where the sender is gone, which is part of this.
        let _ = self.over.subscribe().wait_for(|over| *over).await;
    }

    /// How many of `most` events may be published; they are then taken.
    pub(crate) fn take(&self, most: u64) -> u64 {
        let left = |quota: u64| Some(quota.saturating_sub(most));
        self.quota.fetch_update(Relaxed, Relaxed, left).unwrap_or(0).min(most)
    }

    /// What was answered, or why nothing good was.
    ///
    /// # Errors
    /// No answer, or another than a success.
    pub(crate) async fn send(&self, composed: Composed) -> Result<String, String> {
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
