//! The log: which bursts are kept, which events they hold, and the state that they fold to.
//!
//! Remembers where each burst is; the bodies of the bursts stay in storage. `log/sharing.rs` is what it has for relays.

mod sharing;

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::rc::Rc;

use super::outgoing::{Slice, Snapshot};
use super::row::{self, BurstRow, CheckpointRow, Corrupt, Head, Stored, LAST_HEAD};
use super::seen::{EventHash, Seen};
use super::state::State;
use super::tallies::Tallies;
use super::view::{View, Viewer};
use crate::limits::{RoomLimits, SNAPSHOTS};
use crate::protocol::ids::{Epoch, Position, Seq};
use crate::protocol::label::Label;
use crate::protocol::tally::{Step, Totals};
use crate::protocol::time::Timestamp;
use crate::protocol::update::Entry;

/// An update that has got its number and will be appended to the log.
#[derive(Debug)]
pub struct Numbered {
    /// The hash of its event's id.
    pub event: EventHash,
    /// Its metadata.
    pub entry: Entry,
    /// Its encoding. That of a tally's update is complete once its step is counted.
    pub text: Rc<str>,
}

impl Numbered {
    /// Completes a tally's update: its data shows these totals. If it showed the same before, the update is for nobody.
    fn show(&mut self, totals: &Totals, before: Option<&Totals>) {
        let (Some(step), Some(parts)) = (&mut self.entry.step, self.entry.parts) else { return };
        let shape = std::mem::take(&mut step.data);
        let data = shape.data(totals);
        if let Some(text) = parts.with_data(&self.text, &data) {
            self.entry.bytes = text.len();
            self.text = text.into();
        }
        if before.is_some_and(|before| shape.data(before) == data) {
            self.entry.hush();
        }
    }
}

/// What to store for an appended burst.
#[derive(Debug)]
pub struct Appended {
    /// The checkpoint before the burst, if one is due. Must be stored first.
    pub checkpoint: Option<CheckpointRow>,
    /// The row of the burst.
    pub burst: BurstRow,
    /// The ids of its events.
    pub ids: String,
}

/// The place of a kept burst.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) number: u64,
    first: Seq,
    pub(super) last: Seq,
    pub(super) bytes: usize,
    /// When it was stored.
    at: Timestamp,
}

/// The log of one room.
#[derive(Debug)]
pub struct Log {
    epoch: Epoch,
    begun: bool,
    /// Whether the room was stored by a release in which rooms did not end.
    endless: bool,
    head: Seq,
    spans: VecDeque<Span>,
    seen: Seen,
    state: State,
    tallies: Tallies,
    /// The snapshots at the head that were asked for last, by view, and by user if an update names that user.
    snapshots: VecDeque<(View, Option<String>, Rc<Snapshot>)>,
    /// The last burst that the checkpoint covers.
    checkpointed: u64,
    /// Bytes of the bursts after the checkpoint.
    behind: usize,
    limits: RoomLimits,
}

impl Log {
    /// Restores the log from storage. `fresh` becomes the epoch if the room has never begun.
    ///
    /// # Errors
    /// [`Corrupt`] when a row cannot be read.
    pub fn restore(limits: &RoomLimits, stored: Stored, fresh: Epoch) -> Result<Self, Corrupt> {
        let Stored { epoch, hashed, endless, checkpoint, heads, tail } = stored;
        let (checkpointed, head) = checkpoint.as_ref().map_or((0, 0), |row| (row.number, row.seq));
        let state = checkpoint.as_ref().map(CheckpointRow::state).transpose()?.unwrap_or_default();
        let tallies = checkpoint.as_ref().map_or("", |row| row.tallies.as_str());
        let tallies = Tallies::read(tallies).ok_or(Corrupt("tally"))?;
        let begun = epoch.is_some();
        let epoch = epoch.unwrap_or(fresh);
        let mut log = Self {
            begun,
            endless,
            head,
            spans: VecDeque::new(),
            seen: Seen::new(hashed.as_ref().unwrap_or(&epoch), limits),
            epoch,
            state,
            tallies,
            snapshots: VecDeque::new(),
            checkpointed,
            behind: 0,
            limits: *limits,
        };
        let covered = checkpoint.map_or(Ok(0), |row| log.seen.restore(&row.leaving))?;
        log.restore_heads(&heads, covered)?;
        tail.iter().try_for_each(|burst| log.restore_burst(burst))?;
        Ok(log)
    }

