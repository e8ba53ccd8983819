//! A rate that many isolates share: each borrows a slice from one object, and uses it up within a moment.
//!
//! The object lets a slice count for as much longer as it may be used, so that what all isolates use in a second is never
//! more than the limit. An isolate borrows what it needs and what it needed in the moment before, so that a busy one does not
//! ask for each request. A slice that is not used in time is lost.

use super::rate::{TooMuch, Window};
use crate::limits::SLICE_MS;
use crate::protocol::time::Timestamp;

/// The side of the object: what it has lent.
#[derive(Debug, Clone)]
pub struct Lender(Window);

impl Default for Lender {
    fn default() -> Self {
        Self(Window::new(1_000 + SLICE_MS))
    }
}

impl Lender {
    /// Lends `needed`, and up to `more` if there is room. Returns how much.
    ///
    /// # Errors
    /// How long to wait for what is needed. Nothing was lent.
    pub fn lend(
        &mut self,
        (needed, more): (u64, u64),
        limit: u64,
        now: Timestamp,
    ) -> Result<u64, TooMuch> {
        self.0.look(needed, limit, now)?;
        let room = limit.saturating_sub(self.0.taken());
        let lent = needed.max(needed.saturating_add(more).min(room));
        self.0.take(lent, limit, now)?;
        Ok(lent)
    }

    /// Milliseconds until anything at all can be lent; 0 if that is now.
    pub fn dry_ms(&mut self, limit: u64, now: Timestamp) -> u64 {
        self.0.look(1, limit, now).err().map_or(0, |TooMuch { retry_ms }| retry_ms)
    }
}

/// The side of an isolate: what it has borrowed and not used.
#[derive(Debug, Clone, Default)]
pub struct Borrower {
    left: u64,
    /// The end of the slice.
    until: Timestamp,
    used: u64,
    /// Since when `used` is counted.
    since: Timestamp,
    /// Until when nothing can be borrowed at all.
    dry: Timestamp,
}

/// What an isolate has to do before it uses something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Nothing: it is in the slice.
    Done,
    /// Borrow what is needed, and more if it can be had.
    Borrow {
        /// What is needed.
        needed: u64,
        /// What will likely be needed.
        more: u64,
    },
}

impl Borrower {
    /// Uses `amount` from the slice, if it is there.
    pub fn take(&mut self, amount: u64, now: Timestamp) -> Use {
        if now.ms_since(self.since) >= SLICE_MS {
            let lately = now.ms_since(self.since) < 2 * SLICE_MS;
            (self.used, self.since) = (if lately { self.used } else { 0 }, now);
        }
        if now < self.until && self.left >= amount {
            self.left -= amount;
            self.used = self.used.saturating_add(amount);
            return Use::Done;
        }
        let more = self.used;
        self.used = self.used.saturating_add(amount);
        Use::Borrow { needed: amount, more }
    }

    /// Notes what was lent to it for `amount` that it has used at once. It had asked at `asked`.
    pub fn borrowed(&mut self, lent: u64, amount: u64, asked: Timestamp) {
        (self.left, self.until) = (lent.saturating_sub(amount), asked.plus_ms(SLICE_MS));
    }

    /// Notes that nothing can be borrowed for a while.
    pub fn refused(&mut self, dry_ms: u64, now: Timestamp) {
        self.dry = now.plus_ms(dry_ms);
    }

    /// Milliseconds until anything can be borrowed; 0 if that may be now. Does not use anything: who looks here may be anyone.
    pub fn dry_ms(&self, now: Timestamp) -> u64 {
        self.dry.ms_since(now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp(1_000_000 + ms)
    }

    #[test]
    fn a_busy_isolate_borrows_more_than_it_needs() {
        let mut borrower = Borrower::default();
        assert_eq!(borrower.take(3, at(0)), Use::Borrow { needed: 3, more: 0 });
        borrower.borrowed(3, 3, at(0));
        assert_eq!(borrower.take(2, at(1)), Use::Borrow { needed: 2, more: 3 });
        borrower.borrowed(5, 2, at(1));
        assert_eq!(borrower.take(2, at(2)), Use::Done);
        assert_eq!(borrower.take(1, at(3)), Use::Done);
        assert_eq!(borrower.take(1, at(4)), Use::Borrow { needed: 1, more: 8 });
        let later = borrower.take(1, at(1_000));
        assert_eq!(later, Use::Borrow { needed: 1, more: 0 }, "it was idle");
    }

    #[test]
    fn whoever_looks_uses_nothing() {
        let (mut lender, mut borrower) = (Lender::default(), Borrower::default());
        assert_eq!(lender.lend((10, 5), 10, at(0)), Ok(10));
        let TooMuch { retry_ms } = lender.lend((1, 0), 10, at(1)).unwrap_err();
        assert_eq!(lender.dry_ms(10, at(1)), retry_ms);
        borrower.refused(retry_ms, at(1));
        assert_eq!((borrower.dry_ms(at(1)), borrower.dry_ms(at(1 + retry_ms))), (retry_ms, 0));
    }

    proptest! {
        #[test]
        fn all_isolates_together_use_no_more_than_the_limit_in_a_second(
            posts in prop::collection::vec((0_usize..4, 1_u64..6, 0_u64..60, 0_u64..30), 1..200),
        ) {
            let (mut lender, mut now) = (Lender::default(), 0);
            let mut isolates = vec![Borrower::default(); 4];
            let mut used = Vec::new();
            for (isolate, amount, pause, flight) in posts {
                now += pause;
                let (asked, borrower) = (at(now), &mut isolates[isolate]);
                let done = match borrower.take(amount, asked) {
                    Use::Done => true,
                    Use::Borrow { needed, more } => {
                        // The object gets the question later than it was asked.
                        now += flight;
                        match lender.lend((needed, more), 20, at(now)) {
                            Ok(lent) => {
                                borrower.borrowed(lent, needed, asked);
                                true
                            }
                            Err(_) => false,
                        }
                    }
                };
                if done {
                    used.push((now, amount));
                }
                let within = used.iter().filter(|(at, _)| now - at < 1_000);
                prop_assert!(within.map(|(_, amount)| amount).sum::<u64>() <= 20);
            }
        }
    }
}
