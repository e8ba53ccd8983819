//! Holds a room in memory and runs its effects on sockets, storage and alarm.
//!
//! One input is one turn: the room is borrowed in one statement, and everything up to the alarm
//! happens without waiting. The runtime withholds what was sent in a turn until what was stored in
//! it is durable, so no client ever sees an update that could be lost.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::Display;
use std::rc::Rc;
use std::time::Duration;

use futures::channel::oneshot;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsValue;
use worker::{Delay, State};

use super::environment::{now, random};
use super::objects::Delivered;
use super::record::{write, Line};
use super::sockets::Sockets;
use super::storage::Storage;
use crate::limits::RoomLimits;
use crate::protocol::ids::{ClientId, Epoch, Position, RoomName};
use crate::protocol::server_frame::Dialect;
use crate::protocol::time::Timestamp;
use crate::protocol::update::Update;
use crate::room::members::Member;
use crate::room::publish::Post;
use crate::room::recovery::Replay;
use crate::room::row::{Corrupt, Stored};
use crate::room::{Door, Effect, Input, PostId, Room};

// Aborting ends whatever runs in the object at once, so it must not be called from within Rust.
#[wasm_bindgen(inline_js = "
export function abortSoon(state, reason) { setTimeout(() => state.abort(reason), 0); }")]
extern "C" {
    #[wasm_bindgen(js_name = abortSoon)]
    fn abort_soon(state: &JsValue, reason: &str);
}

/// The room could not do what it was asked. It has been dropped from memory.
#[derive(Debug)]
pub(super) struct RoomFailed;

impl From<RoomFailed> for worker::Error {
    fn from(_: RoomFailed) -> Self {
        "the room has failed: see its log line".into()
    }
}

/// What could not be done, and what the platform said.
struct Failure {
    stage: &'static str,
    cause: String,
}

impl From<Corrupt> for Failure {
    fn from(corrupt: Corrupt) -> Self {
        at("restore")(corrupt)
    }
}

/// Names the stage at which something failed.
fn at<E: Display>(stage: &'static str) -> impl FnOnce(E) -> Failure {
    move |error| Failure { stage, cause: error.to_string() }
}

/// What is left to do once everything synchronous is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Alarm {
    #[default]
    Keep,
    Set(Timestamp),
    /// There is nothing left to wake up for.
    End,
}

/// What a turn leaves to do.
#[derive(Debug, Clone, Copy, Default)]
struct Rest {
    alarm: Alarm,
    ask_pings: bool,
}

