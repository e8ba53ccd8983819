//! Publishing: numbers, duplicates and bursts.
//!
//! If no window is open, the updates of a request are stored and sent in the same turn, unless they come so soon after the last burst that more are expected: then they
//! open a window that lasts until that burst is durable. While a window is open, further updates wait in memory and become one burst when it ends. Their requests are answered then, because they
//! are durable only then. In a crowded room a window stores and answers in laps and sends at its end. So updates can
//! be stored but not sent yet. They are flushed before anything else shows the head or the state.
//!
//! While the tenant is over its budget, its posts may bring a pace: then a burst is followed by the next no sooner than that, unless that one is full. How long
//! ago the last one was is known from the log, so nothing is awake, or remembered, until something has to wait.

use std::collections::HashMap;
use std::rc::Rc;

use super::fanout::Unsent;
use super::log::{Appended, Numbered};
use super::row::entry_bytes;
use super::window::{Look, Window};
use super::{Effect, Turn};
use crate::limits::{PACE_WORTH_MS, WINDOW_LOOK_MS, WINDOW_SOON_MS, WINDOW_TRY};
use crate::protocol::ids::Seq;
use crate::protocol::label::OwnedLabel;
use crate::protocol::server_frame;
use crate::protocol::time::Timestamp;
use crate::protocol::update::{Entry, Update};

/// The outcomes of the updates of one request, in order.
pub type Outcomes = Vec<Posted>;

/// The outcome of one update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Posted {
    /// The update got this number.
    Accepted(Seq),
    /// The event was accepted before and got this number then.
    Duplicate(Seq),
    /// The update with this number has the same key, and its event occurred later.
    Superseded(Seq),
    /// The request was signed so long ago that it may repeat one that the room has forgotten.
    Stale,
}

impl Posted {
    /// The number in the outcome, if it has one.
    pub fn seq(self) -> Option<Seq> {
        match self {
            Self::Accepted(seq) | Self::Duplicate(seq) | Self::Superseded(seq) => Some(seq),
            Self::Stale => None,
        }
    }
}

/// The id of a request that waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PostId(pub u64);

/// A request with updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Its id, which the answer names.
    pub id: PostId,
    /// When it was signed, by its sender's clock.
    pub signed: Timestamp,
    /// Its updates, in order.
    pub updates: Vec<Update>,
    /// Milliseconds from one burst to the next, if the tenant wants its rooms to save.
    pub pace_ms: Option<u32>,
}

/// The burst that is being gathered.
#[derive(Debug, Default)]
pub struct Burst {
    window: Option<Window>,
    updates: Vec<Numbered>,
    /// The latest gathered update of each label and key that is ordered by the time of its events.
    latest: HashMap<(OwnedLabel, String), (Seq, Timestamp)>,
    /// When the latest of the requests was signed.
    signed: Timestamp,
    /// Bytes of the updates that are not sent yet, stored or not.
    bytes: usize,
    waiting: Vec<(PostId, Outcomes)>,
    /// How many requests were answered together the last time.
    answered: usize,
    /// The pace of the latest request.
    pace_ms: Option<u32>,
    unsent: Unsent,
}

impl Burst {
    /// Whether no window is open. Then nothing waits, because a burst without a window is sent at once.
    pub fn is_resting(&self) -> bool {
        self.window.is_none()
    }

    /// Notes the updates of a burst that is stored but not sent.
    pub(super) fn stored(&mut self, first: Seq, body: Rc<str>, updates: Vec<Numbered>) {
        self.unsent.add(first, body, updates);
    }

    /// Whether everything that is stored was sent.
    pub(super) fn is_sent(&self) -> bool {
        self.unsent.is_empty()
    }

    /// How many updates are not stored yet.
    pub(super) fn gathered(&self) -> usize {
        self.updates.len()
    }

    /// Takes what is stored but not sent.
    pub(super) fn take_unsent(&mut self) -> Unsent {
        let gathered = self.updates.iter().map(|update| entry_bytes(&update.entry));
        self.bytes = gathered.sum();
        std::mem::take(&mut self.unsent)
    }

    fn next_seq(&self, head: Seq) -> Seq {
        head + self.updates.len() as u64 + 1
    }

    fn add(&mut self, update: Numbered) {
        self.bytes += entry_bytes(&update.entry);
        self.updates.push(update);
    }
}

