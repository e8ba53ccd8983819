//! The place where a room runs: its object, with storage, sockets, clock and alarm.
//!
//! Translates the runner's calls, and waits for everything that takes time. The runtime withholds the frames and answers of
//! a turn until its rows are durable (output gates: blog.cloudflare.com/durable-objects-easy-fast-correct-choose-three),
//! so no client sees an update that could be lost.

mod connect;
mod engine;
mod orders;
mod reading;
mod reports;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

use futures::channel::oneshot;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsValue;
use worker::{Delay, Env, State};

use super::environment::{now, random};
use super::record::{write, Line};
use super::sockets::{Recipients, Sockets};
use super::storage::Storage;
use crate::dialect::deflate::Deflated;
use crate::dialect::Received;
use crate::hop::delivery::Delivered;
use crate::limits::RoomLimits;
use crate::protocol::bearer::Bearer;
use crate::protocol::capacity::Capacity;
use crate::protocol::ids::{ClientId, Epoch, SessionId};
use crate::protocol::report::Report;
use crate::protocol::time::Timestamp;
use crate::protocol::update::Update;
use crate::quota::waiting::WaitingLine;
use crate::room::groups::GroupId;
use crate::room::member::Member;
use crate::room::occupancy::Kept;
use crate::room::publish::{Outcomes, Post};
use crate::room::row::{BurstRow, Stored};
use crate::room::view::Viewer;
use crate::room::{Door, Effect, Input, PostId, Resume, Said};
use crate::runner::{Alarm, Asked, Failure, Platform, RoomFailed, Runner, Wait};

// Aborting stops the object's code at once, so Rust must not be running: a timer calls it.
#[wasm_bindgen(inline_js = "
export function abortSoon(state, reason) { setTimeout(() => state.abort(reason), 0); }")]
extern "C" {
    #[wasm_bindgen(js_name = abortSoon)]
    fn abort_soon(state: &JsValue, reason: &str);
}

impl From<RoomFailed> for worker::Error {
    fn from(_: RoomFailed) -> Self {
        "the room has failed: see its log line".into()
    }
}

/// One room on this platform.
pub(super) struct RoomHost {
    state: State,
    env: Env,
    storage: Storage,
    sockets: Sockets,
    runner: RefCell<Runner>,
    waiting: RefCell<HashMap<PostId, oneshot::Sender<Delivered>>>,
    posts: Cell<u64>,
    /// Whether the tenant is being told of the room.
    listing: Cell<bool>,
    /// Whether the tenant has told its rule since.
    ruled: Cell<bool>,
    /// Wakes the wait for the next time at which a session of Socket.IO has something to do.
    winding: RefCell<Option<oneshot::Sender<()>>>,
    /// Those who wait before the room, by Socket.IO, if it is full.
    line: RefCell<WaitingLine>,
    /// Whether there is such a wait.
    is_winding: Cell<bool>,
}

pub(super) use self::engine::{set_heartbeat, Requested};

