//! The place where a room runs: its object, with storage, sockets, clock and alarm.
//!
//! Waits for everything that takes time; `room_host/platform.rs` translates the runner's calls. The runtime withholds the frames and answers of
//! a turn until its rows are durable (output gates: blog.cloudflare.com/durable-objects-easy-fast-correct-choose-three),
//! so no client sees an update that could be lost.

mod company;
mod connect;
mod engine;
mod orders;
mod platform;
mod reading;
mod reports;
mod tree;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use futures::channel::oneshot;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsValue;
use worker::{Env, State};

use super::environment::now;
use super::record::{write, Line};
use super::sockets::{Recipients, Sockets};
use super::storage::Storage;
use crate::dialect::Received;
use crate::hop::delivery::{Delivered, Docket};
use crate::protocol::ids::ClientId;
use crate::protocol::update::Update;
use crate::quota::waiting::WaitingLine;
use crate::room::groups::GroupId;
use crate::room::member::Member;
use crate::room::publish::{Outcomes, Post};
use crate::room::view::Viewer;
use crate::room::{Door, Entry, Input, PostId, Resume, Said};
use crate::runner::{Alarm, Failure, RoomFailed, Runner};

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
    /// Those who wait for this relay to have asked its parent, while it asks.
    asking: RefCell<Option<Vec<oneshot::Sender<bool>>>>,
    /// Those who wait to read who is here.
    readers: RefCell<Vec<oneshot::Sender<()>>>,
    /// Those who wait before the room, by Socket.IO, if it is full.
    line: RefCell<WaitingLine>,
    /// Whether there is such a wait.
    is_winding: Cell<bool>,
    /// Whether it tells a meter what it does, once that was looked at.
    metered: OnceCell<bool>,
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
            asking: RefCell::default(),
            readers: RefCell::default(),
            line: RefCell::default(),
            is_winding: Cell::default(),
            metered: OnceCell::new(),
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
        docket: Docket,
        updates: Vec<Update>,
    ) -> Result<Delivered, RoomFailed> {
        let Docket { signed, pace_ms, .. } = docket;
        let id = PostId(self.posts.replace(self.posts.get() + 1));
        let (sender, answer) = oneshot::channel();
        self.waiting.borrow_mut().insert(id, sender);
        self.turn(Input::Published(Post { id, signed, updates, pace_ms })).await?;
        // The sender is dropped if the room fails before it answers.
        answer.await.map_err(|_| RoomFailed)
    }

    /// Whether a client can join.
    pub(super) fn admit(
        self: &Rc<Self>,
        viewer: Viewer<'_>,
        resume: (&Resume, Entry),
    ) -> Result<Door, RoomFailed> {
        self.runner.borrow_mut().admit(viewer, resume, &mut self.clone())
    }

    /// Sets the alarm as the turn wants it. If that fails, the turn has failed.
    async fn arm(self: &Rc<Self>, alarm: Alarm) -> Result<(), RoomFailed> {
        self.release_readers();
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
