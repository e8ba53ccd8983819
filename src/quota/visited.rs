//! The rooms in which a user may have connections, where nobody counts these: so that a revocation finds them.
//!
//! A room is stored once, however often the user connects to it, and kept for as long as a connection can last.

use super::allotments::first_free;
use super::revocations::TOKENS_END_MS;
use crate::limits::{SEAT_ROOMS, VISITED_AGAIN_MS};
use crate::protocol::time::Timestamp;

/// Milliseconds for which a connection can last: no longer than a token, and the time until the room is noted again.
const LONGEST_MS: u64 = TOKENS_END_MS + VISITED_AGAIN_MS;

/// A room, where it is stored, and when it was last noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Its place in storage.
    pub slot: u32,
    /// The name of the room.
    pub room: String,
    /// When the user last connected, to within [`VISITED_AGAIN_MS`].
    pub at: Timestamp,
}

/// The rooms of one user.
#[derive(Debug, Default)]
pub struct Visited(Vec<Visit>);

impl Visited {
    /// The rooms that are stored.
    pub fn new(stored: Vec<Visit>) -> Self {
        Self(stored)
    }

    /// Notes a room. Returns what has to be stored, if anything.
    pub fn note(&mut self, room: &str, now: Timestamp) -> Option<Visit> {
        if let Some(visit) = self.0.iter_mut().find(|visit| visit.room == room) {
            let again = now.ms_since(visit.at) >= VISITED_AGAIN_MS;
            visit.at = if again { now } else { visit.at };
            return again.then(|| visit.clone());
        }
        let slot = self.free(now);
        self.0.retain(|visit| visit.slot != slot);
        let visit = Visit { slot, room: room.to_owned(), at: now };
        self.0.push(visit.clone());
        Some(visit)
    }

    /// A slot that holds nothing, or a room whose connections have all ended; else the one that was noted longest ago.
    fn free(&self, now: Timestamp) -> u32 {
        let oldest = self.0.iter().min_by_key(|visit| visit.at);
        match oldest {
            Some(visit) if self.0.len() >= SEAT_ROOMS || has_ended(visit, now) => visit.slot,
            _ => first_free(self.0.iter().map(|visit| visit.slot)),
        }
    }

    /// The rooms in which there may be connections.
    pub fn rooms(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let lasting = self.0.iter().filter(move |visit| !has_ended(visit, now));
        lasting.map(|visit| visit.room.as_str())
    }

    /// Whether no room was forgotten that may still have connections.
    pub fn is_complete(&self) -> bool {
        self.0.len() < SEAT_ROOMS
    }

    /// When the last of the connections has ended at the latest.
    pub fn end(&self) -> Option<Timestamp> {
        self.0.iter().map(|visit| visit.at.plus_ms(LONGEST_MS)).max()
    }
}

fn has_ended(visit: &Visit, now: Timestamp) -> bool {
    visit.at.plus_ms(LONGEST_MS) <= now
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_780_000_000);

    #[test]
    fn a_room_is_stored_once_a_day_at_most() {
        let mut visited = Visited::default();
        let first = visited.note("t/a", NOW).unwrap();
        assert_eq!(first, Visit { slot: 0, room: "t/a".into(), at: NOW });
        assert_eq!(visited.note("t/a", NOW.plus_ms(VISITED_AGAIN_MS - 1)), None);
        let later = NOW.plus_ms(VISITED_AGAIN_MS);
        assert_eq!(visited.note("t/a", later), Some(Visit { at: later, ..first }));
        assert_eq!(visited.note("t/b", later).unwrap().slot, 1);
    }

    #[test]
    fn a_room_is_kept_for_as_long_as_a_connection_can_last() {
        let mut visited = Visited::default();
        visited.note("t/a", NOW);
        let end = visited.end().unwrap();
        assert!(end >= NOW.plus_ms(TOKENS_END_MS));
        assert_eq!(visited.rooms(Timestamp(end.0 - 1)).collect::<Vec<_>>(), ["t/a"]);
        assert_eq!(visited.rooms(end).count(), 0);
        assert_eq!(visited.note("t/b", end).unwrap().slot, 0, "it takes its place");
    }

    #[test]
    fn a_user_of_very_many_rooms_is_known_to_have_more() {
        let mut visited = Visited::default();
        for number in 0..SEAT_ROOMS {
            assert!(visited.is_complete());
            visited.note(&format!("t/{number}"), NOW.plus_ms(number as u64));
        }
        assert!(!visited.is_complete());
        assert_eq!(visited.note("t/more", NOW.plus_ms(9_999)).unwrap().slot, 0);
        assert_eq!(visited.rooms(NOW).count(), SEAT_ROOMS);
        assert!(!visited.rooms(NOW).any(|room| room == "t/0"));
    }
}
