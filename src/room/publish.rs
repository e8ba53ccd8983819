//! Publishing: numbers, duplicates and bursts.
//!
//! The leading edge is immediate: with no window open, what a request brings is stored and sent in
//! the same turn. While a window is open, further updates wait in memory and leave together when
//! it closes; their requests are answered then, because only then are they durable. A crowd's window
//! may store and answer sooner than it sends: then updates that are part of the room's history have
//! yet to be shown, and whoever asks for that history is shown it only after everyone is level.

use std::rc::Rc;

use super::row::Entry;
use super::window::{Look, Window};
use super::{Effect, PostId, Room};
use crate::limits::WINDOW_LOOK_MS;
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
    /// Of what is not sent yet, stored or not.
    bytes: usize,
    waiting: Vec<(PostId, Outcomes)>,
    /// Requests that were answered when last there were any.
    answered: usize,
    unsent: Unsent,
}

/// Updates that are stored but not sent: the last ones up to the head.
#[derive(Debug, Default)]
struct Unsent {
    /// Their encodings, separated by commas, as rows hold them.
    body: Option<Rc<str>>,
    updates: Vec<(Entry, Rc<str>)>,
}

impl Unsent {
    fn add(&mut self, body: Rc<str>, mut updates: Vec<(Entry, Rc<str>)>) {
        let joined = self.body.take().map(|before| format!("{before},{body}").into());
        self.body = Some(joined.unwrap_or(body));
        // What comes alone, as nearly all does, keeps its allocation.
        if self.updates.is_empty() {
            self.updates = updates;
        } else {
            self.updates.append(&mut updates);
        }
    }
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
        match self.burst.window.as_mut().map_or(Look::Over, |window| window.look(came, now)) {
            Look::Open => effects.push(Effect::OpenWindow { ms: WINDOW_LOOK_MS }),
            Look::LapOver => {
                self.store(effects);
                self.answer_all(effects);
                effects.push(Effect::OpenWindow { ms: WINDOW_LOOK_MS });
            }
            Look::Over => {
                self.burst.window = None;
                if self.burst.bytes > 0 {
                    self.send_burst(now, effects);
                }
            }
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
        self.store(effects);
        self.show(effects);
        self.answer_all(effects);
        // A window that filled up early stays: whoever waits for its end comes back only once.
        if self.burst.window.is_none() {
            let window = Window::new(self.clients.len(), self.burst.answered, now);
            effects.push(Effect::OpenWindow { ms: window.ms });
            self.burst.window = Some(window);
        }
    }

    fn store(&mut self, effects: &mut Vec<Effect>) {
        let updates = std::mem::take(&mut self.burst.updates);
        if updates.is_empty() {
            return;
        }
        let body = self.log.append(&updates, effects);
        self.burst.unsent.add(body, updates);
    }

    /// Brings everyone in the room to the head. This comes before anything else that names the head
    /// to a client or builds on it.
    pub(super) fn show(&mut self, effects: &mut Vec<Effect>) {
        let Unsent { body, updates } = std::mem::take(&mut self.burst.unsent);
        let Some(body) = body else {
            return;
        };
        self.burst.bytes = self.burst.updates.iter().map(|(_, text)| text.len()).sum();
        if self.clients.count(Dialect::V1) > 0 {
            let (to, head) = (Dialect::V1, self.head_seq());
            let text = server_frame::updates(head - updates.len() as u64, head, &body);
            effects.push(Effect::Broadcast { to, text: text.into() });
        }
        if self.clients.count(Dialect::Plain) > 0 {
            let to = Dialect::Plain;
            effects.extend(updates.into_iter().map(|(_, text)| Effect::Broadcast { to, text }));
        }
    }

    fn answer_all(&mut self, effects: &mut Vec<Effect>) {
        if !self.burst.waiting.is_empty() {
            self.burst.answered = self.burst.waiting.len();
        }
        let answers = self.burst.waiting.drain(..);
        effects.extend(answers.map(|(post, outcomes)| Effect::Answer { post, outcomes }));
    }
}
