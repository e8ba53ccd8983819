//! What a room hands out for its members: positions and encoded updates.
//!
//! A dialect makes frames of it (`src/dialect/`). The room does not know the form of frames.

use std::rc::Rc;

use crate::protocol::client_frame::BadFrame;
use crate::protocol::company::note::Note;
use crate::protocol::ids::{ClientId, Position, Seq, SessionId};
use crate::protocol::parts::{Parts, Slices};
use crate::protocol::server_frame::{Recovery, Renewal};
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Topics;

/// A message to one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// The greeting: the member has joined.
    Connected(Greeting),
    /// The state.
    State(Rc<Snapshot>),
    /// Updates that not all members of its group see.
    Updates(Rc<Updates>),
    /// The member has subscribed to more topics.
    Subscribed {
        /// The `ref` of its frame.
        reference: Option<String>,
        /// All topics of its subscription.
        topics: Topics,
        /// The state of what it did not see before.
        added: Rc<Snapshot>,
    },
    /// The member has changed its pace.
    Paced {
        /// The `ref` of its frame.
        reference: Option<String>,
        /// Milliseconds between two frames.
        ms: u32,
    },
    /// The member has left topics.
    Unsubscribed {
        /// The `ref` of its frame.
        reference: Option<String>,
        /// The topics that are left.
        topics: Topics,
        /// The number of the last update that it saw before. `None` if it was not sent everything up to that.
        seen: Option<Seq>,
    },
    /// The member's grant ends soon.
    Expiring {
        /// When.
        expires: Timestamp,
    },
    /// The member has a new grant.
    Refreshed {
        /// The `ref` of its frame.
        reference: Option<String>,
        /// When the grant ends, if it does.
        expires: Option<Timestamp>,
        /// The topics that are left.
        topics: Topics,
        /// Whether the state follows.
        recovery: Renewal,
    },
    /// The room has become so large that members should spread their return, if all of them lose it at once.
    Returning {
        /// Milliseconds.
        within_ms: u64,
    },
    /// A frame has done what it asked for, and there is nothing to say of that.
    Done {
        /// The `ref` of the frame.
        reference: String,
    },
    /// Something about the other members.
    Company(Rc<Note>),
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
    /// The position of the last update that the member sees.
    pub head: Position,
    /// How the member gets to the head.
    pub recovery: Recovery,
    /// When its grant ends, if it does.
    pub expires: Option<Timestamp>,
    /// Milliseconds over which to spread the return to a large room that all members have lost.
    pub returns: Option<u64>,
    /// The name under which it came back, if clients of its dialect have one.
    pub pid: Option<String>,
    /// The number of the position with which it came, whether or not that is known.
    pub shown: Option<Seq>,
}

/// Updates, in the order of their numbers. The receiver sees no other update from `prev` to `seq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updates {
    /// The number of the last update that the receivers saw before.
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
    /// The position of the last update that the viewer sees.
    pub head: Position,
    /// Differs between viewers that may see different states at the same position.
    pub mark: Option<u64>,
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

impl Slice {
    /// Its values. `None` if a stored update cannot be read. Updates of older releases were stored without saying where
    /// their values are.
    pub fn values(&self) -> Option<Slices<'_>> {
        self.parts.or_else(|| Parts::find(&self.text))?.of(&self.text)
    }

    /// Whether it is an update of this type.
    pub fn is_of(&self, kind: &str) -> bool {
        self.values().is_some_and(|values| values.kind() == Some(kind))
    }
}