    /// `covered` is the last burst whose events were restored from the checkpoint.
    fn restore_heads(&mut self, heads: &[Head], covered: u64) -> Result<(), Corrupt> {
        for head in heads {
            head.checked()?;
        }
        let newest = heads.last().map_or(0, |head| head.number);
        // The ring may hold more than the log keeps.
        for head in heads.iter().filter(|head| head.number + self.limits.log_bursts > newest) {
            let Head { number, first, last, bytes, at, .. } = *head;
            if number > covered {
                self.seen.restore_burst(head)?;
            }
            self.spans.push_back(Span { number, first, last, bytes, at });
            self.head = self.head.max(last);
        }
        Ok(())
    }

    fn restore_burst(&mut self, burst: &BurstRow) -> Result<(), Corrupt> {
        for (seq, entry, text) in burst.updates()? {
            self.take(seq, &entry, text);
        }
        self.behind += burst.body.len();
        Ok(())
    }

    /// Folds an update that was stored before, here or at the root.
    fn take(&mut self, seq: Seq, entry: &Entry, text: &str) {
        self.state.apply(seq, entry, text, self.limits.state_bytes);
        if let Some(step) = &entry.step {
            self.tallies.count(entry.tally(), &entry.key, seq, step);
        }
    }

    /// Begins a room that has never begun. Returns its epoch, which must be stored before a client learns of it.
    pub fn begin(&mut self) -> Option<Epoch> {
        if std::mem::replace(&mut self.begun, true) {
            return None;
        }
        self.snapshots.clear();
        Some(self.epoch.clone())
    }

    /// Whether the alarm for the end of the room may be missing: before its first update, and once for a room stored
    /// by a release in which rooms did not end.
    pub fn has_no_end(&mut self) -> bool {
        std::mem::take(&mut self.endless) || self.head == 0
    }

    /// When the last burst was stored; 1970 if there is none.
    pub fn last_stored(&self) -> Timestamp {
        self.spans.back().map_or(Timestamp::default(), |span| span.at)
    }

    /// Whether each of the last two bursts holds one update, and the second came within so many milliseconds of the first.
    pub fn ends_in_singles(&self, within_ms: u64) -> bool {
        let mut latest = self.spans.iter().rev();
        let (Some(last), Some(before)) = (latest.next(), latest.next()) else { return false };
        let are_single = [last, before].iter().all(|span| span.first == span.last);
        are_single && last.at.ms_since(before.at) < within_ms
    }

    /// The number of the last stored update.
    pub fn head_seq(&self) -> Seq {
        self.head
    }

    /// The position of the last stored update.
    pub fn head(&self) -> Position {
        let epoch = if self.begun { self.epoch.clone() } else { Epoch::none() };
        Position { epoch, seq: self.head }
    }

    /// The events that the room has accepted.
    pub fn seen(&mut self) -> &mut Seen {
        &mut self.seen
    }

    /// The latest update with this label and key, if it is ordered by the time of its events.
    pub fn latest(&self, label: Label<'_>, key: &str) -> Option<(Seq, Timestamp)> {
        self.state.latest(label, key)
    }

    /// The number of the update that made a step of a tally too late, if there is one.
    pub fn later_step(&self, entry: &Entry, step: &Step) -> Option<Seq> {
        self.tallies.later(entry.label(), &entry.key, step)
    }

    /// The position of the last stored update that the viewer sees.
    pub fn head_of(&self, viewer: Viewer<'_>) -> Position {
        Position { seq: self.state.last_seen_by(viewer), ..self.head() }
    }

    /// Whether there is no update after `seq` that the viewer sees.
    pub fn is_silent_since(&self, seq: Seq, viewer: Viewer<'_>) -> bool {
        self.state.is_sure_since(seq) && self.state.last_seen_by(viewer) <= seq
    }

    /// The snapshot at the head. It is the same value until the next burst, so that it is encoded once for all that see
    /// the same.
    pub fn snapshot(&mut self, viewer: Viewer<'_>) -> Rc<Snapshot> {
        let named = self.state.names(viewer.user);
        let user = named.then_some(viewer.user);
        let known = |(view, of, _): &&(View, Option<String>, _)| {
            view == viewer.view && of.as_deref() == user
        };
        if let Some((_, _, snapshot)) = self.snapshots.iter().find(known) {
            return snapshot.clone();
        }
        let head = self.head_of(viewer);
        let each = self.state.seen_by(viewer).into_iter().map(Slice::from).collect();
        let snapshot = Rc::new(Snapshot { head, mark: viewer.mark(named), each });
        self.snapshots.truncate(SNAPSHOTS - 1);
        self.snapshots.push_front((viewer.view.clone(), user.map(str::to_owned), snapshot.clone()));
        snapshot
    }

