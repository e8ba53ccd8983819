//! The room: orders and keeps the updates of one session, and fans them out.
//!
//! A state machine without IO, clock or async. One event of the platform is one [`Input`]. The room answers it with
//! [`Effect`]s, which the runner runs in order and without waiting in between. If an [`Effect::Append`] fails, no
//! client may be shown anything of it.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`input`], [`effect`] | what can happen to it, and what it can ask for |
//! | `turn` | what it does then, with its log in memory |
//! | [`outgoing`] | what it hands out; a dialect makes frames of it |
//! | [`member`] | a connection, as it is stored with it |
//! | [`members`] | who is connected: join, sweep, leave |
//! | [`view`] | what a member sees |
//! | [`groups`] | which members have the same view |
//! | [`expiry`] | when grants end |
//! | [`lives`] | when topics end |
//! | [`timers`], `waking` | when and why it wakes, how long it is kept |
//! | [`occupancy`] | whether the tenant is told that somebody is there, or nobody any more |
//! | [`frames`] | what clients send |
//! | [`backlog`] | what was sent to clients that may not read |
//! | [`company`] | what a member may do besides watching, and shows of itself |
//! | [`presence`], `told` | who is here, and what members are told of it |
//! | `signals` | what members tell each other that counts now only |
//! | [`ladder`] | what members are sent that cannot keep up |
//! | [`publish`] | numbering, duplicates, bursts |
//! | `fanout` | what each group is sent |
//! | [`pacing`] | what groups are sent later, conflated |
//! | `refreshing` | what groups are sent again |
//! | `subscribing` | members change their topics |
//! | `renewing` | members put new tokens in the place of theirs |
//! | `returning` | over how much time they should come back if all lose the room |
//! | [`leases`] | which connections it has, for those who count them, and who can no longer join |
//! | [`remains`] | what of a room that has failed counts for the next |
//! | [`window`] | how long updates wait to become one burst |
//! | [`recovery`] | what a client is sent when it joins |
//! | [`reading`] | what it shows to those who are no members |
//! | [`log`] | which bursts are kept, and the state that they fold to |
//! | [`seen`] | which events were accepted |
//! | [`state`], [`shelf`] | the shortest list of updates that rebuilds what a dashboard shows |
//! | [`tallies`] | how many things are in which bucket |
//! | [`tree`] | the relays of a room that is larger than one object |
//! | `survey` | how it stands, for its operator |
//! | [`row`] | how bursts and checkpoints are stored |
//!
//! The log is read from storage when an input first needs it. Leaving and sweeps do not need it.
//!
//! Everything rests on one property: for any inputs, a room that was evicted and restored in between has the same
//! effects as a room that was not.

pub mod backlog;
pub mod company;
pub mod effect;
pub mod expiry;
mod fanout;
pub mod frames;
pub mod groups;
pub mod input;
pub mod ladder;
pub mod leases;
pub mod lives;
pub mod log;
pub mod member;
pub mod members;
pub mod occupancy;
pub mod outgoing;
pub mod pacing;
pub mod presence;
pub mod publish;
pub mod reading;
pub mod recovery;
mod refreshing;
pub mod remains;
mod renewing;
mod returning;
pub mod row;
pub mod seen;
pub mod shelf;
mod signals;
pub mod state;
mod subscribing;
mod survey;
pub mod tallies;
pub mod timers;
mod told;
pub mod tree;
mod turn;
pub mod view;
mod waking;
pub mod window;

use crate::limits::RoomLimits;
use crate::protocol::capacity::{Capacity, WhenFull};
use crate::protocol::client_frame::ClientFrame;
use crate::protocol::codes::Refusal;
use crate::protocol::ids::{ClientId, Epoch, Position, SessionId};
use crate::protocol::revocation::Revocation;
use crate::protocol::time::Timestamp;

use groups::GroupId;
use leases::Leases;
use log::Log;
use member::Member;
use members::Members;
use occupancy::{Kept, Occupancy};
use pacing::Pacing;
use publish::Burst;
use row::{Corrupt, Stored};
use timers::{Reason, Timers, Wanted};
use tree::Tree;
use turn::Turn;
use view::{View, Viewer};

pub use effect::Effect;
pub use input::{Input, Resume, Said, Verdict};
pub use publish::PostId;

/// Whether a client can join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// It can.
    Open,
    /// The room has as many members as it may have.
    Full,
    /// It can, if another one is closed for it: send [`Input::Crowded`], and ask again.
    Crowded,
    /// The client would have to be sent more than may be queued now.
    Busy,
    /// The room has spread: relays take members.
    Spread,
    /// This relay has to ask its parent before it knows what the client lacks.
    Behind,
}

