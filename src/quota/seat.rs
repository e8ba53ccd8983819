//! What the object of a user or an address knows: leases, rooms, revocations.

use std::collections::BTreeSet;

use super::leases::Leases;
use super::revocations::{Revocations, Revoked};
use super::visited::Visited;
use crate::limits::SEAT_IDLE_MS;
use crate::protocol::gather::gathered;
use crate::protocol::ids::RoomName;
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
    /// The rooms that a revocation concerns.
    pub fn rooms(&self, revoked: &Revoked, now: Timestamp) -> BTreeSet<String> {
        let all = self.leases.rooms().chain(self.visited.rooms(now));
        let concerned = |room: &&str| match &revoked.session {
            None => true,
            Some(session) => room.parse().is_ok_and(|room: RoomName| room.session == *session),
        };
        gathered(all.filter(concerned).map(str::to_owned))
    }

    /// Whether this life has counted no connection for so long that the rooms should be asked whether they still have any.
    pub fn is_idle(&self, now: Timestamp) -> bool {
        let latest = self.leases.iter().map(|lease| lease.taken).max().unwrap_or_default();
        self.leases.count() > 0 && now.ms_since(latest) >= SEAT_IDLE_MS
    }

    /// What the seat does next, if nothing else happens.
    pub fn rest(&self, now: Timestamp) -> Rest {
        let counted = (self.leases.count() > 0).then(|| now.plus_ms(SEAT_IDLE_MS));
        let visited = self.visited.end().filter(|end| *end > now);
        let times = [counted, visited, self.revocations.next()];
        times.into_iter().flatten().min().map_or(Rest::End, Rest::Until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::LEASE_JOINS_MS;
    use crate::quota::allotments::Allotment;
    use crate::quota::leases::Step;
    use crate::quota::revocations::TOKENS_END_MS;

    const NOW: Timestamp = Timestamp(1_767_780_000_000);

    fn seat(rooms: &[&str]) -> Seat {
        let allotment =
            |(slot, room): (u32, &&str)| Allotment { slot, room: (*room).into(), places: 4 };
        let leases = Leases::new((0..).zip(rooms).map(allotment).collect(), NOW);
        Seat { leases, ..Seat::default() }
    }

    fn everywhere() -> Revoked {
        Revoked { token: None, session: None, issued_until: NOW }
    }

    #[test]
    fn a_revocation_concerns_the_rooms_of_all_connections_or_those_of_its_session() {
        let mut seat = seat(&["t/a", "t/p/b"]);
        seat.visited.note("t/b", NOW);
        seat.visited.note("t/a", NOW);
        let rooms = |revoked: &Revoked| seat.rooms(revoked, NOW).into_iter().collect::<Vec<_>>();
        assert_eq!(rooms(&everywhere()), ["t/a", "t/b", "t/p/b"]);
        let session = Some("b".parse().unwrap());
        assert_eq!(rooms(&Revoked { session, ..everywhere() }), ["t/b", "t/p/b"]);
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
        let mut seat = seat(&["t/a"]);
        assert_eq!(seat.rest(NOW), Rest::Until(NOW.plus_ms(SEAT_IDLE_MS)));
        assert!(seat.is_idle(NOW), "who is in the room is not known in this life");
        let (client, later) = (crate::protocol::ids::ClientId::from_random([1; 8]), NOW.plus_ms(1));
        let attempt = seat.leases.attempt(client, "t/a".into(), later);
        assert!(matches!(seat.leases.step(&attempt, 5, later), Step::Granted(..)));
        assert!(!seat.is_idle(NOW.plus_ms(SEAT_IDLE_MS)));
        assert!(seat.is_idle(NOW.plus_ms(SEAT_IDLE_MS + LEASE_JOINS_MS)));
    }
}
