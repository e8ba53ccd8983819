//! The frames that clients are sent, as text.
//!
//! Updates arrive here encoded and are joined, never decoded. The functions are named after the frames of
//! `docs/protocol.md`. Which client gets which frame is decided in the room and the dialects.

use serde::Serialize;

use super::client_frame::BadFrame;
use super::form::quoted;
use super::ids::{ClientId, Epoch, Position, Seq, SessionId};
use super::time::Timestamp;
use super::topics::Topics;

/// The exact ping, which the runtime answers without waking the room.
pub const PING: &str = r#"{"type":"ping"}"#;

/// The answer to a ping.
pub const PONG: &str = r#"{"type":"pong"}"#;

/// How a client gets from its position to the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Recovery {
    /// Nothing follows: the room has no updates yet, or a plain client will ask for the state itself.
    None,
    /// The missed updates follow, if there are any.
    Replayed,
    /// The state follows.
    Snapshot,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Frame<'a> {
    Connected {
        session_id: &'a SessionId,
        client_id: &'a ClientId,
        timestamp: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<String>,
        #[serde(flatten)]
        place: Option<Place<'a>>,
    },
    #[serde(rename = "auth.expiring")]
    Expiring { expires_at: String },
    #[serde(rename = "auth.refreshed")]
    Refreshed {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<String>,
        topics: &'a Topics,
        recovery: Recovery,
    },
    Unsubscribed {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        topics: &'a Topics,
    },
    Paced {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        ms: u32,
    },
    Error {
        code: &'static str,
        message: &'a str,
        retryable: bool,
        timestamp: String,
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
    },
}

#[derive(Serialize)]
struct Place<'a> {
    epoch: &'a Epoch,
    seq: Seq,
    recovery: Recovery,
}

/// The greeting. `place` is the room's head and the recovery, and when the client's grant ends if it does, for clients that
/// know positions.
pub fn connected(
    session: &SessionId,
    client: &ClientId,
    now: Timestamp,
    place: Option<(&Position, Recovery, Option<Timestamp>)>,
) -> String {
    let expires_at = place.and_then(|(_, _, expires)| expires).map(Timestamp::rfc3339);
    let place =
        place.map(|(head, recovery, _)| Place { epoch: &head.epoch, seq: head.seq, recovery });
    let timestamp = now.rfc3339();
    let (session_id, client_id) = (session, client);
    encode(&Frame::Connected { session_id, client_id, timestamp, expires_at, place })
}

/// The notice that the grant of a client, and with it its connection, ends soon.
pub fn expiring(expires: Timestamp) -> String {
    encode(&Frame::Expiring { expires_at: expires.rfc3339() })
}

/// The answer to a new token: when its grant ends, if it does, the topics that are left, and whether the state follows.
pub fn refreshed(
    reference: Option<&str>,
    expires: Option<Timestamp>,
    topics: &Topics,
    recovery: Recovery,
) -> String {
    let expires_at = expires.map(Timestamp::rfc3339);
    encode(&Frame::Refreshed { reference, expires_at, topics, recovery })
}

/// The error about a client's frame.
pub fn error(bad: &BadFrame, now: Timestamp) -> String {
    encode(&Frame::Error {
        code: bad.fault.code(),
        message: &bad.message,
        retryable: bad.fault.is_retryable(),
        timestamp: now.rfc3339(),
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
    format!(r#"{{"type":"dashboard.update","seq":{seq},{content}}}"#)
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
