//! All that can happen to a room.
//!
//! One input is one event of the platform, told by the shell. What a request brings is here too; what the room makes
//! of an input is in the files that handle it.

use super::publish::Post;
use crate::protocol::grant::Grant;
use crate::protocol::ids::{ClientId, Position};
use crate::protocol::server_frame::Dialect;
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
        /// How it speaks.
        dialect: Dialect,
        /// What it has seen, if it was here before.
        resume: Option<Position>,
    },
    /// A client sent something that the runtime did not answer by itself.
    Frame {
        /// Who.
        client: &'a ClientId,
        /// What.
        frame: Received<'a>,
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

/// What a client sent.
#[derive(Debug, Clone, Copy)]
pub enum Received<'a> {
    /// A text frame.
    Text(&'a str),
    /// A binary frame of so many bytes.
    Binary(usize),
}

impl Received<'_> {
    /// How large it is.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => *bytes,
        }
    }
}