impl RoomHost {
    pub(super) fn new(state: State, env: Env) -> Self {
        let storage = Storage::new(state.storage().sql());
        Self {
            state,
            env,
            storage,
            sockets: Sockets::new(),
            runner: RefCell::default(),
            waiting: RefCell::default(),
            posts: Cell::default(),
            listing: Cell::default(),
            ruled: Cell::default(),
            winding: RefCell::default(),
            line: RefCell::default(),
            is_winding: Cell::default(),
        }
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn sockets(&self) -> &Sockets {
        &self.sockets
    }

    /// One turn: gives the room an input and executes its effects.
    pub(super) async fn turn(self: &Rc<Self>, input: Input<'_>) -> Result<(), RoomFailed> {
        let alarm = self.runner.borrow_mut().turn(input, &mut self.clone())?;
        self.wind();
        self.arm(alarm).await
    }

    /// The turn of a client's frame.
    pub(super) async fn hear(
        self: &Rc<Self>,
        client: &ClientId,
        received: Received<'_>,
    ) -> Result<(), RoomFailed> {
        let alarm = self.runner.borrow_mut().hear(client, received, &mut self.clone())?;
        self.arm(alarm).await
    }

    /// The turn of what a member has said, decoded.
    async fn say(self: &Rc<Self>, client: &ClientId, said: Said) -> Result<(), RoomFailed> {
        let alarm = self.runner.borrow_mut().say(client, said, &mut self.clone())?;
        self.arm(alarm).await
    }

    /// The turn of an alarm.
    pub(super) async fn wake(self: &Rc<Self>) -> Result<(), RoomFailed> {
        let alarm = self.runner.borrow_mut().wake(&mut self.clone())?;
        if alarm == Alarm::End {
            return self.retire().await;
        }
        self.arm(alarm).await?;
        self.settle().await;
        Ok(())
    }

    /// Stores and sends the updates of a request. Returns when they are durable.
    pub(super) async fn publish(
        self: &Rc<Self>,
        signed: Timestamp,
        updates: Vec<Update>,
    ) -> Result<Delivered, RoomFailed> {
        let id = PostId(self.posts.replace(self.posts.get() + 1));
        let (sender, answer) = oneshot::channel();
        self.waiting.borrow_mut().insert(id, sender);
        self.turn(Input::Published(Post { id, signed, updates })).await?;
        // The sender is dropped if the room fails before it answers.
        answer.await.map_err(|_| RoomFailed)
    }

    /// Whether a client can join.
    pub(super) fn admit(
        self: &Rc<Self>,
        viewer: Viewer<'_>,
        resume: (&Resume, Capacity),
    ) -> Result<Door, RoomFailed> {
        self.runner.borrow_mut().admit(viewer, resume, &mut self.clone())
    }

    /// Sets the alarm as the turn wants it. If that fails, the turn has failed.
    async fn arm(self: &Rc<Self>, alarm: Alarm) -> Result<(), RoomFailed> {
        let storage = self.state.storage();
        let armed = match alarm {
            Alarm::Keep => Ok(()),
            Alarm::Set(at) => storage.set_alarm(Duration::from_millis(at.ms_since(now()))).await,
            Alarm::End => {
                write(&Line::RoomEnded { room: &self.name() });
                storage.delete_all().await
            }
        };
        self.or_fail("alarm", armed)
    }

    /// Logs that a client has joined.
    pub(super) fn record_join(&self, client: &ClientId, user: &str, dialect: &str, resumed: bool) {
        write(&Line::Accepted { room: &self.name(), client, user, dialect, resumed });
    }

    fn answer(&self, post: PostId, outcomes: Outcomes) {
        // If several requests share a burst, the first answer has the whole cost.
        let cost = self.storage.take_spent();
        if let Some(waiting) = self.waiting.borrow_mut().remove(&post) {
            // The request may have ended. Its updates are stored all the same.
            let _ = waiting.send(Delivered { outcomes, cost, retry_ms: None });
        }
    }

    fn broadcast(
        &self,
        to: GroupId,
        frames: &[Rc<str>],
        except: &[ClientId],
    ) -> Result<(), Failure> {
        for frame in frames {
            let sent = self.sockets.broadcast(to, frame, except).map_err(worker::Error::from);
            sent.map_err(Failure::at("broadcast"))?;
            self.sockets.await_acks(Recipients::Group(to, except), frame, now());
        }
        Ok(())
    }

    #[inline(never)]
    fn left(&self, client: &ClientId, member: &Member, code: u16) {
        self.sockets.remove(client, now());
        self.line.borrow_mut().depart(now());
        write(&Line::Closed {
            room: &self.name(),
            client,
            user: &member.user,
            code,
            seconds: now().ms_since(member.joined) / 1_000,
            acked: member.acked,
        });
    }

    /// Ends all connections, also closed ones, and frees their memory. The runtime then makes a new object.
    fn abort(&self) {
        let cause = "connections that were closed do not end: all are ended, and come back";
        write(&Line::RoomFailed { room: &self.name(), stage: "backlog", cause });
        abort_soon(self.state.as_raw().as_ref(), cause);
    }

    /// `tenant/session`. Rooms are only addressed by name.
    fn name(&self) -> String {
        self.state.id().name().unwrap_or_default()
    }
}

impl Platform for Rc<RoomHost> {
    fn now(&self) -> Timestamp {
        now()
    }

    fn session(&self) -> Result<(SessionId, RoomLimits, Kept), Failure> {
        let session = reports::session(&self.name()).map_err(Failure::at("name"))?;
        let begun = self.storage.begun().map_err(Failure::at("begun"))?;
        let kept = begun.as_ref().and_then(|begun| begun.occupancy.as_deref());
        let kept = kept.map(serde_json::from_str).transpose().map_err(Failure::at("occupancy"))?;
        let limits = RoomLimits::default();
        let retention_ms = begun.and_then(|begun| begun.retention_ms());
        let retention_ms = retention_ms.unwrap_or(limits.retention_ms);
        Ok((session, RoomLimits { retention_ms, ..limits }, kept.unwrap_or_default()))
    }

    fn members(&mut self) -> Vec<(ClientId, Member)> {
        let members = self.sockets.restore(&self.state, now());
        write(&Line::RoomRestored { room: &self.name(), clients: members.len() });
        members
    }

    fn load(&mut self) -> Result<(Stored, Epoch), Failure> {
        let stored = self.storage.load().map_err(Failure::at("load"))?;
        self.list();
        Ok((stored, Epoch::from_random(random().map_err(Failure::at("random"))?)))
    }

    fn read(&mut self, numbers: &RangeInclusive<u64>) -> Result<Vec<BurstRow>, Failure> {
        self.storage.read(numbers).map_err(Failure::at("read"))
    }

