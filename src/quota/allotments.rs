//! The rooms in which a seat may have connections, and at most how many: all that a seat stores of what it counts.
//!
//! A room is allotted more places than it needs, so that most connections store nothing. Which connections there are only
//! the rooms know; a seat that was read from storage asks them when that matters.

use std::collections::BTreeSet;

use crate::protocol::gather::gathered;

/// Places that a room is allotted at first. Each further connection doubles them, up to the limit.
const FIRST: usize = 4;

/// A room and its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allotment {
    /// Where it is stored.
    pub slot: u32,
    /// The name of the room.
    pub room: String,
    /// Connections that the room may have without anything being stored.
    pub places: usize,
}

/// The allotments of one seat.
#[derive(Debug, Default, Clone)]
pub struct Allotments(Vec<Allotment>);

impl Allotments {
    /// What is stored.
    pub fn new(stored: Vec<Allotment>) -> Self {
        Self(stored)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Allotment> {
        self.0.iter()
    }

    /// Sees to it that a room has as many places as it needs. Returns what has to be stored, if anything: the room takes the slot
    /// of one that is `idle`, which has no connections.
    pub fn raise(
        &mut self,
        room: &str,
        (needed, limit): (usize, usize),
        idle: impl Fn(&str) -> bool,
    ) -> Option<Allotment> {
        let places = needed.max(FIRST).next_power_of_two().min(limit).max(needed);
        if let Some(own) = self.0.iter_mut().find(|one| one.room == room) {
            if own.places >= needed {
                return None;
            }
            own.places = places;
            return Some(own.clone());
        }
        let idle = self.0.iter().position(|one| idle(&one.room));
        let slot = match idle {
            Some(index) => self.0.swap_remove(index).slot,
            None => first_free(self.0.iter().map(|one| one.slot)),
        };
        let allotment = Allotment { slot, room: room.to_owned(), places };
        self.0.push(allotment.clone());
        Some(allotment)
    }
}

/// The lowest slot that is not taken.
pub(super) fn first_free(taken: impl Iterator<Item = u32>) -> u32 {
    let taken: BTreeSet<u32> = gathered(taken);
    let in_order = taken.iter().zip(0..).take_while(|(slot, number)| *slot == number);
    in_order.map(|(_, number)| number + 1).last().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raise(allotments: &mut Allotments, room: &str, needed: usize) -> Option<(u32, usize)> {
        let stored = allotments.raise(room, (needed, 10), |room| room == "t/idle");
        stored.map(|one| (one.slot, one.places))
    }

    #[test]
    fn most_connections_store_nothing() {
        let mut allotments = Allotments::default();
        let stored: Vec<_> = (1..=10).map(|needed| raise(&mut allotments, "t/a", needed)).collect();
        let rows: Vec<_> = stored.iter().flatten().collect();
        assert_eq!(rows, [&(0, 4), &(0, 8), &(0, 10)]);
        assert_eq!(raise(&mut allotments, "t/a", 1), None, "also when they come back");
        assert_eq!(raise(&mut allotments, "t/b", 1), Some((1, 4)));
    }

    #[test]
    fn a_room_is_allotted_what_it_needs_although_the_limit_is_lower() {
        assert_eq!(raise(&mut Allotments::default(), "t/a", 12), Some((0, 12)));
        let low = Allotments::default().raise("t/a", (1, 2), |_| false);
        assert_eq!(low.map(|one| one.places), Some(2), "never more than the limit");
    }

    #[test]
    fn a_new_room_takes_the_slot_of_one_without_connections() {
        let mut allotments = Allotments::default();
        raise(&mut allotments, "t/a", 1);
        raise(&mut allotments, "t/idle", 1);
        assert_eq!(raise(&mut allotments, "t/b", 1), Some((1, 4)));
        assert_eq!(raise(&mut allotments, "t/c", 1), Some((2, 4)));
        assert_eq!(allotments.iter().count(), 3);
    }

    #[test]
    fn free_slots_are_found() {
        let free = |taken: &[u32]| first_free(taken.iter().copied());
        assert_eq!((free(&[]), free(&[1, 2]), free(&[0, 1]), free(&[3, 0, 1])), (0, 0, 2, 2));
    }
}
