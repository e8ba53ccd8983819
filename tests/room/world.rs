//! A world around one room: storage, connections, alarm and clock in memory, stepped by hand.
//!
//! It runs the room with the same runner as the shell, and checks the invariants after every step. A test says what
//! happens and what must be seen; it never sleeps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use roomcast::deployment::inflater::Inflater;
use roomcast::dialect::Received;
use roomcast::limits::{RoomLimits, SWEEP_EVERY_MS};
use roomcast::protocol::capacity::Capacity;
use roomcast::protocol::company::Company;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::{ClientId, Position};
use roomcast::protocol::relay::RelayName;
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::update::Update;
use roomcast::room::groups::GroupId;
use roomcast::room::member::Member;
use roomcast::room::publish::{Outcomes, Post};
use roomcast::room::tree::company::letters as company;
use roomcast::room::tree::company::roll::Addressee;
use roomcast::room::tree::feeding::{Guest, Served};
use roomcast::room::tree::KeptTree;
use roomcast::room::view::View;
use roomcast::room::{Door, Effect, Entry, Input, PostId, Verdict};
use roomcast::runner::{Alarm, Asked, Failure, RoomFailed, Runner, Wait};
use serde_json::Value;

use crate::client::{Client, History};
use crate::disk::Disk;
use crate::reports::Reports;
use crate::updates::update;

