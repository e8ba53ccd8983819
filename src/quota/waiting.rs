//! The line before a full room: who came first, comes in first; and how long that may take.
//!
//! In memory only: a room that was evicted has no line, and everyone who comes back stands in it again. Whoever does not ask for a while
//! has left it. Whether a room is full is decided elsewhere.

use std::collections::VecDeque;

use crate::limits::{LINE, LINE_MS, WAIT_GUESS_MS};
use crate::protocol::time::Timestamp;

/// How many departures an estimate is made from.
const DEPARTURES: usize = 16;

/// Those who wait.
#[derive(Debug, Default)]
pub struct WaitingLine {
    waiting: VecDeque<(String, Timestamp)>,
    /// When places last became free.
    departures: VecDeque<Timestamp>,
}

/// What somebody who has to wait is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The place in the line, beginning with 1.
    pub position: usize,
    /// Milliseconds until it is likely to be its turn.
    pub wait_ms: u64,
}

impl WaitingLine {
    /// Somebody wants to come in while so many places are free. `None` if it may, and is in no line any more; else its place.
    pub fn ask(&mut self, who: &str, free: usize, now: Timestamp) -> Option<Place> {
        self.waiting.retain(|(_, asked)| now.ms_since(*asked) < LINE_MS);
        let found = self.waiting.iter().position(|(one, _)| one == who);
        let ahead = found.unwrap_or(self.waiting.len());
        if ahead < free {
            found.and_then(|index| self.waiting.remove(index));
            return None;
        }
        let is_long = self.waiting.len() >= LINE;
        match found.and_then(|index| self.waiting.get_mut(index)) {
            Some((_, asked)) => *asked = now,
            // It is told how long the line is, and may stand in it later.
            None if is_long => {}
            None => self.waiting.push_back((who.to_owned(), now)),
        }
        let position = ahead + 1;
        Some(Place { position, wait_ms: self.pace_ms(now).saturating_mul(position as u64) })
    }

    /// A place has become free.
    pub fn depart(&mut self, now: Timestamp) {
        self.departures.push_back(now);
        if self.departures.len() > DEPARTURES {
            self.departures.pop_front();
        }
    }

    /// Milliseconds between two departures, as far as that is known.
    fn pace_ms(&self, now: Timestamp) -> u64 {
        match self.departures.front() {
            Some(first) => (now.ms_since(*first) / self.departures.len() as u64).max(1),
            None => WAIT_GUESS_MS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_780_000_000);

    #[test]
    fn who_came_first_comes_in_first() {
        let mut line = WaitingLine::default();
        assert_eq!(line.ask("ada", 0, NOW).unwrap().position, 1);
        assert_eq!(line.ask("bob", 0, NOW).unwrap().position, 2);
        assert_eq!(line.ask("ada", 0, NOW).unwrap().position, 1, "asking again changes nothing");
        assert_eq!(line.ask("eve", 1, NOW).unwrap().position, 3, "the free place is for another");
        assert_eq!(line.ask("ada", 1, NOW), None);
        assert_eq!(line.ask("bob", 0, NOW).unwrap().position, 1);
        assert_eq!(WaitingLine::default().ask("ada", 1, NOW), None, "nobody waits");
    }

    #[test]
    fn who_does_not_ask_any_more_has_left_the_line() {
        let mut line = WaitingLine::default();
        line.ask("ada", 0, NOW);
        let later = NOW.plus_ms(LINE_MS);
        assert_eq!(line.ask("bob", 0, later).unwrap().position, 1);
        assert_eq!(line.ask("bob", 1, later), None);
    }

    #[test]
    fn the_wait_is_estimated_from_departures() {
        let mut line = WaitingLine::default();
        assert_eq!(line.ask("ada", 0, NOW).unwrap().wait_ms, WAIT_GUESS_MS);
        for second in 0..10 {
            line.depart(NOW.plus_ms(second * 2_000));
        }
        let place = line.ask("bob", 0, NOW.plus_ms(20_000)).unwrap();
        assert_eq!((place.position, place.wait_ms), (2, 4_000));
    }

    #[test]
    fn a_line_is_no_longer_than_it_may_be() {
        let mut line = WaitingLine::default();
        for one in 0..=LINE + 5 {
            line.ask(&one.to_string(), 0, NOW);
        }
        assert_eq!(line.waiting.len(), LINE);
        assert_eq!(line.ask("another", 0, NOW).unwrap().position, LINE + 1);
    }
}
