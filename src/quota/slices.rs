//! A rate that many isolates share: each borrows a slice from one object, and uses it up within a moment.
//!
//! The object lets a slice count for as much longer as it may be used, so that what all isolates use in a second is never
//! more than the limit. An isolate borrows what it needs, and ahead what it will need if this moment is like the one before, so
//! that a busy one does not ask for each request. What it does not use in time it gives back when it asks the next time; an
//! isolate that never asks again leaves its last slice to count until its end.

use super::rate::{TooMuch, Window};
use crate::limits::SLICE_MS;
use crate::protocol::loan::{Loan, Wish};
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
    /// Takes back what was not used, and lends what is needed, and up to `more` if there is room.
    ///
    /// # Errors
    /// How long to wait for what is needed. Nothing was lent.
    pub fn lend(&mut self, wish: &Wish, limit: u64, now: Timestamp) -> Result<Loan, TooMuch> {
        for Loan { amount, counts_until } in &wish.unused {
            self.0.give_back(*amount, *counts_until);
        }
        self.0.look(wish.needed, limit, now)?;
        let room = limit.saturating_sub(self.0.taken());
        let amount = wish.needed.max(wish.needed.saturating_add(wish.more).min(room));
        let counts_until = self.0.take(amount, limit, now)?;
        Ok(Loan { amount, counts_until })
    }

    /// Milliseconds until anything at all can be lent; 0 if that is now.
    pub fn dry_ms(&mut self, limit: u64, now: Timestamp) -> u64 {
        self.0.look(1, limit, now).err().map_or(0, |TooMuch { retry_ms }| retry_ms)
    }
}

/// The side of an isolate: what it has borrowed and not used.
#[derive(Debug, Clone, Default)]
pub struct Borrower {
    slices: Vec<Slice>,
    moment: Moment,
    /// Until when nothing can be borrowed at all.
    dry: Timestamp,
}

/// What is left of a loan, and until when it may be used.
#[derive(Debug, Clone, Copy)]
struct Slice {
    left: Loan,
    until: Timestamp,
}

/// What an isolate has used in this moment and in the one before.
#[derive(Debug, Clone, Default)]
struct Moment {
    since: Timestamp,
    before: u64,
    used: u64,
    /// What is borrowed, or asked for, beyond what was used.
    ahead: u64,
}

/// What an isolate has to do before it uses something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Use {
    /// Nothing: it is in a slice.
    Done,
    /// Borrow.
    Borrow(Wish),
}

impl Borrower {
    /// Uses `amount` from a slice, if there is one that has as much.
    pub fn take(&mut self, amount: u64, now: Timestamp) -> Use {
        self.moment.turn(now);
        let whole = |slice: &&mut Slice| now < slice.until && slice.left.amount >= amount;
        if let Some(slice) = self.slices.iter_mut().find(whole) {
            slice.left.amount -= amount;
            self.moment.uses_ahead(amount);
            return Use::Done;
        }
        let unused: Vec<Loan> =
            self.slices.drain(..).map(|slice| slice.left).filter(|left| left.amount > 0).collect();
        self.moment.gives_back(unused.iter().map(|left| left.amount).sum());
        Use::Borrow(Wish { needed: amount, more: self.moment.asks(amount), unused })
    }

