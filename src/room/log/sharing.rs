//! What the log of a room shares with the relays of the room, and how a relay takes it: bursts as they are, or the state.
//!
//! Which relay lacks what is decided in `room/tree/`.

use std::rc::Rc;

use super::{Log, Numbered, Span};
use crate::limits::RoomLimits;
use crate::protocol::ids::Epoch;
use crate::protocol::time::Timestamp;
use crate::room::row::{BurstRow, CheckpointRow, Corrupt, Head, Stored};
use crate::room::seen::{EventHash, Leaving};
use crate::room::tree::feeding::{Has, Meal, Served};

impl Log {
    /// Whether the room has ever begun.
    pub(in crate::room) fn has_begun(&self) -> bool {
        self.begun
    }

    /// The number of the last burst; 0 if there is none.
    pub(in crate::room) fn last_burst(&self) -> u64 {
        self.spans.back().map_or(self.checkpointed, |span| span.number)
    }

    /// What it has, as relays and those who feed them say it.
    pub(in crate::room) fn has(&self) -> Has {
        Has { epoch: self.epoch.clone(), burst: self.last_burst() }
    }

    /// What a relay lacks that has the bursts up to `after`; `None` if it has nothing of this epoch.
    pub(in crate::room) fn meal(&self, after: Option<u64>) -> Meal {
        let epoch = self.epoch.clone();
        let last = self.last_burst();
        if after.is_some_and(|after| after >= last) {
            return Meal { epoch, checkpoint: None, bursts: None };
        }
        let first = self.first_within(self.limits.replay_bytes);
        match after {
            Some(after) if first.is_some_and(|first| first <= after + 1) => {
                Meal { epoch, checkpoint: None, bursts: Some(after + 1..=last) }
            }
            _ => {
                let checkpoint = Some(Rc::new(self.state_row()));
                Meal { epoch, checkpoint, bursts: first.map(|first| first..=last) }
            }
        }
    }

    /// The first of the latest bursts that have at most so many bytes in all; at least the last one.
    fn first_within(&self, bytes: usize) -> Option<u64> {
        let mut sum = 0_usize;
        let mut latest = self.spans.iter().rev().take_while(|span| {
            let is_first = sum == 0;
            sum = sum.saturating_add(span.bytes);
            is_first || sum <= bytes
        });
        let last = latest.next()?;
        Some(latest.last().unwrap_or(last).number)
    }

    /// The state at the head as a row. It knows no events, because relays take none.
    fn state_row(&self) -> CheckpointRow {
        let (number, head) = (self.last_burst(), self.head);
        let tallies = self.tallies.write();
        CheckpointRow {
            tallies,
            ..CheckpointRow::of(&self.state, number, head, Leaving::default())
        }
    }

    /// The log of a relay that takes the state. Its bursts are for clients that come back.
    ///
    /// # Errors
    /// [`Corrupt`] when something of it cannot be read.
    pub(in crate::room) fn adopted(
        limits: &RoomLimits,
        served: &Served,
        now: Timestamp,
    ) -> Result<Self, Corrupt> {
        let Served { epoch, checkpoint, bursts } = served;
        let stored = Stored {
            epoch: Some(epoch.clone()),
            hashed: None,
            endless: false,
            checkpoint: checkpoint.clone(),
            heads: bursts.iter().map(|burst| head(burst, now)).collect(),
            tail: Vec::new(),
        };
        Self::restore(limits, stored, Epoch::none())
    }

    /// Takes a burst of the parent as it is. Returns the checkpoint that is due before it, and its updates.
    ///
    /// # Errors
    /// [`Corrupt`] when it cannot be read.
    pub(in crate::room) fn adopt(
        &mut self,
        burst: &BurstRow,
        now: Timestamp,
    ) -> Result<(Option<CheckpointRow>, Vec<Numbered>), Corrupt> {
        let updates = burst.updates()?;
        let checkpoint = self.checkpoint();
        let mut numbered = Vec::with_capacity(updates.len());
        for (seq, entry, text) in updates {
            self.take(seq, &entry, text);
            numbered.push(Numbered { event: EventHash::default(), entry, text: text.into() });
        }
        self.head = burst.last;
        self.snapshots.clear();
        let BurstRow { number, first, last, .. } = *burst;
        self.keep(Span { number, first, last, bytes: burst.body.len(), at: now });
        Ok((checkpoint, numbered))
    }
}

/// What a relay remembers of a burst. It knows no events.
fn head(burst: &BurstRow, at: Timestamp) -> Head {
    let BurstRow { number, first, last, ref body, .. } = *burst;
    let (signed, ids) = (Timestamp::default(), String::new());
    Head { number, first, last, bytes: body.len(), at, signed, ids }
}
