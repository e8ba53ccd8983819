//! Counts at one moment. What was measured is the difference between two moments.
//!
//! Taking a mark looks at every client and, for a local server, into `/proc`: milliseconds, so
//! not something to do often.

use roomcast::protocol::cost::Cost;

use super::audience::Audience;
use super::process::{usage, Usage};
use super::report::{each, per, Server, Spent, Traffic};
use super::tally::Counts;
use super::trial::Trial;

/// Microseconds of CPU time per second that are one per cent.
const PERCENT_US: f64 = 10_000.0;

/// Counts at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    at_us: u64,
    counts: Counts,
    accepted: u64,
    spent: (u64, Cost),
    own: Option<Usage>,
    server: Option<Usage>,
}

/// What a local server had in memory on the way here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// Before the clients came.
    pub(crate) before: Usage,
    /// When all had come.
    pub(crate) connected: Usage,
}

impl Mark {
    /// The counts at `at_us`, which is now.
    pub(crate) fn new(trial: &Trial, audience: &Audience, pid: Option<u32>, at_us: u64) -> Self {
        Self {
            at_us,
            counts: audience.counts(),
            accepted: trial.posting.accepted(),
            spent: trial.posting.spent(),
            own: usage(std::process::id()),
            server: pid.and_then(usage),
        }
    }

    /// What happened since `begin`.
    pub(crate) fn traffic(&self, begin: &Self, trial: &Trial, unsent: u64) -> Traffic {
        let seconds = self.seconds_since(begin);
        let (deliveries, events) = (self.deliveries(begin), self.accepted - begin.accepted);
        Traffic {
            seconds,
            deliveries,
            deliveries_per_second: per(deliveries, seconds).unwrap_or_default(),
            events,
            events_per_second: per(events, seconds).unwrap_or_default(),
            unsent,
            frames: self.counts.frames - begin.counts.frames,
            bytes: self.counts.bytes - begin.counts.bytes,
            latency_us: trial.received.with(super::latency::Latencies::take),
            post_us: trial.posting.answered.with(super::latency::Latencies::take),
            failed_posts: trial.posting.failures.take(),
            cost: self.cost(begin),
            generator_cpu_percent: per(cpu(begin.own, self.own), seconds * PERCENT_US),
        }
    }

    /// What the server used since `begin`.
    pub(crate) fn server(&self, begin: &Self, memory: Memory, clients: usize) -> Option<Server> {
        let cpu_us = cpu(begin.server, self.server);
        let mut server = memory.server(self.server?, clients);
        server.cpu_percent = per(cpu_us, self.seconds_since(begin) * PERCENT_US);
        server.cpu_us_per_delivery = each(cpu_us, self.deliveries(begin));
        server.cpu_us_per_event = each(cpu_us, self.accepted - begin.accepted);
        Some(server)
    }

    /// Answers and events are counted at the same moments, so a post under way at one of them may
    /// be in one count and not yet in the other.
    fn cost(&self, begin: &Self) -> Option<Spent> {
        let ((before, spent), (posts, all)) = (begin.spent, self.spent);
        (posts > before).then(|| Spent { posts: posts - before, cost: all - spent })
    }

    fn deliveries(&self, begin: &Self) -> u64 {
        self.counts.received - begin.counts.received
    }

    fn seconds_since(&self, begin: &Self) -> f64 {
        std::time::Duration::from_micros(self.at_us - begin.at_us).as_secs_f64()
    }
}

impl Memory {
    /// Without anything about CPU time.
    pub(crate) fn server(&self, end: Usage, clients: usize) -> Server {
        let grown = self.connected.rss.saturating_sub(self.before.rss);
        Server {
            cpu_percent: None,
            cpu_us_per_delivery: None,
            cpu_us_per_event: None,
            rss_before: self.before.rss,
            rss_connected: self.connected.rss,
            rss_end: end.rss,
            rss_per_connection: each(grown, u64::try_from(clients).unwrap_or(u64::MAX)),
        }
    }
}

fn cpu(begin: Option<Usage>, end: Option<Usage>) -> u64 {
    let used = |usage: Option<Usage>| usage.map_or(0, |usage| usage.cpu_us);
    used(end).saturating_sub(used(begin))
}
