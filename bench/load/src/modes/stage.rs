//! A trial with its clients there, and what there is to say of them in every mode.

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

/// Upgrades under way at the same time, where nothing else is asked for.
const AT_ONCE: u32 = 64;

/// A trial with its clients, and what the server had in memory.
pub(crate) struct Stage<'a> {
    trial: Arc<Trial>,
    options: &'a LoadOptions,
    /// The clients.
    pub(crate) audience: Audience,
    connects: Connects,
    /// Nothing where there is no process to look at.
    pub(crate) memory: Option<Memory>,
}

impl<'a> Stage<'a> {
    /// Lets the clients come, spread over `ramp`.
    ///
    /// # Errors
    /// None of them could, or there is no such process as `--pid` says.
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

    /// What the clients have missed, once they had time to get it. `None` without clients: nobody could
    /// have missed anything.
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

    /// What there is to tell whatever the mode was.
    pub(crate) fn report(self, mode: &'static str) -> Report {
        Report {
            mode,
            setup: Setup::new(self.options),
            connects: self.connects,
            traffic: None,
            cost: None,
            recovery: None,
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

/// What the server uses, if there is one to look at.
///
/// # Errors
/// There is no such process as `--pid` says.
pub(crate) fn used(options: &LoadOptions) -> Result<Option<Usage>, Failure> {
    let Some(pid) = options.pid else {
        return Ok(None);
    };
    let used = usage(pid);
    used.map(Some).ok_or_else(|| Failure::Input(format!("--pid: there is no process {pid}")))
}
