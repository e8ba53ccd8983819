//! The options of `roomcast tail`, as clap reads them, and the text of its `--help`.
//!
//! An argument is checked here if nothing else is needed to check it. The value of `--token` is the exception:
//! clap repeats a bad value in its error, and a token must not be shown.

use roomcast::protocol::ids::{Position, SessionId};

use crate::value;

const EXAMPLES: &str = "\
Examples:
  roomcast tail demo-session
  roomcast tail demo-session --count 1 --json
  roomcast tail demo-session --from 5b1d0c3e9a7f2468:41

Updates go to stdout, one per line: seq, time, type, data. What happens to the connection goes to
stderr. After a lost connection the command connects again from the last update seen, so that none
is missed or shown twice. Without --from, the session's state comes first: the latest update per
key.";

/// The options of `roomcast tail`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
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
