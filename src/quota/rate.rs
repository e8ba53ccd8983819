//! How much there may be in a span of time: attempts in a minute, events in a second.
//!
//! A sliding window: in no span of this length is there more than the limit, wherever the span begins. What is refused does
//! not count, so whoever waits as told gets in.

use std::collections::VecDeque;

use crate::limits::RATE_STEPS;
use crate::protocol::time::Timestamp;

/// What was taken in a span of time.
#[derive(Debug, Clone)]
pub struct Window {
    span_ms: u64,
    /// When how much ends to count, by time.
    taken: VecDeque<(Timestamp, u64)>,
}

/// There is too much already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMuch {
    /// Milliseconds after which there is room for what was asked.
    pub retry_ms: u64,
}

impl Window {
    /// A span of so many milliseconds, in which nothing was taken yet.
    pub const fn new(span_ms: u64) -> Self {
        Self { span_ms, taken: VecDeque::new() }
    }

    /// Takes `amount`, if no more than `limit` is then taken. An amount over the limit is taken when there is nothing else, and
    /// counts for as many spans as it would fill: otherwise it could never be.
    /// Returns when it ends to count.
    ///
    /// # Errors
    /// How long to wait. Nothing was taken.
    pub fn take(&mut self, amount: u64, limit: u64, now: Timestamp) -> Result<Timestamp, TooMuch> {
        self.look(amount, limit, now)?;
        if amount == 0 {
            return Ok(now);
        }
        Ok(self.note(amount, limit, now))
    }

    /// Takes back `amount`, which was taken and not used, and which ends to count at `until`.
    pub fn give_back(&mut self, amount: u64, until: Timestamp) {
        let same = |(ends, _): &&mut (Timestamp, u64)| *ends == until;
        if let Some((_, taken)) = self.taken.iter_mut().find(same) {
            *taken = taken.saturating_sub(amount);
        }
    }

    /// Says whether `amount` could be taken.
    ///
    /// # Errors
    /// How long to wait.
    pub fn look(&mut self, amount: u64, limit: u64, now: Timestamp) -> Result<(), TooMuch> {
        self.forget(now);
        // One that is over the limit needs an empty window.
        let amount = amount.min(limit.max(1));
        let mut sum: u64 = self.taken();
        for (until, taken) in &self.taken {
            if sum.saturating_add(amount) <= limit {
                break;
            }
            sum = sum.saturating_sub(*taken);
            if sum.saturating_add(amount) <= limit || sum == 0 {
                return Err(TooMuch { retry_ms: until.ms_since(now).max(1) });
            }
        }
        match limit {
            0 => Err(TooMuch { retry_ms: self.span_ms }),
            _ => Ok(()),
        }
    }

    /// What counts at the moment.
    pub fn taken(&self) -> u64 {
        self.taken.iter().map(|(_, taken)| taken).sum()
    }

    fn note(&mut self, amount: u64, limit: u64, now: Timestamp) -> Timestamp {
        let spans = amount.div_ceil(limit.max(1)).max(1);
        // Rounded up, so that the list stays short however many requests there are.
        let step = (self.span_ms / RATE_STEPS).max(1);
        let until = now.plus_ms(self.span_ms.saturating_mul(spans));
        let until = Timestamp(until.0.div_ceil(step).saturating_mul(step));
        match self.taken.back_mut() {
            Some((last, taken)) if *last >= until => {
                *taken = taken.saturating_add(amount);
                *last
            }
            _ => {
                self.taken.push_back((until, amount));
                until
            }
        }
    }

    fn forget(&mut self, now: Timestamp) {
        while self.taken.front().is_some_and(|(until, _)| *until <= now) {
            self.taken.pop_front();
        }
    }
}

/// Whole seconds for `Retry-After` (RFC 9110, section 10.2.3), at least one.
pub fn retry_after_s(ms: u64) -> u64 {
    ms.div_ceil(1_000).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp(1_000_000 + ms)
    }

    #[test]
    fn there_is_never_more_than_the_limit_in_a_span() {
        let mut minute = Window::new(60_000);
        for attempt in 0..100 {
            assert!(minute.take(1, 100, at(attempt)).is_ok());
        }
        let TooMuch { retry_ms } = minute.take(1, 100, at(100)).unwrap_err();
        assert!((59_000..=61_200).contains(&retry_ms), "{retry_ms}");
        assert!(minute.take(1, 100, at(59_000)).is_err());
        assert!(minute.take(1, 100, at(100 + retry_ms)).is_ok());
    }

    #[test]
    fn an_amount_over_the_limit_waits_for_an_empty_window_and_is_paid_for() {
        let mut second = Window::new(1_000);
        assert!(second.take(1, 100, at(0)).is_ok());
        assert!(second.take(500, 100, at(10)).is_err());
        assert!(second.take(500, 100, at(1_020)).is_ok());
        let TooMuch { retry_ms } = second.take(1, 100, at(1_030)).unwrap_err();
        assert!((4_900..=5_100).contains(&retry_ms), "{retry_ms}");
    }

    #[test]
    fn a_limit_of_zero_lets_nothing_through_and_an_amount_of_zero_always_passes() {
        assert_eq!(Window::new(1_000).take(1, 0, at(0)), Err(TooMuch { retry_ms: 1_000 }));
        let mut full = Window::new(1_000);
        full.take(5, 5, at(0)).unwrap();
        assert!(full.take(0, 5, at(0)).is_ok());
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds() {
        assert_eq!([1, 1_000, 1_001, 60_000].map(retry_after_s), [1, 1, 2, 60]);
    }

    proptest! {
        #[test]
        fn no_span_has_more_than_the_limit_and_waiting_as_told_helps(
            asked in prop::collection::vec((1_u64..20, 0_u64..400), 1..80),
        ) {
            let (mut window, mut now, mut taken) = (Window::new(1_000), 0, Vec::new());
            for (amount, pause) in asked {
                now += pause;
                match window.take(amount, 20, at(now)) {
                    Ok(_) => taken.push((now, amount)),
                    Err(TooMuch { retry_ms }) => {
                        let later = at(now + retry_ms);
                        prop_assert!(window.clone().look(amount, 20, later).is_ok());
                    }
                }
                let within = taken.iter().filter(|(at, _)| now - at < 1_000);
                prop_assert!(within.map(|(_, amount)| amount).sum::<u64>() <= 20);
                prop_assert!(window.taken.len() <= 60);
            }
        }
    }
}
