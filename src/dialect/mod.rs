//! How each kind of client speaks: what it sends is decoded, what a room hands out is encoded for it.
//!
//! The room hands out positions and slices, and knows no dialect; a dialect knows no members, no storage and no
//! sockets. To add one, add its name in `protocol/dialect.rs`, a file here, and a line to each `match` below.
//!
//! | file | what it speaks |
//! | --- | --- |
//! | [`v1`] | `roomcast.v1`: everything |
//! | [`plain`] | one update per frame, and nothing of positions |

pub mod plain;
pub mod v1;

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

/// Frames to be sent, in this order.
pub type Frames = Vec<Rc<str>>;

/// What came over a connection.
#[derive(Debug, Clone, Copy)]
pub enum Received<'a> {
    /// A text frame.
    Text(&'a str),
    /// A binary frame of so many bytes.
    Binary(usize),
}

/// How a client shows that it is alive without waking the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// The exact text that it sends.
    pub ping: &'static str,
    /// What the platform answers by itself.
    pub pong: &'static str,
}

impl Dialect {
    /// How its clients show that they are alive. The platform answers one text per object, so all have the same.
    pub fn heartbeat(self) -> Heartbeat {
        match self {
            Self::V1 | Self::Plain => Heartbeat { ping: PING, pong: PONG },
        }
    }

    /// What a client wants that comes with this position, or with none.
    pub fn resume(self, position: Option<Position>) -> Resume {
        match (self, position) {
            (_, Some(position)) => Resume::From(position),
            (Self::V1, None) => Resume::State,
            (Self::Plain, None) => Resume::OnRequest,
        }
    }

    /// Reads what a client sent.
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

    /// The frames that tell one client this.
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
            Message::Pong => vec![PONG.into()],
            Message::Error { bad, at } => vec![server_frame::error(bad, *at).into()],
        }
    }

    /// The frames that show updates to all of a group.
    pub fn updates(self, updates: &Updates) -> Frames {
        match self {
            Self::V1 => vec![v1::updates(updates)],
            Self::Plain => plain::each(&updates.each),
        }
    }

    /// The frames that show a client what it missed, which the stored `bursts` hold.
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
    fn a_frame_that_is_too_long_is_not_read() {
        for dialect in [Dialect::V1, Dialect::Plain] {
            let (long, most) = (" ".repeat(FRAME_BYTES + 1), " ".repeat(FRAME_BYTES));
            assert_eq!(dialect.decode(Received::Text(&long)), Said::TooLong);
            assert_eq!(dialect.decode(Received::Binary(FRAME_BYTES + 1)), Said::TooLong);
            assert!(matches!(dialect.decode(Received::Text(&most)), Said::Bad(_)));
            assert!(matches!(dialect.decode(Received::Binary(FRAME_BYTES)), Said::Bad(_)));
        }
    }

    #[test]
    fn only_clients_that_know_positions_begin_with_the_state() {
        assert_eq!(Dialect::V1.resume(None), Resume::State);
        assert_eq!(Dialect::Plain.resume(None), Resume::OnRequest);
    }

    #[test]
    fn the_platform_can_answer_the_heartbeats_of_all() {
        assert_eq!(Dialect::V1.heartbeat(), Dialect::Plain.heartbeat());
    }
}
