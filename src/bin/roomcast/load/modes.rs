//! What a trial can do: steady traffic, a storm of connections, idling, a storm of recoveries.
//!
//! Here is the order of things. Counting and sending is done below.

use std::sync::Arc;
use std::time::Duration;

use roomcast::deployment::failure::Failure;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::audience::{Audience, Entrance};
use super::latency::Latencies;
use super::mark::{Mark, Memory};
use super::options::LoadOptions;
use super::posting;
use super::process::{usage, Usage};
use super::report::{per, seconds, Connects, Continuity, Report, Setup};
use super::trial::{size, Trial};

mod recovery;

pub(crate) use recovery::recover;

/// Upgrades under way at the same time, where nothing else is asked for.
const AT_ONCE: u32 = 64;

/// A trial with its clients, and what the server had in memory.
pub(crate) struct Stage<'a> {
    trial: Arc<Trial>,
    options: &'a LoadOptions,
    audience: Audience,
    connects: Connects,
    memory: Option<Memory>,
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

    fn mark(&self, at_us: u64) -> Mark {
        Mark::new(&self.trial, &self.audience, self.options.pid, at_us)
    }

    /// `None` without clients: nobody could have missed anything.
    async fn continuity(&self) -> Option<Continuity> {
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

    fn report(self, mode: &'static str) -> Report {
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

/// Steady traffic: warm up, measure, stop, wait for the rest.
///
/// # Errors
/// As [`Stage::set`].
pub(crate) async fn steady(trial: &Arc<Trial>, options: &LoadOptions) -> Result<Report, Failure> {
    let stage = Stage::set(trial, options, options.ramp).await?;
    let publishers = posting::start(trial, options, u64::MAX);
    sleep(options.warmup).await;
    let begin = stage.mark(trial.stopwatch.open());
    sleep(options.duration).await;
    let end = stage.mark(trial.stopwatch.close());
    trial.posting.stop();
    let unsent = all(publishers).await;
    let continuity = stage.continuity().await;
    let cost = end.cost(&begin, trial);
    let traffic = Some(end.traffic(&begin, trial, unsent));
    let arrived = stage.audience.arrived();
    let server = stage.memory.and_then(|memory| end.server(&begin, memory, arrived));
    Ok(Report { traffic, cost, continuity, server, ..stage.report("steady") })
}

/// A storm of connections, and nothing else.
///
/// # Errors
/// As [`Stage::set`].
pub(crate) async fn connect(trial: &Arc<Trial>, options: &LoadOptions) -> Result<Report, Failure> {
    silent(trial, options, Duration::ZERO, Duration::ZERO, "connect").await
}

/// Connections on which nothing happens for `time` but pings.
///
/// # Errors
/// As [`Stage::set`].
pub(crate) async fn idle(
    trial: &Arc<Trial>,
    options: &LoadOptions,
    time: Duration,
) -> Result<Report, Failure> {
    silent(trial, options, options.ramp, time, "idle").await
}

async fn silent(
    trial: &Arc<Trial>,
    options: &LoadOptions,
    ramp: Duration,
    time: Duration,
    mode: &'static str,
) -> Result<Report, Failure> {
    let mut stage = Stage::set(trial, options, ramp).await?;
    sleep(time).await;
    let end = used(options)?;
    let arrived = stage.audience.arrived();
    let server = stage.memory.zip(end).map(|(memory, end)| memory.server(end, arrived));
    stage.audience.leave();
    Ok(Report { server, ..stage.report(mode) })
}

/// Waits for the publishers, and sums what they say.
async fn all(mut publishers: JoinSet<u64>) -> u64 {
    let mut unsent = 0;
    while let Some(done) = publishers.join_next().await {
        unsent += done.unwrap_or(0);
    }
    unsent
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
fn used(options: &LoadOptions) -> Result<Option<Usage>, Failure> {
    let Some(pid) = options.pid else {
        return Ok(None);
    };
    let used = usage(pid);
    used.map(Some).ok_or_else(|| Failure::Input(format!("--pid: there is no process {pid}")))
}
