//! Dialects: decode what clients send, and encode for them what a room hands out.
//!
//! A dialect does not know members, storage or sockets, and the room does not know the form of frames. To add a
//! dialect, add its name in `protocol/dialect.rs`, a file here, and a line to each `match` below.
//!
//! | file | dialect |
//! | --- | --- |
//! | `v1.rs` | `roomcast.v1`: everything |
//! | `plain.rs` | one update per frame, without positions |

mod plain;
mod v1;

use std::rc::Rc;

use crate::limits::FRAME_BYTES;
use crate::protocol::client_frame::{BadFrame, ClientFrame};
use crate::protocol::codes::FrameFault;
use crate::protocol::dialect::Dialect;
use crate::protocol::ids::Position;
use crate::protocol::server_frame::{self, PING, PONG};
use crate::room::outgoing::{Message, Updates};
use crate::room::recovery::Replay;
use crate::room::row::{BurstRow, Corrupt};
use crate::room::{Resume, Said};

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

impl Dialect {
    /// The heartbeat of this dialect. The platform can answer one text per object, so all dialects have the same.
    pub fn heartbeat(self) -> Heartbeat {
        match self {
            Self::V1 | Self::Plain => Heartbeat { ping: PING, pong: PONG },
        }
    }

    /// What a client wants when it joins with this position, or with none.
    pub fn resume(self, position: Option<Position>) -> Resume {
        match (self, position) {
            (_, Some(position)) => Resume::From(position),
            (Self::V1, None) => Resume::State,
            (Self::Plain, None) => Resume::OnRequest,
        }
    }

    /// Decodes what a client sent.
    pub fn decode(self, received: Received<'_>) -> Said {
        match (self, received) {
            (_, Received::Text(text)) if text.len() > FRAME_BYTES => Said::TooLong,
            (_, Received::Binary(bytes)) if bytes > FRAME_BYTES => Said::TooLong,
            (Self::V1 | Self::Plain, Received::Text(text)) => match ClientFrame::parse(text) {
                Ok((frame, reference)) => Said::Frame { frame, reference },
                Err(bad) => Said::Bad(bad),
            },
            (Self::V1 | Self::Plain, Received::Binary(_)) => Said::Bad(binary()),
        }
    }

    /// The frames of a message to one client.
    pub fn message(self, message: &Message) -> Frames {
        match message {
            Message::Connected(greeting) => match self {
                Self::V1 => vec![v1::connected(greeting)],
                Self::Plain => vec![plain::connected(greeting)],
            },
            Message::State(snapshot) => match self {
                Self::V1 => vec![v1::state(snapshot)],
                Self::Plain => plain::each(&snapshot.each),
            },
            Message::Updates(updates) => self.updates(updates),
            Message::Subscribed { reference, topics, added } => match self {
                Self::V1 => vec![v1::subscribed(reference.as_deref(), topics, added)],
                Self::Plain => plain::subscribed(reference.as_deref(), topics, &added.each),
            },
            Message::Unsubscribed { reference, topics } => {
                vec![server_frame::unsubscribed(reference.as_deref(), topics).into()]
            }
            Message::Paced { reference, ms } => {
                vec![server_frame::paced(reference.as_deref(), *ms).into()]
            }
            Message::Pong => vec![PONG.into()],
            Message::Error { bad, at } => vec![server_frame::error(bad, *at).into()],
        }
    }

    /// The frames of updates that are sent to a group.
    pub fn updates(self, updates: &Updates) -> Frames {
        match self {
            Self::V1 => vec![v1::updates(updates)],
            Self::Plain => plain::each(&updates.each),
        }
    }

    /// The frames of a replay. `bursts` are the stored bursts that it names.
    ///
    /// # Errors
    /// [`Corrupt`] when a row cannot be read, or when rows are missing.
    pub fn replay(self, replay: &Replay, bursts: &[BurstRow]) -> Result<Frames, Corrupt> {
        match self {
            Self::V1 => Ok(v1::replay(replay.after, &replay.missed(bursts)?)),
            Self::Plain => Ok(plain::each(&replay.each(bursts)?)),
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
    fn all_dialects_have_the_same_heartbeat() {
        assert_eq!(Dialect::V1.heartbeat(), Dialect::Plain.heartbeat());
    }
}
