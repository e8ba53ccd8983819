//! The room: orders and keeps the updates of one session, and fans them out.
//!
//! A state machine without IO, clock or async. One event of the platform is one [`Input`]; what is
//! to be done about it comes back as [`Effect`]s, to be run in order and without waiting in
//! between. Whoever runs them must not show a client anything of an [`Effect::Append`] that failed.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`backlog`] | what was sent to clients that may not read |
//! | [`clients`] | who is connected: join, silence, leave |
//! | [`frames`] | what clients send |
//! | [`publish`] | numbering, duplicates, bursts |
//! | [`window`] | how long updates wait to become one burst |
//! | [`recovery`] | what a client that comes back is sent |
//! | [`log`] | which bursts are kept, and what they fold to |
//! | [`seen`] | which events were taken |
//! | [`state`] | the shortest list of updates that rebuilds the view |
//! | [`row`] | how bursts and checkpoints are stored |
//! | [`delivery`] | how updates travel from the front Worker to the room |
//!
//! The log is read when an input needs it: who leaves and who is silent can be told without.
//!
//! The property that everything rests on: for any inputs, a room that was evicted and restored in
//! between has the same effects as one that was not.

pub mod backlog;
pub mod clients;
pub mod delivery;
pub mod frames;
pub mod log;
pub mod publish;
pub mod recovery;
pub mod row;
pub mod seen;
pub mod state;
pub mod window;

use std::rc::Rc;

use crate::limits::{RoomLimits, ROOM_RETENTION_MS};
use crate::protocol::codes::CloseCode;
use crate::protocol::grant::Grant;
use crate::protocol::ids::{ClientId, Epoch, Position, Seq, SessionId};
use crate::protocol::server_frame::Dialect;
use crate::protocol::time::Timestamp;

use clients::{Clients, Session};
use log::Log;
use publish::{Burst, Outcomes, Post};
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
    Published(Post),
    /// The time of [`Effect::OpenWindow`] is over.
    WindowElapsed,
    /// The time of [`Effect::OweStates`] is over.
    StatesDue,
    /// The time of [`Effect::WakeAt`] has come.
    Woken {
        /// When the runtime last answered a ping of each client, where it ever did.
        pinged: Vec<(ClientId, Timestamp)>,
    },
    /// The answer to [`Effect::AskPings`].
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
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => *bytes,
        }
    }
}

/// Whether a client can come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// It can.
    Open,
    /// The room has as many clients as it takes.
    Full,
    /// It would have to be sent more than can be queued just now.
    Busy,
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
    /// Come back with [`Input::StatesDue`] after so many milliseconds.
    OweStates {
        /// Milliseconds.
        ms: u64,
    },
    /// Come back with [`Input::Woken`] then, even if the room has been evicted.
    WakeAt(Timestamp),
    /// Delete everything that is stored: the room has come to its end.
    End,
    /// Come back with [`Input::Pinged`] in the same turn.
    AskPings,
    /// End all connections at once, also those that were closed and do not end.
    Abort,
}

/// One room.
#[derive(Debug)]
pub struct Room {
    session: SessionId,
    limits: RoomLimits,
    clients: Clients,
    /// Read from storage when it is needed for the first time.
    log: Option<Log>,
    burst: Burst,
}

/// A room whose log is in memory, for the time of one input.
struct Turn<'r> {
    session: &'r SessionId,
    limits: &'r RoomLimits,
    clients: &'r mut Clients,
    log: &'r mut Log,
    burst: &'r mut Burst,
}

impl Room {
    /// The room as it was, from the sessions of its open connections.
    pub fn restore(
        session: SessionId,
        limits: RoomLimits,
        sessions: impl IntoIterator<Item = (ClientId, Session)>,
    ) -> Self {
        let (clients, burst) = (Clients::restore(limits, sessions), Burst::default());
        Self { session, limits, clients, log: None, burst }
    }