pub(crate) struct World {
    pub(crate) limits: RoomLimits,
    pub(crate) now: Timestamp,
    pub(crate) runner: Runner,
    pub(crate) clients: BTreeMap<ClientId, Client>,
    pub(crate) alarm: Option<Timestamp>,
    /// The pace that posts bring from now on, as if the tenant were over its budget.
    pub(crate) pace_ms: Option<u32>,
    /// The open window, with its milliseconds after the stored row is durable.
    pub(crate) window: Option<(u64, Wait)>,
    /// The wait for owed states, with its milliseconds.
    pub(crate) states: Option<(u64, Wait)>,
    /// The wait for changes of who is here, and when it ends.
    pub(crate) gathering: Option<(Timestamp, Wait)>,
    /// What clients that join may do besides watching.
    pub(crate) company: Company,
    /// What the room reports to its operator.
    pub(crate) reports: Reports,
    /// The waits for what is held back, and when each ends.
    pub(crate) paces: Vec<(Timestamp, Wait)>,
    /// Waits of rooms that have failed since.
    pub(crate) stale: Vec<Wait>,
    /// The answers, by request.
    pub(crate) answers: BTreeMap<u64, Outcomes>,
    /// All effects, for comparing worlds.
    pub(crate) trace: Vec<Effect>,
    /// How many frames were sent, to one or to a group.
    pub(crate) sends: usize,
    pub(crate) disk: Disk,
    /// Which of the next effects fails: 1 is the next one.
    pub(crate) fails: Option<usize>,
    /// How often the room has failed.
    pub(crate) failures: usize,
    pub(crate) aborted: bool,
    /// Requests that have no answer.
    pub(crate) unanswered: BTreeMap<u64, Vec<Update>>,
    /// What clients were sent that have left.
    pub(crate) left: BTreeMap<ClientId, Vec<Value>>,
    /// Clients that were closed because the room failed, or as if it had.
    pub(crate) dropped: Vec<Client>,
    /// Those that are being closed so.
    pub(crate) sent_back: BTreeSet<ClientId>,
    /// The metadata of everything that the room has stored.
    pub(crate) history: History,
    /// When each event was accepted.
    pub(crate) taken: BTreeMap<String, Timestamp>,
    pub(crate) members: BTreeMap<ClientId, Member>,
    pub(crate) groups: BTreeMap<ClientId, GroupId>,
    /// The tokens about which the tenant has not answered yet.
    pub(crate) asked: Vec<(String, Asked)>,
    /// What the tenant says of each token. It does not answer about others.
    pub(crate) verdicts: BTreeMap<String, Verdict>,
    /// What was announced to the tenant: which change, and whether somebody is there.
    pub(crate) announced: Vec<(u64, bool)>,
    /// The packets for clients of Socket.IO, in order. Whoever has their sessions takes them.
    pub(crate) packets: Vec<(ClientId, Rc<str>)>,
    /// What the compressed frames of each client refer to.
    pub(crate) inflaters: BTreeMap<ClientId, Inflater>,
    /// How many compressed frames were sent, once for all members of a group.
    pub(crate) deflated: usize,
    /// What clients at the far end of a connection are sent, in order.
    pub(crate) wires: Vec<(ClientId, Rc<str>)>,
    /// The relay that the room is, if it is one.
    pub(crate) relay: Option<RelayName>,
    /// What relays are sent, in order.
    pub(crate) meals: Vec<(Guest, Served)>,
    /// Whether the room wants to ask its parent.
    pub(crate) asks_parent: bool,
    /// What the room has written to other objects, in order.
    pub(crate) written: Vec<(Addressee, company::Letter)>,
    /// Those of them that wait for an answer, since it came into memory. What has no number waits for none.
    pub(crate) awaited: BTreeSet<Addressee>,
    /// The wait at whose end relays are fed again.
    pub(crate) feeding: Option<(Timestamp, Wait)>,
    posts: u64,
    pub(crate) joined: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_limits(RoomLimits::default())
    }

    pub(crate) fn with_limits(limits: RoomLimits) -> Self {
        Self {
            limits,
            now: Timestamp(1_767_780_000_000),
            runner: Runner::default(),
            clients: BTreeMap::new(),
            alarm: None,
            pace_ms: None,
            window: None,
            states: None,
            gathering: None,
            company: Company::default(),
            reports: Reports::default(),
            paces: Vec::new(),
            stale: Vec::new(),
            answers: BTreeMap::new(),
            trace: Vec::new(),
            sends: 0,
            disk: Disk::new(limits),
            fails: None,
            failures: 0,
            aborted: false,
            unanswered: BTreeMap::new(),
            left: BTreeMap::new(),
            dropped: Vec::new(),
            sent_back: BTreeSet::new(),
            history: History::new(),
            taken: BTreeMap::new(),
            members: BTreeMap::new(),
            groups: BTreeMap::new(),
            asked: Vec::new(),
            verdicts: BTreeMap::new(),
            announced: Vec::new(),
            packets: Vec::new(),
            inflaters: BTreeMap::new(),
            deflated: 0,
            wires: Vec::new(),
            relay: None,
            meals: Vec::new(),
            asks_parent: false,
            written: Vec::new(),
            awaited: BTreeSet::new(),
            feeding: None,
            posts: 0,
            joined: 0,
        }
    }

    pub(crate) fn disconnect(&mut self, client: &ClientId) {
        self.step(Input::Disconnected { client, code: 1000 });
    }

    /// Ends a connection without a close frame, as a network failure does.
    pub(crate) fn lose(&mut self, client: &ClientId) {
        self.step(Input::Disconnected { client, code: 1006 });
    }

    pub(crate) fn send(&mut self, client: &ClientId, text: &str) {
        self.hear(client, Received::Text(text));
    }

    /// Publishes updates with these event ids as one request, and returns the request.
    pub(crate) fn publish(&mut self, event_ids: &[&str]) -> u64 {
        self.post(event_ids.iter().map(|id| update(id, id, 1)).collect())
    }

    /// Posts updates as one request. If the window has no timer, the row is durable at once; see
    /// [`World::post_together`].
    pub(crate) fn post(&mut self, updates: Vec<Update>) -> u64 {
        let post = self.post_together(updates);
        while self.window.is_some_and(|(ms, _)| ms == 0) {
            self.pass_window();
        }
        post
    }

    /// Posts updates as a request that comes while the one before is still being stored.
    pub(crate) fn post_together(&mut self, updates: Vec<Update>) -> u64 {
        self.post_signed(self.now, updates)
    }

    /// Posts updates as a request that was signed at `signed`.
    pub(crate) fn post_signed(&mut self, signed: Timestamp, updates: Vec<Update>) -> u64 {
        self.posts += 1;
        self.unanswered.insert(self.posts, updates.clone());
        let (id, pace_ms) = (PostId(self.posts), self.pace_ms);
        self.step(Input::Published(Post { id, signed, updates, pace_ms }));
        self.posts
    }

    /// Tells the room when its clients have pinged, as if it had asked.
    pub(crate) fn ask_pings(&mut self) {
        self.step(Input::Pinged(self.pings()));
    }

    pub(crate) fn pings(&self) -> Vec<(ClientId, Timestamp)> {
        let pinged = self.clients.iter();
        pinged.filter_map(|(id, client)| Some((id.clone(), client.pinged?))).collect()
    }

    /// A client sends a ping, which the runtime answers without the room.
    pub(crate) fn ping(&mut self, client: &ClientId) {
        self.clients.get_mut(client).unwrap().pinged = Some(self.now);
    }

    pub(crate) fn step(&mut self, input: Input<'_>) {
        if let Input::Replied { to, .. } = &input {
            self.awaited.remove(to);
        }
        self.take_turn(|runner, world| runner.turn(input, world));
    }

    pub(crate) fn hear(&mut self, client: &ClientId, received: Received<'_>) {
        self.take_turn(|runner, world| runner.hear(client, received, world));
    }

    /// Runs one turn of the runner, arms the alarm, and ends the room if it has aborted.
    pub(crate) fn take_turn(
        &mut self,
        turn: impl FnOnce(&mut Runner, &mut Self) -> Result<Alarm, RoomFailed>,
    ) {
        self.answered(|runner, world| Ok((turn(runner, world)?, ())));
    }

    /// The same with a turn that answers something; `None` if it fails.
    pub(crate) fn answered<T>(
        &mut self,
        turn: impl FnOnce(&mut Runner, &mut Self) -> Result<(Alarm, T), RoomFailed>,
    ) -> Option<T> {
        let (alarm, answer) = self.with_runner(turn).ok()?;
        self.arm(alarm).ok()?;
        if std::mem::take(&mut self.aborted) {
            self.dropped.extend(std::mem::take(&mut self.clients).into_values());
            self.start_anew();
        }
        self.check();
        Some(answer)
    }

    pub(crate) fn with_runner<T>(&mut self, act: impl FnOnce(&mut Runner, &mut Self) -> T) -> T {
        let mut runner = std::mem::take(&mut self.runner);
        let done = act(&mut runner, self);
        self.runner = runner;
        done
    }

    fn arm(&mut self, alarm: Alarm) -> Result<(), RoomFailed> {
        if alarm != Alarm::Keep && self.fails_now() {
            let failure = Failure { stage: "alarm", cause: "as the test says".into() };
            return Err(self.with_runner(|runner, world| runner.fail(&failure, world)));
        }
        match alarm {
            Alarm::Keep => {}
            Alarm::Set(at) => {
                self.alarm = Some(at);
                self.trace.push(Effect::WakeAt(at));
            }
            Alarm::End => {
                self.trace.push(Effect::End);
                self.disk = self.disk.next(self.limits);
                self.history.clear();
                self.taken.clear();
                self.alarm = None;
                // The waits of a room that has ended are void, as are those of one that has failed.
                self.end_connections();
            }
        }
        Ok(())
    }

    /// Whether this is the effect that fails.
    pub(crate) fn fails_now(&mut self) -> bool {
        self.fails = self.fails.map(|left| left.saturating_sub(1));
        self.fails == Some(0)
    }

    /// Ends the waits of rooms that have failed, and checks that they change nothing.
    pub(crate) fn pass_stale_waits(&mut self) {
        let begun = self.trace.len();
        for wait in std::mem::take(&mut self.stale) {
            let turned = self.with_runner(|runner, world| runner.waited(wait, world));
            assert_eq!(turned, Ok(Alarm::Keep));
        }
        assert_eq!(
            self.trace.len(),
            begun,
            "a wait of a room that failed has no effect on the next room"
        );
    }

    /// Checks the invariants, which must hold after every input.
    fn check(&mut self) {
        let head = self.runner.head().map_or(self.disk.head(), |head| head.seq);
        assert_eq!(head, self.disk.head(), "the head is the last stored update");
        let endless = self.alarm.is_none() && self.disk.head() > 0;
        assert!(!endless, "every room has an alarm");
        let soon = self.alarm.is_some_and(|at| at <= self.now.plus_ms(SWEEP_EVERY_MS));
        assert!(self.clients.is_empty() || soon, "members are swept every minute");
        let ended = self.members.values().any(|member| member.expires <= self.now);
        assert!(!ended, "no member stays for longer than it may");
        let wakes = |end| self.alarm.is_some_and(|at| at <= end);
        let missed = self.members.values().filter_map(Member::ends).any(|end| !wakes(end));
        assert!(!missed, "the room wakes when a grant ends");
        let asks = self.asked.iter().any(|(_, asked)| self.members.contains_key(&asked.client));
        let waits = self.window.is_some()
            || self.states.is_some()
            || self.gathering.is_some()
            || self.feeding.is_some()
            || asks;
        assert!(!waits || !self.runner.is_resting());
        let feeds = self.relay.is_some() || self.disk.tree != KeptTree::default();
        // A root that has forgotten a relay hears of it by its letter, and answers with one that it has to wait for.
        let in_tree = feeds || !self.awaited.is_empty();
        assert!(waits || in_tree || !self.paces.is_empty() || self.runner.is_resting());
    }

    /// The position of the last durable update.
    pub(crate) fn head(&mut self) -> Position {
        if self.runner.head().is_none() {
            self.state();
        }
        self.runner.head().unwrap()
    }

    /// Whether the room would let a `roomcast.v1` client with this position in.
    pub(crate) fn door(&mut self, resume: Option<&Position>) -> Door {
        self.door_of(resume, Capacity::default())
    }

    /// The same, for a room that may have so many members.
    pub(crate) fn door_of(&mut self, resume: Option<&Position>, capacity: Capacity) -> Door {
        let resume = Dialect::V1.resume(resume.cloned());
        let view = View::of_all(Dialect::V1);
        let admit = |runner: &mut Runner, world: &mut Self| {
            let entry = Entry { capacity, above: None };
            runner.admit(view.of_group(), (&resume, entry), world)
        };
        self.with_runner(admit).unwrap()
    }

    /// The updates of the room's state.
    pub(crate) fn state(&mut self) -> Vec<Value> {
        self.read(&View::of_all(Dialect::V1), "ada").1
    }

    /// The entity tag of the room's state and its updates, as this viewer sees them.
    pub(crate) fn read(&mut self, view: &View, user: &str) -> (String, Vec<Value>) {
        let read = |runner: &mut Runner, world: &mut Self| runner.read(view.of(user), world);
        let (tag, frame) = self.with_runner(read).unwrap();
        let frame: Value = serde_json::from_str(&frame).unwrap();
        (tag, frame["updates"].as_array().unwrap().clone())
    }
}
