//! A seat of a run: what `src/shell/seat_host.rs` does around [`Seat`]. What it stores is durable with its answer, or the object is lost
//! with all that it had in memory.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use roomcast::hop::seat::{RevokeUser, Shown, Take, Taken};
use roomcast::limits::{REVOKE_AGAIN_MS, SEAT_IDLE_MS, VERIFY_ROOM_MS};
use roomcast::protocol::lease::{RollCall, Subject};
use roomcast::protocol::revocation::Revocation;
use roomcast::protocol::time::Timestamp;
use roomcast::quota::allotments::Allotment;
use roomcast::quota::leases::{Attempt, Leases, Round, Step};
use roomcast::quota::revocations::{Revocations, Revoked, Token};
use roomcast::quota::seat::{Rest, Seat};

use crate::events::{Answer, Asker, Call, Event, To};
use crate::system::System;
use crate::undertaking::What;

#[derive(Default)]
pub(crate) struct SeatHost {
    pub(crate) skew: i64,
    /// The last time that its clock has shown.
    now: Timestamp,
    pub(crate) seat: Option<Seat>,
    subject: Option<Subject>,
    /// What is stored.
    allotments: BTreeMap<u32, Allotment>,
    revocations: Option<Revocations>,
    waiting: BTreeMap<u64, (Attempt, Take, Option<Asker>)>,
    attempts: u64,
    alarm: Option<Timestamp>,
    /// How many undertakings need it.
    pub(crate) lives: u64,
}

/// A round of questions.
pub(crate) struct Asking {
    seat: String,
    life: Timestamp,
    round: Round,
    rooms: Vec<String>,
    left: usize,
}

/// Somebody revokes tokens of a user.
pub(crate) struct Order {
    pub(crate) user: String,
    pub(crate) token: Option<String>,
    pub(crate) until: Timestamp,
}

impl System {
    fn found_seat(&mut self, name: &str) {
        if !self.seats.contains_key(name) {
            let skew = self.skew();
            self.seats.insert(name.to_owned(), SeatHost { skew, ..SeatHost::default() });
        }
        let now = self.clock(self.seats[name].skew);
        let host = self.seats.get_mut(name).unwrap();
        host.now = host.now.max(now);
        if host.seat.is_none() {
            host.lives += 1;
            // Reading takes a moment, so that no two lives begin at the same time.
            host.now = host.now.plus_ms(1);
            let leases = Leases::new(host.allotments.values().cloned().collect(), host.now);
            let revocations = host.revocations.clone().unwrap_or_default();
            host.seat = Some(Seat { leases, revocations, ..Seat::default() });
        }
    }

    pub(crate) fn seat_is_asked(&mut self, name: &str, call: Call, asker: Option<Asker>) {
        self.found_seat(name);
        let host = self.seats.get_mut(name).unwrap();
        match call {
            Call::Take(take) => {
                if let Some(room) = self.rooms.get_mut(&take.room) {
                    room.forget_promise(&take.client);
                }
                let seat = host.seat.as_mut().unwrap();
                let attempt = seat.leases.attempt(take.client.clone(), take.room.clone(), host.now);
                host.subject = Some(take.subject.clone());
                host.attempts += 1;
                let number = host.attempts;
                host.waiting.insert(number, (attempt, take, asker));
                self.seat_steps(name, number);
            }
            Call::RevokeUser(order) => self.revoke(name, order, asker),
            other => std::panic::panic_any(format!("no question to a seat: {other:?}")),
        }
    }

