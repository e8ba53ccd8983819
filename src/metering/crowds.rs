//! Which rooms of a tenant have members, and how many, by their latest reports.
//!
//! A room with members reports at least once a minute, so one that has not for a while is gone, and its members with it. Relays are
//! objects of their own here, and the same room for who asks how many rooms there are.

use serde::{Deserialize, Serialize};

use crate::limits::{CROWDS, CROWD_MS};
use crate::protocol::amounts::{self, Amounts as _};
use crate::protocol::report::Census;
use crate::protocol::time::Timestamp;

/// The objects of rooms that have members, in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Crowds(Vec<Crowd>);

/// The name of an object, when it last said how many members it has, and how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Crowd(String, Timestamp, #[serde(with = "amounts")] Census);

impl Crowds {
    /// An object has reported its members. Returns for how many milliseconds those that it had before have been there since its
    /// last report, all together.
    pub fn report(&mut self, object: &str, members: Census, at: Timestamp) -> u64 {
        let place = self.0.binary_search_by(|crowd| crowd.0.as_str().cmp(object));
        let before = place.ok().and_then(|place| self.0.get(place)).map_or(0, |one| one.ms(at));
        match place {
            Ok(place) if members.all == 0 => drop(self.0.remove(place)),
            Ok(place) => {
                if let Some(crowd) = self.0.get_mut(place) {
                    (crowd.1, crowd.2) = (at, members);
                }
            }
            Err(place) if members.all > 0 && self.0.len() < CROWDS => {
                self.0.insert(place, Crowd(object.to_owned(), at, members));
            }
            Err(_) => {}
        }
        before
    }

    /// Forgets those that have not reported for long.
    pub fn forget_gone(&mut self, now: Timestamp) {
        self.0.retain(|crowd| crowd.is_there(now));
    }

    /// How many rooms have members now, and how many.
    pub fn standing(&self, now: Timestamp) -> (usize, Census) {
        let (mut rooms, mut last, mut members) = (0, "", Census::default());
        for crowd in self.0.iter().filter(|crowd| crowd.is_there(now)) {
            // Relays stand right behind their room: nothing that a name may have comes before `#`.
            let room = crowd.0.split('#').next().unwrap_or_default();
            rooms += usize::from(room != last);
            last = room;
            members.add(crowd.2);
        }
        (rooms, members)
    }
}

impl Crowd {
    fn is_there(&self, now: Timestamp) -> bool {
        now.ms_since(self.1) <= CROWD_MS
    }

    /// For how many milliseconds its members have been there, all together, if they still are.
    fn ms(&self, now: Timestamp) -> u64 {
        if self.is_there(now) {
            self.2.all as u64 * now.ms_since(self.1)
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_780_000_000);

    fn members(all: usize) -> Census {
        Census { all, v1: all, ..Census::default() }
    }

    #[test]
    fn the_latest_report_of_a_room_counts() {
        let mut crowds = Crowds::default();
        assert_eq!(crowds.report("s-1", members(2), NOW), 0);
        assert_eq!(crowds.report("s-1", members(5), NOW.plus_ms(1_000)), 2 * 1_000);
        crowds.report("s-2", members(1), NOW.plus_ms(1_000));
        assert_eq!(crowds.standing(NOW.plus_ms(1_000)), (2, members(6)));
        assert_eq!(crowds.report("s-1", members(0), NOW.plus_ms(3_000)), 5 * 2_000);
        assert_eq!(crowds.standing(NOW.plus_ms(3_000)), (1, members(1)));
    }

    #[test]
    fn relays_are_the_same_room() {
        let mut crowds = Crowds::default();
        crowds.report("s-1", members(2), NOW);
        crowds.report("s-1#weur.0", members(3), NOW);
        assert_eq!(crowds.standing(NOW), (1, members(5)));
    }

    #[test]
    fn a_room_that_is_silent_for_long_is_gone_and_its_members_are_not_charged() {
        let mut crowds = Crowds::default();
        crowds.report("s-1", members(2), NOW);
        let later = NOW.plus_ms(CROWD_MS + 1);
        assert_eq!(crowds.standing(later), (0, Census::default()));
        assert_eq!(crowds.report("s-1", members(2), later), 0);
        crowds.forget_gone(later.plus_ms(CROWD_MS + 1));
        assert_eq!(crowds, Crowds::default());
    }

    #[test]
    fn no_more_rooms_are_remembered_than_there_is_space_for() {
        let mut crowds = Crowds::default();
        for room in 0..=CROWDS {
            crowds.report(&format!("s-{room}"), members(1), NOW);
        }
        assert_eq!(crowds.standing(NOW).0, CROWDS);
    }
}
