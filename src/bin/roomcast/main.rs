//! `roomcast`, the command line: publish events, watch a session, mint a token, find out what a
//! deployment can take and what it costs.
//!
//! It is a client like any other: it knows the wire contract and a tenant's secrets, nothing of how
//! rooms work. Nothing happens in this file but the way from arguments to an exit code.

mod args;
mod clock;
mod cost;
mod endpoint;
mod failure;
mod load;
mod pause;
mod publish;
mod random;
mod settings;
mod tail;
mod token;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};
use failure::Failure;

fn main() -> ExitCode {
    match started(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("roomcast: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn started(args: &Args) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::Machine(format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(run(args));
    // A read of stdin or a write to a full pipe may still be under way on its own thread. Waiting
    // for it would keep Ctrl-C from ending the command.
    runtime.shutdown_background();
    outcome
}

async fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Token(options) => token::run(&args.target, options),
        Command::Publish(options) => publish::run(&args.target, options).await,
        Command::Tail(options) => tail::run(&args.target, options).await,
        Command::Load(options) => load::run(&args.target, options).await,
        Command::Cost(options) => cost::run(options),
    }
}
