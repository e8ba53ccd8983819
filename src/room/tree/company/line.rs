//! A line to another object of the room: at most one letter of a kind is under way on it, and what was not answered is written again,
//! less and less often.
//!
//! It knows no letters. Time comes as ticks: each is the end of a wait of a second.

use crate::limits::COMPANY_AGAIN;

/// A line to another object, for letters of one kind.
#[derive(Debug, Default)]
pub(in crate::room) struct Line {
    /// The number of the letter that was not answered yet.
    under_way: Option<u64>,
    /// How many in a row were not answered.
    failed: u32,
    /// How many ticks it waits.
    waits: u32,
}

impl Line {
    /// Whether a letter can be written.
    pub(super) fn is_free(&self) -> bool {
        self.under_way.is_none() && self.waits == 0
    }

    /// Whether it waits to write again.
    pub(super) fn is_waiting(&self) -> bool {
        self.waits > 0
    }

    /// A letter is written.
    pub(super) fn write(&mut self, number: u64) {
        self.under_way = Some(number);
    }

    /// A letter was answered, or not. Says whether it is the one that is under way.
    pub(super) fn answered(&mut self, number: u64, is_answered: bool) -> bool {
        if self.under_way != Some(number) {
            return false;
        }
        self.under_way = None;
        self.failed = if is_answered { 0 } else { self.failed + 1 };
        self.waits = if is_answered { 0 } else { 1 << (self.failed - 1).min(COMPANY_AGAIN) };
        true
    }

    /// What was to be written again does not matter any more.
    pub(super) fn calm(&mut self) {
        (self.failed, self.waits) = (0, 0);
    }

    pub(super) fn tick(&mut self) {
        self.waits = self.waits.saturating_sub(1);
    }
}
