//! Runs a room where it is: one input is one turn, in which everything that the room asks for is done, in order and
//! without waiting.
//!
//! Restores the room when it is not in memory, has its members' dialects make frames of what it hands out, and
//! forgets it when anything fails. Does no IO itself: that is the business of a [`Platform`].

mod platform;

use std::rc::Rc;

use crate::dialect::{Frames, Received};
use crate::protocol::dialect::Dialect;
use crate::protocol::ids::{ClientId, Position};
use crate::protocol::time::Timestamp;
use crate::room::outgoing::{Message, Snapshot};
use crate::room::{Door, Effect, Input, Resume, Room};

pub use platform::{Awaited, Failure, Platform, Wait};

/// The room could not do what it was asked. It has been dropped from memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomFailed;

/// What is left to do about the alarm, after everything else of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alarm {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is to be set.
    Set(Timestamp),
    /// There is nothing left to wake up for: what is stored is to be deleted, and the alarm with it.
    End,
}

/// A room, in memory or not.
#[derive(Debug, Default)]
pub struct Runner {
    room: Option<Room>,
    failures: u64,
    /// Whether the room has failed since it was in memory last.
    failed: bool,
    /// The state that was encoded last for `roomcast.v1`.
    state: Option<(Rc<Snapshot>, Rc<str>)>,
}

impl Runner {
    /// One turn: what the room makes of `input`, done.
    ///
    /// # Errors
    /// [`RoomFailed`] when any of it could not be done.
    pub fn turn(
        &mut self,
        input: Input<'_>,
        platform: &mut impl Platform,
    ) -> Result<Alarm, RoomFailed> {
        let turned = self.try_turn(input, platform);
        turned.map_err(|failure| self.fail(&failure, platform))
    }