    /// What is to be done about `input`, in order. `load` is called if that takes what is stored: it returns it, with
    /// an epoch for a room that has never begun.
    ///
    /// # Errors
    /// Those of `load`, and [`Corrupt`] when a stored row cannot be read.
    pub fn handle<E: From<Corrupt>>(
        &mut self,
        input: Input<'_>,
        now: Timestamp,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<Vec<Effect>, E> {
        let mut effects = Vec::new();
        match input {
            Input::Disconnected { client, code } => {
                self.clients.leave(client, code, now, &mut effects);
            }
            Input::Pinged(pinged) => {
                self.clients.close_slow(&pinged, now, &mut effects);
            }
            Input::Woken { pinged } if !self.clients.is_empty() => {
                self.clients.look(&pinged, now, &mut effects);
            }
            Input::Woken { .. } => effects.push(self.retire(now, load)?),
            input => self.turn(load)?.handle(input, now, &mut effects),
        }
        Ok(effects)
    }

    /// Everything up to here is durable. `None` while the log has not been read.
    pub fn head(&self) -> Option<Position> {
        self.log.as_ref().map(Log::head)
    }

    /// The head, and the state there as a `dashboard.state` frame; and what has to be done before anyone is told
    /// of it. A room that has never begun does not begin by being read.
    ///
    /// # Errors
    /// As for [`Room::handle`].
    pub fn state<E: From<Corrupt>>(
        &mut self,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<(Vec<Effect>, Position, Rc<str>), E> {
        let mut turn = self.turn(load)?;
        let mut effects = Vec::new();
        turn.show(&mut effects);
        Ok((effects, turn.head(), turn.log.state_frame()))
    }

    /// How many clients are here.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Whether a client that has seen this can come in, before its connection is accepted.
    ///
    /// # Errors
    /// As for [`Room::handle`].
    pub fn admit<E: From<Corrupt>>(
        &mut self,
        dialect: Dialect,
        resume: Option<&Position>,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<Door, E> {
        if self.clients.len() >= self.limits.clients {
            return Ok(Door::Full);
        }
        let turn = self.turn(load)?;
        let bytes = turn.recovery_bytes(dialect, resume);
        let fits = bytes == 0 || turn.clients.backlog.takes_recovery(bytes, turn.limits);
        Ok(if fits { Door::Open } else { Door::Busy })
    }

    /// Whether the platform may evict the room: it never does while something is to be done within seconds.
    pub fn is_resting(&self) -> bool {
        self.burst.is_resting() && !self.clients.waits
    }

    fn turn<E: From<Corrupt>>(
        &mut self,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<Turn<'_>, E> {
        let Self { session, limits, clients, log, burst } = self;
        let log = match log {
            Some(log) => log,
            none => {
                let (stored, fresh) = load()?;
                none.insert(Log::restore(limits, stored, fresh)?)
            }
        };
        Ok(Turn { session, limits, clients, log, burst })
    }

    /// Nobody has been here for long. If no event has come for as long, that is the end.
    fn retire<E: From<Corrupt>>(
        &mut self,
        now: Timestamp,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<Effect, E> {
        let due = self.turn(load)?.log.last_stored().plus_ms(ROOM_RETENTION_MS);
        if due > now {
            return Ok(Effect::WakeAt(due));
        }
        self.log = None;
        Ok(Effect::End)
    }
}

impl Turn<'_> {
    fn handle(&mut self, input: Input<'_>, now: Timestamp, effects: &mut Vec<Effect>) {
        match input {
            Input::Connected { client, grant, dialect, resume } => {
                effects.extend(self.log.begin());
                let session = Session::new(grant, dialect, now);
                self.join(&client, session, resume.as_ref(), now, effects);
            }
            Input::Frame { client, frame } => self.receive(client, frame, now, effects),
            Input::Published(post) => {
                effects.extend(self.log.begin());
                if self.clients.is_empty() && self.log.has_no_end() {
                    effects.push(Effect::WakeAt(now.plus_ms(ROOM_RETENTION_MS)));
                }
                self.publish(post, now, effects);
            }
            Input::WindowElapsed => self.look_at_window(now, effects),
            Input::StatesDue => self.pay_states(now, effects),
            // These need no log.
            Input::Disconnected { .. } | Input::Woken { .. } | Input::Pinged(_) => {}
        }
    }

    fn head(&self) -> Position {
        self.log.head()
    }

    fn head_seq(&self) -> Seq {
        self.log.head_seq()
    }
}