/// How full the room may be for a client to join it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Entry {
    /// How many members the room may have.
    pub capacity: Capacity,
    /// The members from which it spreads over relays; `None` if this client may not be sent to one.
    pub above: Option<usize>,
}

/// One room.
#[derive(Debug)]
pub struct Room {
    session: SessionId,
    limits: RoomLimits,
    members: Members,
    /// Read from storage when it is first needed.
    log: Option<Log>,
    burst: Burst,
    pacing: Pacing,
    timers: Timers,
    leases: Leases,
    occupancy: Occupancy,
    tree: Tree,
}

impl Room {
    /// Restores a room from the members that are kept with its open connections.
    pub fn restore(
        session: SessionId,
        limits: RoomLimits,
        members: impl IntoIterator<Item = (ClientId, Member)>,
        now: Timestamp,
    ) -> Self {
        let members = Members::restore(limits, members);
        let (refresh_ms, ends) = (members.refresh_ms(), members.next_end());
        let wanted = Wanted { sweeps: !members.is_empty(), refresh_ms, ends };
        let timers = Timers::restore(session.as_str(), wanted, now);
        let (log, burst, pacing) = (None, Burst::default(), Pacing::default());
        let (leases, occupancy, tree) = (Leases::begin(now), Occupancy::default(), Tree::default());
        Self { session, limits, members, log, burst, pacing, timers, leases, occupancy, tree }
    }

    /// Gives a restored room what it has kept of its occupancy.
    #[must_use]
    pub fn keeping(mut self, kept: Kept, now: Timestamp) -> Self {
        self.occupancy = Occupancy::restore(kept);
        self.timers.expect(Reason::Occupancy, self.occupancy.due(now));
        self
    }

