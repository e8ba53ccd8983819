//! Numbered updates as one client receives them: what is missing, what came twice, what came late.
//!
//! Pure arithmetic over positions. An update with the number `k` is the step from `k - 1` to `k`.

use std::mem::take;
use std::ops::Range;

/// Where a client is in a sequence, and what it has not seen before that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sequence {
    position: u64,
    missing: Vec<Range<u64>>,
}

/// What some updates amounted to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Updates that had not been seen, late ones included.
    pub(crate) received: u64,
    /// Updates that had been seen.
    pub(crate) duplicated: u64,
    /// Updates that came after a later one.
    pub(crate) reordered: u64,
}

impl Sequence {
    /// The last update that has been seen.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Everything up to `position` counts as seen.
    pub(crate) fn jump(&mut self, position: u64) {
        self.position = position;
        self.missing.clear();
    }

    /// Takes the updates after `prev`, up to `seq`.
    pub(crate) fn take(&mut self, prev: u64, seq: u64) -> Taken {
        let mut taken = Taken::default();
        if prev < self.position {
            taken = self.again(prev, seq.min(self.position));
        }
        if seq > self.position {
            if prev > self.position {
                self.missing.push(self.position..prev);
            }
            taken.received += seq - prev.max(self.position);
            self.position = seq;
        }
        taken
    }

    /// Updates up to `head` that have not been seen.
    pub(crate) fn lost(&self, head: u64) -> u64 {
        let gaps: u64 = self.missing.iter().map(|gap| gap.end - gap.start).sum();
        gaps + head.saturating_sub(self.position)
    }

    /// What lies before the position either fills a gap or has been seen.
    fn again(&mut self, prev: u64, seq: u64) -> Taken {
        let mut filled = 0;
        for gap in take(&mut self.missing) {
            let (from, to) = (gap.start.max(prev), gap.end.min(seq));
            if from >= to {
                self.missing.push(gap);
                continue;
            }
            filled += to - from;
            let rest = [gap.start..from, to..gap.end];
            self.missing.extend(rest.into_iter().filter(|rest| !rest.is_empty()));
        }
        let duplicated = (seq - prev).saturating_sub(filled);
        Taken { received: filled, duplicated, reordered: filled }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(received: u64, duplicated: u64, reordered: u64) -> Taken {
        Taken { received, duplicated, reordered }
    }

    #[test]
    fn what_continues_is_received() {
        let mut sequence = Sequence::default();
        assert_eq!(sequence.take(0, 1), taken(1, 0, 0));
        assert_eq!(sequence.take(1, 5), taken(4, 0, 0));
        assert_eq!((sequence.position(), sequence.lost(5), sequence.lost(7)), (5, 0, 2));
    }

    #[test]
    fn a_gap_is_lost_until_it_is_filled() {
        let mut sequence = Sequence::default();
        assert_eq!(sequence.take(3, 4), taken(1, 0, 0));
        assert_eq!(sequence.lost(4), 3);
        assert_eq!(sequence.take(1, 2), taken(1, 0, 1));
        assert_eq!(sequence.lost(4), 2);
        assert_eq!(sequence.take(0, 3), taken(2, 1, 2));
        assert_eq!(sequence.lost(4), 0);
    }

    #[test]
    fn what_was_seen_is_a_duplicate() {
        let mut sequence = Sequence::default();
        sequence.jump(10);
        assert_eq!(sequence.take(7, 9), taken(0, 2, 0));
        assert_eq!(sequence.take(8, 12), taken(2, 2, 0));
        assert_eq!(sequence.lost(12), 0);
    }

    #[test]
    fn a_jump_forgets_what_was_missing() {
        let mut sequence = Sequence::default();
        sequence.take(5, 6);
        sequence.jump(20);
        assert_eq!((sequence.position(), sequence.lost(20)), (20, 0));
    }
}
