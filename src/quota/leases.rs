//! Counts the connections of one user or one address, over all rooms, exactly.
//!
//! A connection is counted before it joins its room, by a *lease*, which is stored before it is answered. Rooms do not say
//! when a connection ends, so nothing has to be cleaned up, also not after a crash: a lease may be of a connection that is
//! gone. Only when the limit is reached are the rooms asked which of the connections they have. A room that says that one
//! is absent does not let it in any more, so its lease can be dropped at once.
//!
//! Places are given only in [`Leases::step`], which does not wait, against the leases as they are then. So however many
//! attempts wait for rooms at the same time, there are never more leases than the limit, except those from before it was
//! lowered. An attempt is refused only if every lease was found to be present by a question that was asked after the attempt
//! came, or was given to another attempt after that. So a place that is free when an attempt comes is not missed.
//!
//! One round of questions is under way at a time. Attempts that come meanwhile share the next one.

use std::collections::{BTreeMap, BTreeSet};

use crate::limits::{
    LEASE_JOINS_MS, SEAT_LEASES, SEAT_PATIENCE_MS, VERIFY_EVERY_MS, VERIFY_LONGEST_MS,
};
use crate::protocol::ids::ClientId;
use crate::protocol::time::Timestamp;

/// A counted connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The connection.
    pub client: ClientId,
    /// The name of its room.
    pub room: String,
    /// When it was counted.
    pub taken: Timestamp,
}

/// A lease, where it is stored, and what is known of it.
#[derive(Debug, Clone)]
struct Held {
    slot: u32,
    lease: Lease,
    /// Its place in the order of events: when it was given, or when the round began that found it present last.
    certain: u64,
}

/// The leases of one user or one address.
#[derive(Debug, Default)]
pub struct Leases {
    held: Vec<Held>,
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

/// One round of questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// The ids of connections, by the name of the room that is asked about them.
    pub questions: BTreeMap<String, Vec<ClientId>>,
    order: u64,
}

/// What happens next to an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It has a place. Store the lease in this slot before anybody hears of it.
    Granted(u32, Lease),
    /// There is no place.
    Full,
    /// Try again when a round ends, or after so many milliseconds.
    Wait(u64),
    /// Ask these rooms, tell [`Leases::answered`] what each says and [`Leases::asked`] when all have, and try again.
    Ask(Round),
}

impl Leases {
    /// The leases that are stored, with their slots.
    pub fn new(stored: impl IntoIterator<Item = (u32, Lease)>) -> Self {
        let held = |(slot, lease)| Held { slot, lease, certain: 0 };
        Self { held: stored.into_iter().map(held).collect(), ..Self::default() }
    }

    /// A client comes.
    pub fn attempt(&mut self, client: ClientId, room: String, now: Timestamp) -> Attempt {
        self.latest = self.tick();
        Attempt { client, room, order: self.latest, came: now }
    }

    /// The next step of an attempt.
    pub fn step(&mut self, attempt: &Attempt, limit: u32, now: Timestamp) -> Step {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(SEAT_LEASES);
        if self.held.len() < limit {
            return self.grant(attempt, now);
        }
        let waited = now.ms_since(attempt.came);
        let mut unsure = self.held.iter().filter(|held| held.certain < attempt.order).peekable();
        if unsure.peek().is_none() || waited >= SEAT_PATIENCE_MS {
            return Step::Full;
        }
        let joins = unsure.map(|held| held.joins_ms(now)).min().unwrap_or_default();
        let next =
            self.began.map_or(0, |began| VERIFY_EVERY_MS.saturating_sub(now.ms_since(began)));
        let wait = if self.is_asking(now) { SEAT_PATIENCE_MS - waited } else { joins.max(next) };
        if wait > 0 {
            return Step::Wait(wait.min(SEAT_PATIENCE_MS - waited));
        }
        // For all attempts that have come, not only for this one.
        Step::Ask(self.begin(self.latest, now))
    }

    /// Notes which of the connections a room has, of those that it was asked about; `None` if it did not answer. Then they count
    /// as present.
    pub fn answered(&mut self, round: &Round, room: &str, present: Option<&[ClientId]>) {
        let Some(asked) = round.questions.get(room) else { return };
        self.held.retain_mut(|held| {
            let client = &held.lease.client;
            if !asked.contains(client) {
                return true;
            }
            held.certain = held.certain.max(round.order);
            present.is_none_or(|present| present.contains(client))
        });
    }

    /// Notes that all rooms of a round have answered, or are late.
    pub fn asked(&mut self, round: &Round) {
        self.asking = self.asking.filter(|(order, _)| *order != round.order);
    }

    /// Begins a round that no attempt waits for; `None` if one is under way, or if there is nothing to ask.
    pub fn review(&mut self, now: Timestamp) -> Option<Round> {
        let idle = !self.is_asking(now) && self.held.iter().any(|held| held.joins_ms(now) == 0);
        idle.then(|| self.begin(u64::MAX, now))
    }

    /// All leases.
    pub fn iter(&self) -> impl Iterator<Item = &Lease> {
        self.held.iter().map(|held| &held.lease)
    }

    fn grant(&mut self, attempt: &Attempt, now: Timestamp) -> Step {
        let (client, room) = (attempt.client.clone(), attempt.room.clone());
        let lease = Lease { client, room, taken: now };
        let slot = first_free(self.held.iter().map(|held| held.slot));
        let certain = self.tick();
        self.held.push(Held { slot, lease: lease.clone(), certain });
        Step::Granted(slot, lease)
    }

    /// Begins a round about the leases of which nothing is known since `latest`.
    fn begin(&mut self, latest: u64, now: Timestamp) -> Round {
        let order = self.tick();
        (self.asking, self.began) = (Some((order, now)), Some(now));
        let mut questions: BTreeMap<String, Vec<ClientId>> = BTreeMap::new();
        let unsure = |held: &&Held| held.certain < latest && held.joins_ms(now) == 0;
        for held in self.held.iter().filter(unsure) {
            let Lease { client, room, .. } = &held.lease;
            questions.entry(room.clone()).or_default().push(client.clone());
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

/// The lowest slot that is not taken.
pub(super) fn first_free(taken: impl Iterator<Item = u32>) -> u32 {
    let taken: BTreeSet<u32> = taken.collect();
    let in_order = taken.iter().zip(0..).take_while(|(slot, number)| *slot == number);
    in_order.map(|(_, number)| number + 1).last().unwrap_or_default()
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
