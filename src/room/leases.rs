//! Leases: which connections a room has, for those who count them, and who can no longer join.
//!
//! A connection is counted before it joins, by a lease. Whoever counts asks the room later which of the connections it has.
//! One that it lacks may still be on its way. So the room then refuses that one for as long as its lease lasts: from the
//! moment of the answer on, the connection is absent for good, and its place is free. In the same way it refuses those
//! with leases that their seat has forgotten, and those whose token was revoked while they were on their way.
//!
//! In memory only: the platform keeps an object for at least as long as [`LEASE_MS`] after a request, and a room that fails hands it
//! on to the next. If the object is lost, nobody knows any more what it has promised. A connection that it has said to be absent was
//! under way for a second by then, and what was on its way to the object is lost with it. So only who was *late* already on setting out
//! can be such a one, and the room refuses it if its lease may be older than the room's memory. It comes back with a new lease.

use std::collections::HashMap;

use super::Room;
use crate::limits::{CLOCKS_DIFFER_MS, LEASE_MS, VOID_MS};
use crate::protocol::grant::Grant;
use crate::protocol::ids::ClientId;
use crate::protocol::lease::{Leased, RollCall, Subject};
use crate::protocol::revocation::Revocation;
use crate::protocol::time::Timestamp;

/// Who can no longer join, and since when.
#[derive(Debug, Default)]
pub struct Leases {
    /// When this memory began. What was promised before is not known.
    began: Timestamp,
    /// The connections that the room has said to be absent.
    absent: HashMap<ClientId, Timestamp>,
    /// Lives of seats, before which leases count no longer.
    lives: HashMap<Subject, (Timestamp, Timestamp)>,
    revoked: Vec<(Revocation, Timestamp)>,
}

/// Why a client cannot join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barred {
    /// It comes too late: nobody counts it any more, or its grant has ended. It may come back with a new lease, and a token that
    /// is good then.
    Overtaken,
    /// Its token was revoked while it was on its way.
    Revoked,
}

impl Leases {
    /// A memory that begins now.
    pub(super) fn begin(now: Timestamp) -> Self {
        Self { began: now, ..Self::default() }
    }

    /// This, if it is the memory of a room. One that failed before it was restored had none.
    pub(super) fn or(self, other: Self) -> Self {
        if self.began > Timestamp::default() {
            self
        } else {
            other
        }
    }

    /// Remembers a revocation for those who are on their way.
    pub(super) fn revoke(&mut self, revocation: &Revocation, now: Timestamp) {
        self.forget(now);
        self.revoked.push((revocation.clone(), now));
    }

    /// Whether the room may have promised to let nobody in with this lease, and does not know it any more. Clocks may differ, so a lease
    /// that was given soon after the memory began may have been given before.
    fn is_forgotten(&self, leased: Leased) -> bool {
        leased.late && leased.at < self.began.plus_ms(CLOCKS_DIFFER_MS)
    }

    fn is_lost(&self, subject: &Subject, leased: Leased) -> bool {
        self.lives.get(subject).is_some_and(|(life, _)| leased.life < *life)
    }

    fn forget(&mut self, now: Timestamp) {
        let recent = |since: Timestamp| now.ms_since(since) < VOID_MS;
        self.absent.retain(|_, since| recent(*since));
        self.lives.retain(|_, (_, since)| recent(*since));
        self.revoked.retain(|(_, since)| recent(*since));
    }
}

impl Room {
    /// Which connections the room has, of those that it is asked about. The others cannot join any more.
    pub fn present(&mut self, asked: RollCall, now: Timestamp) -> Vec<ClientId> {
        self.leases.forget(now);
        let RollCall { clients, all } = asked;
        let (mut present, absent): (Vec<_>, Vec<_>) =
            clients.into_iter().partition(|client| self.members.by_client.contains_key(client));
        self.leases.absent.extend(absent.into_iter().map(|client| (client, now)));
        if let Some((subject, life)) = all {
            let members = self.members.by_client.iter();
            let own = members.filter(|(_, member)| member.is_counted_for(&subject));
            present = own.map(|(client, _)| client.clone()).collect();
            // A question of a life before may come late.
            let known = self.leases.lives.entry(subject).or_insert((life, now));
            *known = (known.0.max(life), now);
        }
        present
    }

    /// Whether a client can no longer join, and why. Asked before the connection is accepted, in the turn in which it joins.
    pub fn bars(
        &mut self,
        client: &ClientId,
        grant: &Grant,
        leases: &[(Subject, Leased)],
        now: Timestamp,
    ) -> Option<Barred> {
        self.leases.forget(now);
        let Leases { absent, revoked, .. } = &self.leases;
        let Grant { user, token, issued, .. } = grant;
        let covers =
            |(one, _): &(Revocation, Timestamp)| one.covers(user, token.as_deref(), *issued);
        if revoked.iter().any(covers) {
            return Some(Barred::Revoked);
        }
        let counts_no_longer = |(subject, leased): &(Subject, Leased)| {
            let over = now.ms_since(leased.at) > LEASE_MS;
            over || self.leases.is_lost(subject, *leased) || self.leases.is_forgotten(*leased)
        };
        let ended = grant.expires <= now;
        let overtaken = ended || absent.contains_key(client) || leases.iter().any(counts_no_longer);
        overtaken.then_some(Barred::Overtaken)
    }
}

// The lease of a connection that was said to be absent has ended before the room forgets that.
const _: () = assert!(LEASE_MS < VOID_MS);
