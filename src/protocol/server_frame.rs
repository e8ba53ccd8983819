//! The frames that clients are sent, as text.
//!
//! Updates arrive here encoded and are joined, never decoded. The functions are named after the frames of
//! `docs/protocol.md`. Which client gets which frame is decided in the room and the dialects.

use serde::Serialize;

use super::client_frame::BadFrame;
#[cfg(not(target_arch = "wasm32"))]
use super::codes::FrameFault;
use super::form::quoted;
use super::ids::{ClientId, Epoch, Position, Seq, SessionId};
use super::time::{Rfc3339, Timestamp};
use super::topics::Topics;

/// Characters of the longest number.
const SEQ_CHARS: usize = 20;

/// The exact ping, which the runtime answers without waking the room.
pub const PING: &str = r#"{"type":"ping"}"#;

/// The answer to a ping.
pub const PONG: &str = r#"{"type":"pong"}"#;

/// How a client gets from its position to the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Recovery {
    /// Nothing follows: the room has no updates yet, or a plain client will ask for the state itself.
    None,
    /// The missed updates follow, if there are any.
    Replayed,
    /// The state follows.
    Snapshot,
}

/// How a client goes on after a new token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Renewal {
    /// With the tail: it may see what it could see before.
    None,
    /// With the tail, and within it the state of what it may see now.
    Snapshot,
}

/// The frames that serde writes. The others are joined from text that is encoded already: `schema/joined.rs` has their
/// form.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) enum Frame<'a> {
    /// The first frame.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(title = "ConnectedFrame"))]
    Connected {
        session_id: &'a SessionId,
        client_id: &'a ClientId,
        timestamp: Rfc3339,
        /// When the connection ends with its token, if it has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<Rfc3339>,
        // Plain clients know no place. What is said of the wire to others is about `roomcast.v1`.
        #[serde(flatten)]
        #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Place<'a>"))]
        place: Option<Place<'a>>,
    },
    /// The connection ends with its token in a minute.
    #[serde(rename = "auth.expiring")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(title = "ExpiringFrame"))]
    Expiring { expires_at: Rfc3339 },
    /// The room has become large: the milliseconds over which to spread the return, should the connection be lost.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(title = "ReturningFrame"))]
    Returning { within_ms: u64 },
    /// The answer to a new token. Forget the updates of topics that are not listed.
    #[serde(rename = "auth.refreshed")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(title = "RefreshedFrame"))]
    Refreshed {
        /// The `ref` of the frame that it answers, if it had one.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        /// When the connection ends with the token.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<Rfc3339>,
        /// The topics that are left.
        topics: &'a Topics,
        recovery: Renewal,
    },
    /// The answer to the end of a subscription. Forget the updates of topics that are not listed.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(title = "UnsubscribedFrame"))]
    Unsubscribed {
        /// The `ref` of the frame that it answers, if it had one.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        /// The topics that are left.
        topics: &'a Topics,
    },
    /// The answer to a change of pace.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(title = "PacedFrame"))]
    Paced {
        /// The `ref` of the frame that it answers, if it had one.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        /// Milliseconds between two frames from now on: what was asked for, rounded up to a quarter of a second.
        ms: u32,
    },
    /// Something was wrong with a frame. The connection stays open.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(title = "ErrorFrame"))]
    Error {
        #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "FrameFault"))]
        code: &'static str,
        /// What is wrong and how to fix it. For people.
        message: &'a str,
        /// Whether the same frame may succeed later.
        retryable: bool,
        timestamp: Rfc3339,
        /// The `ref` of the frame that the error is about, if it had one.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct Place<'a> {
    epoch: &'a Epoch,
    /// The number of the last update that the client sees.
    seq: Seq,
    recovery: Recovery,
    /// In a large room: milliseconds over which to spread the return, should the connection be lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    return_within_ms: Option<u64>,
}

/// What the greeting says to clients that know positions.
#[derive(Debug, Clone, Copy)]
pub struct Joined<'a> {
    /// The room's head.
    pub head: &'a Position,
    /// How the client gets there.
    pub recovery: Recovery,
    /// When its grant ends, if it does.
    pub expires: Option<Timestamp>,
    /// Milliseconds over which to spread its return, in a large room.
    pub returns: Option<u64>,
}

