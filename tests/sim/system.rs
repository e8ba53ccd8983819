//! The whole system of a run: front Workers, rooms, seats, pointers, a tenant, clients and backends, on one calendar.
//!
//! Everything that decides is the code that ships; what is here stands in for the platform and for the network. A relay is a
//! room like others, under the name of its room and its own: see [`crate::relays`].

use std::collections::{BTreeMap, BTreeSet};

use roomcast::protocol::ids::ClientId;
use roomcast::protocol::time::Timestamp;

use crate::agent::Agent;
use crate::backend::{Backend, Known};
use crate::calendar::Calendar;
use crate::chance::Chance;
use crate::coverage::Coverage;
use crate::documents::Label;
use crate::events::{Asker, Event, To};
use crate::front::Front;
use crate::line::Line;
use crate::pointer::Pointer;
use crate::room::Room;
use crate::seat::SeatHost;
use crate::tenant::TenantObject;
use crate::undertaking::Undertaking;

/// The time at which runs begin, which no clock may show before.
pub(crate) const BEGIN: Timestamp = Timestamp(1_767_780_000_000);

/// How far a clock may differ from the right time, either way: two of them by less than what lies between the end of a lease and that of
/// a room's memory of it.
pub(crate) const SKEW_MS: u64 = 900;

/// A run has some twenty thousand steps. One with more than this does the same again and again.
const MOST_STEPS: u64 = 300_000;

/// How much goes wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// How many messages in a thousand are lost, before or after they were carried out.
    pub(crate) lost: u64,
    /// How many are late by seconds.
    pub(crate) late: u64,
    /// How many turns in a thousand have a step that fails.
    pub(crate) fails: u64,
    /// Milliseconds between two things that go wrong by themselves: crashes, evictions, deploys.
    pub(crate) faults_ms: u64,
}

impl Weather {
    pub(crate) fn of(chance: &mut Chance) -> Self {
        match chance.below(4) {
            0 => Self { lost: 0, late: 0, fails: 0, faults_ms: 20_000 },
            1 => Self { lost: 30, late: 10, fails: 6, faults_ms: 3_000 },
            2 => Self { lost: 120, late: 60, fails: 25, faults_ms: 900 },
            _ => Self { lost: 10, late: 150, fails: 2, faults_ms: 300 },
        }
    }

    pub(crate) const CALM: Self = Self { lost: 0, late: 0, fails: 0, faults_ms: u64::MAX };
}

/// What was counted in a run.
#[derive(Debug, Default, Clone)]
pub(crate) struct Counts {
    pub(crate) steps: u64,
    pub(crate) disconnects: u64,
    pub(crate) connects: u64,
    pub(crate) events: u64,
    pub(crate) frames: u64,
    pub(crate) crashes: u64,
    pub(crate) undone: u64,
    pub(crate) failures: u64,
    pub(crate) evictions: u64,
    pub(crate) lost: u64,
    pub(crate) deploys: u64,
    pub(crate) resumed: u64,
    /// Clients that came in past two lost objects: see `docs/proof.md`.
    pub(crate) outlived: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.disconnects += other.disconnects;
        self.connects += other.connects;
        self.events += other.events;
        self.frames += other.frames;
        self.crashes += other.crashes;
        self.undone += other.undone;
        self.failures += other.failures;
        self.evictions += other.evictions;
        self.lost += other.lost;
        self.deploys += other.deploys;
        self.resumed += other.resumed;
        self.outlived += other.outlived;
    }
}

