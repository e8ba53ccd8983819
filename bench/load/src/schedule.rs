//! When events are due in an open loop, and from which time their latency counts.
//!
//! Pure arithmetic in microseconds of the trial. A publisher that falls behind sends at once, and the latency of its
//! events counts from when they were due, because waiting for a slow server is part of the latency.

use std::time::Duration;

/// How late a timer may fire before that counts as latency. tokio's timers have a resolution of one millisecond.
const TIMER_GRAIN_US: u64 = 1_000;

/// The turns of one publisher among several that share a rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schedule {
    begin_us: u64,
    interval_ns: u64,
    turn: u64,
    stride: u64,
}

impl Schedule {
    /// The turns of publisher `index` of `publishers` that together post `batch` events at a time,
    /// `rate` events a second, from `begin_us` on.
    pub(crate) fn new(
        begin_us: u64,
        rate: f64,
        batch: u32,
        (index, publishers): (u64, u64),
    ) -> Self {
        let interval = Duration::try_from_secs_f64(f64::from(batch) / rate);
        let interval_ns = u64::try_from(interval.unwrap_or(Duration::MAX).as_nanos());
        Self {
            begin_us,
            interval_ns: interval_ns.unwrap_or(u64::MAX),
            turn: index,
            stride: publishers,
        }
    }

    /// When the next post is due.
    pub(crate) fn due(&self) -> u64 {
        self.begin_us.saturating_add(self.turn.saturating_mul(self.interval_ns) / 1_000)
    }

    /// Goes on to the next turn.
    pub(crate) fn advance(&mut self) {
        self.turn = self.turn.saturating_add(self.stride);
    }

    /// Posts that were due before `until` but not made.
    pub(crate) fn missed(&self, until: u64) -> u64 {
        let step = self.stride.saturating_mul(self.interval_ns) / 1_000;
        match until.checked_sub(self.due()) {
            Some(behind) if behind > 0 => behind.div_ceil(step.max(1)),
            _ => 0,
        }
    }
}

/// The time from which an event's latency counts: the time at which it was due. If the publisher slept until then, the
/// delay that its timer cannot resolve does not count.
pub(crate) fn counted_from(due: u64, now: u64, slept: bool) -> u64 {
    let latest = if slept { due.saturating_add(TIMER_GRAIN_US) } else { due };
    now.clamp(due, latest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dues(mut schedule: Schedule, count: usize) -> Vec<u64> {
        let next = || {
            let due = schedule.due();
            schedule.advance();
            due
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    #[test]
    fn publishers_take_turns() {
        let of = |index| dues(Schedule::new(500, 1_000.0, 1, (index, 2)), 3);
        assert_eq!((of(0), of(1)), (vec![500, 2_500, 4_500], vec![1_500, 3_500, 5_500]));
    }

    #[test]
    fn a_batch_takes_the_time_of_its_events() {
        assert_eq!(dues(Schedule::new(0, 1_000.0, 10, (0, 1)), 3), [0, 10_000, 20_000]);
        assert_eq!(dues(Schedule::new(0, 3.0, 1, (0, 1)), 4), [0, 333_333, 666_666, 999_999]);
    }

    #[test]
    fn a_post_that_was_due_but_not_made_is_missed() {
        let mut schedule = Schedule::new(0, 1_000.0, 1, (0, 2));
        assert_eq!([0, 1, 2_000, 2_001].map(|until| schedule.missed(until)), [0, 1, 1, 2]);
        schedule.advance();
        assert_eq!(schedule.missed(2_000), 0);
    }

    #[test]
    fn waiting_for_the_server_counts_as_latency_and_the_timer_does_not() {
        assert_eq!(counted_from(1_000, 1_700, true), 1_700);
        assert_eq!(counted_from(1_000, 9_000, true), 2_000);
        assert_eq!(counted_from(1_000, 9_000, false), 1_000);
        assert_eq!(counted_from(1_000, 900, true), 1_000);
    }
}
