//! A world around one room: storage, connections, alarm and clock in memory, stepped by hand.
//!
//! Runs effects as the shell does and checks after every step what must always hold. A test says
//! what happens and what is seen; it never sleeps.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use roomcast::limits::RoomLimits;
use roomcast::protocol::grant::Grant;
use roomcast::protocol::ids::{ClientId, Epoch, Position, Seq};
use roomcast::protocol::server_frame::Dialect;
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::update::{content, Update};
use roomcast::room::clients::Session;
use roomcast::room::publish::Outcomes;
use roomcast::room::row::{BurstRow, Stored};
use roomcast::room::{Effect, Input, PostId, Received, Room};
use serde_json::{json, Value};

use crate::client::Client;

/// Long enough for every test.
pub(crate) const GRANTED_MS: u64 = 86_400_000;

pub(crate) struct World {
    pub(crate) limits: RoomLimits,
    pub(crate) now: Timestamp,
    pub(crate) room: Room,
    pub(crate) clients: BTreeMap<ClientId, Client>,
    pub(crate) alarm: Option<Timestamp>,
    /// The window that is open, in milliseconds after what was stored is durable.
    pub(crate) window: Option<u64>,
    /// Rows written so far, as the platform would bill them.
    pub(crate) rows: usize,
    /// What was answered, by request.
    pub(crate) answers: BTreeMap<u64, Outcomes>,
    /// All effects, for comparing worlds.
    pub(crate) trace: Vec<Effect>,
    stored: Stored,
    sessions: BTreeMap<ClientId, Session>,
    posts: u64,
    joined: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_limits(RoomLimits::default())
    }

    pub(crate) fn with_limits(limits: RoomLimits) -> Self {
        let stored = Stored::default();
        let room = restore(&limits, &stored, &BTreeMap::new());
        Self {
            limits,
            now: Timestamp(1_767_780_000_000),
            room,
            clients: BTreeMap::new(),
            alarm: None,
            window: None,
            rows: 0,
            answers: BTreeMap::new(),
            trace: Vec::new(),
            stored,
            sessions: BTreeMap::new(),
            posts: 0,
            joined: 0,
        }
    }

    /// A `roomcast.v1` client without a position.
    pub(crate) fn connect(&mut self) -> ClientId {
        self.join(Dialect::V1, None)
    }

    /// Enough clients for a window with a timer.
    pub(crate) fn crowd(&mut self) {
        for _ in 0..100 {
            self.connect();
        }
    }

    /// A client that was here before.
    pub(crate) fn resume(&mut self, position: &Position) -> ClientId {
        self.join(Dialect::V1, Some(position.clone()))
    }

    pub(crate) fn join(&mut self, dialect: Dialect, resume: Option<Position>) -> ClientId {
        self.join_until(dialect, resume, GRANTED_MS)
    }

    pub(crate) fn join_until(
        &mut self,
        dialect: Dialect,
        resume: Option<Position>,
        ms: u64,
    ) -> ClientId {
        self.joined += 1;
        let client = ClientId::from_random(self.joined.to_be_bytes());
        let expires = self.now.plus_ms(ms);
        let grant = Grant { user: "ada".into(), expires, sessions: vec![] };
        self.clients.insert(client.clone(), Client::new(dialect, resume.as_ref()));
        self.step(Input::Connected { client: client.clone(), grant, dialect, resume });
        client
    }

    pub(crate) fn disconnect(&mut self, client: &ClientId) {
        self.step(Input::Disconnected { client, code: 1000 });
    }

    /// Loses every connection at once, with the room's memory: what `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.clients.clear();
        self.sessions.clear();
        self.alarm = None;
        self.window = None;
        self.restore();
    }

    /// Evicts the room. The platform does so only while nothing is pending.
    pub(crate) fn evict(&mut self) {
        self.rest();
        self.restore();
    }

    /// Lets windows pass until none is open.
    pub(crate) fn rest(&mut self) {
        while self.window.is_some() {
            self.pass_window();
        }
        assert!(self.room.is_resting());
    }

    /// Lets the window that is open pass, with all its laps and looks, until what came is sent.
    pub(crate) fn pass_window(&mut self) {
        let begun = self.trace.len();
        let sent = |effect: &Effect| matches!(effect, Effect::Broadcast { .. });
        while self.window.is_some() && !self.trace[begun..].iter().any(sent) {
            self.look_at_window();
        }
    }

    pub(crate) fn look_at_window(&mut self) {
        self.now = self.now.plus_ms(self.window.take().unwrap());
        self.step(Input::WindowElapsed);
    }

    pub(crate) fn send(&mut self, client: &ClientId, text: &str) {
        self.step(Input::Frame { client, frame: Received::Text(text) });
    }

    /// Publishes updates with these event ids as one request, and returns the request.
    pub(crate) fn publish(&mut self, event_ids: &[&str]) -> u64 {
        self.post(event_ids.iter().map(|id| update(id, id, 1)).collect())
    }

    /// With nobody to wait for, storing takes no time in this world: see [`World::post_together`].
    pub(crate) fn post(&mut self, updates: Vec<Update>) -> u64 {
        let post = self.post_together(updates);
        while self.window == Some(0) {
            self.pass_window();
        }
        post
    }

    /// A request that comes while the one before is still being stored.
    pub(crate) fn post_together(&mut self, updates: Vec<Update>) -> u64 {
        self.posts += 1;
        self.step(Input::Published { post: PostId(self.posts), updates });
        self.posts
    }

    /// Lets time pass, with an alarm for each that falls into it.
    pub(crate) fn pass_ms(&mut self, ms: u64) {
        let end = self.now.plus_ms(ms);
        while let Some(at) = self.alarm.filter(|at| *at <= end) {
            self.now = at;
            self.alarm = None;
            let pinged = self.clients.iter();
            let pinged = pinged.filter_map(|(id, client)| Some((id.clone(), client.pinged?)));
            let pinged = pinged.collect();
            self.step(Input::Woken { pinged });
        }
        self.now = end;
    }

    /// A ping that the runtime answers without the room.
    pub(crate) fn ping(&mut self, client: &ClientId) {
        self.clients.get_mut(client).unwrap().pinged = Some(self.now);
    }

    pub(crate) fn step(&mut self, input: Input<'_>) {
        let effects = self.room.handle(input, self.now);
        let mut durable = self.stored_head();
        for effect in effects {
            if let Effect::Append(row) = &effect {
                durable = row.last;
            }
            self.run(&effect, durable);
            self.trace.push(effect);
        }
        assert_eq!(self.room.head().seq, durable, "what is not stored is not the head");
        assert_eq!(self.alarm.is_some(), !self.clients.is_empty(), "an alarm while anyone is here");
        assert_eq!(self.window.is_some(), !self.room.is_resting());
    }

    fn run(&mut self, effect: &Effect, durable: Seq) {
        match effect {
            Effect::Found(epoch) => {
                assert_eq!(self.stored.epoch.replace(epoch.clone()), None, "begun once");
                self.rows += 1;
            }
            Effect::Append(row) => self.append(row.clone()),
            Effect::Checkpoint(row) => {
                self.stored.checkpoint = Some(row.clone());
                self.rows += 1;
            }
            Effect::Remember { client, session } => {
                self.sessions.insert(client.clone(), session.clone());
            }
            Effect::Send { to, text } => self.clients.get_mut(to).unwrap().receive(text, durable),
            Effect::Broadcast { to, text } => {
                // Who is just joining is not in the room before its session is remembered.
                let here = |id: &ClientId| self.sessions.contains_key(id);
                let clients = self.clients.iter_mut();
                clients
                    .filter(|(id, client)| client.dialect == *to && here(id))
                    .for_each(|(_, client)| client.receive(text, durable));
            }
            Effect::Replay { to, replay } => {
                let stored = self.stored.bursts.iter();
                let bursts = stored.filter(|burst| replay.bursts.contains(&burst.number));
                let bursts: Vec<BurstRow> = bursts.cloned().collect();
                let client = self.clients.get_mut(to).unwrap();
                for frame in replay.frames(&bursts).unwrap() {
                    client.receive(&frame, durable);
                }
            }
            Effect::Close { .. } => {}
            Effect::Left { client, .. } => {
                self.clients.remove(client);
                self.sessions.remove(client);
            }
            Effect::Answer { post, outcomes } => {
                let last = outcomes.iter().map(|posted| posted.seq()).max();
                assert!(last.unwrap_or(0) <= durable, "answered before it is durable");
                assert!(self.answers.insert(post.0, outcomes.clone()).is_none(), "answered twice");
            }
            Effect::OpenWindow { ms } => {
                assert!(self.window.replace(*ms).is_none(), "one window at a time");
            }
            Effect::WakeAt(at) => self.alarm = Some(*at),
            Effect::Sleep => self.alarm = None,
        }
    }

    fn append(&mut self, row: BurstRow) {
        let slot = |burst: &BurstRow| burst.number % self.limits.log_bursts;
        let taken = slot(&row);
        let covered = self.stored.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.number);
        let lost = self.stored.bursts.iter().find(|burst| slot(burst) == taken);
        assert!(lost.is_none_or(|burst| burst.number <= covered), "overwrites what nothing covers");
        self.stored.bursts.retain(|burst| slot(burst) != taken);
        self.stored.bursts.push(row);
        self.rows += 1;
    }

    fn stored_head(&self) -> Seq {
        self.stored.bursts.last().map_or(0, |burst| burst.last)
    }

    fn restore(&mut self) {
        self.room = restore(&self.limits, &self.stored, &self.sessions);
    }

    /// The updates of the room's state.
    pub(crate) fn state(&mut self) -> Vec<Value> {
        let (_, frame) = self.room.state();
        let frame: Value = serde_json::from_str(&frame).unwrap();
        frame["updates"].as_array().unwrap().clone()
    }
}

/// Every restored room would begin with this epoch: two worlds can then be compared.
fn restore(limits: &RoomLimits, stored: &Stored, sessions: &BTreeMap<ClientId, Session>) -> Room {
    let fresh = Epoch::from_random([0xe; 8]);
    let session = "s-1".parse().unwrap();
    Room::restore(session, *limits, stored.clone(), fresh, sessions.clone()).unwrap()
}

/// An update as the front Worker brings it.
pub(crate) fn update(event_id: &str, key: &str, keep: usize) -> Update {
    let data = json!({"id": event_id});
    let content = content("test", "2026-01-07T10:00:00Z", None, data.as_object().unwrap());
    Update { event_id: event_id.into(), key: key.into(), keep, content }
}
