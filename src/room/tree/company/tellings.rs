//! What the root tells its relays of who is here: how many, and the persons who are listed.
//!
//! It keeps the last step, so that whoever has what came before is told the difference only; everyone else is told all of it, which is
//! at most what a list has.

use std::collections::BTreeMap;

use super::letters::{Data, Listed, Telling};
use crate::protocol::gather::gathered;
use crate::protocol::time::Timestamp;

/// What relays are told.
#[derive(Debug, Default)]
pub(in crate::room) struct Tellings {
    number: u64,
    is_begun: bool,
    /// The number of what came before, and the difference.
    step: Option<(u64, Vec<Listed>, Vec<String>)>,
    count: usize,
    listed: BTreeMap<String, Data>,
}

impl Tellings {
    /// The number of what relays are told now.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn go_on_after(&mut self, letter: u64) {
        self.number = letter;
    }

    /// So many are here now, and these are listed.
    pub(in crate::room) fn update<'p>(
        &mut self,
        count: usize,
        listed: impl Iterator<Item = (&'p String, &'p Data)>,
        now: Timestamp,
    ) {
        let listed: BTreeMap<_, _> =
            gathered(listed.map(|(user, data)| (user.clone(), data.clone())));
        if self.is_begun && count == self.count && listed == self.listed {
            return;
        }
        let other = listed.iter().filter(|(user, data)| self.listed.get(*user) != Some(data));
        let put = other.map(|(user, data)| Listed(user.clone(), data.clone())).collect();
        let gone = self.listed.keys().filter(|user| !listed.contains_key(*user)).cloned();
        // Before the first, relays may have been told anything.
        self.step = self.is_begun.then(|| (self.number, put, gone.collect()));
        (self.number, self.is_begun) = ((self.number + 1).max(now.0), true);
        (self.count, self.listed) = (count, listed);
    }

    /// A relay has been told something with this number. If that is beyond what it can have been told, by another clock, the numbers
    /// go on from there.
    pub(super) fn surpass(&mut self, told: Option<u64>) {
        if let Some(told) = told.filter(|told| *told > self.number) {
            (self.number, self.step) = (told + 1, None);
        }
    }

    /// Whether the last step is all that somebody lacks.
    pub(super) fn follows(&self, told: Option<u64>) -> bool {
        self.step.as_ref().is_some_and(|(before, ..)| told == Some(*before))
    }

    /// The last step, or all of it.
    pub(super) fn telling(&self, is_next: bool) -> Telling {
        let Self { number, count, .. } = *self;
        if let Some((before, put, gone)) = self.step.as_ref().filter(|_| is_next) {
            let (put, gone) = (put.clone(), gone.clone());
            return Telling { after: Some(*before), number, count, put, gone };
        }
        let put = self.listed.iter().map(|(user, data)| Listed(user.clone(), data.clone()));
        Telling { after: None, number, count, put: put.collect(), gone: Vec::new() }
    }
}
