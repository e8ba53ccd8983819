//! Publishing: numbers, duplicates and bursts.
//!
//! The leading edge is immediate: with no window open, what a request brings is stored and sent in
//! the same turn. While a window is open, further updates wait in memory and leave together when
//! it closes; their requests are answered then, because only then are they durable.

use std::rc::Rc;

use super::row::Entry;
use super::window::Window;
use super::{Effect, PostId, Room};
use crate::protocol::ids::Seq;
use crate::protocol::server_frame::{self, Dialect};
use crate::protocol::time::Timestamp;
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
    window: Option<Window>,
    updates: Vec<(Entry, Rc<str>)>,
    bytes: usize,
    waiting: Vec<(PostId, Outcomes)>,
}

impl Burst {
    /// No window is open. Nothing waits then, because what came was sent at once.
    pub fn is_resting(&self) -> bool {
        self.window.is_none()
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
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let outcomes: Outcomes = updates.into_iter().map(|update| self.number(update)).collect();
        let durable = outcomes.iter().all(|outcome| outcome.seq() <= self.head_seq());
        if durable {
            effects.push(Effect::Answer { post, outcomes });
            return;
        }
        self.burst.waiting.push((post, outcomes));
        if self.burst.window.is_none() || self.burst.bytes >= self.limits.burst_bytes {
            self.send_burst(now, effects);
        }
    }

    pub(super) fn look_at_window(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let came = self.burst.waiting.len();
        let again = self.burst.window.as_mut().and_then(|window| window.look(came, now));
        if let Some(ms) = again {
            effects.push(Effect::OpenWindow { ms });
            return;
        }
        self.burst.window = None;
        if !self.burst.updates.is_empty() {
            self.send_burst(now, effects);
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
    fn send_burst(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
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
        let answered = self.burst.waiting.len();
        let answers = self.burst.waiting.drain(..);
        effects.extend(answers.map(|(post, outcomes)| Effect::Answer { post, outcomes }));
        self.open_window(answered, now, effects);
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

    fn open_window(&mut self, answered: usize, now: Timestamp, effects: &mut Vec<Effect>) {
        // One that filled up early stays: whoever waits for its end comes back only once.
        if self.burst.window.is_none() {
            let window = Window::new(self.clients.len(), answered, now);
            let window = self.burst.window.insert(window);
            effects.push(Effect::OpenWindow { ms: window.ms });
        }
    }
}