    /// The members, and the group of each.
    pub fn members(&self) -> impl Iterator<Item = (&ClientId, GroupId)> + '_ {
        let groups = &self.members.groups;
        let members = self.members.by_client.iter();
        members.filter_map(|(client, member)| Some((client, groups.get(&member.view)?.id)))
    }

    /// The view of a member; `None` if the client is not a member.
    pub fn view(&self, client: &ClientId) -> Option<&View> {
        self.members.by_client.get(client).map(|member| &member.view)
    }

    /// Handles an input. Returns the effects, to be run in order. Calls `load` if storage has to be read: it returns
    /// everything stored, and an epoch for a room that has never begun. Whatever the input is, a member whose grant has
    /// ended is closed before it.
    ///
    /// # Errors
    /// Those of `load`, and [`Corrupt`] when a stored row cannot be read.
    pub fn handle<E: From<Corrupt>>(
        &mut self,
        input: Input<'_>,
        now: Timestamp,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<Vec<Effect>, E> {
        let was_empty = self.is_empty();
        let mut effects = Vec::new();
        self.members.expire(now, &mut effects);
        match input {
            Input::Disconnected { client, code } => self.members.leave(client, code, &mut effects),
            Input::Pinged(pinged) => {
                self.members.close_slow(&pinged, &mut effects);
                if self.log.is_some() {
                    self.turn(load)?.slow_down(now, &mut effects);
                }
            }
            Input::Crowded { clients, pinged } => {
                // The places of relays stay theirs.
                let clients = clients.min(self.limits.clients);
                let own = clients.saturating_sub(self.tree.allowed());
                if own > 0 || self.tree.is_leaf() {
                    self.members.make_room(own, &pinged, &mut effects);
                }
            }
            Input::Woken { pinged } => self.wake(was_empty, &pinged, now, load, &mut effects)?,
            Input::Revoked(revocation) => {
                self.members.revoke(&revocation, &mut effects);
                self.leases.revoke(&revocation, now);
            }
            Input::Announced { number } => self.occupancy.noted(number),
            Input::Ruled(rule) => self.obey(rule, was_empty, now, &mut effects),
            Input::Abolished => {
                self.abolish(now, &mut effects);
                return Ok(effects);
            }
            // The client has left.
            Input::Verified { client, .. } if !self.members.asks(&client) => {}
            Input::Published(post) => {
                let mut turn = self.turn(load)?;
                let endless = was_empty && turn.log.has_no_end();
                turn.handle(Input::Published(post), now, &mut effects);
                if endless {
                    self.end_later(now);
                }
            }
            Input::PresenceDue => self.members.presence.elapse(),
            Input::FeedDue => self.tree.feed_again(),
            Input::Replied { to, reply } => self.replied(to, reply),
            Input::Fed { guest, ate } => {
                let turn = self.turn(load)?;
                effects.extend(turn.tree.fed(guest, ate, turn.log.last_burst(), now));
            }
            Input::Adopted { served, asked } => {
                self.take((served, asked), now, load, &mut effects)?;
            }
            Input::Unanswered => self.go_unanswered(now, load, &mut effects)?,
            Input::Frame {
                client,
                said: Said::Frame { frame: ClientFrame::Company(frame), reference },
            } => {
                self.members.converse(client, frame, reference, now, &mut effects);
            }
            input => self.turn(load)?.handle(input, now, &mut effects),
        }
        self.end_turn(was_empty, now, &mut effects);
        Ok(effects)
    }

    /// What is left to do when an input was handled.
    fn end_turn(&mut self, was_empty: bool, now: Timestamp, effects: &mut Vec<Effect>) {
        self.members.turn_presence(&self.tree, now, effects);
        if let Some(log) = &self.log {
            effects.extend(self.tree.feed(log));
        }
        effects.extend(self.tree.store());
        self.set_timers(was_empty, now);
        effects.extend(self.occupancy.turn(self.is_empty(), now));
        self.timers.put(Reason::Occupancy, self.occupancy.due(now));
        effects.extend(self.timers.rearm().map(Effect::WakeAt));
    }

    /// The position up to which everything is stored; `None` while the log has not been read.
    pub fn head(&self) -> Option<Position> {
        self.log.as_ref().map(Log::head)
    }

    /// Reads the log, if it is not in memory.
    ///
    /// # Errors
    /// As for [`Room::handle`].
    pub fn wake_log<E: From<Corrupt>>(
        &mut self,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<(), E> {
        self.turn(load).map(drop)
    }

    /// Whether a client with this position can join. Asked before its connection is accepted.
    ///
    /// # Errors
    /// As for [`Room::handle`].
    pub fn admit<E: From<Corrupt>>(
        &mut self,
        viewer: Viewer<'_>,
        (resume, entry): (&Resume, Entry),
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<Door, E> {
        if entry.above.is_some_and(|above| self.has_spread(above)) {
            return Ok(Door::Spread);
        }
        if self.free(entry.capacity) == 0 {
            return Ok(match entry.capacity.when_full {
                WhenFull::Refuse => Door::Full,
                WhenFull::CloseOldestIdle => Door::Crowded,
            });
        }
        let turn = self.turn(load)?;
        if turn.is_behind(resume.position()) {
            return Ok(Door::Behind);
        }
        let bytes = turn.recovery_bytes(viewer, resume);
        let fits = bytes == 0 || turn.members.backlog.takes_recovery(bytes, turn.limits);
        Ok(if fits { Door::Open } else { Door::Busy })
    }

    /// How many more members may join.
    pub fn free(&self, capacity: Capacity) -> usize {
        let members = self.members.len();
        let clients = capacity.clients.unwrap_or(usize::MAX);
        let left = clients.saturating_sub(members).saturating_sub(self.tree.allowed());
        left.min(self.limits.clients.saturating_sub(members))
    }

    /// How many members' tokens a revocation covers.
    pub fn count_revoked(&self, revocation: &Revocation) -> usize {
        self.members.by_client.values().filter(|member| member.is_revoked_by(revocation)).count()
    }

    /// Whether the platform may evict the room. It does not while the room has something to do within seconds, or waits for
    /// the tenant.
    pub fn is_resting(&self) -> bool {
        let waits = self.members.waits
            || !self.members.asking.is_empty()
            || self.members.presence.is_gathering();
        self.burst.is_resting() && self.pacing.is_resting() && self.tree.is_resting() && !waits
    }

    /// Ends the room. What it has gathered is stored first, so that whoever posted it is answered. The room must not be
    /// given another input.
    fn abolish(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let Self { session, limits, members, log, burst, pacing, tree, .. } = self;
        if let Some(log) = log {
            Turn { session, limits, members, log, burst, pacing, tree }.settle(now, effects);
        }
        self.members.close_all(Refusal::TenantUnknown.into(), effects);
        effects.push(Effect::End);
    }

    fn turn<E: From<Corrupt>>(
        &mut self,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<Turn<'_>, E> {
        if self.log.is_none() {
            self.restore_log(load()?)?;
        }
        let Self { session, limits, members, log, burst, pacing, tree, .. } = self;
        // It is there now.
        let log = log.as_mut().ok_or(Corrupt("log"))?;
        log.has_numbers()?;
        Ok(Turn { session, limits, members, log, burst, pacing, tree })
    }

    // Not generic, so that it is compiled once.
    #[inline(never)]
    fn restore_log(&mut self, (stored, fresh): (Stored, Epoch)) -> Result<(), Corrupt> {
        let log = Log::restore(&self.limits, stored, fresh)?;
        self.members.level(&log);
        self.log = Some(log);
        Ok(())
    }
}
