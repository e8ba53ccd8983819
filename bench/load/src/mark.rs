//! Counts at one moment. A measurement is the difference between two marks.
//!
//! Taking a mark reads the counts of every client and, for a local server, `/proc`. It takes milliseconds, so it must
//! not be done often.

use crate::audience::Audience;
use crate::bill::Bill;
use crate::latency::Latencies;
use crate::peer::Peer;
use crate::process::{usage, Usage};
use crate::report::figures::{each, per};
use crate::report::{Cost, Server, Traffic};
use crate::tally::Counts;
use crate::trial::Trial;

/// Microseconds of CPU time per second that are one per cent.
const PERCENT_US: f64 = 10_000.0;

/// Counts at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    at_us: u64,
    counts: Counts,
    accepted: u64,
    bill: Bill,
    /// The time awake, summed over all rooms.
    awake_us: u64,
    own: Option<Usage>,
    server: Option<Usage>,
}

/// The memory of a local server before the measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// Before the clients connected.
    pub(crate) before: Usage,
    /// When all clients had connected.
    pub(crate) connected: Usage,
}

impl Mark {
    /// The counts at `at_us`, which is now.
    pub(crate) fn new(trial: &Trial, audience: &Audience, pid: Option<u32>, at_us: u64) -> Self {
        Self {
            at_us,
            counts: audience.counts(),
            accepted: trial.posting.accepted(),
            bill: trial.posting.bill.with(|bill| *bill),
            awake_us: trial.rooms.iter().map(|room| room.awake.with(|awake| awake.by(at_us))).sum(),
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
            latency_us: trial.received.with(Latencies::take),
            post_us: trial.posting.answered.with(Latencies::take),
            failed_posts: trial.posting.failures.take(),
            generator_cpu_percent: per(cpu(begin.own, self.own), seconds * PERCENT_US),
        }
    }

    /// What the posts since `begin` cost, if the peer is Roomcast.
    pub(crate) fn cost(&self, begin: &Self, trial: &Trial) -> Option<Cost> {
        let spent = self.bill - begin.bill;
        let awake_us = self.awake_us.saturating_sub(begin.awake_us);
        let ours = matches!(trial.peer, Peer::Roomcast(_));
        ours.then(|| Cost::new(self.accepted - begin.accepted, spent, awake_us))
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

    fn deliveries(&self, begin: &Self) -> u64 {
        self.counts.received - begin.counts.received
    }

    fn seconds_since(&self, begin: &Self) -> f64 {
        std::time::Duration::from_micros(self.at_us - begin.at_us).as_secs_f64()
    }
}

impl Memory {
    /// The report about a server, without figures about CPU time after the clients connected.
    pub(crate) fn server(&self, end: Usage, clients: usize) -> Server {
        let clients = u64::try_from(clients).unwrap_or(u64::MAX);
        let grown = self.connected.rss.saturating_sub(self.before.rss);
        Server {
            cpu_percent: None,
            cpu_us_per_delivery: None,
            cpu_us_per_event: None,
            cpu_us_per_upgrade: each(cpu(Some(self.before), Some(self.connected)), clients),
            rss_before: self.before.rss,
            rss_connected: self.connected.rss,
            rss_end: end.rss,
            rss_peak: end.peak,
            rss_per_connection: each(grown, clients),
        }
    }
}

fn cpu(begin: Option<Usage>, end: Option<Usage>) -> u64 {
    let used = |usage: Option<Usage>| usage.map_or(0, |usage| usage.cpu_us);
    used(end).saturating_sub(used(begin))
}
