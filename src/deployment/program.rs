//! Runs a program: its work on one runtime, its failure on stderr, and its exit code.

use std::future::Future;
use std::process::ExitCode;

use super::failure::Failure;

/// Runs the work of the program `name` to its end.
pub fn run(name: &str, work: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    match outcome(work) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{name}: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn outcome(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::Machine(format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(work);
    // A read of stdin or a write to a full pipe may still be under way on its own thread. Waiting
    // for it would keep Ctrl-C from ending the program.
    runtime.shutdown_background();
    outcome
}
