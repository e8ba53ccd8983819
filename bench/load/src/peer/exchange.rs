//! What is exchanged with a peer: the events to publish, the request that publishes them, and its result.

use roomcast::deployment::failure::Failure;
use roomcast::protocol::ids::SessionId;
use tokio_tungstenite::tungstenite::http::HeaderValue;

/// Events to publish together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Post<'a> {
    /// Their session.
    pub(crate) room: &'a SessionId,
    /// The number of the publisher.
    pub(crate) publisher: usize,
    /// The number of the first event, counted per publisher and room, from 1.
    pub(crate) first: u64,
    /// How many there are.
    pub(crate) events: u64,
    /// The last update of the room, as far as is known.
    pub(crate) head: u64,
    /// The time from which their latency counts.
    pub(crate) sent_us: u64,
    /// Bytes of an update in a frame of its own.
    pub(crate) payload: usize,
}

/// A request to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Composed {
    /// Its address.
    pub(crate) url: String,
    /// Its content type and, for Roomcast, its signature.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The events.
    pub(crate) body: String,
}

/// What became of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// How many of its events were accepted.
    pub(crate) events: u64,
    /// The lane of the room whose head has moved.
    pub(crate) lane: usize,
    /// The new head of that lane.
    pub(crate) head: u64,
}

/// `origin` as the value of a header.
///
/// # Errors
/// It cannot stand in a header.
pub(crate) fn named(origin: &str) -> Result<HeaderValue, Failure> {
    let value = HeaderValue::from_str(origin);
    value.map_err(|_| Failure::Input(format!("--origin: {origin} cannot stand in a header")))
}
