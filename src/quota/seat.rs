//! What the object of a user or an address knows: leases, rooms, revocations.

use std::collections::{BTreeSet, VecDeque};

use super::leases::{Lease, Leases};
use super::revocations::{Revocations, Revoked};
use super::visited::Visited;
use crate::limits::{LEASE_MS, SEAT_IDLE_MS, SEAT_RECENT};
use crate::protocol::ids::{ClientId, RoomName};
use crate::protocol::time::Timestamp;

/// What the object of a user or an address knows.
#[derive(Debug, Default)]
pub struct Seat {
    /// The connections that are counted.
    pub leases: Leases,
    /// The rooms in which there may be connections that are not counted.
    pub visited: Visited,
    /// The tokens that count no longer.
    pub revocations: Revocations,
    /// Connections that may be on their way to their rooms, counted or not.
    recent: VecDeque<Lease>,
}

/// What a seat does after its alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// It sleeps until then.
    Until(Timestamp),
    /// Nothing is left: its storage is deleted.
    End,
}

impl Seat {
    /// What was stored.
    pub fn new(leases: Leases, visited: Visited, revocations: Revocations) -> Self {
        Self { leases, visited, revocations, recent: VecDeque::new() }
    }

    /// Notes a connection that was let in and goes to its room now.
    pub fn leaves_for(&mut self, lease: Lease) {
        self.recent.retain(|recent| lease.taken.ms_since(recent.taken) <= LEASE_MS);
        if self.recent.len() >= SEAT_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(lease);
    }

    /// The connections that may be on their way to a room.
    pub fn on_their_way(&self, room: &str, now: Timestamp) -> Vec<ClientId> {
        let young = self.recent.iter().filter(|lease| now.ms_since(lease.taken) <= LEASE_MS);
        young.filter(|lease| lease.room == room).map(|lease| lease.client.clone()).collect()
    }

    /// The rooms that a revocation concerns.
    pub fn rooms(&self, revoked: &Revoked, now: Timestamp) -> BTreeSet<String> {
        let counted = self.leases.iter().map(|lease| lease.room.as_str());
        let all = counted.chain(self.visited.rooms(now));
        let concerned = |room: &&str| match &revoked.session {
            None => true,
            Some(session) => room.parse().is_ok_and(|room: RoomName| room.session == *session),
        };
        all.filter(concerned).map(str::to_owned).collect()
    }

    /// Whether no connection was counted for so long that its rooms should be asked whether they still have any.
    pub fn is_idle(&self, now: Timestamp) -> bool {
        let latest = self.leases.iter().map(|lease| lease.taken).max();
        latest.is_some_and(|at| now.ms_since(at) >= SEAT_IDLE_MS)
    }

    /// What the seat does next, if nothing else happens.
    pub fn rest(&self, now: Timestamp) -> Rest {
        let counted = self.leases.iter().next().map(|_| now.plus_ms(SEAT_IDLE_MS));
        let visited = self.visited.end().filter(|end| *end > now);
        let times = [counted, visited, self.revocations.next()];
        times.into_iter().flatten().min().map_or(Rest::End, Rest::Until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::revocations::TOKENS_END_MS;

    const NOW: Timestamp = Timestamp(1_767_780_000_000);

    fn lease(number: u8, room: &str, taken: Timestamp) -> Lease {
        Lease { client: ClientId::from_random([number; 8]), room: room.into(), taken }
    }

    fn everywhere() -> Revoked {
        Revoked { token: None, session: None, issued_until: NOW }
    }

    #[test]
    fn a_revocation_concerns_the_rooms_of_all_connections_or_those_of_its_session() {
        let leases = Leases::new([(0, lease(1, "t/a", NOW)), (1, lease(2, "t/p/b", NOW))]);
        let mut seat = Seat { leases, ..Seat::default() };
        seat.visited.note("t/b", NOW);
        seat.visited.note("t/a", NOW);
        let rooms = |revoked: &Revoked| seat.rooms(revoked, NOW).into_iter().collect::<Vec<_>>();
        assert_eq!(rooms(&everywhere()), ["t/a", "t/b", "t/p/b"]);
        let session = Some("b".parse().unwrap());
        assert_eq!(rooms(&Revoked { session, ..everywhere() }), ["t/b", "t/p/b"]);
    }

    #[test]
    fn connections_are_on_their_way_for_as_long_as_their_lease_lets_them_join() {
        let mut seat = Seat::default();
        seat.leaves_for(lease(1, "t/a", NOW));
        seat.leaves_for(lease(2, "t/b", NOW.plus_ms(10)));
        let clients = |at| seat.on_their_way("t/a", at);
        assert_eq!(clients(NOW.plus_ms(LEASE_MS)), [ClientId::from_random([1; 8])]);
        assert_eq!(clients(NOW.plus_ms(LEASE_MS + 1)), []);
    }

    #[test]
    fn what_is_remembered_of_connections_on_their_way_is_bounded() {
        let mut seat = Seat::default();
        for _ in 0..3 * SEAT_RECENT {
            seat.leaves_for(lease(1, "t/a", NOW));
        }
        assert_eq!(seat.recent.len(), SEAT_RECENT);
        seat.leaves_for(lease(1, "t/a", NOW.plus_ms(LEASE_MS + 1)));
        assert_eq!(seat.recent.len(), 1);
    }

    #[test]
    fn a_seat_ends_when_nothing_is_left() {
        let mut seat = Seat::default();
        assert_eq!(seat.rest(NOW), Rest::End);
        seat.visited.note("t/a", NOW);
        let Rest::Until(end) = seat.rest(NOW) else { panic!("it ends") };
        assert!(end >= NOW.plus_ms(TOKENS_END_MS));
        seat.revocations.add(everywhere(), (NOW.plus_ms(9), 0), NOW);
        assert_eq!(seat.rest(NOW), Rest::Until(NOW.plus_ms(9)));
        assert_eq!(seat.rest(end.plus_ms(1)), Rest::Until(NOW.plus_ms(9)), "a telling is overdue");
        seat.revocations.told(end, true);
        seat.revocations.forget(end);
        assert_eq!(seat.rest(end), Rest::End);
    }

    #[test]
    fn a_seat_with_connections_looks_after_them_once_a_day() {
        let leases = Leases::new([(0, lease(1, "t/a", NOW))]);
        let seat = Seat { leases, ..Seat::default() };
        assert_eq!(seat.rest(NOW), Rest::Until(NOW.plus_ms(SEAT_IDLE_MS)));
        assert!(!seat.is_idle(NOW.plus_ms(SEAT_IDLE_MS - 1)));
        assert!(seat.is_idle(NOW.plus_ms(SEAT_IDLE_MS)));
    }
}
