//! The arguments of the command line, as clap reads them, and the text of `--help`.
//!
//! Each command keeps its options in its own module. This module has the shared arguments and the list of commands.

use clap::{Parser, Subcommand};
use roomcast::deployment::target::Target;

use crate::bridge::BridgeCommand;
use crate::conformance::ConformanceOptions;
use crate::cost::CostOptions;
use crate::preset::PresetCommand;
use crate::publish::PublishOptions;
use crate::rooms::RoomsOptions;
use crate::spec::SpecOptions;
use crate::tail::TailOptions;
use crate::tenant::TenantCommand;
use crate::token::TokenOptions;
use crate::types::TypesOptions;
use crate::usage::UsageOptions;

const EXAMPLES: &str = "\
Examples:
  roomcast publish examples/decision-session.jsonl
  roomcast tail demo-session
  roomcast token --session demo-session --user anna --ttl 8h
  roomcast preset try presets/stats.json examples/stats.jsonl
  roomcast types protocol
  roomcast spec openapi
  roomcast tenant put demo examples/tenants/demo.json
  roomcast rooms demo demo-session
  roomcast bridge redis events
  roomcast --url https://rooms.example.com conformance

Secrets are taken from the environment, else from .dev.vars in this folder, under the tenant's
name in upper case: DEMO_TOKEN_SECRET, DEMO_WEBHOOK_SECRET, and optionally DEMO_TOKEN_ISSUER and
DEMO_TOKEN_AUDIENCE. `tenant`, `rooms` and `conformance` need ADMIN_TOKEN.

Exit codes:
  0  done
  1  the server refused or could not be reached
  2  wrong usage or input
  3  a setting is missing or malformed";

/// Real-time rooms for dashboards: publish events, bridge buses, watch sessions, mint tokens, compute costs, check documents and deployments, print types and specifications, look at rooms.
#[derive(Debug, Parser)]
#[command(name = "roomcast", version, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Mint a token and print it
    Token(TokenOptions),
    /// Send events
    Publish(PublishOptions),
    /// Watch a session
    Tail(TailOptions),
    /// Compute what a month costs on Cloudflare
    Cost(CostOptions),
    /// Check and try documents of dashboards
    #[command(subcommand)]
    Preset(PresetCommand),
    /// Print the types of the wire as TypeScript
    Types(TypesOptions),
    /// Print the wire as a document that other tools read
    Spec(SpecOptions),
    /// Make, read, change and delete tenants
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// List the rooms of a tenant, or say how one of them stands
    Rooms(RoomsOptions),
    /// Say what a tenant has used, by day, and what that costs
    Usage(UsageOptions),
    /// Post what is on a bus: Redis, NATS, Postgres
    #[command(subcommand)]
    Bridge(BridgeCommand),
    /// Check a deployment from outside against the protocol
    Conformance(ConformanceOptions),
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::CommandFactory as _;

    use super::*;

    fn publish(line: &str) -> Option<PublishOptions> {
        match Args::try_parse_from(line.split_whitespace()).ok()?.command {
            Command::Publish(options) => Some(options),
            _ => None,
        }
    }

    #[test]
    fn the_arguments_are_defined_consistently() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_request_never_holds_more_events_than_the_server_takes() {
        assert_eq!(publish("roomcast publish -").unwrap().batch, 100);
        assert!(publish("roomcast publish - --batch 501").is_none());
        assert!(publish("roomcast publish - --batch 2 --every 1s").is_none());
    }

    #[test]
    fn sessions_may_be_repeated_or_listed() {
        let line = "roomcast token --session a,b-* --session c --user anna";
        let args = Args::try_parse_from(line.split_whitespace()).unwrap();
        let Command::Token(options) = args.command else { panic!("not a token") };
        assert_eq!(options.sessions, ["a", "b-*", "c"]);
        assert_eq!(options.ttl, Duration::from_hours(1));
    }
}
