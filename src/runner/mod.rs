//! Runs a room. One input is one turn: the runner hands it to the room and runs the effects, in order and without
//! waiting.
//!
//! The runner restores the room when it is not in memory, lets dialects encode what the room hands out, and drops the
//! room from memory when anything fails. It does no IO itself; a [`Platform`] does.

mod company;
mod counting;
mod deflating;
mod failing;
mod orders;
mod platform;
mod reading;
mod reporting;
mod tree;

use std::rc::Rc;

use crate::dialect::deflate::Deflater;
use crate::dialect::{Frames, Received};
use crate::protocol::capacity::Capacity;
use crate::protocol::dialect::Dialect;
use crate::protocol::ids::{ClientId, Position};
use crate::protocol::time::Timestamp;
use crate::room::outgoing::{Message, Snapshot};
use crate::room::remains::Remains;
use crate::room::view::{View, Viewer};
use crate::room::{Door, Effect, Entry, Input, Resume, Room, Said};

use counting::rows_of;
use failing::Return;
use reporting::Reporting;

pub use reporting::Readers;

pub use platform::{Asked, Awaited, Failure, Identity, Platform, Wait};

/// The room has failed and was dropped from memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomFailed;

/// What to do with the alarm, after everything else of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alarm {
    /// Leave it as it is.
    #[default]
    Keep,
    /// Set it.
    Set(Timestamp),
    /// Delete everything that is stored, and the alarm with it: the room has ended.
    End,
}

/// A room, in memory or not.
#[derive(Debug, Default)]
pub struct Runner {
    room: Option<Room>,
    /// How often the room has failed or was ended. Waits from before are void.
    failures: u64,
    /// What is kept of a room that has failed and has not been restored since.
    remains: Option<Remains>,
    /// Whether a room that has failed comes back by itself.
    returns: Return,
    /// The snapshot that was encoded last, in which dialect, and its frames.
    state: Option<(Rc<Snapshot>, Dialect, Frames)>,
    /// What compressed frames refer to.
    deflater: Deflater,
    /// What is counted while the room is watched or metered.
    reporting: Option<Box<Reporting>>,
}

impl Runner {
    /// One turn: handles `input` and runs its effects.
    ///
    /// # Errors
    /// [`RoomFailed`] when anything in the turn failed.
    pub fn turn(
        &mut self,
        input: Input<'_>,
        platform: &mut impl Platform,
    ) -> Result<Alarm, RoomFailed> {
        let turned = self.try_turn(input, platform);
        self.or_fail(turned, platform)
    }