    /// Notes what was lent to it for `amount` that it uses at once. It had asked at `asked`.
    pub fn borrowed(&mut self, loan: Loan, amount: u64, asked: Timestamp) {
        let left = Loan { amount: loan.amount.saturating_sub(amount), ..loan };
        if left.amount > 0 {
            self.slices.push(Slice { left, until: asked.plus_ms(SLICE_MS) });
        }
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

impl Moment {
    /// Begins the next moment when this one is over.
    fn turn(&mut self, now: Timestamp) {
        let passed = now.ms_since(self.since);
        if passed >= SLICE_MS {
            let before = if passed < 2 * SLICE_MS { self.used } else { 0 };
            *self = Self { since: now, before, used: 0, ahead: 0 };
        }
    }

    fn uses_ahead(&mut self, amount: u64) {
        self.used = self.used.saturating_add(amount);
        self.gives_back(amount);
    }

    fn gives_back(&mut self, amount: u64) {
        self.ahead = self.ahead.saturating_sub(amount);
    }

    /// Uses what has to be borrowed. Returns what to borrow ahead.
    fn asks(&mut self, amount: u64) -> u64 {
        self.used = self.used.saturating_add(amount);
        let more = self.before.saturating_sub(self.used.saturating_add(self.ahead));
        self.ahead = self.ahead.saturating_add(more);
        more
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What may be used in a second.
    const LIMIT: u64 = 20;

    fn at(ms: u64) -> Timestamp {
        Timestamp(1_000_000 + ms)
    }

    fn wish(needed: u64, more: u64) -> Wish {
        Wish { needed, more, unused: Vec::new() }
    }

    fn loan(amount: u64) -> Loan {
        Loan { amount, counts_until: at(5_000) }
    }

    #[test]
    fn a_busy_isolate_borrows_ahead_what_it_used_in_the_moment_before() {
        let mut borrower = Borrower::default();
        for (ms, used) in [(0, 3), (10, 2)] {
            assert_eq!(borrower.take(used, at(ms)), Use::Borrow(wish(used, 0)));
            borrower.borrowed(loan(used), used, at(ms));
        }
        assert_eq!(borrower.take(2, at(100)), Use::Borrow(wish(2, 3)));
        assert_eq!(borrower.take(1, at(101)), Use::Borrow(wish(1, 0)), "the other is on its way");
        borrower.borrowed(loan(5), 2, at(100));
        assert_eq!([borrower.take(1, at(102)), borrower.take(2, at(103))], [Use::Done, Use::Done]);
        assert_eq!(borrower.take(1, at(104)), Use::Borrow(wish(1, 0)));
        let later = borrower.take(1, at(1_000));
        assert_eq!(later, Use::Borrow(wish(1, 0)), "it was idle");
    }

    #[test]
    fn what_is_not_used_in_time_is_given_back() {
        let (mut lender, mut borrower) = (Lender::default(), Borrower::default());
        assert!(matches!(borrower.take(5, at(0)), Use::Borrow(_)));
        let Use::Borrow(busy) = borrower.take(5, at(100)) else { panic!("it has none") };
        assert_eq!(busy.more, 0, "it expects no more than before");
        let loan = lender.lend(&wish(5, 10), LIMIT, at(100)).unwrap();
        borrower.borrowed(loan, 5, at(100));
        let Use::Borrow(idle) = borrower.take(20, at(500)) else { panic!("it is too old") };
        assert_eq!(idle.unused, [Loan { amount: 10, ..loan }]);
        assert_eq!(lender.lend(&wish(15, 0), LIMIT, at(500)).ok(), None);
        assert!(lender.lend(&Wish { needed: 15, ..idle }, LIMIT, at(500)).is_ok());
    }

    #[test]
    fn whoever_looks_uses_nothing() {
        let (mut lender, mut borrower) = (Lender::default(), Borrower::default());
        assert_eq!(lender.lend(&wish(10, 5), 10, at(0)).map(|loan| loan.amount), Ok(10));
        let TooMuch { retry_ms } = lender.lend(&wish(1, 0), 10, at(1)).unwrap_err();
        assert_eq!(lender.dry_ms(10, at(1)), retry_ms);
        borrower.refused(retry_ms, at(1));
        assert_eq!((borrower.dry_ms(at(1)), borrower.dry_ms(at(1 + retry_ms))), (retry_ms, 0));
    }

    /// What was used, and when.
    #[derive(Default)]
    struct Used(Vec<(u64, u64)>);

    impl Used {
        fn within(&self, ms: u64, now: u64) -> u64 {
            let within = self.0.iter().filter(|(at, _)| now - at < ms);
            within.map(|(_, amount)| amount).sum()
        }
    }

    proptest! {
        #[test]
        fn all_isolates_together_use_no_more_than_the_limit_in_a_second(
            posts in prop::collection::vec((0_usize..4, 1_u64..6, 0_u64..60, 0_u64..30, 0_u64..90), 1..200),
        ) {
            let (mut lender, mut now) = (Lender::default(), 0);
            let mut isolates = vec![Borrower::default(); 4];
            let (mut used, mut answers) = (Used::default(), Vec::new());
            for (isolate, amount, pause, flight, back) in posts {
                now += pause;
                let asked = at(now);
                answers.retain(|(arrives, isolate, loan, amount, asked)| {
                    if *arrives <= now {
                        let borrower: &mut Borrower = &mut isolates[*isolate];
                        borrower.borrowed(*loan, *amount, *asked);
                    }
                    *arrives > now
                });
                match isolates[isolate].take(amount, asked) {
                    Use::Done => used.0.push((now, amount)),
                    Use::Borrow(wish) => {
                        // The object gets the question later than it was asked.
                        now += flight;
                        if let Ok(loan) = lender.lend(&wish, LIMIT, at(now)) {
                            used.0.push((now, amount));
                            answers.push((now + back, isolate, loan, amount, asked));
                        }
                    }
                }
                prop_assert!(used.within(1_000, now) <= LIMIT);
            }
        }

        #[test]
        fn an_isolate_alone_is_refused_only_if_it_had_too_much(
            posts in prop::collection::vec((1_u64..8, 0_u64..160), 1..200),
        ) {
            let (mut lender, mut borrower, mut now) = (Lender::default(), Borrower::default(), 0);
            let mut used = Used::default();
            for (amount, pause) in posts {
                now += pause;
                if let Use::Borrow(wish) = borrower.take(amount, at(now)) {
                    // What is counted in steps counts for a step longer.
                    let counted = used.within(1_100 + 1_100 / 50 + 1, now);
                    let Ok(loan) = lender.lend(&wish, LIMIT, at(now)) else {
                        prop_assert!(counted + amount > LIMIT, "{counted} and {amount}");
                        continue;
                    };
                    borrower.borrowed(loan, amount, at(now));
                }
                used.0.push((now, amount));
            }
        }
    }
}
