//! The arguments of the command line, as clap reads them, and the text of `--help`.
//!
//! What can be judged by looking at an argument alone is judged here. The value of `--token` is
//! the exception: clap repeats a bad value in its error, and that one must not be shown.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use roomcast::limits::{POST_BYTES, POST_EVENTS};
use roomcast::protocol::ids::{Position, SessionId, TenantName};

use crate::cost::CostOptions;
use crate::endpoint::Endpoint;
use crate::load::LoadOptions;

pub(crate) mod value;

const EXAMPLES: &str = "\
Examples:
  roomcast publish examples/decision-session.jsonl
  roomcast tail demo-session
  roomcast token --session demo-session --user anna --ttl 8h

Secrets are taken from the environment, else from .dev.vars in this folder, under the tenant's
name in upper case: DEMO_TOKEN_SECRET, DEMO_WEBHOOK_SECRET, and optionally DEMO_TOKEN_ISSUER and
DEMO_TOKEN_AUDIENCE.

Exit codes:
  0  done
  1  the server refused or could not be reached
  2  wrong usage or input
  3  a setting is missing or malformed";

const TOKEN_EXAMPLES: &str = "\
Examples:
  roomcast token --session s-1 --user anna
  roomcast token --session s-1,s-2 --session 'team-*' --user anna --ttl 8h
  roomcast tail s-1 --token \"$(roomcast token --session s-1 --user anna)\"";

const PUBLISH_EXAMPLES: &str = "\
Examples:
  roomcast publish events.jsonl
  roomcast publish events.jsonl --every 700ms
  tail -f events.jsonl | roomcast publish -
  roomcast publish '{\"event_id\":\"e-1\",\"event_type\":\"session.renamed\", …}'

Publishing again is safe: the server recognizes an event by its event_id. With --every, events
that the server already has are passed over without waiting, so a feed that is started again
continues where it was.

A request that meets a connection error, 408, 429 or 5xx is sent again, the same body under the
same webhook-id, after pauses that grow from 1 s to 30 s. Any other refusal is final; what is wrong
with an event is reported with its line in the input.

A file is read through once before anything is sent: one that is malformed sends nothing. A pipe
cannot be, so the events before a malformed one are sent.";

const TAIL_EXAMPLES: &str = "\
Examples:
  roomcast tail demo-session
  roomcast tail demo-session --count 1 --json
  roomcast tail demo-session --from 5b1d0c3e9a7f2468:41

Updates go to stdout, one per line: seq, time, type, data. What happens to the connection goes to
stderr. A lost connection is made again from the last update seen, so that none is missed or
shown twice. Without --from the session's state comes first: the latest update per key.";

/// Real-time rooms for dashboards: publish events, watch sessions, mint tokens.
#[derive(Debug, Parser)]
#[command(name = "roomcast", version, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Which server, which customer of it.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Target {
    /// The server
    #[arg(long, global = true, env = "ROOMCAST_URL", default_value = "http://127.0.0.1:8787")]
    pub(crate) url: Endpoint,
    /// The tenant, whose name the settings start with
    #[arg(long, global = true, default_value = "demo")]
    pub(crate) tenant: TenantName,
    /// The file with settings that are not in the environment [default: .dev.vars]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) vars: Option<PathBuf>,
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
    /// Put a deployment under load and report how it does
    Load(Box<LoadOptions>),
    /// Compute what a month costs on Cloudflare
    Cost(CostOptions),
}

/// Of `roomcast token`.
#[derive(Debug, clap::Args)]
#[command(after_help = TOKEN_EXAMPLES)]
pub(crate) struct TokenOptions {
    /// A session's name, or a prefix followed by *. May be repeated, or hold several with commas
    #[arg(long = "session", required = true, value_name = "SESSION", value_delimiter = ',',
        value_parser = value::session_pattern)]
    pub(crate) sessions: Vec<String>,
    /// Whose token it is
    #[arg(long, value_parser = value::user)]
    pub(crate) user: String,
    /// How long it lasts, such as 30s, 15m, 8h, 7d
    #[arg(long, default_value = "1h", value_parser = value::duration)]
    pub(crate) ttl: Duration,
}

/// Of `roomcast publish`.
#[derive(Debug, clap::Args)]
#[command(after_help = PUBLISH_EXAMPLES)]
pub(crate) struct PublishOptions {
    /// A file, - for stdin, or the JSON itself: one event, an array of events, or JSON lines
    #[arg(value_name = "FILE|-|JSON")]
    pub(crate) events: String,
    #[arg(long, value_name = "N", default_value = "100", value_parser = value::batch,
        help = format!("Events per request, at most {POST_EVENTS}; \
            requests also stay below {POST_BYTES} bytes"))]
    pub(crate) batch: usize,
    /// Send one event per request, and wait this long after each that was accepted
    #[arg(long, value_name = "DURATION", value_parser = value::duration,
        conflicts_with = "batch")]
    pub(crate) every: Option<Duration>,
    /// Times that a request is sent again before giving up
    #[arg(long, value_name = "N", default_value = "8")]
    pub(crate) retries: u32,
    /// Print what became of each event on stdout, one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
    /// Print errors only
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// Of `roomcast tail`.
#[derive(Debug, clap::Args)]
#[command(after_help = TAIL_EXAMPLES)]
pub(crate) struct TailOptions {
    /// The session
    pub(crate) session: SessionId,
    /// Who watches, in a token minted with the tenant's secret
    #[arg(long, default_value = "tail", value_parser = value::user)]
    pub(crate) user: String,
    /// Use this token instead of minting one
    #[arg(long, value_name = "JWT", env = "ROOMCAST_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// Show only what came after this position
    #[arg(long, value_name = "EPOCH:SEQ")]
    pub(crate) from: Option<Position>,
    /// End after this many updates
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Print each update as the JSON object that was received
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn publish(line: &str) -> Option<PublishOptions> {
        match Args::try_parse_from(line.split_whitespace()).ok()?.command {
            Command::Publish(options) => Some(options),
            _ => None,
        }
    }

    #[test]
    fn the_definition_of_the_arguments_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_request_never_holds_more_events_than_the_server_takes() {
        assert_eq!(publish("roomcast publish -").unwrap().batch, 100);
        assert_eq!(publish("roomcast publish - --batch 500").unwrap().batch, POST_EVENTS);
        for bad in ["0", "501", "many"] {
            assert!(publish(&format!("roomcast publish - --batch {bad}")).is_none());
        }
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