    fn pinged(&mut self) -> Vec<(ClientId, Timestamp)> {
        let pinged = self.sockets.pinged(&self.state);
        // Whoever answers has read everything that was sent before.
        self.sockets.beat(&self.state, now());
        pinged
    }

    fn enter(&mut self, client: &ClientId, group: GroupId) {
        self.sockets.enter(client, group);
    }

    fn perform(&mut self, effect: Effect, frames: &[Rc<str>]) -> Result<(), Failure> {
        match effect {
            Effect::Found(epoch) => {
                self.storage.found(&epoch).map_err(Failure::at("found"))?;
                self.list();
            }
            Effect::Append { row, at, signed, ids } => {
                self.storage.append(&row, at, signed, &ids).map_err(Failure::at("append"))?;
            }
            Effect::Checkpoint(row) => {
                self.storage.checkpoint(&row).map_err(Failure::at("checkpoint"))?;
            }
            Effect::Retain { ms } => self.storage.retain(ms).map_err(Failure::at("retain"))?,
            Effect::Occupy(kept) => self.storage.occupy(&kept).map_err(Failure::at("occupy"))?,
            Effect::Announce { number, occupied, at } => self.announce(number, occupied, at),
            Effect::Remember { client, member } => {
                self.sockets.remember(&client, member).map_err(Failure::at("remember"))?;
            }
            Effect::Send { to, .. } | Effect::Replay { to, .. } => {
                for frame in frames {
                    self.sockets.send(&to, frame);
                    self.sockets.await_acks(Recipients::One(&to), frame, now());
                }
            }
            Effect::SendToEach { to, .. } => {
                for frame in frames {
                    let sent = self.sockets.send_to(&to, frame).map_err(worker::Error::from);
                    sent.map_err(Failure::at("send"))?;
                }
            }
            Effect::Broadcast { to, except, .. } => self.broadcast(to, frames, &except)?,
            Effect::Refresh { to, .. } => self.broadcast(to, frames, &[])?,
            Effect::Close { client, reason, .. } => {
                for notice in frames {
                    self.sockets.send(&client, notice);
                }
                self.sockets.close(&client, reason);
            }
            Effect::Left { client, member, code } => self.left(&client, &member, code),
            Effect::Answer { post, outcomes } => self.answer(post, outcomes),
            Effect::Abort => self.abort(),
            Effect::Conflated { updates } => {
                write(&Line::Conflated { room: &self.name(), updates });
            }
            Effect::Slowed { conflated, held } => {
                write(&Line::Slowed { room: &self.name(), conflated, held });
            }
            // The runner executes these itself.
            Effect::Enter { .. }
            | Effect::OpenWindow { .. }
            | Effect::OweStates { .. }
            | Effect::Pace { .. }
            | Effect::GatherPresence { .. }
            | Effect::Verify { .. }
            | Effect::WakeAt(_)
            | Effect::End
            | Effect::AskPings => {}
        }
        Ok(())
    }

    fn broadcast_deflated(
        &mut self,
        effect: Effect,
        text: &[Rc<str>],
        deflated: &Deflated,
    ) -> Result<(), Failure> {
        let Effect::Broadcast { to, except, .. } = &effect else {
            return self.perform(effect, text);
        };
        let Deflated { frame, behind } = deflated;
        let sent = self.sockets.broadcast_binary(*to, frame, &[except, &behind[..]].concat());
        sent.map_err(worker::Error::from).map_err(Failure::at("broadcast"))?;
        for client in behind {
            for frame in text {
                self.sockets.send(client, frame);
            }
        }
        Ok(())
    }

    fn wait(&mut self, ms: u64, wait: Wait) {
        let (host, end) = (self.clone(), now().plus_ms(ms));
        self.state.wait_until(async move {
            // If storing fails, the runtime resets the object and this task ends.
            let _ = host.state.storage().sync().await;
            let left = end.ms_since(now());
            if left > 0 {
                Delay::from(Duration::from_millis(left)).await;
            }
            let turned = host.runner.borrow_mut().waited(wait, &mut host.clone());
            host.wind();
            if let Ok(alarm) = turned {
                // A failure is in the log.
                let _ = host.arm(alarm).await;
            }
        });
    }

    fn verify(&mut self, token: Bearer, asked: Asked) {
        let host = self.clone();
        self.state.wait_until(async move {
            let verdict = host.ask_tenant(token).await;
            // A failure is in the log, and nobody waits for the result.
            let (Ok(()) | Err(RoomFailed)) = host.turn(asked.answered(verdict)).await;
        });
    }

    fn report(&mut self, report: Report) {
        self.send_report(report);
    }

    fn failed(&mut self, failure: &Failure) {
        let Failure { stage, cause } = failure;
        write(&Line::RoomFailed { room: &self.name(), stage, cause });
        Sockets::close_all(&self.state);
        self.sockets.sessions().clear();
        self.waiting.borrow_mut().clear();
    }
}
