//! What one client has received: where it is, and what was missing, repeated or late.
//!
//! It listens to frames and counts. When a frame was sent, and what to do about a gap, is not its
//! business: a client under load only reports.

use std::ops::AddAssign;

use roomcast::protocol::follow::Heard;
use roomcast::protocol::ids::Position;
use roomcast::protocol::server_frame::Recovery;
use serde::Serialize;

use crate::lane::{Lane, Taken};
use crate::scan::heard;

/// What a publisher's number is multiplied with, so that the counters of publishers do not meet.
pub(crate) const COUNTERS_PER_PUBLISHER: u64 = 1_000_000_000;

/// Counts of one client, or the sum over several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// Updates received for the first time.
    pub(crate) received: u64,
    /// Updates received again.
    pub(crate) duplicated: u64,
    /// Updates received after a later one.
    pub(crate) reordered: u64,
    /// Updates that a state stood for, so that they never came themselves.
    pub(crate) skipped: u64,
    /// Times that the room answered with another lineage than the one seen.
    pub(crate) renewed: u64,
    /// Times that the missed updates were sent.
    pub(crate) replays: u64,
    /// Times that the state was sent.
    pub(crate) snapshots: u64,
    /// Frames with text.
    pub(crate) frames: u64,
    /// Bytes of text.
    pub(crate) bytes: u64,
}

/// One client's account.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: Counts,
    /// A peer's client has one lane for each publisher, one of Roomcast's has one only.
    lanes: Vec<Lane>,
    ready: bool,
    came: bool,
}

impl Tally {
    /// A client of Roomcast that has received nothing.
    pub(crate) fn of_roomcast() -> Self {
        Self { lanes: vec![Lane::default()], ..Self::default() }
    }

    /// A client of a peer that has received nothing, of as many lanes as publishers number on their own.
    pub(crate) fn of_peer(lanes: usize) -> Self {
        Self { lanes: vec![Lane::from_the_first(); lanes], ..Self::default() }
    }

    /// The counts so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// Where a client of Roomcast may resume.
    pub(crate) fn position(&self) -> Option<Position> {
        self.lanes.first()?.position().cloned()
    }

    /// Its connection is gone. The position stays.
    pub(crate) fn leave(&mut self) {
        self.ready = false;
    }

    /// Its connection is of use.
    pub(crate) fn arrive(&mut self) {
        self.ready = true;
        self.came = true;
    }

    /// Whether it ever was.
    pub(crate) fn ever_ready(&self) -> bool {
        self.came
    }

    /// Whether it is connected and has got as far as the room.
    pub(crate) fn level(&self, heads: &[u64]) -> bool {
        let mut lanes = self.lanes.iter().zip(heads);
        self.ready && lanes.all(|(lane, head)| lane.seq() >= *head)
    }

    /// Whether it is connected and has not got as far as the room.
    pub(crate) fn behind(&self, heads: &[u64]) -> bool {
        self.ready && !self.level(heads)
    }

    /// Updates up to `heads` that it has not received.
    pub(crate) fn lost(&self, heads: &[u64]) -> u64 {
        self.lanes.iter().zip(heads).map(|(lane, head)| lane.lost(*head)).sum()
    }

    /// A frame of Roomcast. Says whether it held updates.
    pub(crate) fn hear(&mut self, frame: &str) -> bool {
        self.count(frame);
        let heard = heard(frame);
        self.take(0, &heard);
        match heard {
            Heard::Updates { .. } => return true,
            Heard::Connected { recovery: Recovery::Replayed, .. } => {
                self.counts.replays += 1;
                self.arrive();
            }
            Heard::Connected { recovery: Recovery::None, .. } => self.arrive(),
            Heard::State { .. } => {
                self.counts.snapshots += 1;
                self.arrive();
            }
            Heard::Connected { recovery: Recovery::Snapshot, .. } | Heard::Other => {}
        }
        false
    }

    /// A frame with the update of a peer that was numbered `counter`.
    pub(crate) fn hear_counter(&mut self, counter: u64) {
        let (publisher, number) =
            (counter / COUNTERS_PER_PUBLISHER, counter % COUNTERS_PER_PUBLISHER);
        if let (Ok(lane), Some(prev)) = (usize::try_from(publisher), number.checked_sub(1)) {
            self.take(lane, &Heard::Updates { prev, seq: number });
        }
    }

    /// A frame was received, whatever it holds.
    pub(crate) fn count(&mut self, frame: &str) {
        self.counts.frames += 1;
        self.counts.bytes += u64::try_from(frame.len()).unwrap_or(u64::MAX);
    }

    fn take(&mut self, lane: usize, heard: &Heard) {
        let Some(lane) = self.lanes.get_mut(lane) else {
            return;
        };
        let Taken { received, duplicated, reordered, skipped, renewed } = lane.take(heard);
        self.counts.received += received;
        self.counts.duplicated += duplicated;
        self.counts.reordered += reordered;
        self.counts.skipped += skipped;
        self.counts.renewed += u64::from(renewed);
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.received += other.received;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
        self.skipped += other.skipped;
        self.renewed += other.renewed;
        self.replays += other.replays;
        self.snapshots += other.snapshots;
        self.frames += other.frames;
        self.bytes += other.bytes;
    }
}

#[cfg(test)]
mod tests;