    /// The turn of a frame from a client. A connection that was closed but has not ended may still send frames: they
    /// wake no log.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn hear(
        &mut self,
        client: &ClientId,
        received: Received<'_>,
        platform: &mut impl Platform,
    ) -> Result<Alarm, RoomFailed> {
        let dialect = self.room(platform).map(|room| Some(room.view(client)?.dialect.clone()));
        match self.or_fail(dialect, platform)? {
            Some(dialect) => {
                let said = dialect.decode(received);
                self.turn(Input::Frame { client, said }, platform)
            }
            None => Ok(Alarm::Keep),
        }
    }

    /// The turn of what a client has said, if it is a member.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn say(
        &mut self,
        client: &ClientId,
        said: Said,
        platform: &mut impl Platform,
    ) -> Result<Alarm, RoomFailed> {
        let member = self.room(platform).map(|room| room.view(client).is_some());
        if self.or_fail(member, platform)? {
            return self.turn(Input::Frame { client, said }, platform);
        }
        Ok(Alarm::Keep)
    }

    /// Restores the room if it is not in memory.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn restored(&mut self, platform: &mut impl Platform) -> Result<(), RoomFailed> {
        let restored = self.room(platform).map(drop);
        self.or_fail(restored, platform)
    }

    /// The turn of an alarm.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn wake(&mut self, platform: &mut impl Platform) -> Result<Alarm, RoomFailed> {
        // The platform only knows the pings of members that are in memory.
        self.restored(platform)?;
        let pinged = platform.pinged();
        self.turn(Input::Woken { pinged }, platform)
    }

    /// The turn at the end of a wait. Does nothing if the room has failed since: a restored room has its own waits.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn waited(
        &mut self,
        wait: Wait,
        platform: &mut impl Platform,
    ) -> Result<Alarm, RoomFailed> {
        if wait.failures != self.failures {
            return Ok(Alarm::Keep);
        }
        if let Some(input) = wait.awaited.input() {
            return self.turn_after_wait(wait.awaited, input, platform);
        }
        self.report_late(platform);
        Ok(Alarm::Keep)
    }

    /// Whether a client can join. If the room is busy or crowded, members that do not read, or that have been silent for
    /// longest, are closed first.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn admit(
        &mut self,
        viewer: Viewer<'_>,
        resume: (&Resume, Entry),
        platform: &mut impl Platform,
    ) -> Result<Door, RoomFailed> {
        let door = self.try_admit(viewer, resume, platform);
        self.or_fail(door, platform)
    }

    /// Drops the room from memory, as an eviction does.
    pub fn forget(&mut self) {
        (self.room, self.state, self.reporting) = (None, None, None);
        self.deflater = Deflater::default();
    }

    /// How many more members may join, while the room is in memory.
    pub fn free(&self, capacity: Capacity) -> usize {
        self.room.as_ref().map_or(0, |room| room.free(capacity))
    }

    /// The head, while the log is in memory.
    pub fn head(&self) -> Option<Position> {
        self.room.as_ref().and_then(Room::head)
    }

    // This code is large: without `inline(never)` it would be compiled into each caller.
    #[inline(never)]
    fn try_turn(
        &mut self,
        input: Input<'_>,
        platform: &mut impl Platform,
    ) -> Result<Alarm, Failure> {
        let was_alarm = matches!(input, Input::Woken { .. });
        self.count_turn(&input, platform);
        let alarm = self.act(input, platform)?;
        self.end_turn(was_alarm, alarm, platform);
        Ok(alarm)
    }

    #[inline(never)]
    fn act(&mut self, input: Input<'_>, platform: &mut impl Platform) -> Result<Alarm, Failure> {
        let (now, mut rows) = (platform.now(), 0);
        let effects = self.room(platform)?.handle(input, now, || {
            let loaded = platform.load()?;
            rows = rows_of(&loaded.0);
            Ok::<_, Failure>(loaded)
        })?;
        self.count_read(rows);
        self.run(effects, platform)
    }

    fn try_admit(
        &mut self,
        viewer: Viewer<'_>,
        resume: (&Resume, Entry),
        platform: &mut impl Platform,
    ) -> Result<Door, Failure> {
        let door = self.room(platform)?.admit(viewer, resume, || platform.load())?;
        let pinged = match door {
            Door::Open | Door::Full | Door::Spread | Door::Behind => return Ok(door),
            Door::Busy | Door::Crowded => platform.pinged(),
        };
        let input = if door == Door::Busy {
            Input::Pinged(pinged)
        } else {
            Input::Crowded { clients: resume.1.capacity.clients.unwrap_or(usize::MAX), pinged }
        };
        // This changes the alarm only if it closes the last member. Then the alarm stays at the next sweep, and that
        // turn, or a client that joins before it, sets it anew.
        self.try_turn(input, platform)?;
        self.room(platform)?.admit(viewer, resume, || platform.load())
    }

    /// The room, restored if it is not in memory.
    #[inline(never)]
    fn room(&mut self, platform: &mut impl Platform) -> Result<&mut Room, Failure> {
        self.input_has_come();
        match &mut self.room {
            Some(room) => Ok(room),
            none => {
                let room = restore(platform)?;
                let (is_awaited, now) = (self.returns == Return::Awaited, platform.now());
                let room = match self.remains.take() {
                    Some(remains) => room.after_failure(remains, is_awaited, now),
                    None => room,
                };
                deflating::restore(&mut self.deflater, &room);
                Ok(none.insert(room))
            }
        }
    }

    /// Runs effects in order, and stops at the first that fails.
    #[inline(never)]
    fn run(
        &mut self,
        effects: Vec<Effect>,
        platform: &mut impl Platform,
    ) -> Result<Alarm, Failure> {
        let (mut alarm, mut asks_pings) = (Alarm::Keep, false);
        for effect in effects {
            match effect {
                Effect::Enter { client, group } => {
                    self.joins_stream(&client);
                    platform.enter(&client, group);
                }
                Effect::OpenWindow { ms } => self.wait(ms, Awaited::Window, platform),
                Effect::OweStates { ms } => self.wait(ms, Awaited::States, platform),
                Effect::Pace { ms } => self.wait(ms, Awaited::Pace, platform),
                Effect::GatherPresence { ms } => self.wait(ms, Awaited::Presence, platform),
                Effect::Verify { client, token, reference } => {
                    platform.verify(token, Asked { client, reference });
                }
                Effect::WakeAt(at) => alarm = Alarm::Set(at),
                Effect::End => alarm = Alarm::End,
                Effect::AskPings => asks_pings = true,
                Effect::Feed { to, meal } => {
                    let served = tree::serve(meal, platform)?;
                    platform.feed(to, served);
                }
                Effect::FeedLater { ms } => self.wait(ms, Awaited::Feed, platform),
                Effect::Write { to, letter } => platform.write(to, letter),
                Effect::AskParent => platform.ask_parent(),
                effect => {
                    if matches!(effect, Effect::Append { .. }) {
                        self.state = None;
                    }
                    self.perform(effect, platform)?;
                }
            }
        }
        if asks_pings {
            let pinged = platform.pinged();
            if let later @ (Alarm::Set(_) | Alarm::End) =
                self.act(Input::Pinged(pinged), platform)?
            {
                alarm = later;
            }
        }
        Ok(alarm)
    }

    fn perform(&mut self, effect: Effect, platform: &mut impl Platform) -> Result<(), Failure> {
        let frames = self.frames(&effect, platform)?;
        let deflated = self.deflated(&effect, &frames);
        let bytes = frames.iter().map(|frame| frame.len()).sum();
        let bytes = deflated.as_ref().map_or(bytes, |deflated| deflated.frame.len());
        self.count_effect(&effect, (frames.len(), bytes));
        match deflated {
            Some(deflated) => platform.broadcast_deflated(effect, &frames, &deflated),
            None => platform.perform(effect, &frames),
        }
    }

    fn wait(&self, ms: u64, awaited: Awaited, platform: &mut impl Platform) {
        platform.wait(ms, Wait { awaited, failures: self.failures });
    }

    /// The frames of an effect in the dialect of its receivers, encoded once for all of them.
    fn frames(&mut self, effect: &Effect, platform: &mut impl Platform) -> Result<Frames, Failure> {
        let now = platform.now();
        match effect {
            Effect::Send { view, message, .. } | Effect::SendToEach { view, message, .. } => {
                Ok(self.message(view, message, now))
            }
            Effect::Refresh { view, each, .. } => {
                Ok(view.dialect.refreshed(each, &view.topics, now))
            }
            Effect::Close { view, reason, .. } => Ok(view.dialect.notice(*reason, now)),
            Effect::Broadcast { view, updates, .. } => {
                Ok(view.dialect.updates(updates, &view.topics, now))
            }
            Effect::Replay { replay, .. } => {
                let bursts = platform.read(&replay.bursts)?;
                replay.view.dialect.replay(replay, &bursts, now).map_err(Failure::at("replay"))
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The frames of a message. A snapshot is large, and many clients ask for the same one, so it is encoded once.
    fn message(&mut self, view: &View, message: &Message, now: Timestamp) -> Frames {
        let View { dialect, topics, .. } = view;
        let Message::State(snapshot) = message else {
            return dialect.message(message, topics, now);
        };
        match &self.state {
            Some((encoded, of, frames)) if of == dialect && Rc::ptr_eq(encoded, snapshot) => {
                frames.clone()
            }
            _ => {
                let frames = dialect.message(message, topics, now);
                self.state = Some((snapshot.clone(), dialect.clone(), frames.clone()));
                frames
            }
        }
    }
}

fn restore(platform: &mut impl Platform) -> Result<Room, Failure> {
    let Identity { session, relay, limits, occupancy, tree } = platform.identity()?;
    let (members, now) = (platform.members(), platform.now());
    let room = Room::restore(session, limits, members, now);
    let room = room.in_tree(relay, tree, now).keeping(occupancy, now);
    for (client, group) in room.members() {
        platform.enter(client, group);
    }
    Ok(room)
}