/// The greeting.
pub fn connected(
    session: &SessionId,
    client: &ClientId,
    now: Timestamp,
    joined: Option<Joined<'_>>,
) -> String {
    let expires_at = joined.and_then(|joined| joined.expires).map(Rfc3339::from);
    let place = joined.map(|Joined { head, recovery, returns, .. }| Place {
        epoch: &head.epoch,
        seq: head.seq,
        recovery,
        return_within_ms: returns,
    });
    let timestamp = now.into();
    let (session_id, client_id) = (session, client);
    encode(&Frame::Connected { session_id, client_id, timestamp, expires_at, place })
}

/// The notice that the room has become so large that clients should spread their return.
pub fn returning(within_ms: u64) -> String {
    encode(&Frame::Returning { within_ms })
}

/// The notice that the grant of a client, and with it its connection, ends soon.
pub fn expiring(expires: Timestamp) -> String {
    encode(&Frame::Expiring { expires_at: expires.into() })
}

/// The answer to a new token: when its grant ends, if it does, the topics that are left, and whether the state follows.
pub fn refreshed(
    reference: Option<&str>,
    expires: Option<Timestamp>,
    topics: &Topics,
    recovery: Renewal,
) -> String {
    let expires_at = expires.map(Rfc3339::from);
    encode(&Frame::Refreshed { reference, expires_at, topics, recovery })
}

/// The error about a client's frame.
pub fn error(bad: &BadFrame, now: Timestamp) -> String {
    encode(&Frame::Error {
        code: bad.fault.code(),
        message: &bad.message,
        retryable: bad.fault.is_retryable(),
        timestamp: now.into(),
        reference: bad.reference.as_deref(),
    })
}

/// The answer to a subscription: all topics of the client, and the state of what it did not see before. `place` is absent for
/// clients that know no positions; they get the updates in frames of their own.
pub fn subscribed(
    reference: Option<&str>,
    topics: &Topics,
    place: Option<(&Position, &str)>,
) -> String {
    let reference = reference.map(|one| format!(r#""ref":{},"#, quoted(one))).unwrap_or_default();
    let topics = serde_json::to_string(topics).unwrap_or_default();
    let place = place.map(|(Position { epoch, seq }, joined)| {
        format!(r#","epoch":"{epoch}","seq":{seq},"updates":[{joined}]"#)
    });
    format!(r#"{{"type":"subscribed",{reference}"topics":{topics}{}}}"#, place.unwrap_or_default())
}

/// The answer to the end of a subscription: the topics that are left.
pub fn unsubscribed(reference: Option<&str>, topics: &Topics) -> String {
    encode(&Frame::Unsubscribed { reference, topics })
}

/// The answer to a change of pace: the pace from now on.
pub fn paced(reference: Option<&str>, ms: u32) -> String {
    encode(&Frame::Paced { reference, ms })
}

/// One update. `content` is the fields that follow `seq`, without braces.
pub fn update(seq: Seq, content: &str) -> String {
    const TYPE: &str = r#"{"type":"dashboard.update","seq":"#;
    // In one piece: `format!` would begin with less and grow.
    let mut text = String::with_capacity(TYPE.len() + SEQ_CHARS + content.len() + 2);
    text.push_str(TYPE);
    text.push_str(&seq.to_string());
    text.push(',');
    text.push_str(content);
    text.push('}');
    text
}

/// Updates of which the last is `seq`, to a client that saw `prev` before, as one frame that is sent `now`. `joined` is their
/// encodings, separated by commas. A single update that follows `prev` is sent as its encoding with the time.
pub fn updates(prev: Seq, seq: Seq, joined: &str, now: Timestamp) -> String {
    let sent_at = now.rfc3339();
    if seq == prev + 1 {
        let fields = joined.strip_suffix('}').unwrap_or(joined);
        return format!(r#"{fields},"sentAt":"{sent_at}"}}"#);
    }
    format!(
        r#"{{"type":"dashboard.updates","prev":{prev},"seq":{seq},"sentAt":"{sent_at}","updates":[{joined}]}}"#
    )
}

/// The state at exactly `head`. `joined` is the encodings of its updates, separated by commas.
pub fn state(head: &Position, joined: &str) -> String {
    let Position { epoch, seq } = head;
    format!(r#"{{"type":"dashboard.state","epoch":"{epoch}","seq":{seq},"updates":[{joined}]}}"#)
}

fn encode(frame: &Frame<'_>) -> String {
    // Strings and numbers only, so encoding cannot fail.
    serde_json::to_string(frame).unwrap_or_default()
}
