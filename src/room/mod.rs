//! The room: orders and keeps the updates of one session, and fans them out.
//!
//! A state machine without IO, clock or async. One event of the platform is one [`Input`]; what is
//! to be done about it comes back as [`Effect`]s, to be run in order and without waiting in
//! between. Whoever runs them must not show a client anything of an [`Effect::Append`] that failed.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`clients`] | who is connected: join, frames, silence |
//! | [`publish`] | numbering, duplicates, bursts |
//! | [`window`] | how long updates wait to become one burst |
//! | [`recovery`] | what a client that comes back is sent |
//! | [`log`] | which bursts are kept, and which events they hold |
//! | [`state`] | the shortest list of updates that rebuilds the view |
//! | [`row`] | how bursts and checkpoints are stored |
//! | [`delivery`] | how updates travel from the front Worker to the room |
//!
//! The property that everything rests on: for any inputs, a room that was evicted and restored in
//! between has the same effects as one that was not.

pub mod clients;
pub mod delivery;
pub mod log;
pub mod publish;
pub mod recovery;
pub mod row;
pub mod state;
pub mod window;

use std::rc::Rc;

use crate::limits::RoomLimits;
use crate::protocol::codes::CloseCode;
use crate::protocol::grant::Grant;
use crate::protocol::ids::{ClientId, Epoch, Position, Seq, SessionId};
use crate::protocol::server_frame::Dialect;
use crate::protocol::time::Timestamp;
use crate::protocol::update::Update;

use clients::{Clients, Session};
use log::Log;
use publish::{Burst, Outcomes};
use recovery::Replay;
use row::{BurstRow, CheckpointRow, Corrupt, Stored};

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
    Published {
        /// To be named in the answer.
        post: PostId,
        /// In order.
        updates: Vec<Update>,
    },
    /// The time of [`Effect::OpenWindow`] is over.
    WindowElapsed,
    /// The time of [`Effect::WakeAt`] has come.
    Woken {
        /// When the runtime last answered a ping of each client, where it ever did.
        pinged: Vec<(ClientId, Timestamp)>,
    },
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
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => *bytes,
        }
    }
}

/// One request that waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PostId(pub u64);

/// All that a room can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Store the epoch: this room has just begun.
    Found(Epoch),
    /// Store a burst. Everything that follows depends on it.
    Append(BurstRow),
    /// Store the folded state, in place of the one before.
    Checkpoint(CheckpointRow),
    /// Keep a client's session with its connection, where it survives the room's memory.
    Remember {
        /// Whose.
        client: ClientId,
        /// In place of the one before.
        session: Session,
    },
    /// Send a frame to one client.
    Send {
        /// To whom.
        to: ClientId,
        /// The frame.
        text: Rc<str>,
    },
    /// Send a frame to every client of a dialect.
    Broadcast {
        /// To whom.
        to: Dialect,
        /// The frame.
        text: Rc<str>,
    },
    /// Send stored bursts to one client.
    Replay {
        /// To whom.
        to: ClientId,
        /// Which.
        replay: Replay,
    },
    /// Close a connection.
    Close {
        /// Whose.
        client: ClientId,
        /// Why, as a number.
        code: CloseCode,
        /// Why, as the `code` of `docs/protocol.md`.
        reason: &'static str,
    },
    /// Write down that a connection has ended: it is no longer in the room.
    Left {
        /// Whose.
        client: ClientId,
        /// As it was.
        session: Session,
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
    /// Come back with [`Input::WindowElapsed`] after so long, but not before everything that was stored
    /// is durable.
    OpenWindow {
        /// Milliseconds; 0 if only durability counts.
        ms: u64,
    },
    /// Come back with [`Input::Woken`] then, even if the room has been evicted.
    WakeAt(Timestamp),
    /// Do not come back: nobody is here.
    Sleep,
}

/// One room.
#[derive(Debug)]
pub struct Room {
    session: SessionId,
    limits: RoomLimits,
    log: Log,
    clients: Clients,
    burst: Burst,
}

impl Room {
    /// The room as it was: from what is stored and from the sessions of its open connections.
    /// `fresh` becomes the epoch if the room has never begun.
    ///
    /// # Errors
    /// [`Corrupt`] when a stored row cannot be read.
    pub fn restore(
        session: SessionId,
        limits: RoomLimits,
        stored: Stored,
        fresh: Epoch,
        sessions: impl IntoIterator<Item = (ClientId, Session)>,
    ) -> Result<Self, Corrupt> {
        Ok(Self {
            session,
            limits,
            log: Log::restore(&limits, stored, fresh)?,
            clients: Clients::restore(sessions),
            burst: Burst::default(),
        })
    }

    /// What is to be done about `input`, in order.
    pub fn handle(&mut self, input: Input<'_>, now: Timestamp) -> Vec<Effect> {
        let mut effects = self.log.begin();
        match input {
            Input::Connected { client, grant, dialect, resume } => {
                let session = Session::new(grant, dialect, now);
                self.join(client, session, resume.as_ref(), now, &mut effects);
            }
            Input::Frame { client, frame } => self.receive(client, frame, now, &mut effects),
            Input::Disconnected { client, code } => self.leave(client, code, &mut effects),
            Input::Published { post, updates } => self.publish(post, updates, now, &mut effects),
            Input::WindowElapsed => self.look_at_window(now, &mut effects),
            Input::Woken { pinged } => self.look(&pinged, now, &mut effects),
        }
        effects
    }

    /// Everything up to here is durable.
    pub fn head(&self) -> Position {
        self.log.head()
    }

    /// The state at the head, as a `dashboard.state` frame; and what has to be done before anyone
    /// is told of it.
    pub fn state(&mut self) -> (Vec<Effect>, Rc<str>) {
        (self.log.begin(), self.log.state_frame())
    }

    /// Whether the room takes no more clients.
    pub fn is_full(&self) -> bool {
        self.clients.len() >= self.limits.clients
    }

    /// Whether the platform may evict the room: it never does while a window is open.
    pub fn is_resting(&self) -> bool {
        self.burst.is_resting()
    }

    /// What `clients` and `recovery` need to number frames by.
    fn head_seq(&self) -> Seq {
        self.log.head_seq()
    }
}
