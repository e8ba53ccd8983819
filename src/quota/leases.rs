//! Counts the connections of one user or one address, over all rooms, exactly.
//!
//! A connection is counted before it joins its room, by a *lease*. Rooms do not say when a connection ends, so nothing has
//! to be cleaned up, also not after a crash: a lease may be of a connection that is gone. Only when the limit is reached are
//! the rooms asked which of the connections they have. A room that says that one is absent does not let it in any more, so
//! its lease can be dropped at once.
//!
//! Leases are in memory only. What is stored, before a lease is answered, is how many connections its room may have
//! ([`super::allotments`]). When a seat is read from storage it is a new *life*: it knows the rooms, and counts as many
//! connections in each as it may have. When the limit is reached, it asks each for all connections of its subject. From
//! then on the room lets nobody in who has a lease of an earlier life, so leases that were lost cannot be used.
//!
//! Places are given only in [`Leases::step`], which does not wait, against what is known then. So however many
//! attempts wait for rooms at the same time, there are never more connections than the limit, except those from before it was
//! lowered. An attempt is refused only if every lease was found to be present by a question that was asked after the attempt
//! came, or was given to another attempt after that. So a place that is free when an attempt comes is not missed.
//!
//! One round of questions is under way at a time. Attempts that come meanwhile share the next one.

use std::collections::BTreeMap;

use super::allotments::{Allotment, Allotments};
use crate::limits::{
    LEASE_JOINS_MS, SEAT_LEASES, SEAT_PATIENCE_MS, VERIFY_EVERY_MS, VERIFY_LONGEST_MS,
};
use crate::protocol::ids::ClientId;
use crate::protocol::lease::Leased;
use crate::protocol::time::Timestamp;

/// A counted connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The connection.
    pub client: ClientId,
    /// The name of its room.
    pub room: String,
    /// When it was counted, if it was in this life.
    pub taken: Timestamp,
}

/// A lease, and what is known of it.
#[derive(Debug, Clone)]
struct Held {
    lease: Lease,
    /// Its place in the order of events: when it was given, or when the round began that found it present last.
    certain: u64,
}

/// A room whose connections are not known yet in this life.
#[derive(Debug, Clone)]
struct Unknown {
    room: String,
    /// As many as it may have.
    places: usize,
    /// Its place in the order of events: when the round began in which it last did not answer.
    certain: u64,
}

/// The leases of one user or one address.
#[derive(Debug, Default)]
pub struct Leases {
    life: Timestamp,
    allotments: Allotments,
    held: Vec<Held>,
    unknown: Vec<Unknown>,
    /// Counts attempts and rounds. Clocks move only now and then here, so they cannot tell what was first.
    order: u64,
    /// When the last attempt came.
    latest: u64,
    /// The round that is under way, and when it began.
    asking: Option<(u64, Timestamp)>,
    /// When the last round began.
    began: Option<Timestamp>,
}

/// A client that wants a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    client: ClientId,
    room: String,
    order: u64,
    came: Timestamp,
}

/// What a room is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// Which of these connections it has.
    pub clients: Vec<ClientId>,
    /// Whether it has to name all others, too.
    pub all: bool,
}

/// One round of questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// What each room is asked, by its name.
    pub questions: BTreeMap<String, Question>,
    order: u64,
}

/// What happens next to an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It has a place. Store the allotment, if there is one, before anybody hears of it.
    Granted(Leased, Option<Allotment>),
    /// There is no place.
    Full,
    /// Try again when a round ends, or after so many milliseconds.
    Wait(u64),
    /// Ask these rooms, tell [`Leases::answered`] what each says and [`Leases::asked`] when all have, and try again.
    Ask(Round),
}

impl Leases {
    /// A life of a seat with these allotments that begins now.
    pub fn new(stored: Vec<Allotment>, life: Timestamp) -> Self {
        let unknown = |one: &Allotment| {
            let (room, places) = (one.room.clone(), one.places);
            Unknown { room, places, certain: 0 }
        };
        let unknown = stored.iter().map(unknown).collect();
        Self { life, allotments: Allotments::new(stored), unknown, ..Self::default() }
    }

    /// When this life began.
    pub fn life(&self) -> Timestamp {
        self.life
    }

    /// A client comes. If it has a lease already, it was sent on by another object of its room, and will never be there.
    pub fn attempt(&mut self, client: ClientId, room: String, now: Timestamp) -> Attempt {
        self.held.retain(|held| held.lease.client != client);
        self.latest = self.tick();
        Attempt { client, room, order: self.latest, came: now }
    }

    /// The next step of an attempt.
    pub fn step(&mut self, attempt: &Attempt, limit: u32, now: Timestamp) -> Step {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(SEAT_LEASES);
        if self.count() < limit {
            return self.grant(attempt, limit, now);
        }
        let waited = now.ms_since(attempt.came);
        let Some(joins) = self.unsure_ms(attempt.order, now).filter(|_| waited < SEAT_PATIENCE_MS)
        else {
            return Step::Full;
        };
        let next =
            self.began.map_or(0, |began| VERIFY_EVERY_MS.saturating_sub(now.ms_since(began)));
        let wait = if self.is_asking(now) { SEAT_PATIENCE_MS - waited } else { joins.max(next) };
        if wait > 0 {
            return Step::Wait(wait.min(SEAT_PATIENCE_MS - waited));
        }
        // For all attempts that have come, not only for this one.
        Step::Ask(self.begin(self.latest, now))
    }

