//! The log: which bursts are kept, which events they hold, and what they fold to.
//!
//! Remembers where everything is; the bursts' bodies themselves stay in storage.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::rc::Rc;

use super::outgoing::{Slice, Snapshot};
use super::row::{self, BurstRow, CheckpointRow, Corrupt, Head, Stored};
use super::seen::{EventHash, Seen};
use super::state::{Kept, State};
use crate::limits::RoomLimits;
use crate::protocol::ids::{Epoch, Position, Seq};
use crate::protocol::time::Timestamp;
use crate::protocol::update::Entry;

/// An update that has its number, on its way into the log.
#[derive(Debug)]
pub struct Numbered {
    /// The id of its event.
    pub event: EventHash,
    /// What is known of it.
    pub entry: Entry,
    /// Its encoding.
    pub text: Rc<str>,
}

/// What has to be stored of an appended burst.
#[derive(Debug)]
pub struct Appended {
    /// The folded state before it, where it is time. To be stored first.
    pub checkpoint: Option<CheckpointRow>,
    /// Its row.
    pub burst: BurstRow,
    /// The ids of its events.
    pub ids: String,
}

/// Where a kept burst is.
#[derive(Debug, Clone, Copy)]
struct Span {
    number: u64,
    first: Seq,
    last: Seq,
    bytes: usize,
}

/// The log of one room.
#[derive(Debug)]
pub struct Log {
    epoch: Epoch,
    begun: bool,
    /// It was stored when rooms did not end.
    endless: bool,
    head: Seq,
    /// When the last burst was stored.
    stored: Timestamp,
    spans: VecDeque<Span>,
    seen: Seen,
    state: State,
    snapshot: Option<Rc<Snapshot>>,
    /// The last burst that the checkpoint covers.
    checkpointed: u64,
    /// Bytes of the bursts behind it.
    behind: usize,
    limits: RoomLimits,
}

impl Log {
    /// The log as it is stored. `fresh` becomes the epoch if the room has never begun.
    ///
    /// # Errors
    /// [`Corrupt`] when a row cannot be read.
    pub fn restore(limits: &RoomLimits, stored: Stored, fresh: Epoch) -> Result<Self, Corrupt> {
        let Stored { epoch, endless, checkpoint, heads, tail } = stored;
        let (checkpointed, head) = checkpoint.as_ref().map_or((0, 0), |row| (row.number, row.seq));
        let state = checkpoint.as_ref().map(CheckpointRow::state).transpose()?.unwrap_or_default();
        let begun = epoch.is_some();
        let epoch = epoch.unwrap_or(fresh);
        let mut log = Self {
            begun,
            endless,
            head,
            stored: Timestamp::default(),
            spans: VecDeque::new(),
            seen: Seen::new(&epoch, limits),
            epoch,
            state,
            snapshot: None,
            checkpointed,
            behind: 0,
            limits: *limits,
        };
        let covered = checkpoint.map_or(Ok(0), |row| log.seen.restore(&row.leaving))?;
        log.restore_heads(&heads, covered)?;
        tail.iter().try_for_each(|burst| log.restore_burst(burst))?;
        Ok(log)
    }

    /// `covered`: the last burst whose events are already remembered.
    fn restore_heads(&mut self, heads: &[Head], covered: u64) -> Result<(), Corrupt> {
        let newest = heads.last().map_or(0, |head| head.number);
        // The ring may hold more than the log keeps.
        for head in heads.iter().filter(|head| head.number + self.limits.log_bursts > newest) {
            let Head { number, first, last, bytes, at, .. } = *head;
            if number > covered {
                self.seen.restore_burst(head)?;
            }
            self.spans.push_back(Span { number, first, last, bytes });
            (self.head, self.stored) = (self.head.max(last), at);
        }
        Ok(())
    }

    fn restore_burst(&mut self, burst: &BurstRow) -> Result<(), Corrupt> {
        for (seq, entry, text) in burst.updates()? {
            self.state.apply(seq, &entry, text, self.limits.state_bytes);
        }
        self.behind += burst.body.len();
        Ok(())
    }

    /// The epoch of a new room, to be stored: a client may be told of it.
    pub fn begin(&mut self) -> Option<Epoch> {
        if std::mem::replace(&mut self.begun, true) {
            return None;
        }
        self.snapshot = None;
        Some(self.epoch.clone())
    }

    /// Whether no alarm may be set at which the room could end: it has no updates yet, or was stored when rooms
    /// did not end, which is said once.
    pub fn has_no_end(&mut self) -> bool {
        std::mem::take(&mut self.endless) || self.head == 0
    }

