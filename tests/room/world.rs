//! A world around one room: storage, connections, alarm and clock in memory, stepped by hand.
//!
//! Runs effects as the shell does and checks after every step what must always hold. A test says
//! what happens and what is seen; it never sleeps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use roomcast::limits::{RoomLimits, REPLAY_WINDOW_MS, SWEEP_EVERY_MS};
use roomcast::protocol::grant::Grant;
use roomcast::protocol::ids::{ClientId, Position};
use roomcast::protocol::server_frame::Dialect;
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::update::Update;
use roomcast::room::members::Member;
use roomcast::room::publish::{Outcomes, Post, Posted};
use roomcast::room::row::Corrupt;
use roomcast::room::{Door, Effect, Input, PostId, Received, Room};
use serde_json::Value;

use crate::client::Client;
use crate::disk::Disk;
use crate::updates::update;

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
    /// In how many milliseconds states are due.
    pub(crate) states: Option<u64>,
    /// What was answered, by request.
    pub(crate) answers: BTreeMap<u64, Outcomes>,
    /// All effects, for comparing worlds.
    pub(crate) trace: Vec<Effect>,
    pub(crate) disk: Disk,
    /// Which effect from now on fails: 1 is the next.
    pub(crate) fails: Option<usize>,
    /// How often the room has failed.
    pub(crate) failures: usize,
    asked_pings: bool,
    aborted: bool,
    /// Requests that have no answer.
    pub(crate) unanswered: BTreeMap<u64, Vec<Update>>,
    /// Clients that were closed because the room failed.
    pub(crate) dropped: Vec<Client>,
    /// When each event was accepted.
    taken: BTreeMap<String, Timestamp>,
    members: BTreeMap<ClientId, Member>,
    posts: u64,
    joined: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_limits(RoomLimits::default())
    }

    pub(crate) fn with_limits(limits: RoomLimits) -> Self {
        Self {
            limits,
            now: Timestamp(1_767_780_000_000),
            room: restore(&limits, &BTreeMap::new()),
            clients: BTreeMap::new(),
            alarm: None,
            window: None,
            states: None,
            answers: BTreeMap::new(),
            trace: Vec::new(),
            disk: Disk::new(limits),
            fails: None,
            failures: 0,
            asked_pings: false,
            aborted: false,
            unanswered: BTreeMap::new(),
            dropped: Vec::new(),
            taken: BTreeMap::new(),
            members: BTreeMap::new(),
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
        for _ in 0..200 {
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
        let viewer = Client::new(dialect, resume.as_ref());
        self.join_as(viewer, resume, ms)
    }

    /// A client that goes on from where it is.
    pub(crate) fn come_back(&mut self, client: Client) -> ClientId {
        let resume = client.try_position();
        self.join_as(client.again(), resume, GRANTED_MS)
    }

    fn join_as(&mut self, viewer: Client, resume: Option<Position>, ms: u64) -> ClientId {
        self.joined += 1;
        let client = ClientId::from_random(self.joined.to_be_bytes());
        let expires = self.now.plus_ms(ms);
        let grant = Grant { user: "ada".into(), expires, sessions: vec![] };
        let dialect = viewer.dialect;
        self.clients.insert(client.clone(), viewer);
        self.step(Input::Connected { client: client.clone(), grant, dialect, resume });
        client
    }

    pub(crate) fn disconnect(&mut self, client: &ClientId) {
        self.step(Input::Disconnected { client, code: 1000 });
    }

    /// The network has lost it.
    pub(crate) fn lose(&mut self, client: &ClientId) {
        self.step(Input::Disconnected { client, code: 1006 });
    }

    /// Loses every connection at once, with the room's memory: what `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.clients.clear();
        self.forget();
    }

    /// What is in memory is gone, and every connection with it. What is on the disk stays, and the alarm.
    fn forget(&mut self) {
        self.members.clear();
        (self.window, self.states) = (None, None);
        self.restore();
    }

    /// Evicts the room. The platform does so only while nothing is pending.
    pub(crate) fn evict(&mut self) {
        self.rest();
        self.restore();
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
        self.post_signed(self.now, updates)
    }

    /// A request that was signed then.
    pub(crate) fn post_signed(&mut self, signed: Timestamp, updates: Vec<Update>) -> u64 {
        self.posts += 1;
        self.unanswered.insert(self.posts, updates.clone());
        self.step(Input::Published(Post { id: PostId(self.posts), signed, updates }));
        self.posts
    }

    /// What the room does when it asks who has pinged.
    pub(crate) fn ask_pings(&mut self) {
        self.step(Input::Pinged(self.pings()));
    }

    pub(crate) fn pings(&self) -> Vec<(ClientId, Timestamp)> {
        let pinged = self.clients.iter();
        pinged.filter_map(|(id, client)| Some((id.clone(), client.pinged?))).collect()
    }

    /// A ping that the runtime answers without the room.
    pub(crate) fn ping(&mut self, client: &ClientId) {
        self.clients.get_mut(client).unwrap().pinged = Some(self.now);
    }

    pub(crate) fn step(&mut self, input: Input<'_>) {
        let disk = &mut self.disk;
        let effects = self.room.handle(input, self.now, || Ok::<_, Corrupt>(disk.load())).unwrap();
        for effect in effects {
            self.fails = self.fails.map(|left| left - 1);
            if self.fails == Some(0) {
                return self.fail();
            }
            self.run(&effect);
            self.trace.push(effect);
        }
        if std::mem::take(&mut self.asked_pings) {
            return self.step(Input::Pinged(self.pings()));
        }
        if std::mem::take(&mut self.aborted) {
            self.dropped.extend(std::mem::take(&mut self.clients).into_values());
            self.forget();
        }
        self.check();
    }

    /// What has to hold after every input.
    fn check(&mut self) {
        let head = self.room.head().map_or(self.disk.head(), |head| head.seq);
        assert_eq!(head, self.disk.head(), "what is not stored is not the head");
        let endless = self.alarm.is_none() && self.disk.head() > 0;
        assert!(!endless, "every room comes to an end");
        let soon = self.alarm.is_some_and(|at| at <= self.now.plus_ms(SWEEP_EVERY_MS));
        assert!(self.clients.is_empty() || soon, "members are swept every minute");
        let waits = self.window.is_some() || self.states.is_some();
        assert_eq!(waits, !self.room.is_resting());
    }

    /// An effect has failed: whoever is connected or waits is told, and the room is what is on the disk.
    fn fail(&mut self) {
        self.fails = None;
        self.failures += 1;
        self.dropped.extend(std::mem::take(&mut self.clients).into_values());
        self.forget();
    }

    /// The position of the last durable update.
    pub(crate) fn head(&mut self) -> Position {
        if self.room.head().is_none() {
            self.state();
        }
        self.room.head().unwrap()
    }

    /// Whether a `roomcast.v1` client that has seen this could come in.
    pub(crate) fn door(&mut self, resume: Option<&Position>) -> Door {
        let disk = &mut self.disk;
        self.room.admit(Dialect::V1, resume, || Ok::<_, Corrupt>(disk.load())).unwrap()
    }

    fn run(&mut self, effect: &Effect) {
        let durable = self.disk.head();
        match effect {
            Effect::Found(epoch) => self.disk.found(epoch),
            Effect::Append { row, at, signed, ids } => self.disk.append(row, *at, *signed, ids),
            Effect::Checkpoint(row) => self.disk.checkpoint(row),
            Effect::Remember { client, member } => {
                self.members.insert(client.clone(), member.clone());
            }
            Effect::Send { to, text } => self.clients.get_mut(to).unwrap().receive(text, durable),
            Effect::Broadcast { to, text } => {
                // Who is just joining is not in the room before it is remembered.
                let here = |id: &ClientId| self.members.contains_key(id);
                let clients = self.clients.iter_mut();
                clients
                    .filter(|(id, client)| client.dialect == *to && here(id))
                    .for_each(|(_, client)| client.receive(text, durable));
            }
            Effect::Replay { to, replay } => {
                let bursts = self.disk.read(&replay.bursts);
                let client = self.clients.get_mut(to).unwrap();
                for frame in replay.frames(&bursts).unwrap() {
                    client.receive(&frame, durable);
                }
            }
            Effect::Close { .. } => {}
            Effect::Left { client, .. } => {
                self.clients.remove(client);
                self.members.remove(client);
            }
            Effect::Answer { post, outcomes } => {
                let last = outcomes.iter().filter_map(|posted| posted.seq()).max();
                assert!(last.unwrap_or(0) <= durable, "answered before it is durable");
                let updates = self.unanswered.remove(&post.0);
                self.check_taken_once(&updates.expect("answered once"), outcomes);
                self.answers.insert(post.0, outcomes.clone());
            }
            Effect::OpenWindow { ms } => {
                assert!(self.window.replace(*ms).is_none(), "one window at a time");
            }
            Effect::OweStates { ms } => {
                assert!(self.states.replace(*ms).is_none(), "one wait for states at a time");
            }
            Effect::WakeAt(at) => self.alarm = Some(*at),
            Effect::AskPings => self.asked_pings = true,
            Effect::Abort => self.aborted = true,
            Effect::End => {
                self.disk = Disk::new(self.limits);
                self.alarm = None;
            }
        }
    }

    /// An event is not taken again while its request could be sent again, if not too many came since.
    fn check_taken_once(&mut self, updates: &[Update], outcomes: &Outcomes) {
        for (update, posted) in updates.iter().zip(outcomes) {
            let Posted::Accepted(_) = posted else { continue };
            let before = self.taken.insert(update.event_id.clone(), self.now);
            let long_ago = |at: Timestamp| self.now.ms_since(at) >= REPLAY_WINDOW_MS;
            let few = self.limits.seen_ids < 1_000;
            assert!(few || before.is_none_or(long_ago), "{} is taken twice", update.event_id);
        }
    }

    fn restore(&mut self) {
        self.room = restore(&self.limits, &self.members);
    }

    /// The updates of the room's state.
    pub(crate) fn state(&mut self) -> Vec<Value> {
        let disk = &mut self.disk;
        let (effects, _, frame) = self.room.state(|| Ok::<_, Corrupt>(disk.load())).unwrap();
        for effect in &effects {
            self.run(effect);
        }
        let frame: Value = serde_json::from_str(&frame).unwrap();
        frame["updates"].as_array().unwrap().clone()
    }
}

fn restore(limits: &RoomLimits, members: &BTreeMap<ClientId, Member>) -> Room {
    Room::restore("s-1".parse().unwrap(), *limits, members.clone())
}
