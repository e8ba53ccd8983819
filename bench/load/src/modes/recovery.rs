//! A storm of recoveries: every client misses updates, the server is restarted, all clients come back.
//!
//! The user's command restarts the server. What is measured is the time from the moment when the server is healthy
//! until the last client is level with its room.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use roomcast::deployment::failure::Failure;
use roomcast::deployment::target::Target;
use tokio::process::Command;
use tokio::time::{sleep, Instant};

use super::stage::Stage;
use crate::audience::Entrance;
use crate::latency::Latencies;
use crate::options::LoadOptions;
use crate::publishing;
use crate::report::figures::seconds;
use crate::report::{Recovery, Report};
use crate::trial::{size, Trial};

const LOOK_EVERY: Duration = Duration::from_millis(5);
const HEALTHY_WITHIN: Duration = Duration::from_mins(1);

/// Connects all clients, disconnects them, publishes `events`, runs the command, and connects all clients again.
///
/// # Errors
/// Those of [`Stage::set`]; or the command fails, or the server does not come back.
pub(crate) async fn recover(
    trial: &Arc<Trial>,
    target: &Target,
    options: &LoadOptions,
    events: u64,
) -> Result<Report, Failure> {
    let mut stage = Stage::set(trial, options, options.ramp).await?;
    stage.audience.leave();
    publishing::finish(publishing::start(trial, options, events)).await;
    run(options.between.as_deref().unwrap_or("true")).await?;
    let healthy = healthy(target).await?;
    let before = stage.audience.counts();
    let at_once = size(options.concurrency.unwrap_or(options.clients));
    let entrance = Entrance { ramp: Duration::ZERO, at_once, again: Some(options.drain) };
    let level = stage.audience.enter(entrance).await;
    let continuity = stage.continuity().await;
    let counts = stage.audience.counts();
    let recovery = Some(Recovery {
        missed: trial.posting.accepted(),
        healthy_seconds: seconds(healthy),
        level_seconds: seconds(level),
        returned: stage.audience.arrived(),
        level_us: trial.ready.with(Latencies::take),
        failed: trial.refused.take(),
        replays: counts.replays - before.replays,
        snapshots: counts.snapshots - before.snapshots,
        failed_posts: trial.posting.failures.take(),
    });
    Ok(Report { recovery, continuity, ..stage.report("recover") })
}

/// Runs the command. Its output goes to stderr, because stdout is for the report.
async fn run(command: &str) -> Result<(), Failure> {
    let status = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::from(std::io::stderr()))
        .status()
        .await
        .map_err(|error| Failure::Machine(format!("--between: {error}")))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::Refused(format!("--between: the command ended with {status}")))
}

async fn healthy(target: &Target) -> Result<Duration, Failure> {
    let begun = Instant::now();
    let url = target.url.events().join("../healthz");
    let url = url.map_err(|error| Failure::Input(format!("--url: {error}")))?;
    while begun.elapsed() < HEALTHY_WITHIN {
        let answer = reqwest::get(url.clone()).await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(begun.elapsed());
        }
        sleep(LOOK_EVERY).await;
    }
    let cause = format!("it was not healthy within {} s", HEALTHY_WITHIN.as_secs());
    Err(Failure::Unreachable { url: target.url.to_string(), cause })
}
