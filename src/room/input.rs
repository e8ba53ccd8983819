//! All that can happen to a room.
//!
//! One input is one event of the platform, told by the shell. What a request brings is here too; what the room makes
//! of an input is in the files that handle it.

use super::groups::View;
use super::publish::Post;
use crate::protocol::client_frame::{BadFrame, ClientFrame};
use crate::protocol::grant::Grant;
use crate::protocol::ids::{ClientId, Position};
use crate::protocol::time::Timestamp;

/// All that can happen to a room.
#[derive(Debug, Clone)]
pub enum Input<'a> {
    /// A client's connection was accepted.
    Connected {
        /// New, unique in the room.
        client: ClientId,
        /// What its token lets it do. That it allows this session was checked before.
        grant: Grant,
        /// What it sees, and how.
        view: View,
        /// What it has seen.
        resume: Resume,
    },
    /// A client sent something that the runtime did not answer by itself.
    Frame {
        /// Who.
        client: &'a ClientId,
        /// What.
        said: Said,
    },
    /// A connection is gone.
    Disconnected {
        /// Whose.
        client: &'a ClientId,
        /// The close code that the platform reports.
        code: u16,
    },
    /// A request brought updates.
    Published(Post),
    /// The time of [`super::Effect::OpenWindow`] is over.
    WindowElapsed,
    /// The time of [`super::Effect::OweStates`] is over.
    StatesDue,
    /// The time of [`super::Effect::WakeAt`] has come.
    Woken {
        /// When the runtime last answered a ping of each client, where it ever did.
        pinged: Vec<(ClientId, Timestamp)>,
    },
    /// The answer to [`super::Effect::AskPings`].
    Pinged(Vec<(ClientId, Timestamp)>),
}

/// What a client that comes has seen, or wants to see first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resume {
    /// It has seen everything up to here.
    From(Position),
    /// It wants the state.
    State,
    /// It asks for the state when it wants it.
    OnRequest,
}

/// What a client sent, as its dialect reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A frame.
    Frame {
        /// What it asks for.
        frame: ClientFrame,
        /// Its `ref`, to be repeated in an error.
        reference: Option<String>,
    },
    /// What is no frame.
    Bad(BadFrame),
    /// Something that is larger than a frame may be, and was not read.
    TooLong,
}
