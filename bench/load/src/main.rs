//! `roomcast-load`: puts a deployment under load and reports how it does.
//!
//! Its clients speak the protocol and count; they show nothing and do not connect again by themselves. It uses little
//! CPU, because it shares a machine with the server that it measures. `scripts/bench` measures Roomcast and its peers
//! with it.

mod audience;
mod bill;
mod client;
mod lane;
mod latency;
mod mark;
mod modes;
mod options;
mod pause;
mod peer;
mod posting;
mod process;
mod publishing;
mod report;
mod scan;
mod schedule;
mod shared;
mod stall;
mod stopwatch;
mod tally;
mod trial;

use std::io::{stderr, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use roomcast::deployment::failure::Failure;
use roomcast::deployment::program;
use rustix::process::{getrlimit, setrlimit, Resource, Rlimit};

use options::Args;
use trial::Trial;

/// File descriptors beside those of clients and publishers: the program's own.
const BESIDE_CLIENTS: u64 = 64;

fn main() -> ExitCode {
    program::run("roomcast-load", run(&Args::parse()))
}

/// Runs the trial that the arguments describe, and prints its report. Failures of single connections and posts under
/// load are part of the report and do not end the program.
async fn run(Args { target, options }: &Args) -> Result<(), Failure> {
    allow_files(u64::from(options.clients) + u64::from(options.publishers) + BESIDE_CLIENTS);
    let trial = Trial::new(target, options)?;
    let report = if let Some(events) = options.recover {
        modes::recover(&trial, target, options, events).await?
    } else if let Some(time) = options.idle {
        modes::idle(&trial, options, time).await?
    } else if options.connect_only {
        modes::connect(&trial, options).await?
    } else {
        modes::steady(&trial, options).await?
    };
    report.print(options.json);
    Ok(())
}

/// Raises the limit of open files to `wanted`, or as far as the system allows.
fn allow_files(wanted: u64) {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return;
    }
    let current = limit.maximum.map_or(wanted, |most| most.min(wanted));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(current), ..limit });
    if raised.is_err() || current < wanted {
        // There is no other place to report that stderr cannot be written to.
        let _ = writeln!(
            stderr(),
            "roomcast-load: ulimit -n allows {current} open files, but {wanted} are needed"
        );
    }
}
