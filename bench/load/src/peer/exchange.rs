//! What is exchanged with a peer: what is to be published, as which request, and what became of it.

use roomcast::deployment::failure::Failure;
use roomcast::protocol::ids::SessionId;
use tokio_tungstenite::tungstenite::http::HeaderValue;

/// Events that are to be published together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Post<'a> {
    /// Their session.
    pub(crate) room: &'a SessionId,
    /// Who publishes.
    pub(crate) publisher: usize,
    /// The number of the first, counted per publisher and room, from 1.
    pub(crate) first: u64,
    /// How many there are.
    pub(crate) events: u64,
    /// The last update of the room, as far as is known.
    pub(crate) head: u64,
    /// The time from which their latency counts.
    pub(crate) sent_us: u64,
    /// Bytes of an update as a client receives it when it comes alone.
    pub(crate) payload: usize,
}

/// A request to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Composed {
    /// Where it goes.
    pub(crate) url: String,
    /// What it is, and who signed it.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The events.
    pub(crate) body: String,
}

/// What became of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// How many of its events were accepted.
    pub(crate) events: u64,
    /// Which of the room's heads has moved.
    pub(crate) lane: usize,
    /// To where.
    pub(crate) head: u64,
}

/// `origin` as a header.
///
/// # Errors
/// It fits into none.
pub(crate) fn named(origin: &str) -> Result<HeaderValue, Failure> {
    let value = HeaderValue::from_str(origin);
    value.map_err(|_| Failure::Input(format!("--origin: {origin} fits into no header")))
}
