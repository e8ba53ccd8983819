//! The options of `roomcast bridge`, as clap reads them, and the text of its `--help`.
//!
//! What all buses have in common is here once. The address of a bus may have a password in it, so it shows itself to nobody.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Subcommand};
use roomcast::deployment::value;
use roomcast::limits::POST_EVENTS;

const EXAMPLES: &str = "\
Examples:
  roomcast bridge redis events
  roomcast bridge redis bull:emails:events --map examples/bridge/bullmq.json
  roomcast bridge postgres outbox --metrics 127.0.0.1:9464
  roomcast bridge nats EVENTS

A message is acknowledged only when the server has answered that its event is durable, a duplicate, or
shown by no room. So every message arrives at least once, and because the server recognises an event by
its id, it is once in the log, whatever is killed in between.

Connection errors, 408, 429 and 5xx are waited out, with pauses that grow from 1 s to 30 s. Messages that
can never be published are put aside with the reason, and hold up no others. What is wrong with the
set-up (a signature, an address, a password) ends the command, and leaves everything on the bus.";

/// From which bus.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum BridgeCommand {
    /// Read a stream of Redis, as a consumer of a group
    Redis(Box<RedisOptions>),
    /// Read an outbox, a table of Postgres
    Postgres(Box<PostgresOptions>),
    /// Read a stream of NATS, through a durable consumer
    Nats(Box<NatsOptions>),
    /// Print the JSON Schema of maps, for editors
    Schema,
}

/// What every bridge has.
#[derive(Debug, Args)]
pub(super) struct BridgeOptions {
    /// The document that says which event a message becomes; without it, a message is an event already
    #[arg(long, value_name = "FILE")]
    pub(super) map: Option<PathBuf>,
    #[arg(long, value_name = "N", default_value = "500", value_parser = value::batch,
        help = format!("Messages that are read and posted at once, at most {POST_EVENTS}"))]
    pub(super) batch: usize,
    /// Serve metrics for Prometheus at this address, under /metrics
    #[arg(long, value_name = "IP:PORT")]
    pub(super) metrics: Option<SocketAddr>,
    /// End when there are no more messages
    #[arg(long)]
    pub(super) until_empty: bool,
    /// Print errors only
    #[arg(long)]
    pub(super) quiet: bool,
}

/// A stream of Redis.
#[derive(Debug, Args)]
pub(crate) struct RedisOptions {
    /// The stream
    pub(super) stream: String,
    /// The server: redis:// or rediss:// (with TLS)
    #[arg(
        long,
        value_name = "URL",
        env = "REDIS_URL",
        hide_env_values = true,
        default_value = "redis://127.0.0.1:6379"
    )]
    pub(super) bus: BusAddress,
    /// The group, which is made if it does not exist
    #[arg(long, default_value = "roomcast")]
    pub(super) group: String,
    /// The consumer within the group. Bridges that run at the same time need different ones
    #[arg(long, default_value = "bridge")]
    pub(super) consumer: String,
    /// Where a new group begins: 0 is the beginning of the stream, $ its end
    #[arg(long, value_name = "ID", default_value = "0")]
    pub(super) from: String,
    /// Take over what another consumer has read, if it was not heard of for so long
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = value::duration)]
    pub(super) claim_after: Duration,
    /// The stream of messages that can never be published [default: the stream's name and :dead]
    #[arg(long, value_name = "STREAM")]
    pub(super) dead: Option<String>,
    #[command(flatten)]
    pub(super) bridge: BridgeOptions,
}

/// An outbox.
#[derive(Debug, Args)]
pub(crate) struct PostgresOptions {
    /// The table, also as SCHEMA.TABLE
    pub(super) table: String,
    /// The database: postgres://
    #[arg(
        long,
        value_name = "URL",
        env = "DATABASE_URL",
        hide_env_values = true,
        default_value = "postgres://postgres@127.0.0.1/postgres"
    )]
    pub(super) bus: BusAddress,
    /// Keep rows that were published, with the time in `published_at`, instead of deleting them
    #[arg(long)]
    pub(super) keep: bool,
    /// The channel of notifications that there are new rows [default: the table's name]
    #[arg(long)]
    pub(super) channel: Option<String>,
    #[command(flatten)]
    pub(super) bridge: BridgeOptions,
}

/// A stream of NATS, in its `JetStream`.
#[derive(Debug, Args)]
pub(crate) struct NatsOptions {
    /// The stream
    pub(super) stream: String,
    /// The server: nats:// or tls://
    #[arg(
        long,
        value_name = "URL",
        env = "NATS_URL",
        hide_env_values = true,
        default_value = "nats://127.0.0.1:4222"
    )]
    pub(super) bus: BusAddress,
    /// The durable consumer, which is made if it does not exist
    #[arg(long, default_value = "roomcast")]
    pub(super) consumer: String,
    /// How long NATS waits for an acknowledgement before it delivers a message again, if the consumer is made
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = value::duration)]
    pub(super) ack_wait: Duration,
    #[command(flatten)]
    pub(super) bridge: BridgeOptions,
}

/// The address of a bus.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct BusAddress(String);

impl BusAddress {
    /// The address itself, to connect to.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for BusAddress {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for BusAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BusAddress(…)")
    }
}

impl fmt::Display for BusAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_bus_does_not_show_itself() {
        let address: BusAddress = "redis://:hunter2@127.0.0.1".parse().unwrap();
        assert!(!format!("{address:?} {address}").contains("hunter2"));
        assert!(address.expose().contains("hunter2"));
    }
}
