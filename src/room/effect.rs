//! Everything that a room can ask for.
//!
//! Effects are run in order and without waiting in between. If one fails, the following ones are not run: see
//! `src/runner/`.

use std::rc::Rc;

use super::groups::GroupId;
use super::member::Member;
use super::occupancy::Kept;
use super::outgoing::{Message, Slice, Updates};
use super::publish::{Outcomes, PostId};
use super::recovery::Replay;
use super::row::{BurstRow, CheckpointRow};
use super::tree::company::letters::Letter;
use super::tree::company::roll::Addressee;
use super::tree::feeding::{Guest, Meal, Served};
use super::tree::KeptTree;
use super::view::View;
use crate::protocol::bearer::Bearer;
use crate::protocol::codes::CloseReason;
use crate::protocol::ids::{ClientId, Epoch};
use crate::protocol::time::Timestamp;

/// Everything that a room can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Store the epoch of a room that begins.
    Found(Epoch),
    /// Store a burst. The effects after it depend on it.
    Append {
        /// The row of the burst.
        row: BurstRow,
        /// The time of storing.
        at: Timestamp,
        /// When the latest of its requests was signed.
        signed: Timestamp,
        /// The ids of its events.
        ids: String,
    },
    /// Store the folded state in place of the previous checkpoint.
    Checkpoint(CheckpointRow),
    /// Keep a member with its connection, where it survives eviction.
    Remember {
        /// The client.
        client: ClientId,
        /// The member, in place of what was kept before.
        member: Member,
    },
    /// Add a connection to a group: from now on it is sent what the group is sent.
    Enter {
        /// The client.
        client: ClientId,
        /// Its group, which is new if the client is its first member.
        group: GroupId,
    },
    /// Send a message to one client.
    Send {
        /// The client.
        to: ClientId,
        /// The view of the client.
        view: View,
        /// The message.
        message: Message,
    },
    /// Send a message to several clients of the same dialect.
    SendToEach {
        /// The clients.
        to: Vec<ClientId>,
        /// The view of one of them.
        view: View,
        /// The message.
        message: Message,
    },
    /// Send updates to all members of a group.
    Broadcast {
        /// The group.
        to: GroupId,
        /// The view of the group.
        view: View,
        /// The updates.
        updates: Rc<Updates>,
        /// The members that are sent others instead.
        except: Vec<ClientId>,
    },
    /// Send stored bursts to one client.
    Replay {
        /// The client.
        to: ClientId,
        /// The bursts.
        replay: Replay,
    },
    /// Send updates again to all members of a group, although nothing has changed.
    Refresh {
        /// The group.
        to: GroupId,
        /// The view of the group.
        view: View,
        /// The updates.
        each: Vec<Slice>,
    },
    /// Close a connection.
    Close {
        /// The client.
        client: ClientId,
        /// The view of the client.
        view: View,
        /// The reason.
        reason: CloseReason,
    },
    /// Log that a member has left the room, and take its connection out of the room.
    Left {
        /// The client.
        client: ClientId,
        /// The member when it left.
        member: Member,
        /// The close code, ours or the client's.
        code: u16,
    },
    /// Answer a request. Its updates are stored, but maybe not sent yet.
    Answer {
        /// The request.
        post: PostId,
        /// One outcome per update.
        outcomes: Outcomes,
    },
    /// Come back with [`super::Input::WindowElapsed`] after this time, but not before everything that was stored
    /// is durable.
    OpenWindow {
        /// Milliseconds; 0 to wait for durability only.
        ms: u64,
    },
    /// Come back with [`super::Input::StatesDue`] after this time.
    OweStates {
        /// Milliseconds.
        ms: u64,
    },
    /// Come back with [`super::Input::PaceElapsed`] after this time. Several such waits may be under way.
    Pace {
        /// Milliseconds.
        ms: u64,
    },
    /// Come back with [`super::Input::PresenceDue`] after this time.
    GatherPresence {
        /// Milliseconds.
        ms: u64,
    },
    /// Ask the tenant about a token, and come back with [`super::Input::Verified`].
    Verify {
        /// The client that has sent it.
        client: ClientId,
        /// The token.
        token: Bearer,
        /// The `ref` of the client's frame.
        reference: Option<String>,
    },
    /// Log that so many updates were never sent to a group, because later ones took their place.
    Conflated {
        /// The number of updates, once per group.
        updates: u64,
    },
    /// Log that so many members could not keep up, and are sent less.
    Slowed {
        /// How many were sent conflated frames from then on.
        conflated: u64,
        /// How many were sent nothing from then on.
        held: u64,
    },
    /// Set the alarm: come back with [`super::Input::Woken`] at this time, even if the room has been evicted.
    WakeAt(Timestamp),
    /// Store for how long the room is kept without an event or a member.
    Retain {
        /// Milliseconds.
        ms: u64,
    },
    /// Store what the room keeps of its occupancy.
    Occupy(Kept),
    /// Tell the tenant that somebody is in the room, or nobody any more, and come back with [`super::Input::Announced`] if it has
    /// noted that.
    Announce {
        /// Which change of this room it is.
        number: u64,
        /// Whether somebody is there.
        occupied: bool,
        /// When that was decided.
        at: Timestamp,
    },
    /// Send relays what they lack, and come back with [`super::Input::Fed`] for each.
    Feed {
        /// The relays.
        to: Vec<Guest>,
        /// What they lack.
        meal: Meal,
    },
    /// Come back with [`super::Input::FeedDue`] after this time.
    FeedLater {
        /// Milliseconds.
        ms: u64,
    },
    /// Write a letter to other objects of the room. Come back with [`super::Input::Replied`] for each whose letter has a number.
    Write {
        /// The objects.
        to: Vec<Addressee>,
        /// The letter.
        letter: Letter,
    },
    /// In a relay: ask the parent for what it lacks (see [`super::Room::hunger`]), and come back with [`super::Input::Adopted`].
    AskParent,
    /// In a relay: store this in place of everything that is stored.
    Adopt(Box<Served>),
    /// Store what the room keeps of its tree.
    KeepTree(KeptTree),
    /// Delete everything that is stored, because the room ends.
    End,
    /// Come back with [`super::Input::Pinged`] in the same turn.
    AskPings,
    /// End all connections at once, including closed ones that have not ended.
    Abort,
}
