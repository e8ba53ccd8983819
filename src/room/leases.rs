//! Leases: which connections a room has, for those who count the connections of a user.
//!
//! A connection is counted before it joins, by a lease. Whoever counts asks the room later which of the connections it has.
//! One that it lacks may still be on its way. So the room then refuses that one for as long as its lease lasts: from the
//! moment of the answer on, the connection is absent for good, and its place is free.
//!
//! In memory only: the platform keeps an object for at least as long as [`LEASE_MS`] after a request.

use std::collections::HashMap;

use super::Room;
use crate::limits::{LEASE_MS, VOID_MS};
use crate::protocol::ids::ClientId;
use crate::protocol::time::Timestamp;

/// The connections that the room has said to be absent, and when that was.
#[derive(Debug, Default)]
pub struct Leases(HashMap<ClientId, Timestamp>);

impl Leases {
    fn refuse(&mut self, clients: impl IntoIterator<Item = ClientId>, now: Timestamp) {
        self.forget(now);
        self.0.extend(clients.into_iter().map(|client| (client, now)));
    }

    fn refuses(&mut self, client: &ClientId, now: Timestamp) -> bool {
        self.forget(now);
        self.0.contains_key(client)
    }

    fn forget(&mut self, now: Timestamp) {
        self.0.retain(|_, since| now.ms_since(*since) < VOID_MS);
    }
}

impl Room {
    /// Those of the connections that are in the room. The others cannot join any more.
    pub fn present(&mut self, clients: Vec<ClientId>, now: Timestamp) -> Vec<ClientId> {
        let (present, absent): (Vec<_>, Vec<_>) =
            clients.into_iter().partition(|client| self.members.by_client.contains_key(client));
        self.leases.refuse(absent, now);
        present
    }

    /// Whether a connection comes too late to join: its lease, taken at `leased`, has ended, or the room has said that it
    /// is absent. Asked before the connection is accepted, in the turn in which it joins.
    pub fn is_overtaken(
        &mut self,
        client: &ClientId,
        leased: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        leased.is_some_and(|at| now.ms_since(at) > LEASE_MS) || self.leases.refuses(client, now)
    }
}

// The lease of a connection that was said to be absent has ended before the room forgets that.
const _: () = assert!(LEASE_MS < VOID_MS);