    pub(crate) fn seat_steps(&mut self, name: &str, number: u64) {
        self.found_seat(name);
        let fails = self.chance.happens(self.weather.fails);
        let host = self.seats.get_mut(name).unwrap();
        let Some((attempt, take, asker)) = host.waiting.get(&number) else { return };
        let (seat, asker) = (host.seat.as_mut().unwrap(), *asker);
        let revoked = |shown: &Shown| seat.revocations.refuses(token(shown));
        if take.shown.as_ref().is_some_and(revoked) {
            self.settle_attempt(name, number, asker, Taken::Revoked);
            return;
        }
        match seat.leases.step(attempt, take.limit.unwrap(), host.now) {
            Step::Granted(leased, stored) => {
                if let Some(allotment) = stored {
                    if fails {
                        self.lose_seat(name);
                        return;
                    }
                    host.allotments.insert(allotment.slot, allotment);
                    let idle = host.now.plus_ms(SEAT_IDLE_MS);
                    self.set_seat_alarm(name, idle, false);
                }
                self.coverage.seat("granted");
                self.settle_attempt(name, number, asker, Taken::Granted(leased));
            }
            Step::Full => {
                self.coverage.seat("full");
                self.settle_attempt(name, number, asker, Taken::Full);
            }
            Step::Wait(ms) => {
                self.coverage.seat("waits");
                self.later(ms, Event::SeatStep(name.to_owned(), number));
            }
            Step::Ask(round) => {
                self.coverage.seat("asks");
                self.ask_rooms(name, &round);
                self.later(50, Event::SeatStep(name.to_owned(), number));
            }
        }
    }

    fn settle_attempt(&mut self, name: &str, number: u64, asker: Option<Asker>, taken: Taken) {
        self.seats.get_mut(name).unwrap().waiting.remove(&number);
        self.reply(asker, Answer::Taken(taken));
    }

    fn ask_rooms(&mut self, name: &str, round: &Round) {
        let host = &self.seats[name];
        let life = host.seat.as_ref().unwrap().leases.life();
        let subject = host.subject.clone();
        let rooms: Vec<String> = round.questions.keys().cloned().collect();
        let asking = Asking {
            seat: name.to_owned(),
            life,
            left: rooms.len(),
            rooms: rooms.clone(),
            round: round.clone(),
        };
        let number = self.begin(Some(To::Seat(name.to_owned())), What::Ask(asking));
        for (question, room) in (0..).zip(rooms) {
            let asked = &round.questions[&room];
            let all = subject.clone().filter(|_| asked.all).map(|subject| (subject, life));
            let roll = RollCall { clients: asked.clients.clone(), all };
            self.ask((To::Room(room), Call::Present(roll)), (number, question), VERIFY_ROOM_MS);
        }
    }

    pub(crate) fn room_has_said(&mut self, asking: &mut Asking, question: u32, answer: &Answer) {
        let name = asking.seat.clone();
        self.found_seat(&name);
        let host = self.seats.get_mut(&name).unwrap();
        let leases = &mut host.seat.as_mut().unwrap().leases;
        if leases.life() != asking.life {
            return;
        }
        let present = match answer {
            Answer::Present(present) => Some(present.as_slice()),
            _ => None,
        };
        leases.answered(&asking.round, &asking.rooms[question as usize], present);
        asking.left -= 1;
        if asking.left == 0 {
            leases.asked(&asking.round);
        }
        // Those who wait look again.
        for number in host.waiting.keys().copied().collect::<Vec<_>>() {
            self.later(0, Event::SeatStep(name.clone(), number));
        }
    }

    fn revoke(&mut self, name: &str, order: RevokeUser, asker: Option<Asker>) {
        if self.chance.happens(self.weather.fails) {
            self.lose_seat(name);
            return;
        }
        let host = self.seats.get_mut(name).unwrap();
        let now = host.now;
        let RevokeUser { user, token, session, issued_until, longest_ms } = order;
        let revoked = Revoked { token, session, issued_until };
        let how_long = (now.plus_ms(REVOKE_AGAIN_MS), longest_ms.unwrap_or_default());
        let seat = host.seat.as_mut().unwrap();
        let revoked = seat.revocations.add(revoked, how_long, now);
        host.revocations = Some(seat.revocations.clone());
        host.subject = Some(Subject::User(user));
        let rest = seat.rest(now);
        self.rest_seat(name, rest);
        self.tell_rooms(name, &revoked, false);
        self.reply(asker, Answer::Closed);
    }

