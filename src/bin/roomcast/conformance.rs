//! `roomcast conformance`: checks a deployment from outside against docs/protocol.md, as a client, a backend and an operator see it.
//!
//! It knows the wire and nothing of how it is served, so it says the same of `wrangler dev`, a deployment on Cloudflare and a machine of
//! one's own. It measures no speed, and what needs a failure in the middle (`kill -9`, an eviction) is for `scripts/chaos`.

use std::path::PathBuf;

use clap::Args;
use roomcast::deployment::failure::Failure;
use roomcast::deployment::target::Target;
use tokio::time::Instant;

mod asking;
mod checks;
mod limits;
mod recovery;
mod refusals;
mod report;
mod subject;
mod watcher;
mod wire;

use checks::{Check, Needs};
use report::{Finding, Report};
use subject::Subject;

const EXAMPLES: &str = "\
Examples:
  roomcast --url https://rooms.example.com conformance --junit conformance.xml
  roomcast --url https://rooms.example.com --tenant acme conformance --read-only

Without --read-only, a tenant of its own is made and deleted again, which needs ADMIN_TOKEN. With it,
nothing is posted and no tenant is changed: a few clients of the tenant connect to a session that
nobody uses, with tokens made with the tenant's secret (ACME_TOKEN_SECRET).

The exit code is 0 if all checks passed, and 1 if one failed or the server could not be reached.";

/// How the deployment is checked.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ConformanceOptions {
    /// Post nothing and change nothing
    #[arg(long)]
    read_only: bool,
    /// Only checks whose name contains this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Also write the results to this file, as the XML of test reports
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

/// Checks the deployment and prints a line for each check.
///
/// # Errors
/// A check failed, the server could not be reached, or a setting is missing.
pub(crate) async fn run(target: &Target, options: &ConformanceOptions) -> Result<(), Failure> {
    let subject = Subject::prepare(target, options.read_only).await?;
    let mut report = Report::default();
    for check in checks::all().into_iter().filter(|check| options.wants(check)) {
        report.add(tried(&subject, &check).await);
    }
    let cleared = subject.clear().await;
    if let Some(file) = &options.junit {
        report.write_junit(file)?;
    }
    report.end()?;
    cleared
}

async fn tried(subject: &Subject, check: &Check) -> Finding {
    let begun = Instant::now();
    let fault = (check.run)(subject).await.err();
    Finding { group: check.group, fact: check.fact, fault, took: begun.elapsed() }
}

impl ConformanceOptions {
    fn wants(&self, check: &Check) -> bool {
        let may = !self.read_only || check.needs == Needs::Nothing;
        may && self.only.as_deref().is_none_or(|text| check.fact.contains(text))
    }
}
