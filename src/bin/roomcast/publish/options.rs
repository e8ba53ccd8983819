//! The options of `roomcast publish`, as clap reads them, and the text of its `--help`.
//!
//! An argument is checked here if nothing else is needed to check it.

use std::time::Duration;

use roomcast::deployment::value;
use roomcast::limits::{POST_BYTES, POST_EVENTS};

const EXAMPLES: &str = "\
Examples:
  roomcast publish events.jsonl
  roomcast publish events.jsonl --every 700ms
  tail -f events.jsonl | roomcast publish -
  roomcast publish '{\"event_id\":\"e-1\",\"event_type\":\"session.renamed\", …}'

Publishing again is safe: the server recognizes an event by its event_id. With --every, events
that the server already has are skipped without waiting, so a feed that is started again
continues where it was.

A request that meets a connection error, 408, 429 or 5xx is sent again, the same body under the
same webhook-id, after pauses that grow from 1 s to 30 s. Any other refusal is final; what is wrong
with an event is reported with its line in the input.

A file is checked to its end before anything is sent, so nothing of a malformed file is sent. A
pipe cannot be checked ahead, so the events before a malformed one are sent.";

/// The options of `roomcast publish`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
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