/// One room on this platform.
pub(super) struct RoomHost {
    state: State,
    storage: Storage,
    sockets: Sockets,
    room: RefCell<Option<Room>>,
    waiting: RefCell<HashMap<PostId, oneshot::Sender<Delivered>>>,
    posts: Cell<u64>,
    /// How often the room has failed: what waited for one that did must not act on the next.
    failures: Cell<u64>,
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
            failures: Cell::default(),
        }
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn sockets(&self) -> &Sockets {
        &self.sockets
    }

    /// One turn: what the room makes of `input`, done.
    pub(super) async fn turn(self: &Rc<Self>, input: Input<'_>) -> Result<(), RoomFailed> {
        let alarm = self.act(input)?;
        self.arm(alarm).await
    }

    /// The turn of an alarm.
    pub(super) async fn wake(self: &Rc<Self>) -> Result<(), RoomFailed> {
        // The members have to be in memory before their connections can be asked.
        self.with_room(|_| Ok(()))?;
        let pinged = self.sockets.pinged(&self.state);
        self.turn(Input::Woken { pinged }).await
    }

    /// Stores and shows updates of a request that was signed then. Answers when they are durable.
    pub(super) async fn publish(
        self: &Rc<Self>,
        signed: Timestamp,
        updates: Vec<Update>,
    ) -> Result<Delivered, RoomFailed> {
        let id = PostId(self.posts.replace(self.posts.get() + 1));
        let (sender, answer) = oneshot::channel();
        self.waiting.borrow_mut().insert(id, sender);
        self.turn(Input::Published(Post { id, signed, updates })).await?;
        // The sender is dropped when the room fails before it answers.
        answer.await.map_err(|_| RoomFailed)
    }

    /// Whether a client can come in, once it is known who has pinged if that matters.
    pub(super) fn admit(
        self: &Rc<Self>,
        dialect: Dialect,
        resume: Option<&Position>,
    ) -> Result<Door, RoomFailed> {
        let door = || self.with_room(|room| room.admit(dialect, resume, || self.load()));
        match door()? {
            Door::Busy => {
                let pinged = self.sockets.pinged(&self.state);
                // Closing a slow client changes the alarm only if it was the last, and one is about to come.
                self.act(Input::Pinged(pinged))?;
                door()
            }
            door => Ok(door),
        }
    }

    /// The head, and the state there as a frame.
    pub(super) fn read(self: &Rc<Self>) -> Result<(Position, Rc<str>), RoomFailed> {
        let (effects, head, frame) = self.with_room(|room| room.state(|| self.load()))?;
        self.run(effects)?;
        Ok((head, frame))
    }

    fn act(self: &Rc<Self>, input: Input<'_>) -> Result<Alarm, RoomFailed> {
        let effects = self.with_room(|room| room.handle(input, now(), || self.load()))?;
        let rest = self.run(effects)?;
        if !rest.ask_pings {
            return Ok(rest.alarm);
        }
        let pinged = self.sockets.pinged(&self.state);
        match self.act(Input::Pinged(pinged))? {
            Alarm::Keep => Ok(rest.alarm),
            later => Ok(later),
        }
    }

    /// Does something with the room, which is restored first if it was out of memory.
    fn with_room<T>(
        &self,
        act: impl FnOnce(&mut Room) -> Result<T, Failure>,
    ) -> Result<T, RoomFailed> {
        let done = self.try_with_room(act);
        done.map_err(|failure| self.fail(&failure))
    }

    fn try_with_room<T>(
        &self,
        act: impl FnOnce(&mut Room) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut room = self.room.borrow_mut();
        match &mut *room {
            Some(room) => act(room),
            none => act(none.insert(self.restore()?)),
        }
    }

    fn restore(&self) -> Result<Room, Failure> {
        let name = self.name();
        let RoomName { session, .. } = name.parse().map_err(at("name"))?;
        let members = self.sockets.restore(&self.state);
        write(&Line::RoomRestored { room: &name, clients: members.len() });
        Ok(Room::restore(session, RoomLimits::default(), members))
    }

    fn load(&self) -> Result<(Stored, Epoch), Failure> {
        let stored = self.storage.load().map_err(at("load"))?;
        Ok((stored, Epoch::from_random(random().map_err(at("random"))?)))
    }

    /// Runs effects in order. Whatever fails, fails the turn: the room is dropped, to be restored
    /// from what is durable, and everyone who waits for it or is connected to it is told.
    fn run(self: &Rc<Self>, effects: Vec<Effect>) -> Result<Rest, RoomFailed> {
        let mut rest = Rest::default();
        for effect in effects {
            self.effect(effect, &mut rest).map_err(|failure| self.fail(&failure))?;
        }
        Ok(rest)
    }

    fn effect(self: &Rc<Self>, effect: Effect, rest: &mut Rest) -> Result<(), Failure> {
        match effect {
            Effect::Found(epoch) => self.storage.found(&epoch).map_err(at("found"))?,
            Effect::Append { row, at: stored, signed, ids } => {
                self.storage.append(&row, stored, signed, &ids).map_err(at("append"))?;
            }
            Effect::Checkpoint(row) => self.storage.checkpoint(&row).map_err(at("checkpoint"))?,
            Effect::Remember { client, member } => {
                self.sockets.remember(&client, member).map_err(at("remember"))?;
            }
            Effect::Send { to, text } => self.sockets.send(&to, &text),
            Effect::Broadcast { to, text } => {
                let sent = self.sockets.broadcast(to, &text).map_err(worker::Error::from);
                sent.map_err(at("broadcast"))?;
            }
            Effect::Replay { to, replay } => self.replay(&to, &replay)?,
            Effect::Close { client, reason } => self.sockets.close(&client, reason),
            Effect::Left { client, member, code } => self.left(&client, &member, code),
            Effect::Answer { post, outcomes } => {
                // Of the requests that share a burst the first one carries what it took.
                let cost = self.storage.take_spent();
                if let Some(waiting) = self.waiting.borrow_mut().remove(&post) {
                    // Whoever asked may be gone; what was asked is done all the same.
                    let _ = waiting.send(Delivered { outcomes, cost });
                }
            }
            Effect::OpenWindow { ms } => self.wait(ms, Input::WindowElapsed),
            Effect::OweStates { ms } => self.wait(ms, Input::StatesDue),
            Effect::WakeAt(at) => rest.alarm = Alarm::Set(at),
            Effect::End => rest.alarm = Alarm::End,
            Effect::AskPings => rest.ask_pings = true,
            Effect::Abort => self.abort(),
        }
        Ok(())
    }

    fn replay(&self, client: &ClientId, replay: &Replay) -> Result<(), Failure> {
        let bursts = self.storage.read(&replay.bursts).map_err(at("read"))?;
        for frame in &replay.frames(&bursts).map_err(at("replay"))? {
            self.sockets.send(client, frame);
        }
        Ok(())
    }

    /// Comes back with an input after so long, and not before everything that was stored is durable. The wait keeps
    /// the room in memory. A room that fails meanwhile is another one afterwards, with waits of its own.
    fn wait(self: &Rc<Self>, ms: u64, input: Input<'static>) {
        let (host, end) = (self.clone(), now().plus_ms(ms));
        let failures = self.failures.get();
        self.state.wait_until(async move {
            // If storing fails the runtime resets the object, and this with it.
            let _ = host.state.storage().sync().await;
            let left = end.ms_since(now());
            if left > 0 {
                Delay::from(Duration::from_millis(left)).await;
            }
            if host.failures.get() == failures {
                // A failed turn has been written down.
                let _ = host.turn(input).await;
            }
        });
    }

    /// Nothing of the alarm is worth less than the rows of its turn: if it cannot be set, the turn has failed.
    async fn arm(&self, alarm: Alarm) -> Result<(), RoomFailed> {
        let storage = self.state.storage();
        let armed = match alarm {
            Alarm::Keep => Ok(()),
            Alarm::Set(at) => storage.set_alarm(Duration::from_millis(at.ms_since(now()))).await,
            Alarm::End => {
                write(&Line::RoomEnded { room: &self.name() });
                storage.delete_all().await
            }
        };
        armed.map_err(|error| self.fail(&at("alarm")(error)))
    }

    fn left(&self, client: &ClientId, member: &Member, code: u16) {
        self.sockets.remove(client, member.dialect);
        write(&Line::Closed {
            room: &self.name(),
            client,
            user: &member.user,
            code,
            seconds: now().ms_since(member.joined) / 1_000,
            acked: member.acked,
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

    /// Ends every connection, closed ones too, and gives their memory back. The runtime makes the object anew.
    fn abort(&self) {
        let stage = "backlog";
        let cause = "connections that were closed do not end: all are ended, and come back";
        write(&Line::RoomFailed { room: &self.name(), stage, cause });
        abort_soon(self.state.as_raw().as_ref(), cause);
    }

    /// Who is connected may have missed what was just stored: only by coming back will they know.
    fn fail(&self, failure: &Failure) -> RoomFailed {
        let Failure { stage, cause } = failure;
        write(&Line::RoomFailed { room: &self.name(), stage, cause });
        self.failures.set(self.failures.get() + 1);
        Sockets::close_all(&self.state);
        if let Ok(mut room) = self.room.try_borrow_mut() {
            *room = None;
        }
        self.waiting.borrow_mut().clear();
        RoomFailed
    }

    /// `tenant/member`: rooms are only ever reached by name.
    fn name(&self) -> String {
        self.state.id().name().unwrap_or_default()
    }
}