    /// When the last burst was stored.
    pub fn last_stored(&self) -> Timestamp {
        self.stored
    }

    /// The number of the last durable update.
    pub fn head_seq(&self) -> Seq {
        self.head
    }

    /// The position of the last durable update.
    pub fn head(&self) -> Position {
        let epoch = if self.begun { self.epoch.clone() } else { Epoch::none() };
        Position { epoch, seq: self.head }
    }

    /// Which events it has taken.
    pub fn seen(&mut self) -> &mut Seen {
        &mut self.seen
    }

    /// The latest update of a key that goes by the time of its event.
    pub fn latest(&self, key: &str) -> Option<(Seq, Timestamp)> {
        self.state.latest(key)
    }

    /// The state at the head: the same one for all who ask before the next burst, so that it is encoded once.
    pub fn snapshot(&mut self) -> Rc<Snapshot> {
        let head = self.head();
        let state = &self.state;
        let slice = |(seq, kept): (Seq, &Kept)| {
            let (parts, text) = (kept.parts, kept.text.clone());
            Slice { seq, parts, text }
        };
        let collect = || Rc::new(Snapshot { head, each: state.updates().map(slice).collect() });
        self.snapshot.get_or_insert_with(collect).clone()
    }

    /// Bytes of the state, as many as it takes to store it.
    pub fn state_bytes(&self) -> usize {
        self.state.bytes()
    }

    /// Appends a burst of updates, which start behind the head; `signed` is when the last of the requests that
    /// brought them was. The burst takes the slot of an older one, so a checkpoint that is due covers what was
    /// before it and is stored first: if that fails, nothing is overwritten.
    pub fn append(
        &mut self,
        updates: &[Numbered],
        (now, signed): (Timestamp, Timestamp),
    ) -> Appended {
        let checkpoint = self.checkpoint();
        let first = self.head + 1;
        for (seq, Numbered { entry, text, .. }) in (first..).zip(updates) {
            self.state.apply(seq, entry, text, self.limits.state_bytes);
            self.head = seq;
        }
        (self.snapshot, self.stored) = (None, now);
        let burst = self.row(first, updates);
        let number = burst.number;
        let events = updates.iter().map(|update| update.event).collect();
        let ids = self.seen.store(number, first, events, (now, signed));
        self.keep(Span { number, first, last: self.head, bytes: burst.body.len() });
        Appended { checkpoint, burst, ids }
    }

    fn last_burst(&self) -> u64 {
        self.spans.back().map_or(0, |span| span.number)
    }

    fn row(&self, first: Seq, updates: &[Numbered]) -> BurstRow {
        let entries: Vec<&Entry> = updates.iter().map(|update| &update.entry).collect();
        let texts: Vec<&str> = updates.iter().map(|update| &*update.text).collect();
        BurstRow {
            number: self.last_burst() + 1,
            first,
            last: self.head,
            body: texts.join(",").into(),
            meta: row::write(&entries),
        }
    }

    /// Remembers where the burst is, and forgets the ones that are too old for the log.
    fn keep(&mut self, span: Span) {
        self.behind += span.bytes;
        self.spans.push_back(span);
        let too_old = |oldest: &Span| oldest.number + self.limits.log_bursts <= span.number;
        while self.spans.front().is_some_and(too_old) {
            self.spans.pop_front();
        }
    }

    /// The state, where enough bursts have come since the last time, and the events of those bursts that the log
    /// will have forgotten before the next.
    fn checkpoint(&mut self) -> Option<CheckpointRow> {
        let RoomLimits { checkpoint_bursts, checkpoint_bytes, log_bursts, .. } = self.limits;
        let number = self.last_burst();
        if number < self.checkpointed + checkpoint_bursts && self.behind < checkpoint_bytes {
            return None;
        }
        (self.checkpointed, self.behind) = (number, 0);
        let leaving = (number + checkpoint_bursts).saturating_sub(log_bursts);
        let leaving = self.seen.leave_log(leaving);
        Some(CheckpointRow::of(&self.state, number, self.head, leaving))
    }

    /// The bursts that hold everything after `seq`, and their bytes, if the log still has it all and it is not too
    /// much to send.
    pub fn after(&self, seq: Seq) -> Option<(RangeInclusive<u64>, usize)> {
        let start = self.spans.partition_point(|span| span.last <= seq);
        if start == 0 && self.spans.front()?.first > seq + 1 {
            return None;
        }
        let bytes: usize = self.spans.range(start..).map(|span| span.bytes).sum();
        let numbers = self.spans.get(start)?.number..=self.spans.back()?.number;
        (bytes <= self.limits.replay_bytes).then_some((numbers, bytes))
    }
}