    /// The turn of something that a client sent.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn hear(
        &mut self,
        client: &ClientId,
        received: Received<'_>,
        platform: &mut impl Platform,
    ) -> Result<Alarm, RoomFailed> {
        let view = match self.room(platform) {
            Ok(room) => room.view(client),
            Err(failure) => return Err(self.fail(&failure, platform)),
        };
        let Some(view) = view else { return Ok(Alarm::Keep) };
        let said = view.dialect.decode(received);
        self.turn(Input::Frame { client, said }, platform)
    }

    /// The turn of an alarm.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn wake(&mut self, platform: &mut impl Platform) -> Result<Alarm, RoomFailed> {
        // The members have to be in memory before their connections can be asked.
        if let Err(failure) = self.room(platform) {
            return Err(self.fail(&failure, platform));
        }
        let pinged = platform.pinged();
        self.turn(Input::Woken { pinged }, platform)
    }

    /// The turn at the end of a wait, unless the room has failed since: the next one has waits of its own.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn waited(
        &mut self,
        wait: Wait,
        platform: &mut impl Platform,
    ) -> Result<Alarm, RoomFailed> {
        if wait.failures == self.failures {
            self.turn(wait.awaited.input(), platform)
        } else {
            Ok(Alarm::Keep)
        }
    }

    /// Whether a client can come in, once it is known who has pinged if that matters.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn admit(
        &mut self,
        resume: &Resume,
        platform: &mut impl Platform,
    ) -> Result<Door, RoomFailed> {
        let door = self.try_admit(resume, platform);
        door.map_err(|failure| self.fail(&failure, platform))
    }

    /// The head, and the state there as a frame of `roomcast.v1`.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn read(
        &mut self,
        platform: &mut impl Platform,
    ) -> Result<(Position, Rc<str>), RoomFailed> {
        let read = self.try_read(platform);
        read.map_err(|failure| self.fail(&failure, platform))
    }

    /// Forgets the room, which is restored from what is durable at the next input. Who is connected may have
    /// missed what was just stored: only by coming back will they know.
    pub fn fail(&mut self, failure: &Failure, platform: &mut impl Platform) -> RoomFailed {
        self.failures += 1;
        self.forget();
        self.failed = true;
        platform.failed(failure);
        RoomFailed
    }

    /// The room is out of memory: what an eviction does, which comes only while it rests.
    pub fn forget(&mut self) {
        (self.room, self.state) = (None, None);
    }

    /// Whether the platform may evict the room.
    pub fn is_resting(&self) -> bool {
        self.room.as_ref().is_none_or(Room::is_resting)
    }

    /// The head, while the log is in memory.
    pub fn head(&self) -> Option<Position> {
        self.room.as_ref().and_then(Room::head)
    }

    // What a room does is large, and compiled once for all that ask for it.
    #[inline(never)]
    fn try_turn(
        &mut self,
        input: Input<'_>,
        platform: &mut impl Platform,
    ) -> Result<Alarm, Failure> {
        let now = platform.now();
        let effects = self.room(platform)?.handle(input, now, || platform.load())?;
        self.run(effects, platform)
    }

    fn try_admit(
        &mut self,
        resume: &Resume,
        platform: &mut impl Platform,
    ) -> Result<Door, Failure> {
        let door = self.room(platform)?.admit(resume, || platform.load())?;
        if door != Door::Busy {
            return Ok(door);
        }
        let pinged = platform.pinged();
        // Closing a slow client changes the alarm only if it was the last one, and then the next sets it again.
        self.try_turn(Input::Pinged(pinged), platform)?;
        self.room(platform)?.admit(resume, || platform.load())
    }

    fn try_read(&mut self, platform: &mut impl Platform) -> Result<(Position, Rc<str>), Failure> {
        let (effects, snapshot) = self.room(platform)?.state(|| platform.load())?;
        self.run(effects, platform)?;
        Ok((snapshot.head.clone(), self.state_frame(&snapshot)))
    }

    /// The room, which is restored if it was out of memory.
    #[inline(never)]
    fn room(&mut self, platform: &mut impl Platform) -> Result<&mut Room, Failure> {
        match &mut self.room {
            Some(room) => Ok(room),
            none => {
                let room = restore(platform)?;
                let failed = std::mem::take(&mut self.failed);
                let room = if failed { room.after_failure(platform.now()) } else { room };
                Ok(none.insert(room))
            }
        }
    }

    /// Runs effects in order. The first that fails is the last.
    #[inline(never)]
    fn run(
        &mut self,
        effects: Vec<Effect>,
        platform: &mut impl Platform,
    ) -> Result<Alarm, Failure> {
        let (mut alarm, mut asks_pings) = (Alarm::Keep, false);
        for effect in effects {
            match effect {
                Effect::Enter { client, group } => platform.enter(&client, group),
                Effect::OpenWindow { ms } => self.wait(ms, Awaited::Window, platform),
                Effect::OweStates { ms } => self.wait(ms, Awaited::States, platform),
                Effect::WakeAt(at) => alarm = Alarm::Set(at),
                Effect::End => alarm = Alarm::End,
                Effect::AskPings => asks_pings = true,
                effect => {
                    if matches!(effect, Effect::Append { .. }) {
                        self.state = None;
                    }
                    let frames = self.frames(&effect, platform)?;
                    platform.perform(effect, &frames)?;
                }
            }
        }
        if asks_pings {
            let pinged = platform.pinged();
            if let later @ (Alarm::Set(_) | Alarm::End) =
                self.try_turn(Input::Pinged(pinged), platform)?
            {
                alarm = later;
            }
        }
        Ok(alarm)
    }

    fn wait(&self, ms: u64, awaited: Awaited, platform: &mut impl Platform) {
        platform.wait(ms, Wait { awaited, failures: self.failures });
    }

    /// What an effect says, as its receivers' dialect writes it: once, however many they are.
    fn frames(&mut self, effect: &Effect, platform: &mut impl Platform) -> Result<Frames, Failure> {
        match effect {
            Effect::Send { view, message, .. } => Ok(self.message(view.dialect, message)),
            Effect::Broadcast { view, updates, .. } => Ok(view.dialect.updates(updates)),
            Effect::Replay { view, replay, .. } => {
                let bursts = platform.read(&replay.bursts)?;
                view.dialect.replay(replay, &bursts).map_err(Failure::at("replay"))
            }
            _ => Ok(Vec::new()),
        }
    }

    fn message(&mut self, dialect: Dialect, message: &Message) -> Frames {
        match (dialect, message) {
            (Dialect::V1, Message::State(snapshot)) => vec![self.state_frame(snapshot)],
            _ => dialect.message(message),
        }
    }

    /// The state is large and many ask for the same one: it is encoded once.
    fn state_frame(&mut self, snapshot: &Rc<Snapshot>) -> Rc<str> {
        match &self.state {
            Some((encoded, frame)) if Rc::ptr_eq(encoded, snapshot) => frame.clone(),
            _ => {
                let frame = crate::dialect::v1::state(snapshot);
                self.state = Some((snapshot.clone(), frame.clone()));
                frame
            }
        }
    }
}

fn restore(platform: &mut impl Platform) -> Result<Room, Failure> {
    let (session, limits) = platform.session()?;
    let members = platform.members();
    let room = Room::restore(session, limits, members, platform.now());
    for (client, group) in room.members() {
        platform.enter(client, group);
    }
    Ok(room)
}
