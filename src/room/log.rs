//! The log: which bursts are kept, which events they hold, and what they fold to.
//!
//! Remembers where everything is; the bursts' bodies themselves stay in storage.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::row::{BurstRow, CheckpointRow, Corrupt, Entry, Stored};
use super::state::State;
use super::Effect;
use crate::limits::RoomLimits;
use crate::protocol::ids::{Epoch, Position, Seq};
use crate::protocol::server_frame;

/// Where a kept burst is, and which events it holds.
#[derive(Debug)]
struct Span {
    number: u64,
    last: Seq,
    bytes: usize,
    event_ids: Vec<Rc<str>>,
}

/// The log of one room.
#[derive(Debug)]
pub struct Log {
    epoch: Epoch,
    begun: bool,
    head: Seq,
    spans: VecDeque<Span>,
    /// What the kept bursts, and the one being gathered, hold: event id → number.
    seen: HashMap<Rc<str>, Seq>,
    state: State,
    state_frame: Option<Rc<str>>,
    checkpointed: u64,
    limits: RoomLimits,
}

impl Log {
    /// The log as it is stored.
    ///
    /// # Errors
    /// [`Corrupt`] when a row cannot be read.
    pub fn restore(limits: &RoomLimits, stored: Stored, fresh: Epoch) -> Result<Self, Corrupt> {
        let (checkpointed, head) =
            stored.checkpoint.as_ref().map_or((0, 0), |row| (row.number, row.seq));
        let state = stored.checkpoint.as_ref().map(CheckpointRow::state).transpose()?;
        let mut log = Self {
            begun: stored.epoch.is_some(),
            epoch: stored.epoch.unwrap_or(fresh),
            head,
            spans: VecDeque::new(),
            seen: HashMap::new(),
            state: state.unwrap_or_default(),
            state_frame: None,
            checkpointed,
            limits: *limits,
        };
        for burst in &stored.bursts {
            log.restore_burst(burst)?;
        }
        Ok(log)
    }

    fn restore_burst(&mut self, burst: &BurstRow) -> Result<(), Corrupt> {
        if burst.number > self.checkpointed {
            for (seq, Entry(_, key, keep, _), text) in burst.updates()? {
                self.state.apply(seq, &key, keep, text, self.limits.state_bytes);
            }
        }
        let entries = burst.entries()?;
        let event_ids: Vec<Rc<str>> = entries.into_iter().map(|entry| entry.0.into()).collect();
        for (seq, id) in (burst.first..).zip(&event_ids) {
            self.seen.insert(id.clone(), seq);
        }
        self.head = self.head.max(burst.last);
        let bytes = burst.body.len();
        self.spans.push_back(Span { number: burst.number, last: burst.last, bytes, event_ids });
        Ok(())
    }

    /// Stores the epoch before anything else happens in a new room: a client may be told of it.
    pub fn begin(&mut self) -> Vec<Effect> {
        if std::mem::replace(&mut self.begun, true) {
            return Vec::new();
        }
        vec![Effect::Found(self.epoch.clone())]
    }

    /// The number of the last durable update.
    pub fn head_seq(&self) -> Seq {
        self.head
    }

    /// The position of the last durable update.
    pub fn head(&self) -> Position {
        Position { epoch: self.epoch.clone(), seq: self.head }
    }

    /// The number that an event got the first time, while the log remembers.
    pub fn seen(&self, event_id: &str) -> Option<Seq> {
        self.seen.get(event_id).copied()
    }

    /// Remembers that an event has got a number, from before it is stored.
    pub fn note(&mut self, event_id: &str, seq: Seq) {
        self.seen.insert(event_id.into(), seq);
    }

    /// The state at the head, as a frame; encoded once for all who ask before the next burst.
    pub fn state_frame(&mut self) -> Rc<str> {
        let head = self.head();
        let state = &self.state;
        let encode = || server_frame::state(&head, &state.joined()).into();
        self.state_frame.get_or_insert_with(encode).clone()
    }

    /// The updates of the state, for clients that get them one by one.
    pub fn state_updates(&self) -> impl Iterator<Item = Rc<str>> + '_ {
        self.state.updates().map(|(_, kept)| kept.text.clone())
    }

    /// Appends a burst of encoded updates, which start behind the head. Returns the body of its row.
    pub fn append(&mut self, updates: &[(Entry, Rc<str>)], effects: &mut Vec<Effect>) -> Rc<str> {
        let first = self.head + 1;
        for (seq, (Entry(_, key, keep, _), text)) in (first..).zip(updates) {
            self.state.apply(seq, key, *keep, text, self.limits.state_bytes);
            self.head = seq;
        }
        self.state_frame = None;
        let row = self.row(first, updates);
        let (number, body) = (row.number, row.body.clone());
        self.keep(&row, updates);
        effects.push(Effect::Append(row));
        if number >= self.checkpointed + self.limits.checkpoint_bursts {
            self.checkpointed = number;
            effects.push(Effect::Checkpoint(CheckpointRow::of(&self.state, number, self.head)));
        }
        body
    }

    fn row(&self, first: Seq, updates: &[(Entry, Rc<str>)]) -> BurstRow {
        let entries: Vec<&Entry> = updates.iter().map(|(entry, _)| entry).collect();
        let texts: Vec<&str> = updates.iter().map(|(_, text)| &**text).collect();
        BurstRow {
            number: self.spans.back().map_or(0, |span| span.number) + 1,
            first,
            last: self.head,
            body: texts.join(",").into(),
            meta: super::row::write(&entries),
        }
    }

    /// Remembers where the burst is, and forgets the one whose slot it takes.
    fn keep(&mut self, row: &BurstRow, updates: &[(Entry, Rc<str>)]) {
        let event_ids = updates.iter().map(|(entry, _)| entry.0.as_str().into()).collect();
        let span = Span { number: row.number, last: row.last, bytes: row.body.len(), event_ids };
        self.spans.push_back(span);
        while self
            .spans
            .front()
            .is_some_and(|span| span.number + self.limits.log_bursts <= row.number)
        {
            let forgotten = self.spans.pop_front();
            for id in forgotten.into_iter().flat_map(|span| span.event_ids) {
                self.seen.remove(&id);
            }
        }
    }

    /// The bursts that hold everything after `seq`, if the log still has it all and it is not too
    /// much to send.
    pub fn after(&self, seq: Seq) -> Option<std::ops::RangeInclusive<u64>> {
        let start = self.spans.partition_point(|span| span.last <= seq);
        let oldest = self.spans.front().filter(|_| start == 0);
        let first_kept = oldest.map(|span| span.last + 1 - span.event_ids.len() as u64);
        if first_kept.is_some_and(|first| first > seq + 1) {
            return None;
        }
        let bytes: usize = self.spans.range(start..).map(|span| span.bytes).sum();
        let numbers = self.spans.get(start)?.number..=self.spans.back()?.number;
        (bytes <= self.limits.replay_bytes).then_some(numbers)
    }
}
