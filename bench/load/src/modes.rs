//! The modes of a trial: steady traffic, a storm of connections, idling, a storm of recoveries.
//!
//! This module has the order of the steps; other modules count and send.

use std::sync::Arc;
use std::time::Duration;

use roomcast::deployment::failure::Failure;
use tokio::time::sleep;

use crate::options::LoadOptions;
use crate::publishing;
use crate::report::Report;
use crate::trial::Trial;

mod recovery;
mod stage;

pub(crate) use recovery::recover;
use stage::{used, Stage};

/// Steady traffic: warm up, measure, stop, wait for the rest.
///
/// # Errors
/// Those of [`Stage::set`].
pub(crate) async fn steady(trial: &Arc<Trial>, options: &LoadOptions) -> Result<Report, Failure> {
    let stage = Stage::set(trial, options, options.ramp).await?;
    let publishers = publishing::start(trial, options, u64::MAX);
    sleep(options.warmup).await;
    trial.pause.begin();
    let begin = stage.mark(trial.stopwatch.open());
    sleep(options.duration).await;
    let end = stage.mark(trial.stopwatch.close());
    let stall = stage.audience.read_on(options.drain).await;
    trial.posting.stop();
    let unsent = publishing::finish(publishers).await;
    let continuity = stage.continuity().await;
    let cost = end.cost(&begin, trial);
    let traffic = Some(end.traffic(&begin, trial, unsent));
    let arrived = stage.audience.arrived();
    let server = stage.memory.and_then(|memory| end.server(&begin, memory, arrived));
    Ok(Report { traffic, cost, stall, continuity, server, ..stage.report("steady") })
}

/// A storm of connections, and nothing else.
///
/// # Errors
/// Those of [`Stage::set`].
pub(crate) async fn connect(trial: &Arc<Trial>, options: &LoadOptions) -> Result<Report, Failure> {
    silent(trial, options, Duration::ZERO, Duration::ZERO, "connect").await
}

/// Connections on which nothing happens for `time` but pings.
///
/// # Errors
/// Those of [`Stage::set`].
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