    fn tell_rooms(&mut self, name: &str, revoked: &Revoked, again: bool) {
        let host = self.seats.get_mut(name).unwrap();
        let Some(Subject::User(user)) = host.subject.clone() else { return };
        let rooms = host.seat.as_ref().unwrap().rooms(revoked, host.now);
        let Revoked { token, issued_until, .. } = revoked.clone();
        let revocation = Revocation { user, token, issued_until };
        let what = What::Revoke { seat: name.to_owned(), silent: 0, again };
        let number = self.begin(Some(To::Seat(name.to_owned())), what);
        if rooms.is_empty() {
            self.rooms_were_told(name, 0, again);
        }
        for (question, room) in (0..).zip(rooms) {
            let call = Call::Revoke(revocation.clone());
            self.ask((To::Room(room), call), (number, question), VERIFY_ROOM_MS);
        }
    }

    pub(crate) fn rooms_were_told(&mut self, name: &str, silent: usize, again: bool) {
        if !again {
            return;
        }
        self.found_seat(name);
        let host = self.seats.get_mut(name).unwrap();
        let (now, seat) = (host.now, host.seat.as_mut().unwrap());
        seat.revocations.told(now, silent == 0);
        host.revocations = Some(seat.revocations.clone());
        let rest = seat.rest(now);
        self.rest_seat(name, rest);
    }

    pub(crate) fn seat_wakes(&mut self, name: &str) {
        self.found_seat(name);
        let host = self.seats.get_mut(name).unwrap();
        if host.alarm.is_none_or(|at| at > host.now) {
            return;
        }
        host.alarm = None;
        let now = host.now;
        let seat = host.seat.as_mut().unwrap();
        let due = seat.revocations.due(now);
        let review = if seat.is_idle(now) { seat.leases.review(now) } else { None };
        seat.revocations.forget(now);
        let rest = seat.rest(now);
        for revoked in &due {
            self.tell_rooms(name, revoked, true);
        }
        if let Some(round) = review {
            self.ask_rooms(name, &round);
        }
        match rest {
            // What is under way sets the alarm when it ends; if it never does, this one is still there.
            _ if !due.is_empty() => self.set_seat_alarm(name, now.plus_ms(10_000), true),
            rest => self.rest_seat(name, rest),
        }
    }

    fn rest_seat(&mut self, name: &str, rest: Rest) {
        let now = self.seats[name].now;
        let at = match rest {
            Rest::Until(at) => at.max(now.plus_ms(1)),
            Rest::End => now.plus_ms(SEAT_IDLE_MS),
        };
        self.set_seat_alarm(name, at, true);
    }

    fn set_seat_alarm(&mut self, name: &str, at: Timestamp, anew: bool) {
        let host = self.seats.get_mut(name).unwrap();
        if host.alarm.is_some() && !anew {
            return;
        }
        host.alarm = Some(at);
        let at = self.when(at, self.seats[name].skew) + 1;
        self.calendar.enter(at, Event::SeatAlarm(name.to_owned()));
    }

    /// The object is lost. What is stored stays.
    pub(crate) fn lose_seat(&mut self, name: &str) {
        self.remark(|| format!("{name} is lost"));
        let skew = self.skew();
        let host = self.seats.get_mut(name).unwrap();
        host.skew = skew;
        host.seat = None;
        host.waiting.clear();
        if let Some(at) = host.alarm {
            let at = self.when(at, skew) + 1;
            self.calendar.enter(at, Event::SeatAlarm(name.to_owned()));
        }
        self.give_up(&To::Seat(name.to_owned()));
    }
}

pub(crate) fn token(shown: &Shown) -> Token<'_> {
    Token { id: shown.token.as_deref(), issued: shown.issued, session: &shown.session }
}
