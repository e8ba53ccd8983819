//! Publishing: numbers, duplicates, bursts and their window.
//!
//! The leading edge is immediate: with no window open, what a request brings is stored and sent in
//! the same turn. While a window is open, further updates wait in memory and leave together when
//! it closes; their requests are answered then, because only then are they durable. A window lasts
//! until the burst before it is durable, so that requests share what storing costs, and in a crowd
//! as long again as sending takes, so that they share that too.

use std::rc::Rc;

use super::row::Entry;
use super::{Effect, PostId, Room};
use crate::limits::{SEND_US, WINDOW_MIN_US};
use crate::protocol::ids::Seq;
use crate::protocol::server_frame::{self, Dialect};
use crate::protocol::update::Update;

/// What became of the updates of one request, in order.
pub type Outcomes = Vec<Posted>;

/// What became of one update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Posted {
    /// It got this number.
    Accepted(Seq),
    /// It had got this number before.
    Duplicate(Seq),
}

impl Posted {
    /// The number that it has, however it got it.
    pub fn seq(self) -> Seq {
        match self {
            Self::Accepted(seq) | Self::Duplicate(seq) => seq,
        }
    }
}

/// The burst that is being gathered.
#[derive(Debug, Default)]
pub struct Burst {
    open: bool,
    updates: Vec<(Entry, Rc<str>)>,
    bytes: usize,
    waiting: Vec<(PostId, Outcomes)>,
}

impl Burst {
    /// No window is open. Nothing waits then, because what came was sent at once.
    pub fn is_resting(&self) -> bool {
        !self.open
    }

    fn next(&self, head: Seq) -> Seq {
        head + self.updates.len() as u64 + 1
    }
}

impl Room {
    pub(super) fn publish(
        &mut self,
        post: PostId,
        updates: Vec<Update>,
        effects: &mut Vec<Effect>,
    ) {
        let outcomes: Outcomes = updates.into_iter().map(|update| self.number(update)).collect();
        let durable = outcomes.iter().all(|outcome| outcome.seq() <= self.head_seq());
        if durable {
            effects.push(Effect::Answer { post, outcomes });
            return;
        }
        self.burst.waiting.push((post, outcomes));
        if !self.burst.open || self.burst.bytes >= self.limits.burst_bytes {
            self.send_burst(effects);
        }
    }

    pub(super) fn close_window(&mut self, effects: &mut Vec<Effect>) {
        self.burst.open = false;
        if !self.burst.updates.is_empty() {
            self.send_burst(effects);
        }
    }

    /// Gives an update its number, unless it has one.
    fn number(&mut self, update: Update) -> Posted {
        if let Some(seq) = self.log.seen(&update.event_id) {
            return Posted::Duplicate(seq);
        }
        let seq = self.burst.next(self.head_seq());
        self.log.note(&update.event_id, seq);
        let text: Rc<str> = server_frame::update(seq, &update.content).into();
        self.burst.bytes += text.len();
        let entry = Entry(update.event_id, update.key, update.keep, text.len());
        self.burst.updates.push((entry, text));
        Posted::Accepted(seq)
    }

    /// Stores what was gathered, then shows it, then answers for it: in this order.
    fn send_burst(&mut self, effects: &mut Vec<Effect>) {
        let updates = std::mem::take(&mut self.burst.updates);
        self.burst.bytes = 0;
        let prev = self.head_seq();
        let appended = effects.len();
        self.log.append(&updates, effects);
        let body = effects.get(appended).and_then(|effect| match effect {
            Effect::Append(row) => Some(row.body.clone()),
            _ => None,
        });
        self.broadcast(prev, &body.unwrap_or_default(), &updates, effects);
        let answers = self.burst.waiting.drain(..);
        effects.extend(answers.map(|(post, outcomes)| Effect::Answer { post, outcomes }));
        self.open_window(effects);
    }

    fn broadcast(
        &self,
        prev: Seq,
        body: &Rc<str>,
        updates: &[(Entry, Rc<str>)],
        effects: &mut Vec<Effect>,
    ) {
        if self.clients.count(Dialect::V1) > 0 {
            let text = server_frame::updates(prev, self.head_seq(), body).into();
            effects.push(Effect::Broadcast { to: Dialect::V1, text });
        }
        if self.clients.count(Dialect::Plain) > 0 {
            let to = Dialect::Plain;
            effects.extend(
                updates.iter().map(|(_, text)| Effect::Broadcast { to, text: text.clone() }),
            );
        }
    }

    fn open_window(&mut self, effects: &mut Vec<Effect>) {
        if !std::mem::replace(&mut self.burst.open, true) {
            effects.push(Effect::OpenWindow { us: window_us(self.clients.len()) });
        }
    }
}

/// Microseconds that the window behind a burst to so many clients lasts once the burst is durable.
pub fn window_us(clients: usize) -> u64 {
    let us = u64::try_from(clients).unwrap_or(u64::MAX).saturating_mul(SEND_US);
    if us < WINDOW_MIN_US {
        0
    } else {
        us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_grows_with_what_sending_takes() {
        let windows = [0, 39, 40, 100, 1_000, 10_000].map(window_us);
        assert_eq!(windows, [0, 0, 1_000, 2_500, 25_000, 250_000]);
    }
}
