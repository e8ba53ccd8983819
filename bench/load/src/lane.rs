//! One sequence of numbered updates as a client receives it: which are missing, duplicated or late.
//!
//! A client under load follows its position as every client does, except that it only counts a gap and goes on.
//! An update with the number `k` is the step from `k - 1` to `k`.

use std::mem::take;
use std::ops::Range;

use roomcast::protocol::follow::{Follower, Heard, Step};
use roomcast::protocol::ids::{Epoch, Position, Seq};

/// The position of a client in a sequence, and the updates before it that the client has not seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lane {
    follower: Follower,
    missing: Vec<Range<Seq>>,
}

/// What one frame added to the counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Updates that had not been seen before, including late ones.
    pub(crate) received: u64,
    /// Updates that had been seen before.
    pub(crate) duplicated: u64,
    /// Updates that came after a later one.
    pub(crate) reordered: u64,
    /// Updates that a state replaced.
    pub(crate) skipped: u64,
    /// Whether another epoch has begun.
    pub(crate) renewed: bool,
}

impl Lane {
    /// A sequence that begins with its first update and never has another epoch.
    pub(crate) fn from_the_first() -> Self {
        let beginning = Position { epoch: Epoch::none(), seq: 0 };
        Self { follower: Follower::new(Some(beginning)), missing: vec![] }
    }

    /// The position of the client, if it has one.
    pub(crate) fn position(&self) -> Option<&Position> {
        self.follower.position()
    }

    /// The last update that has been seen.
    pub(crate) fn seq(&self) -> Seq {
        self.position().map_or(0, |own| own.seq)
    }

    /// Updates up to `head` that have not been seen.
    pub(crate) fn lost(&self, head: Seq) -> u64 {
        self.gaps() + head.saturating_sub(self.seq())
    }

    /// Takes a frame.
    pub(crate) fn take(&mut self, heard: &Heard) -> Taken {
        match (self.follower.hear(heard), heard) {
            (Step::Continues { after }, Heard::Updates { prev, seq }) => {
                let again = self.again(*prev..after);
                Taken { received: again.received + seq - after, ..again }
            }
            (Step::Repeats, Heard::Updates { prev, seq }) => self.again(*prev..*seq),
            (Step::Gap, Heard::Updates { prev, seq }) => self.beyond(*prev, *seq),
            (Step::Anew { was }, _) => self.anew(was.as_ref()),
            _ => Taken::default(),
        }
    }

    /// Goes on after a gap, if the client has a position.
    fn beyond(&mut self, prev: Seq, seq: Seq) -> Taken {
        if self.position().is_some() {
            self.missing.push(self.seq()..prev);
            self.follower.stand_at(seq);
        }
        Taken { received: seq.saturating_sub(prev), ..Taken::default() }
    }

    /// Takes updates before the position: each either fills a gap or is a duplicate.
    fn again(&mut self, came: Range<Seq>) -> Taken {
        let mut filled = 0;
        for gap in take(&mut self.missing) {
            let (from, to) = (gap.start.max(came.start), gap.end.min(came.end));
            if from >= to {
                self.missing.push(gap);
                continue;
            }
            filled += to - from;
            let rest = [gap.start..from, to..gap.end];
            self.missing.extend(rest.into_iter().filter(|rest| !rest.is_empty()));
        }
        let duplicated = came.end.saturating_sub(came.start).saturating_sub(filled);
        Taken { received: filled, duplicated, reordered: filled, ..Taken::default() }
    }

    /// Takes a new position that came with a state: everything up to it counts as seen.
    fn anew(&mut self, was: Option<&Position>) -> Taken {
        let gaps = self.gaps();
        self.missing.clear();
        let (Some(was), Some(own)) = (was, self.position()) else {
            return Taken::default();
        };
        if was.epoch != own.epoch {
            return Taken { renewed: true, ..Taken::default() };
        }
        Taken { skipped: gaps + own.seq.saturating_sub(was.seq), ..Taken::default() }
    }

    fn gaps(&self) -> u64 {
        self.missing.iter().map(|gap| gap.end - gap.start).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(received: u64, duplicated: u64, reordered: u64) -> Taken {
        Taken { received, duplicated, reordered, ..Taken::default() }
    }

    fn updates(lane: &mut Lane, prev: Seq, seq: Seq) -> Taken {
        lane.take(&Heard::Updates { prev, seq })
    }

    fn state(lane: &mut Lane, position: &str) -> Taken {
        lane.take(&Heard::State { head: position.parse().unwrap() })
    }

    #[test]
    fn updates_that_continue_are_received() {
        let mut lane = Lane::from_the_first();
        assert_eq!(updates(&mut lane, 0, 1), taken(1, 0, 0));
        assert_eq!(updates(&mut lane, 1, 5), taken(4, 0, 0));
        assert_eq!((lane.seq(), lane.lost(5), lane.lost(7)), (5, 0, 2));
    }

    #[test]
    fn a_gap_is_lost_until_it_is_filled() {
        let mut lane = Lane::from_the_first();
        assert_eq!(updates(&mut lane, 3, 4), taken(1, 0, 0));
        assert_eq!(lane.lost(4), 3);
        assert_eq!(updates(&mut lane, 1, 2), taken(1, 0, 1));
        assert_eq!(lane.lost(4), 2);
        assert_eq!(updates(&mut lane, 0, 3), taken(2, 1, 2));
        assert_eq!(lane.lost(4), 0);
    }

    #[test]
    fn an_update_that_was_seen_is_a_duplicate() {
        let mut lane = Lane::default();
        state(&mut lane, "07aa000000000000:10");
        assert_eq!(updates(&mut lane, 7, 9), taken(0, 2, 0));
        assert_eq!(updates(&mut lane, 8, 12), taken(2, 2, 0));
        assert_eq!(lane.lost(12), 0);
    }

    #[test]
    fn a_state_replaces_the_updates_that_were_missing() {
        let mut lane = Lane::default();
        assert_eq!(state(&mut lane, "07aa000000000000:3"), Taken::default());
        updates(&mut lane, 5, 6);
        let skipped = Taken { skipped: 16, ..Taken::default() };
        assert_eq!(state(&mut lane, "07aa000000000000:20"), skipped);
        assert_eq!((lane.seq(), lane.lost(20)), (20, 0));
        assert!(state(&mut lane, "5b1d000000000000:1").renewed);
    }

    #[test]
    fn updates_before_a_first_position_do_not_make_one() {
        let mut lane = Lane::default();
        assert_eq!(updates(&mut lane, 0, 2), taken(2, 0, 0));
        assert_eq!((lane.position(), lane.lost(2)), (None, 2));
    }
}
