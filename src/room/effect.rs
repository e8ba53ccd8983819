//! All that a room can ask for.
//!
//! Effects are run in order and without waiting in between. If one fails, those behind it are not run: see
//! `shell/room_host.rs`.

use std::rc::Rc;

use super::groups::{GroupId, View};
use super::members::Member;
use super::outgoing::{Message, Updates};
use super::publish::{Outcomes, PostId};
use super::recovery::Replay;
use super::row::{BurstRow, CheckpointRow};
use crate::protocol::codes::CloseReason;
use crate::protocol::ids::{ClientId, Epoch};
use crate::protocol::time::Timestamp;

/// All that a room can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Store the epoch: this room has just begun.
    Found(Epoch),
    /// Store a burst. Everything that follows depends on it.
    Append {
        /// Its updates.
        row: BurstRow,
        /// When it is stored.
        at: Timestamp,
        /// When the last of the requests that brought it was signed.
        signed: Timestamp,
        /// The ids of its events.
        ids: String,
    },
    /// Store the folded state, in place of the one before.
    Checkpoint(CheckpointRow),
    /// Keep a member with its connection, where it survives the room's memory.
    Remember {
        /// Whose.
        client: ClientId,
        /// In place of the one before.
        member: Member,
    },
    /// From here on the client is sent what its group is.
    Enter {
        /// Who.
        client: ClientId,
        /// Which group: a new one if none of its members is known.
        group: GroupId,
    },
    /// Send a message to one client.
    Send {
        /// To whom.
        to: ClientId,
        /// What it sees, and how.
        view: View,
        /// What it is told.
        message: Message,
    },
    /// Send updates to all members of a group.
    Broadcast {
        /// To whom.
        to: GroupId,
        /// What they see, and how.
        view: View,
        /// The updates.
        updates: Rc<Updates>,
    },
    /// Send stored bursts to one client.
    Replay {
        /// To whom.
        to: ClientId,
        /// What it sees, and how.
        view: View,
        /// Which.
        replay: Replay,
    },
    /// Close a connection.
    Close {
        /// Whose.
        client: ClientId,
        /// Why.
        reason: CloseReason,
    },
    /// Write down that a connection has ended: it is no longer in the room.
    Left {
        /// Whose.
        client: ClientId,
        /// As it was.
        member: Member,
        /// The close code, ours or the client's.
        code: u16,
    },
    /// Answer a request: what it brought is durable, and may yet have to be sent.
    Answer {
        /// Which.
        post: PostId,
        /// One per update.
        outcomes: Outcomes,
    },
    /// Come back with [`super::Input::WindowElapsed`] after so long, but not before everything that was stored
    /// is durable.
    OpenWindow {
        /// Milliseconds; 0 if only durability counts.
        ms: u64,
    },
    /// Come back with [`super::Input::StatesDue`] after so many milliseconds.
    OweStates {
        /// Milliseconds.
        ms: u64,
    },
    /// Come back with [`super::Input::Woken`] then, even if the room has been evicted.
    WakeAt(Timestamp),
    /// Delete everything that is stored: the room has come to its end.
    End,
    /// Come back with [`super::Input::Pinged`] in the same turn.
    AskPings,
    /// End all connections at once, also those that were closed and do not end.
    Abort,
}
