//! Dialects: decode what clients send, and encode for them what a room hands out.
//!
//! A dialect does not know members, storage or sockets, and the room does not know the form of frames. To add a
//! dialect, add its name in `protocol/dialect.rs`, a file here, and a line to each `match` below.
//!
//! | file | dialect |
//! | --- | --- |
//! | `v1.rs` | `roomcast.v1`: everything |
//! | `plain.rs` | one update per frame, without positions |
//! | `json.rs` | frames as a document describes them |
//! | [`socketio`] | Socket.IO; its sessions too |
//!
//! [`deflate`] compresses what a group of `roomcast.v1` is sent, if its members asked for it.

pub mod deflate;
mod json;
mod plain;
pub mod socketio;
mod v1;

use std::rc::Rc;

use crate::limits::FRAME_BYTES;
use crate::protocol::client_frame::{BadFrame, ClientFrame};
use crate::protocol::codes::{CloseReason, FrameFault};
use crate::protocol::dialect::Dialect;
use crate::protocol::ids::Position;
use crate::protocol::server_frame::{PING, PONG};
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Topics;
use crate::room::outgoing::{Message, Slice, Updates};
use crate::room::recovery::Replay;
use crate::room::row::{BurstRow, Corrupt};
use crate::room::{Resume, Said};

use self::socketio::encode::Speech;
use self::socketio::engine;

/// Encoded frames, in the order in which they are sent.
pub type Frames = Vec<Rc<str>>;

/// A frame that arrived over a connection.
#[derive(Debug, Clone, Copy)]
pub enum Received<'a> {
    /// A text frame.
    Text(&'a str),
    /// A binary frame, of which only the number of bytes matters.
    Binary(usize),
}

/// The ping that the platform answers without waking the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// The exact text that a client sends.
    pub ping: &'static str,
    /// The text that the platform answers.
    pub pong: &'static str,
}

/// The heartbeat of clients that ping.
pub const ROOMCAST: Heartbeat = Heartbeat { ping: PING, pong: PONG };

/// The heartbeat of clients of Engine.IO, which the server pings: what they answer, and a packet that says nothing.
pub const ENGINE: Heartbeat = Heartbeat { ping: engine::PONG, pong: engine::NOOP };

impl Dialect {
    /// What a client wants when it joins with this position, or with none.
    pub fn resume(&self, position: Option<Position>) -> Resume {
        match (self, position) {
            (_, Some(position)) => Resume::From(position),
            (Self::V1 | Self::Json(_) | Self::SocketIo { .. }, None) => Resume::State,
            (Self::Plain, None) => Resume::OnRequest,
        }
    }

    /// Decodes what a client sent.
    pub fn decode(&self, received: Received<'_>) -> Said {
        match (self, received) {
            (_, Received::Text(text)) if text.len() > FRAME_BYTES => Said::TooLong,
            (_, Received::Binary(bytes)) if bytes > FRAME_BYTES => Said::TooLong,
            (Self::V1 | Self::Plain, Received::Text(text)) => match ClientFrame::parse(text) {
                Ok((frame, reference)) => Said::Frame { frame, reference },
                Err(bad) => Said::Bad(bad),
            },
            (Self::Json(wire), Received::Text(text)) => json::decode(wire.form(), text),
            // Its packets are read by its session.
            (Self::SocketIo { .. }, Received::Text(_)) | (_, Received::Binary(_)) => {
                Said::Bad(binary())
            }
        }
    }

    /// The frames of a message to one client that sees these topics.
    pub fn message(&self, message: &Message, topics: &Topics, now: Timestamp) -> Frames {
        match self {
            Self::V1 => v1::message(message, now),
            Self::Plain => plain::message(message),
            Self::Json(wire) => json::message(wire.form(), message, topics, now),
            Self::SocketIo { form, namespace } => {
                Speech::of(form, namespace).message(message, topics, now)
            }
        }
    }

    /// The frames of updates that are sent to a group that sees these topics.
    pub fn updates(&self, updates: &Updates, topics: &Topics, now: Timestamp) -> Frames {
        match self {
            Self::V1 => vec![v1::updates(updates, now)],
            Self::Plain => plain::each(&updates.each),
            Self::Json(wire) => json::each(wire.form(), &updates.each, now),
            Self::SocketIo { form, namespace } => {
                Speech::of(form, namespace).each(&updates.each, topics, now)
            }
        }
    }

    /// The frames of updates that are sent again, although nothing has changed, to clients that see these topics.
    pub fn refreshed(&self, each: &[Slice], topics: &Topics, now: Timestamp) -> Frames {
        match self {
            Self::V1 | Self::Plain | Self::SocketIo { .. } => Frames::new(),
            Self::Json(wire) => json::refresh(wire.form(), each, topics, now),
        }
    }

    /// The frames before the connection is closed.
    pub fn notice(&self, reason: CloseReason, now: Timestamp) -> Frames {
        match self {
            Self::V1 | Self::Plain => Frames::new(),
            Self::Json(wire) => json::notice(wire.form(), reason, now),
            Self::SocketIo { form, namespace } => Speech::of(form, namespace).notice(reason),
        }
    }

    /// The frames of a replay. `bursts` are the stored bursts that it names.
    ///
    /// # Errors
    /// [`Corrupt`] when a row cannot be read, or when rows are missing.
    pub fn replay(
        &self,
        replay: &Replay,
        bursts: &[BurstRow],
        now: Timestamp,
    ) -> Result<Frames, Corrupt> {
        match self {
            Self::V1 => Ok(v1::replay(replay.after, &replay.missed(bursts)?, now)),
            Self::Plain => Ok(plain::each(&replay.each(bursts)?)),
            Self::Json(wire) => Ok(json::each(wire.form(), &replay.each(bursts)?, now)),
            Self::SocketIo { form, namespace } => {
                let (speech, topics) = (Speech::of(form, namespace), &replay.view.topics);
                Ok(speech.each(&replay.each(bursts)?, topics, now))
            }
        }
    }
}

fn binary() -> BadFrame {
    let message = "a frame must be text".to_owned();
    BadFrame { fault: FrameFault::BadFrame, message, reference: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_is_too_long_is_not_decoded() {
        for dialect in [Dialect::V1, Dialect::Plain] {
            let (long, most) = (" ".repeat(FRAME_BYTES + 1), " ".repeat(FRAME_BYTES));
            assert_eq!(dialect.decode(Received::Text(&long)), Said::TooLong);
            assert_eq!(dialect.decode(Received::Binary(FRAME_BYTES + 1)), Said::TooLong);
            assert!(matches!(dialect.decode(Received::Text(&most)), Said::Bad(_)));
            assert!(matches!(dialect.decode(Received::Binary(FRAME_BYTES)), Said::Bad(_)));
        }
    }

    #[test]
    fn only_clients_that_know_positions_get_the_state_without_asking() {
        assert_eq!(Dialect::V1.resume(None), Resume::State);
        assert_eq!(Dialect::Plain.resume(None), Resume::OnRequest);
    }

    #[test]
    fn the_heartbeats_are_those_of_the_protocols() {
        assert_eq!(ROOMCAST, Heartbeat { ping: r#"{"type":"ping"}"#, pong: r#"{"type":"pong"}"# });
        assert_eq!(ENGINE, Heartbeat { ping: "3", pong: "6" });
    }
}
