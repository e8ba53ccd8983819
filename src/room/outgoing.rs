//! What a room hands out for its members: positions, and slices of what it keeps.
//!
//! A dialect makes frames of it (`src/dialect/`); the room knows none.

use std::rc::Rc;

use crate::protocol::client_frame::BadFrame;
use crate::protocol::ids::{ClientId, Position, Seq, SessionId};
use crate::protocol::parts::Parts;
use crate::protocol::server_frame::Recovery;
use crate::protocol::time::Timestamp;

/// What one member is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// It is in the room.
    Connected(Greeting),
    /// The state.
    State(Rc<Snapshot>),
    /// The answer to its ping.
    Pong,
    /// What was wrong with its frame.
    Error {
        /// What.
        bad: BadFrame,
        /// When.
        at: Timestamp,
    },
}

/// What a member is told first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// Which session it looks at.
    pub session: SessionId,
    /// The name of its connection.
    pub client: ClientId,
    /// When it came in.
    pub at: Timestamp,
    /// Where the room is.
    pub head: Position,
    /// What follows.
    pub recovery: Recovery,
}

/// Updates that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updates {
    /// What has been seen by whoever misses nothing before these.
    pub prev: Seq,
    /// The number of the last one.
    pub seq: Seq,
    /// Their encodings, separated by commas.
    pub joined: Rc<str>,
    /// Each of them.
    pub each: Vec<Slice>,
}

/// The state at exactly one position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Which.
    pub head: Position,
    /// The updates that rebuild the view, in the order of their numbers.
    pub each: Vec<Slice>,
}

/// One encoded update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// Its number.
    pub seq: Seq,
    /// Where its values lie in its encoding, unless it was stored before this was noted.
    pub parts: Option<Parts>,
    /// Its encoding.
    pub text: Rc<str>,
}
