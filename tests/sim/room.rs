//! A room of a run: [`World`] with the sessions of Socket.IO before it, on a calendar, behind an output gate.
//!
//! What a room writes is not durable at once. Until it is, nobody sees what the room has sent or answered since; if the object is lost
//! before, all of that is undone. Turns go on meanwhile, as on the platform.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use roomcast::limits::{RoomLimits, VOID_MS};
use roomcast::protocol::ids::{ClientId, Seq};
use roomcast::protocol::lease::{Leased, RollCall, Subject};
use roomcast::protocol::time::Timestamp;

use crate::disk::Disk;
use crate::events::{Answer, Asker, Event, Waited};
use crate::invariants::note_stored;
use crate::relays::{Errand, Waiter};
use crate::sessions::Sessions;
use crate::system::System;
use crate::world::World;

mod losing;
mod waking;

/// What a room has promised a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Promise {
    Absent(ClientId),
    Life(Subject, Timestamp),
}

/// What waits until it may leave the room.
pub(crate) enum Held {
    Frame(ClientId, Rc<str>),
    End(ClientId),
    Reply(Option<Asker>, Answer),
    /// That somebody is there, or nobody any more: which change.
    Announce(u64, bool),
    Errand(Errand),
}

#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Room {
    pub(crate) sessions: Sessions,
    pub(crate) skew: i64,
    /// What is durable.
    pub(crate) disk: Disk,
    pub(crate) alarm: Option<Timestamp>,
    durable_at: Timestamp,
    /// Whether more was written, and which write it was.
    pub(crate) pending: bool,
    writes: u64,
    pub(crate) held: Vec<Held>,
    /// How much of the line of each session of Socket.IO was there before the first write that is not durable.
    marks: BTreeMap<usize, usize>,
    /// When a seat last asked it something.
    pub(crate) asked: Timestamp,
    /// Whom its objects have said to be absent, and the lives that they were told of; when, and which object it was.
    promised: Vec<(Promise, Timestamp, u64)>,
    objects: u64,
    /// The connections that it has.
    pub(crate) connections: BTreeSet<ClientId>,
    /// Who waits for the answer to a post, and which events are in it.
    pub(crate) posts: BTreeMap<u64, (Option<Asker>, Vec<String>)>,
    /// The numbers of waits: those with another one are void.
    waits: BTreeMap<Waited, u64>,
    pub(crate) begun: u64,
    failures: usize,
    /// The alarm, and the next wait for a pace, that are in the calendar.
    entered: (Option<Timestamp>, Option<Timestamp>),
    /// Effects that were counted.
    pub(crate) looked: usize,
    /// Whether the tenant knows of it, and whether it is being told.
    pub(crate) listed: bool,
    pub(crate) listing: bool,
    /// Whether it is stored that the tenant knows of it.
    durably_listed: bool,
    /// What was stored and is not durable yet: number and event; `None` if the room has ended.
    pub(crate) fresh: Vec<Option<(Seq, String)>>,
    /// What is in the log: number and event.
    pub(crate) ledger: BTreeMap<Seq, String>,
    /// What the backends were told of it.
    pub(crate) announced: usize,
    /// Who waits for what this relay has asked its parent, and after how many questions, while it asks.
    pub(crate) asking: Option<Vec<(Waiter, u8)>>,
}

fn limits() -> RoomLimits {
    RoomLimits {
        log_bursts: 6,
        seen_ids: 1_000,
        checkpoint_bursts: 3,
        checkpoint_bytes: 1_500,
        burst_bytes: 600,
        replay_bytes: 1_500,
        conflate_bytes: 1_200,
        hold_bytes: 2_400,
        ..RoomLimits::default()
    }
}

impl Room {
    pub(crate) fn new(sessions: impl FnOnce(World) -> Sessions, skew: i64) -> Self {
        let world = World::with_limits(limits());
        Self {
            disk: world.disk.clone(),
            sessions: sessions(world),
            skew,
            alarm: None,
            durable_at: Timestamp(0),
            pending: false,
            writes: 0,
            held: Vec::new(),
            marks: BTreeMap::new(),
            asked: Timestamp(0),
            promised: Vec::new(),
            objects: 0,
            connections: BTreeSet::new(),
            posts: BTreeMap::new(),
            waits: BTreeMap::new(),
            begun: 0,
            failures: 0,
            entered: (None, None),
            fresh: Vec::new(),
            looked: 0,
            listed: false,
            listing: false,
            durably_listed: false,
            ledger: BTreeMap::new(),
            announced: 0,
            asking: None,
        }
    }

