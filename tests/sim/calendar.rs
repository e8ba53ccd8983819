//! The calendar of a run: what happens next, in the order of time. What falls on the same moment happens in the order in which it was
//! entered, so nothing depends on how a heap is built.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BinaryHeap;

use crate::events::{Event, To};

#[derive(Default)]
pub(crate) struct Calendar {
    due: BinaryHeap<Reverse<(u64, u64)>>,
    events: BTreeMap<u64, Event>,
    entered: u64,
}

impl Calendar {
    pub(crate) fn enter(&mut self, at: u64, event: Event) {
        self.entered += 1;
        self.due.push(Reverse((at, self.entered)));
        self.events.insert(self.entered, event);
    }

    /// The next event and its time, if it comes no later than `end`.
    pub(crate) fn next(&mut self, end: u64) -> Option<(u64, Event)> {
        loop {
            let Reverse((at, number)) = *self.due.peek()?;
            if at > end {
                return None;
            }
            self.due.pop();
            if let Some(event) = self.events.remove(&number) {
                return Some((at, event));
            }
        }
    }

    /// Whatever is on its way to this program gets lost.
    pub(crate) fn lose(&mut self, program: &To) {
        let arrives = |event: &Event| matches!(event, Event::Arrive { to, .. } if to == program);
        self.events.retain(|_, event| !arrives(event));
    }

    /// What is still to come.
    pub(crate) fn left(&self) -> impl Iterator<Item = &Event> {
        self.events.values()
    }
}
