//! The time of a trial, in microseconds since it began, and the part of it that is measured.
//!
//! Only the monotonic clock is read. That is enough, because one process sends and receives.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

/// Counts from the beginning of a trial.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    origin: Instant,
    from: AtomicU64,
    until: AtomicU64,
}

impl Stopwatch {
    /// Starts the time. Nothing is measured yet.
    pub(crate) fn start() -> Self {
        let never = || AtomicU64::new(u64::MAX);
        Self { origin: Instant::now(), from: never(), until: never() }
    }

    /// Microseconds since the trial began.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// The point in time that is `us` after the beginning.
    pub(crate) fn instant(&self, us: u64) -> Instant {
        self.origin.checked_add(Duration::from_micros(us)).unwrap_or(self.origin)
    }

    /// Starts measuring. Returns the time.
    pub(crate) fn open(&self) -> u64 {
        let now = self.now();
        self.from.store(now, Relaxed);
        now
    }

    /// Stops measuring what is sent from now on. Returns the time.
    pub(crate) fn close(&self) -> u64 {
        let now = self.now();
        self.until.store(now, Relaxed);
        now
    }

    /// When measuring ended; the largest number if it has not.
    pub(crate) fn until(&self) -> u64 {
        self.until.load(Relaxed)
    }

    /// Whether something that was under way from `sent` to `done` was so during the measured time. Under overload this
    /// includes events that were due long before.
    pub(crate) fn measures(&self, sent: u64, done: u64) -> bool {
        sent < self.until() && done >= self.from.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_under_way_between_opening_and_closing_is_measured() {
        let stopwatch = Stopwatch::start();
        assert!(!stopwatch.measures(0, stopwatch.now()));
        let from = stopwatch.open();
        std::thread::sleep(Duration::from_millis(2));
        let until = stopwatch.close();
        assert!(until > from && stopwatch.measures(from, until) && stopwatch.measures(0, from));
        assert!(stopwatch.measures(until - 1, until + 9) && !stopwatch.measures(until, until + 9));
    }
}
