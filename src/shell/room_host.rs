//! Holds a room in memory and runs its effects on sockets, storage and alarm.
//!
//! One input is one turn: the room is borrowed in one statement, and everything up to the alarm
//! happens without waiting. The runtime withholds what was sent in a turn until what was stored in
//! it is durable, so no client ever sees an update that could be lost.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use futures::channel::oneshot;
use worker::{Delay, State};

use super::environment::{now, random};
use super::objects::Delivered;
use super::record::{write, Line};
use super::sockets::Sockets;
use super::storage::Storage;
use crate::limits::RoomLimits;
use crate::protocol::codes::Refusal;
use crate::protocol::ids::{ClientId, Epoch, RoomName};
use crate::protocol::server_frame::Dialect;
use crate::protocol::time::Timestamp;
use crate::protocol::update::Update;
use crate::room::clients::Session;
use crate::room::recovery::Replay;
use crate::room::{Effect, Input, PostId, Room};

/// The room could not do what it was asked. It has been dropped from memory.
#[derive(Debug)]
pub(super) struct RoomFailed;

/// What is left to do once everything synchronous is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alarm {
    Keep,
    Set(Timestamp),
    Clear,
}

/// One room on this platform.
pub(super) struct RoomHost {
    state: State,
    storage: Storage,
    sockets: Sockets,
    room: RefCell<Option<Room>>,
    waiting: RefCell<HashMap<PostId, oneshot::Sender<Delivered>>>,
    posts: Cell<u64>,
}

impl RoomHost {
    pub(super) fn new(state: State) -> Self {
        let storage = Storage::new(state.storage().sql());
        Self {
            state,
            storage,
            sockets: Sockets::new(),
            room: RefCell::default(),
            waiting: RefCell::default(),
            posts: Cell::default(),
        }
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn sockets(&self) -> &Sockets {
        &self.sockets
    }

    /// One turn: what the room makes of `input`, done.
    pub(super) fn turn(self: &Rc<Self>, input: Input<'_>) -> Result<Alarm, RoomFailed> {
        let effects = self.with_room(|room| room.handle(input, now()))?;
        self.run(effects)
    }

    /// Stores and shows updates. Answers when they are durable.
    pub(super) async fn publish(
        self: &Rc<Self>,
        updates: Vec<Update>,
    ) -> Result<Delivered, RoomFailed> {
        let post = PostId(self.posts.replace(self.posts.get() + 1));
        let (sender, answer) = oneshot::channel();
        self.waiting.borrow_mut().insert(post, sender);
        self.turn(Input::Published { post, updates })?;
        // The sender is dropped when the room fails before it answers.
        answer.await.map_err(|_| RoomFailed)
    }

    /// Does something with the room, which is restored first if it was out of memory.
    pub(super) fn with_room<T>(&self, act: impl FnOnce(&mut Room) -> T) -> Result<T, RoomFailed> {
        let mut room = self.room.borrow_mut();
        if room.is_none() {
            *room = Some(self.restore()?);
        }
        room.as_mut().map(act).ok_or(RoomFailed)
    }

    fn restore(&self) -> Result<Room, RoomFailed> {
        let name = self.name();
        let RoomName { session, .. } = name.parse().map_err(|_| self.fail("name"))?;
        let stored = self.storage.load().map_err(|_| self.fail("load"))?;
        let fresh = Epoch::from_random(random().map_err(|_| self.fail("random"))?);
        let sessions = self.sockets.restore(&self.state);
        let clients = sessions.len();
        let room = Room::restore(session, RoomLimits::default(), stored, fresh, sessions);
        let room = room.map_err(|_| self.fail("restore"))?;
        write(&Line::RoomRestored { room: &name, seq: room.head().seq, clients });
        Ok(room)
    }

    /// Runs effects in order. Whatever fails, fails the turn: the room is dropped, to be restored
    /// from what is durable, and everyone who waits for it or is connected to it is told.
    pub(super) fn run(self: &Rc<Self>, effects: Vec<Effect>) -> Result<Alarm, RoomFailed> {
        let mut alarm = Alarm::Keep;
        for effect in effects {
            if let Err(stage) = self.effect(effect, &mut alarm) {
                return Err(self.fail(stage));
            }
        }
        Ok(alarm)
    }

    fn effect(self: &Rc<Self>, effect: Effect, alarm: &mut Alarm) -> Result<(), &'static str> {
        match effect {
            Effect::Found(epoch) => self.storage.found(&epoch).map_err(|_| "found")?,
            Effect::Append(row) => self.storage.append(&row).map_err(|_| "append")?,
            Effect::Checkpoint(row) => self.storage.checkpoint(&row).map_err(|_| "checkpoint")?,
            Effect::Remember { client, session } => {
                self.sockets.remember(&client, session).map_err(|_| "remember")?;
            }
            Effect::Send { to, text } => self.sockets.send(&to, &text),
            Effect::Broadcast { to, text } => {
                self.sockets.broadcast(to, &text).map_err(|_| "broadcast")?;
            }
            Effect::Replay { to, replay } => self.replay(&to, &replay)?,
            Effect::Close { client, code, reason } => self.sockets.close(&client, code, reason),
            Effect::Left { client, session, code } => self.left(&client, &session, code),
            Effect::Answer { post, outcomes } => {
                // Of the requests that share a burst the first one carries what it took.
                let cost = self.storage.take_spent();
                if let Some(waiting) = self.waiting.borrow_mut().remove(&post) {
                    // Whoever asked may be gone; what was asked is done all the same.
                    let _ = waiting.send(Delivered { outcomes, cost });
                }
            }
            Effect::OpenWindow { ms } => self.open_window(ms),
            Effect::WakeAt(at) => *alarm = Alarm::Set(at),
            Effect::Sleep => *alarm = Alarm::Clear,
        }
        Ok(())
    }

