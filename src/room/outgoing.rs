//! What a room hands out for its members: positions and encoded updates.
//!
//! A dialect makes frames of it (`src/dialect/`). The room does not know the form of frames.

use std::rc::Rc;

use crate::protocol::client_frame::BadFrame;
use crate::protocol::ids::{ClientId, Position, Seq, SessionId};
use crate::protocol::parts::Parts;
use crate::protocol::server_frame::Recovery;
use crate::protocol::time::Timestamp;

/// A message to one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// The greeting: the member has joined.
    Connected(Greeting),
    /// The state.
    State(Rc<Snapshot>),
    /// The answer to a ping that reached the room.
    Pong,
    /// An error about a frame of the member.
    Error {
        /// What is wrong with the frame.
        bad: BadFrame,
        /// When it arrived.
        at: Timestamp,
    },
}

/// The first message to a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// The session of the room.
    pub session: SessionId,
    /// The id of the connection.
    pub client: ClientId,
    /// When the member joined.
    pub at: Timestamp,
    /// The head of the room.
    pub head: Position,
    /// How the member gets to the head.
    pub recovery: Recovery,
}

/// Updates with consecutive numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updates {
    /// The number before the first update.
    pub prev: Seq,
    /// The number of the last update.
    pub seq: Seq,
    /// Their encodings, separated by commas.
    pub joined: Rc<str>,
    /// The updates one by one.
    pub each: Vec<Slice>,
}

/// The state at exactly one position, as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The position.
    pub head: Position,
    /// The updates of the state, in the order of their numbers.
    pub each: Vec<Slice>,
}

/// One encoded update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// Its number.
    pub seq: Seq,
    /// Where its values are in its encoding; `None` if an older release stored the update without this.
    pub parts: Option<Parts>,
    /// Its encoding.
    pub text: Rc<str>,
}
