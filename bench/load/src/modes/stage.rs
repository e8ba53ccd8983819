//! A trial whose clients are connected, and the parts of the report that every mode has.

use std::sync::Arc;
use std::time::Duration;

use roomcast::deployment::failure::Failure;

use crate::audience::{Audience, Entrance};
use crate::latency::Latencies;
use crate::mark::{Mark, Memory};
use crate::options::LoadOptions;
use crate::process::{usage, Usage};
use crate::report::figures::{per, seconds};
use crate::report::{Connects, Continuity, Report, Setup};
use crate::trial::{size, Trial};

/// Upgrades under way at the same time, by default.
const AT_ONCE: u32 = 64;

/// A trial with its connected clients, and the memory of the server.
pub(crate) struct Stage<'a> {
    trial: Arc<Trial>,
    options: &'a LoadOptions,
    /// The clients.
    pub(crate) audience: Audience,
    connects: Connects,
    /// `None` if there is no process to measure.
    pub(crate) memory: Option<Memory>,
}

impl<'a> Stage<'a> {
    /// Connects the clients, spread over `ramp`.
    ///
    /// # Errors
    /// No client could connect, or the process of `--pid` does not exist.
    pub(crate) async fn set(
        trial: &Arc<Trial>,
        options: &'a LoadOptions,
        ramp: Duration,
    ) -> Result<Self, Failure> {
        let before = used(options)?;
        let mut audience = Audience::new(trial, options);
        let at_once = size(options.concurrency.unwrap_or(AT_ONCE));
        let took = audience.enter(Entrance { ramp, at_once, again: None }).await;
        let connects = connects(trial, audience.arrived(), took);
        if connects.arrived == 0 && options.clients > 0 {
            return Err(nobody(&connects));
        }
        let connected = used(options)?;
        let memory = before.zip(connected).map(|(before, connected)| Memory { before, connected });
        Ok(Self { trial: Arc::clone(trial), options, audience, connects, memory })
    }

    /// The counts at `at_us`, which is now.
    pub(crate) fn mark(&self, at_us: u64) -> Mark {
        Mark::new(&self.trial, &self.audience, self.options.pid, at_us)
    }

    /// What the clients have missed, after they had time to receive it. `None` if there are no clients, which
    /// could have missed anything.
    pub(crate) async fn continuity(&self) -> Option<Continuity> {
        if self.options.clients == 0 {
            return None;
        }
        let drained = self.audience.settle(self.options.drain).await;
        let counts = self.audience.counts();
        Some(Continuity {
            lost: self.audience.lost(),
            duplicated: counts.duplicated,
            reordered: counts.reordered,
            skipped: counts.skipped,
            renewed: counts.renewed,
            drain_seconds: seconds(drained),
        })
    }

    /// The parts of the report that every mode has.
    pub(crate) fn report(self, mode: &'static str) -> Report {
        Report {
            mode,
            setup: Setup::new(self.options),
            connects: self.connects,
            traffic: None,
            cost: None,
            recovery: None,
            stall: None,
            continuity: None,
            server: None,
            dropped: self.trial.dropped.take(),
        }
    }
}

fn connects(trial: &Trial, arrived: usize, took: Duration) -> Connects {
    let rate = per(u64::try_from(arrived).unwrap_or(u64::MAX), took.as_secs_f64());
    Connects {
        arrived,
        seconds: seconds(took),
        per_second: rate.unwrap_or_default(),
        upgrade_us: trial.upgraded.with(Latencies::take),
        ready_us: trial.ready.with(Latencies::take),
        failed: trial.refused.take(),
    }
}

fn nobody(connects: &Connects) -> Failure {
    let why: Vec<_> =
        connects.failed.iter().map(|(why, times)| format!("{times} × {why}")).collect();
    Failure::Refused(format!("no client could connect: {}", why.join(", ")))
}

/// What the server uses, if there is a process to measure.
///
/// # Errors
/// The process of `--pid` does not exist.
pub(crate) fn used(options: &LoadOptions) -> Result<Option<Usage>, Failure> {
    let Some(pid) = options.pid else {
        return Ok(None);
    };
    let used = usage(pid);
    used.map(Some).ok_or_else(|| Failure::Input(format!("--pid: there is no process {pid}")))
}