    /// Notes which connections a room has, of those that it was asked about; `None` if it did not answer. Then they count as
    /// present.
    pub fn answered(&mut self, round: &Round, room: &str, present: Option<&[ClientId]>) {
        let Some(question) = round.questions.get(room) else { return };
        self.held.retain_mut(|held| {
            let Lease { client, room: own, .. } = &held.lease;
            // It may have gone on to another object of its room meanwhile, or have come again.
            let since = held.certain > round.order;
            if since || own != room || !question.clients.contains(client) {
                return true;
            }
            held.certain = held.certain.max(round.order);
            present.is_none_or(|present| present.contains(client))
        });
        if question.all {
            self.learn(round.order, room, present);
        }
    }

    /// Learns all connections of a room that this life did not know.
    fn learn(&mut self, order: u64, room: &str, present: Option<&[ClientId]>) {
        let Some(present) = present else {
            for unknown in self.unknown.iter_mut().filter(|unknown| unknown.room == room) {
                unknown.certain = unknown.certain.max(order);
            }
            return;
        };
        self.unknown.retain(|unknown| unknown.room != room);
        for client in present {
            if !self.held.iter().any(|held| held.lease.client == *client) {
                let (client, room) = (client.clone(), room.to_owned());
                let lease = Lease { client, room, taken: Timestamp::default() };
                self.held.push(Held { lease, certain: order });
            }
        }
    }

    /// Notes that all rooms of a round have answered, or are late.
    pub fn asked(&mut self, round: &Round) {
        self.asking = self.asking.filter(|(order, _)| *order != round.order);
    }

    /// Begins a round that no attempt waits for; `None` if one is under way, or if there is nothing to ask.
    pub fn review(&mut self, now: Timestamp) -> Option<Round> {
        let idle = !self.is_asking(now) && self.unsure_ms(u64::MAX, now) == Some(0);
        idle.then(|| self.begin(u64::MAX, now))
    }

    /// The leases of this life, and of connections that rooms have named.
    pub fn iter(&self) -> impl Iterator<Item = &Lease> {
        self.held.iter().map(|held| &held.lease)
    }

    /// The rooms in which there may be connections.
    pub fn rooms(&self) -> impl Iterator<Item = &str> {
        self.allotments.iter().map(|one| one.room.as_str()).filter(|room| !self.is_idle(room))
    }

    /// The connections that there may be.
    pub fn count(&self) -> usize {
        self.held.len() + self.unknown.iter().map(|unknown| unknown.places).sum::<usize>()
    }

    /// The connections that there may be in a room.
    fn count_in(&self, room: &str) -> usize {
        let held = self.held.iter().filter(|held| held.lease.room == room).count();
        let unknown = self.unknown.iter().filter(|unknown| unknown.room == room);
        held + unknown.map(|unknown| unknown.places).sum::<usize>()
    }

    fn is_idle(&self, room: &str) -> bool {
        is_idle(&self.held, &self.unknown, room)
    }

    fn grant(&mut self, attempt: &Attempt, limit: usize, now: Timestamp) -> Step {
        let (client, room) = (attempt.client.clone(), attempt.room.clone());
        let needed = self.count_in(&room) + 1;
        let Self { held, unknown, allotments, .. } = self;
        let stored = allotments.raise(&room, (needed, limit), |room| is_idle(held, unknown, room));
        let certain = self.tick();
        self.held.push(Held { lease: Lease { client, room, taken: now }, certain });
        Step::Granted(Leased::new(now, self.life), stored)
    }

    /// Milliseconds until a room can be asked about a lease of which nothing is known since `order`; `None` if there is no
    /// such lease.
    fn unsure_ms(&self, order: u64, now: Timestamp) -> Option<u64> {
        let held = self.held.iter().filter(|held| held.certain < order);
        let unknown = self.unknown.iter().filter(|unknown| unknown.certain < order);
        held.map(|held| held.joins_ms(now)).chain(unknown.map(|_| 0)).min()
    }

    /// Begins a round about the leases and rooms of which nothing is known since `latest`.
    fn begin(&mut self, latest: u64, now: Timestamp) -> Round {
        let order = self.tick();
        (self.asking, self.began) = (Some((order, now)), Some(now));
        let mut questions: BTreeMap<String, Question> = BTreeMap::new();
        let unsure = |held: &&Held| held.certain < latest && held.joins_ms(now) == 0;
        for held in self.held.iter().filter(unsure) {
            let Lease { client, room, .. } = &held.lease;
            questions.entry(room.clone()).or_default().clients.push(client.clone());
        }
        for unknown in self.unknown.iter().filter(|unknown| unknown.certain < latest) {
            questions.entry(unknown.room.clone()).or_default().all = true;
        }
        Round { questions, order }
    }

    /// Whether a round is under way. One that should have ended long ago is given up.
    fn is_asking(&self, now: Timestamp) -> bool {
        self.asking.is_some_and(|(_, began)| now.ms_since(began) < VERIFY_LONGEST_MS)
    }

    fn tick(&mut self) -> u64 {
        self.order += 1;
        self.order
    }
}

/// Whether a room has no connections.
fn is_idle(held: &[Held], unknown: &[Unknown], room: &str) -> bool {
    !held.iter().any(|held| held.lease.room == room)
        && !unknown.iter().any(|unknown| unknown.room == room)
}

impl Held {
    /// Milliseconds for which the connection may still be on its way to its room. A room that is asked about it too soon would
    /// send it away.
    fn joins_ms(&self, now: Timestamp) -> u64 {
        let taken = self.lease.taken;
        // If the clock was set back, the time of the lease says nothing.
        if taken > now {
            return 0;
        }
        LEASE_JOINS_MS.saturating_sub(now.ms_since(taken))
    }
}

#[cfg(test)]
mod tests;