impl Turn<'_> {
    #[inline(never)]
    pub(super) fn publish(&mut self, post: Post, now: Timestamp, effects: &mut Vec<Effect>) {
        let Post { id, signed, updates, pace_ms } = post;
        self.burst.pace_ms = pace_ms;
        let outcomes = updates.into_iter().map(|update| self.number(update, signed));
        let outcomes: Outcomes = outcomes.collect();
        let head = self.head_seq();
        if outcomes.iter().all(|outcome| outcome.seq().is_none_or(|seq| seq <= head)) {
            effects.push(Effect::Answer { post: id, outcomes });
            return;
        }
        self.burst.waiting.push((id, outcomes));
        if self.burst.bytes >= self.limits.burst_bytes {
            self.send_burst(now, effects);
        } else if self.burst.window.is_none() {
            self.send_or_gather(now, effects);
        }
    }

    /// Sends what has come, or lets it wait for what is left of the pace. If it came soon after the last burst, opens a window instead, in which more may come.
    fn send_or_gather(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let is_soon = now.ms_since(self.log.last_stored()) < WINDOW_SOON_MS;
        if is_soon && self.left_of_pace(now) == 0 && !self.comes_alone() {
            self.open(Window::until_durable(now), effects);
        } else {
            self.send_in_time(now, effects);
        }
    }

    #[inline(never)]
    pub(super) fn look_at_window(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let came = self.burst.waiting.len();
        match self.burst.window.as_mut().map_or(Look::Over, |window| window.look(came, now)) {
            Look::Open => effects.push(Effect::OpenWindow { ms: WINDOW_LOOK_MS }),
            Look::LapOver if self.left_of_pace(now) == 0 => {
                self.settle(now, effects);
                effects.push(Effect::OpenWindow { ms: WINDOW_LOOK_MS });
            }
            Look::LapOver | Look::Over => {
                self.burst.window = None;
                if self.burst.bytes > 0 {
                    self.send_in_time(now, effects);
                }
            }
            Look::PaceOver => {
                self.burst.window = None;
                if self.burst.bytes > 0 {
                    self.send_burst(now, effects);
                }
            }
        }
    }

    /// Milliseconds that are left of the pace since the last burst; 0 without a pace, and in a room in which waiting would cost more
    /// than the rows that it saves: it takes as many requests to pay for the time awake as [`PACE_WORTH_MS`] has room for.
    fn left_of_pace(&self, now: Timestamp) -> u64 {
        let pace_ms = self.burst.pace_ms.map_or(0, u64::from);
        let passed = now.ms_since(self.log.last_stored());
        let answered = u64::try_from(self.burst.answered).unwrap_or(u64::MAX);
        let busy = passed < PACE_WORTH_MS || answered.saturating_mul(PACE_WORTH_MS) >= pace_ms;
        if busy {
            pace_ms.saturating_sub(passed)
        } else {
            0
        }
    }

    /// Sends what was gathered, or lets it wait for what is left of the pace. What was stored before does not wait.
    fn send_in_time(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let ms = self.left_of_pace(now);
        if ms == 0 {
            self.send_burst(now, effects);
            return;
        }
        self.flush(now, effects);
        if !self.burst.updates.is_empty() {
            self.open(Window::paced(ms, now), effects);
        }
    }

    /// Gives an update the next number, unless it is a duplicate, stale or superseded.
    fn number(&mut self, update: Update, signed: Timestamp) -> Posted {
        let Update { event_id, mut entry, content } = update;
        let event = self.log.seen().hash(&event_id);
        if let Some(seq) = self.log.seen().number(event) {
            return Posted::Duplicate(seq);
        }
        if self.log.seen().is_unsure_of(signed) {
            return Posted::Stale;
        }
        let late = match (&entry.step, entry.occurred) {
            (Some(step), _) => self.log.later_step(&entry, step),
            (None, Some(occurred)) => self.later(&entry, occurred),
            (None, None) => None,
        };
        if let Some(later) = late {
            return Posted::Superseded(later);
        }
        let seq = self.burst.next_seq(self.head_seq());
        self.log.seen().note(event, seq);
        if let Some(occurred) = entry.occurred {
            let place = (entry.label().to_owned(), entry.key.clone());
            self.burst.latest.insert(place, (seq, occurred));
        }
        let text = server_frame::update(seq, &content);
        // Only the closing brace follows the content.
        let before = text.len().saturating_sub(content.len() + 1);
        entry.bytes = text.len();
        entry.parts = entry.parts.map(|parts| parts.moved(before));
        let text: Rc<str> = text.into();
        self.burst.signed = self.burst.signed.max(signed);
        self.burst.add(Numbered { event, entry, text });
        Posted::Accepted(seq)
    }

    /// The latest update with the label and key of an entry, if its event occurred later than `occurred`.
    fn later(&self, entry: &Entry, occurred: Timestamp) -> Option<Seq> {
        let (label, key) = (entry.label(), &entry.key);
        let gathered = self.burst.latest.get(&(label.to_owned(), key.clone())).copied();
        let (seq, latest) = gathered.or_else(|| self.log.latest(label, key))?;
        (occurred < latest).then_some(seq)
    }

    /// Stores the gathered updates, then sends them, then answers their requests.
    fn send_burst(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.store(now, effects);
        self.flush(now, effects);
        self.answer_all(effects);
        // If the window filled up early, it stays open: its wait is still running, and there must be only one.
        if self.burst.window.is_none() {
            if let Some(window) = Window::after(self.members.len(), self.burst.answered, now) {
                self.open(window, effects);
            }
        }
    }

    fn open(&mut self, window: Window, effects: &mut Vec<Effect>) {
        effects.push(Effect::OpenWindow { ms: window.ms });
        self.burst.window = Some(window);
    }

    /// Whether nobody is expected in a window, because updates come one by one, as from a publisher that waits for each answer.
    /// Known from the log, so a room that was evicted does the same.
    fn comes_alone(&self) -> bool {
        let is_tried = self.log.last_burst().is_multiple_of(WINDOW_TRY);
        !is_tried && self.log.ends_in_singles(WINDOW_SOON_MS)
    }

    fn store(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let mut updates = std::mem::take(&mut self.burst.updates);
        if updates.is_empty() {
            return;
        }
        self.burst.latest.clear();
        let signed = std::mem::take(&mut self.burst.signed);
        let Appended { checkpoint, burst, ids } = self.log.append(&mut updates, (now, signed));
        self.burst.stored(burst.first, burst.body.clone(), updates);
        effects.extend(checkpoint.map(Effect::Checkpoint));
        effects.push(Effect::Append { row: burst, at: now, signed, ids });
        effects.extend(self.tree.feed(self.log));
    }

    /// Stores what was gathered, and answers its requests, without sending it.
    pub(super) fn settle(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.store(now, effects);
        self.answer_all(effects);
    }

    fn answer_all(&mut self, effects: &mut Vec<Effect>) {
        if !self.burst.waiting.is_empty() {
            self.burst.answered = self.burst.waiting.len();
        }
        let answers = self.burst.waiting.drain(..);
        effects.extend(answers.map(|(post, outcomes)| Effect::Answer { post, outcomes }));
    }
}