pub(crate) struct System {
    pub(crate) chance: Chance,
    /// Milliseconds since the run began, by the right clock.
    pub(crate) now: u64,
    pub(crate) calendar: Calendar,
    pub(crate) weather: Weather,
    /// Whether clients and backends go on, or come to rest.
    pub(crate) active: bool,
    /// Whether clients stay away.
    pub(crate) deserted: bool,
    /// Whether clients do nothing at all.
    pub(crate) frozen: bool,
    /// The relay that reaches no other object of its room, and which none of them reaches.
    pub(crate) cut_off: Option<String>,
    pub(crate) fronts: Vec<Front>,
    pub(crate) rooms: BTreeMap<String, Room>,
    pub(crate) seats: BTreeMap<String, SeatHost>,
    pub(crate) pointers: BTreeMap<String, Pointer>,
    pub(crate) tenant: TenantObject,
    pub(crate) agents: Vec<Agent>,
    pub(crate) lines: BTreeMap<ClientId, Line>,
    pub(crate) backends: Vec<Backend>,
    pub(crate) undertakings: BTreeMap<u64, Undertaking>,
    /// The questions that have no answer yet.
    pub(crate) open: BTreeSet<Asker>,
    pub(crate) begun: u64,
    /// Who may see each event.
    pub(crate) labels: BTreeMap<String, Label>,
    /// What backends were told of events.
    pub(crate) told: Known,
    /// Which tokens count no longer: of whom, which one, issued until when, and since when that is known.
    pub(crate) revoked: Vec<(String, Option<String>, Timestamp, u64)>,
    pub(crate) counts: Counts,
    pub(crate) coverage: Coverage,
    /// What has happened, if somebody wants to read it.
    pub(crate) log: Option<Vec<String>>,
}

impl System {
    /// The right time as a clock shows it that differs by so much.
    pub(crate) fn clock(&self, skew: i64) -> Timestamp {
        Timestamp((BEGIN.0 + self.now).saturating_add_signed(skew))
    }

    /// The time of the run at which a clock shows this.
    pub(crate) fn when(&self, at: Timestamp, skew: i64) -> u64 {
        let right = at.0.saturating_add_signed(-skew).saturating_sub(BEGIN.0);
        right.max(self.now)
    }

    pub(crate) fn skew(&mut self) -> i64 {
        self.chance.between(0, 2 * SKEW_MS).cast_signed() - SKEW_MS.cast_signed()
    }

    pub(crate) fn later(&mut self, ms: u64, event: Event) {
        self.calendar.enter(self.now + ms, event);
    }

    /// Lets everything happen until then, or for so many steps.
    pub(crate) fn run(&mut self, until: u64, most: u64) {
        for _ in 0..most {
            let Some((at, event)) = self.calendar.next(until) else { break };
            self.now = at;
            self.counts.steps += 1;
            assert!(self.counts.steps < MOST_STEPS, "everything comes to rest");
            self.note(&event);
            self.happen(event);
            self.check();
        }
        if until != u64::MAX && self.calendar.left().next().is_none() {
            self.now = self.now.max(until);
        }
    }

    /// Writes into the log what happens, unless nobody waits for it any more.
    fn note(&mut self, event: &Event) {
        let void = matches!(event, Event::Reply { asker, .. } if !self.open.contains(asker));
        if let Some(log) = self.log.as_mut().filter(|_| !void) {
            log.push(format!("{:>6} {:>9} ms  {event:?}", self.counts.steps, self.now));
        }
    }

    /// Writes something else into the log.
    pub(crate) fn remark(&mut self, what: impl FnOnce() -> String) {
        if let Some(log) = &mut self.log {
            log.push(format!("{:>22}{}", "", what()));
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive { to, call, asker } => match to {
                To::Front(front) => self.front_is_asked(front, call, asker),
                To::Room(room) => self.room_is_asked(&room, call, asker),
                To::Seat(seat) => self.seat_is_asked(&seat, call, asker),
                To::Pointer(pointer) => self.pointer_is_asked(&pointer, &call, asker),
                To::Tenant => self.tenant_is_asked(call, asker),
            },
            Event::Reply { asker, answer } => self.is_answered(asker, answer),
            Event::Down(client) => self.reads(&client),
            Event::Up(client, said) => self.room_hears(&client, said),
            Event::Ended(client, code) => self.room_loses(&client, code),
            Event::Durable(room, number) => self.is_durable(&room, number),
            Event::Loss(room, number) => self.loses_write(&room, number),
            Event::Alarm(room, at) => self.room_wakes(&room, at),
            Event::Waited(room, waited, number) => self.wait_is_over(&room, waited, number),
            Event::Verdict(room) => self.tenant_judges(&room),
            Event::SeatStep(seat, attempt) => self.seat_steps(&seat, attempt),
            Event::SeatAlarm(seat) => self.seat_wakes(&seat),
            Event::TenantAlarm => self.tenant_wakes(),
            Event::Agent(agent) => self.agent_acts(agent),
            Event::Stock(room) => self.stocks_act(&room),
            Event::Backend(backend) => self.backend_acts(backend),
            Event::Fault => self.something_goes_wrong(),
        }
    }
}