    fn replay(&self, client: &ClientId, replay: &Replay) -> Result<(), &'static str> {
        let bursts = self.storage.read(&replay.bursts).map_err(|_| "read")?;
        let frames = replay.frames(&bursts).map_err(|_| "replay")?;
        for frame in &frames {
            self.sockets.send(client, frame);
        }
        Ok(())
    }

    /// The wait keeps the room in memory.
    fn open_window(self: &Rc<Self>, ms: u64) {
        let (host, end) = (self.clone(), now().plus_ms(ms));
        self.state.wait_until(async move {
            // If storing fails the runtime resets the object, and this with it.
            let _ = host.state.storage().sync().await;
            let left = end.ms_since(now());
            if left > 0 {
                Delay::from(Duration::from_millis(left)).await;
            }
            // A window never changes the alarm, and a failed turn has been written down.
            let _ = host.turn(Input::WindowElapsed);
        });
    }

    fn left(&self, client: &ClientId, session: &Session, code: u16) {
        self.sockets.remove(client, session.dialect);
        write(&Line::Closed {
            room: &self.name(),
            client,
            user: &session.user,
            code,
            seconds: now().ms_since(session.joined) / 1_000,
            acked: session.acked,
        });
    }

    /// Writes down who came in.
    pub(super) fn record_join(
        &self,
        client: &ClientId,
        user: &str,
        dialect: Dialect,
        resumed: bool,
    ) {
        write(&Line::Accepted { room: &self.name(), client, user, dialect, resumed });
    }

    /// Who is connected may have missed what was just stored: only by coming back will they know.
    fn fail(&self, stage: &'static str) -> RoomFailed {
        write(&Line::RoomFailed { room: &self.name(), stage, cause: "" });
        let refusal = Refusal::RoomFailed;
        self.sockets.close_all(refusal.close(), refusal.code());
        if let Ok(mut room) = self.room.try_borrow_mut() {
            *room = None;
        }
        self.waiting.borrow_mut().clear();
        RoomFailed
    }

    /// `tenant/session`: rooms are only ever reached by name.
    fn name(&self) -> String {
        self.state.id().name().unwrap_or_default()
    }
}
