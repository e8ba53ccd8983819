//! What the publishers share: the connections that they post over, their quota, and the results.
//!
//! Each publisher decides itself when to post.

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
    /// Whether publishing is over.
    over: watch::Sender<bool>,
    accepted: AtomicU64,
    /// From sending a post, or from when it was due, to its answer.
    pub(crate) answered: Shared<Latencies>,
    /// The sum of the costs that the answers have reported.
    pub(crate) bill: Shared<Bill>,
    /// Why posts failed.
    pub(crate) failures: Reasons,
}

impl Posting {
    /// The state before anything is published.
    ///
    /// # Errors
    /// This machine cannot send requests.
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

    /// Counts more accepted events.
    pub(crate) fn add(&self, events: u64) {
        self.accepted.fetch_add(events, Relaxed);
    }

    /// Sets how many events may be published from now on.
    pub(crate) fn allow(&self, events: u64) {
        self.quota.store(events, Relaxed);
    }

    /// Ends publishing. Posts that are under way still end: `publishing::finish` waits for them.
    pub(crate) fn stop(&self) {
        self.quota.store(0, Relaxed);
        self.over.send_replace(true);
    }

    /// Waits until publishing is over.
    pub(crate) async fn over(&self) {
        // This fails only if the sender is gone, which lives as long as `self`.
        let _ = self.over.subscribe().wait_for(|over| *over).await;
    }

    /// Takes at most `most` events off the quota, and returns how many may be published.
    pub(crate) fn take(&self, most: u64) -> u64 {
        let left = |quota: u64| Some(quota.saturating_sub(most));
        self.quota.fetch_update(Relaxed, Relaxed, left).unwrap_or(0).min(most)
    }

    /// Sends a request and returns the body of the answer.
    ///
    /// # Errors
    /// There was no answer, or it was not a success.
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