    pub(crate) fn world(&mut self) -> &mut World {
        &mut self.sessions.world
    }

    /// Notes what the object promises.
    pub(crate) fn promise(&mut self, roll: &RollCall, present: &[ClientId]) {
        let (now, object) = (self.sessions.world.now, self.objects);
        self.promised.retain(|(_, at, _)| now.ms_since(*at) < VOID_MS);
        let absent = roll.clients.iter().filter(|client| !present.contains(client));
        self.promised.extend(absent.map(|client| (Promise::Absent(client.clone()), now, object)));
        let life = roll.all.clone().map(|(subject, life)| Promise::Life(subject, life));
        self.promised.extend(life.map(|life| (life, now, object)));
    }

    /// What any object of the room has promised, if it is that this client does not join.
    pub(crate) fn broken_promise(
        &self,
        client: &ClientId,
        leases: &[(Subject, Leased)],
    ) -> Option<&Promise> {
        let now = self.sessions.world.now;
        let concerns = |promise: &Promise| match promise {
            Promise::Absent(absent) => absent == client,
            Promise::Life(subject, life) => {
                leases.iter().any(|(own, leased)| own == subject && leased.life < *life)
            }
        };
        let mut held = self.promised.iter().filter(|(_, at, _)| now.ms_since(*at) < VOID_MS);
        held.find(|(promise, ..)| concerns(promise)).map(|(promise, ..)| promise)
    }

    /// A client that was sent on comes to it again, and is counted anew: what was said of it before is over.
    pub(crate) fn forget_promise(&mut self, client: &ClientId) {
        self.promised.retain(|(promise, ..)| *promise != Promise::Absent(client.clone()));
    }

    /// Whether it has a lease of a life that its seat has outlived, as only an object knew that is lost: the known hole of
    /// `docs/proof.md`.
    pub(crate) fn has_outlived(&self, leases: &[(Subject, Leased)]) -> bool {
        let told = |promise: &Promise| match promise {
            Promise::Absent(_) => false,
            Promise::Life(subject, life) => {
                leases.iter().any(|(own, leased)| own == subject && leased.life < *life)
            }
        };
        self.promised.iter().any(|(promise, _, object)| *object < self.objects && told(promise))
    }

    /// Notes that the tenant knows of it, which is stored.
    pub(crate) fn list(&mut self, listed: bool) {
        self.listed = listed;
        if !self.pending {
            self.durably_listed = listed;
        }
    }

    /// A client of Socket.IO has read one message of those that were there before the last turn.
    pub(crate) fn has_read(&mut self, sid: Option<usize>) {
        if let Some(mark) = sid.and_then(|sid| self.marks.get_mut(&sid)) {
            *mark = mark.saturating_sub(1);
        }
    }

    fn is_void(&self, waited: Waited, number: u64) -> bool {
        match waited {
            // There may be several.
            Waited::Pace => false,
            _ => self.waits.get(&waited) != Some(&number),
        }
    }
}

impl System {
    /// A turn of a room: sees to it that its clock is right, and hands on what comes of it.
    pub(crate) fn turn<T>(
        &mut self,
        name: &str,
        input: &'static str,
        act: impl FnOnce(&mut Sessions) -> T,
    ) -> T {
        let fails = self.chance.happens(self.weather.fails).then(|| self.chance.index(8) + 1);
        let skew = self.rooms[name].skew;
        let now = self.clock(skew);
        let room = self.rooms.get_mut(name).unwrap();
        let world = &mut room.sessions.world;
        world.now = world.now.max(now);
        world.fails = fails;
        let before = (world.disk.rows, world.alarm);
        let state = crate::coverage::state(world, room.pending);
        if !room.pending {
            room.marks =
                room.sessions.links.iter().map(|(sid, link)| (*sid, link.line.len())).collect();
        }
        let done = act(&mut room.sessions);
        room.sessions.settle();
        let world = &mut room.sessions.world;
        world.fails = None;
        let wrote = before != (world.disk.rows, world.alarm);
        self.coverage.turn(input, state, &world.trace[room.looked.min(world.trace.len())..]);
        note_stored(&world.trace[room.looked.min(world.trace.len())..], &mut room.fresh);
        room.looked = world.trace.len();
        if wrote && !room.pending {
            room.pending = true;
            room.writes += 1;
            let number = room.writes;
            let ms = self.chance.between(1, 25);
            self.later(ms, Event::Durable(name.to_owned(), number));
            // Now and then the object is lost before that.
            if self.chance.happens(self.weather.fails) {
                let ms = self.chance.below(ms + 1);
                self.later(ms, Event::Loss(name.to_owned(), number));
            }
        }
        self.hand_on(name);
        done
    }