    /// The part of the snapshot that the viewer sees and `before` did not see.
    pub fn added(&self, viewer: Viewer<'_>, before: Viewer<'_>) -> Rc<Snapshot> {
        let each = self.state.filtered(&|label| viewer.sees(label) && !before.sees(label));
        let each = each.into_iter().map(Slice::from).collect();
        Rc::new(Snapshot { head: self.head_of(viewer), mark: None, each })
    }

    /// The oldest number that is kept; 1 if there is none.
    pub(super) fn first_seq(&self) -> Seq {
        self.spans.front().map_or(1, |span| span.first)
    }

    /// The kept bursts from the one that holds `seq` on.
    pub(super) fn spans_since(&self, seq: Seq) -> impl Iterator<Item = &Span> {
        let start = self.spans.partition_point(|span| span.last < seq);
        self.spans.range(start..)
    }

    /// Bytes of the bursts that hold the updates after `seq`. `None` if the log has forgotten some of them.
    pub fn bytes_after(&self, seq: Seq) -> Option<u64> {
        let start = self.spans.partition_point(|span| span.last <= seq);
        if start == 0 && self.spans.front().is_some_and(|oldest| oldest.first > seq + 1) {
            return None;
        }
        Some(self.spans.range(start..).map(|span| span.bytes as u64).sum())
    }

    /// Bytes of the state that the viewer sees, as stored.
    pub fn state_bytes(&self, viewer: Viewer<'_>) -> usize {
        self.state.bytes_seen_by(viewer)
    }

    /// Appends a burst of updates after the head. `signed` is when the latest of its requests was signed. The burst
    /// overwrites the slot of an older one. So a checkpoint that is due is stored first: if that fails, nothing is
    /// overwritten.
    pub fn append(
        &mut self,
        updates: &mut [Numbered],
        (now, signed): (Timestamp, Timestamp),
    ) -> Appended {
        let checkpoint = self.checkpoint();
        let first = self.head + 1;
        self.count(first, updates);
        for (seq, Numbered { entry, text, .. }) in (first..).zip(&*updates) {
            self.state.apply(seq, entry, text.clone(), self.limits.state_bytes);
            self.head = seq;
        }
        self.snapshots.clear();
        let burst = self.row(first, updates);
        let number = burst.number;
        let events = updates.iter().map(|update| update.event).collect();
        let ids = self.seen.store(number, first, events, (now, signed));
        self.keep(Span { number, first, last: self.head, bytes: burst.body.len(), at: now });
        Appended { checkpoint, burst, ids }
    }

    /// Counts the steps of tallies, and completes their updates.
    fn count(&mut self, first: Seq, updates: &mut [Numbered]) {
        for (seq, update) in (first..).zip(updates) {
            let Some(step) = &update.entry.step else { continue };
            let (label, key) = (update.entry.tally(), &update.entry.key);
            let before = self.tallies.totals(label, key).cloned();
            let totals = self.tallies.count(label, key, seq, step);
            update.show(totals, before.as_ref());
        }
    }

    /// Whether updates and bursts can still be numbered. A room without numbers fails, as it would when it is restored.
    ///
    /// # Errors
    /// [`Corrupt`] when they cannot. Only storage that was changed by someone else holds such numbers.
    pub fn has_numbers(&self) -> Result<(), Corrupt> {
        let highest = self.head.max(self.last_burst());
        (highest <= LAST_HEAD).then_some(()).ok_or(Corrupt("number of the head"))
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

    /// Remembers the place of a burst, and forgets bursts that are too old for the log.
    fn keep(&mut self, span: Span) {
        self.behind += span.bytes;
        self.spans.push_back(span);
        let too_old = |oldest: &Span| oldest.number + self.limits.log_bursts <= span.number;
        while self.spans.front().is_some_and(too_old) {
            self.spans.pop_front();
        }
    }

    /// A checkpoint, if enough bursts have come since the last one: the state, and the events of the bursts that the
    /// log will forget before the next checkpoint.
    fn checkpoint(&mut self) -> Option<CheckpointRow> {
        let RoomLimits { checkpoint_bursts, checkpoint_bytes, log_bursts, .. } = self.limits;
        let number = self.last_burst();
        if number < self.checkpointed + checkpoint_bursts && self.behind < checkpoint_bytes {
            return None;
        }
        (self.checkpointed, self.behind) = (number, 0);
        let leaving = (number + checkpoint_bursts).saturating_sub(log_bursts);
        let leaving = self.seen.leave_log(leaving);
        let tallies = self.tallies.write();
        Some(CheckpointRow {
            tallies,
            ..CheckpointRow::of(&self.state, number, self.head, leaving)
        })
    }

    /// The bursts that hold all updates after `seq`, and their bytes. `None` if the log has forgotten some of them, or
    /// if they are too much to send.
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
