//! `roomcast`, the command line: publish events, watch a session, mint a token, find out what a
//! deployment costs, check a document, print types and specifications, manage tenants, look at rooms, check a
//! deployment, post what is on a bus.
//!
//! It is a client like any other: it knows the wire contract and a tenant's secrets, but not how rooms work. This
//! file only parses the arguments, runs the command and returns its exit code.

mod args;
mod bridge;
mod conformance;
mod cost;
mod documents;
mod pause;
mod posting;
mod preset;
mod publish;
mod rooms;
mod spec;
mod tail;
mod tenant;
mod token;
mod types;
mod usage;
mod value;

use std::process::ExitCode;

use clap::Parser as _;
use roomcast::deployment::failure::Failure;
use roomcast::deployment::program;

use args::{Args, Command};

fn main() -> ExitCode {
    program::run("roomcast", run(&Args::parse()))
}

async fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Token(options) => token::run(&args.target, options),
        Command::Publish(options) => publish::run(&args.target, options).await,
        Command::Tail(options) => tail::run(&args.target, options).await,
        Command::Cost(options) => cost::run(options),
        Command::Preset(command) => preset::run(command),
        Command::Types(options) => types::run(options),
        Command::Spec(options) => {
            spec::run(options);
            Ok(())
        }
        Command::Tenant(command) => tenant::run(&args.target, command).await,
        Command::Bridge(command) => bridge::run(&args.target, command).await,
        Command::Rooms(options) => rooms::run(&args.target, options).await,
        Command::Usage(options) => usage::run(&args.target, options).await,
        Command::Conformance(options) => conformance::run(&args.target, options).await,
    }
}