    /// Takes what a turn has left behind.
    fn hand_on(&mut self, name: &str) {
        let room = self.rooms.get_mut(name).unwrap();
        let world = &mut room.sessions.world;
        let wires = std::mem::take(&mut world.wires);
        room.held.extend(wires.into_iter().map(|(client, frame)| Held::Frame(client, frame)));
        for (post, outcomes) in std::mem::take(&mut world.answers) {
            if let Some((asker, _)) = room.posts.remove(&post) {
                room.held.push(Held::Reply(asker, Answer::Delivered(outcomes)));
            }
        }
        for client in &room.connections {
            match world.clients.get(client) {
                Some(known) => {
                    if let Some(line) = self.lines.get_mut(client) {
                        line.slow |= known.slow;
                    }
                }
                None => room.held.push(Held::End(client.clone())),
            }
        }
        room.connections.retain(|client| world.clients.contains_key(client));
        let failed = world.failures > room.failures;
        room.failures = world.failures;
        world.dropped.clear();
        if failed {
            self.counts.failures += 1;
            if let Some(log) = &mut self.log {
                log.push(format!("{:>22}{name} has failed", ""));
            }
            world.unanswered.clear();
            room.waits.clear();
            let posts = std::mem::take(&mut room.posts);
            let lost = posts.into_values().map(|(asker, _)| Held::Reply(asker, Answer::Lost));
            room.held.extend(lost);
            world.pass_stale_waits();
            room.looked = world.trace.len();
        }
        self.enter_waits(name);
        self.enter_questions(name);
        self.enter_errands(name);
        if !self.rooms[name].pending {
            self.release(name);
        }
    }

    /// Enters into the calendar what the room waits for.
    fn enter_waits(&mut self, name: &str) {
        let room = self.rooms.get_mut(name).unwrap();
        let world = &room.sessions.world;
        let skew = room.skew;
        let single = [
            (Waited::Window, world.window.map(|(ms, _)| world.now.plus_ms(ms))),
            (Waited::States, world.states.map(|(ms, _)| world.now.plus_ms(ms))),
            (Waited::Presence, world.gathering.map(|(at, _)| at)),
            (Waited::Feed, world.feeding.map(|(at, _)| at)),
        ];
        let (mut due, alarm) = (Vec::new(), world.alarm);
        for (waited, at) in single {
            match at {
                None => drop(room.waits.remove(&waited)),
                Some(at) if !room.waits.contains_key(&waited) => {
                    room.begun += 1;
                    room.waits.insert(waited, room.begun);
                    due.push((at, Event::Waited(name.to_owned(), waited, room.begun)));
                }
                Some(_) => {}
            }
        }
        let next = world.paces.iter().map(|(at, _)| *at).min();
        if room.entered.1 != next {
            due.extend(next.map(|at| (at, Event::Waited(name.to_owned(), Waited::Pace, 0))));
        }
        if room.entered.0 != alarm {
            due.extend(alarm.map(|at| (at, Event::Alarm(name.to_owned(), at))));
        }
        room.entered = (alarm, next);
        for (at, event) in due {
            let at = self.when(at, skew);
            self.calendar.enter(at, event);
        }
    }

    /// What was written is durable now, and what was held may leave.
    pub(crate) fn is_durable(&mut self, name: &str, number: u64) {
        let Some(room) = self.rooms.get_mut(name).filter(|room| room.writes == number) else {
            return;
        };
        if !room.pending {
            return;
        }
        room.pending = false;
        let world = &room.sessions.world;
        (room.disk, room.alarm, room.durable_at) = (world.disk.clone(), world.alarm, world.now);
        room.durably_listed = room.listed;
        self.keep_ledger(name);
        self.release(name);
    }

    fn release(&mut self, name: &str) {
        let held = std::mem::take(&mut self.rooms.get_mut(name).unwrap().held);
        for one in held {
            match one {
                Held::Frame(client, frame) => self.send_down(&client, Some(frame)),
                Held::End(client) => {
                    self.send_down(&client, None);
                    if let Some(line) = self.lines.get_mut(&client) {
                        line.held = false;
                    }
                    self.forget_line(&client);
                }
                Held::Announce(number, occupied) => self.announce(name, number, occupied),
                Held::Errand(errand) => self.set_out(name, errand),
                Held::Reply(asker, answer) => {
                    self.check_answer(name, &answer);
                    self.reply(asker, answer);
                }
            }
        }
    }
}
