//! Values that tasks share behind a lock, and reasons that are counted.
//!
//! A task holds the lock for a few instructions and never across an await. A value stays usable after a task has
//! panicked with the lock, because all values are counts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A value that tasks share behind a lock.
#[derive(Debug, Default)]
pub(crate) struct Shared<T>(Mutex<T>);

impl<T> Shared<T> {
    /// Shares `value`.
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Runs `turn` on the value, under the lock.
    pub(crate) fn with<R>(&self, turn: impl FnOnce(&mut T) -> R) -> R {
        turn(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Why something did not happen, and how often.
#[derive(Debug, Default)]
pub(crate) struct Reasons(Shared<BTreeMap<String, u64>>);

impl Reasons {
    /// Counts `why` one more time.
    pub(crate) fn add(&self, why: String) {
        self.0.with(|reasons| *reasons.entry(why).or_default() += 1);
    }

    /// Returns the counts so far, and forgets them.
    pub(crate) fn take(&self) -> BTreeMap<String, u64> {
        self.0.with(std::mem::take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_and_taken_once() {
        let reasons = Reasons::default();
        for why in ["a", "b", "a"] {
            reasons.add(why.to_owned());
        }
        assert_eq!(reasons.take(), BTreeMap::from([("a".to_owned(), 2), ("b".to_owned(), 1)]));
        assert!(reasons.take().is_empty());
    }
}
