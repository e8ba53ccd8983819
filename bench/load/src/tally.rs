//! What one client has received: its position, and what was missing, repeated or late.
//!
//! A tally takes frames and counts. It does not measure latency and does nothing about a gap: a client under load only
//! reports.

use std::ops::AddAssign;

use roomcast::protocol::follow::Heard;
use roomcast::protocol::ids::Position;
use roomcast::protocol::server_frame::Recovery;
use serde::Serialize;

use crate::lane::{Lane, Taken};
use crate::scan::heard;

/// The factor of a publisher's number in its counters, so that the counters of two publishers never overlap.
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
    /// Updates that a state replaced, so that they were not received themselves.
    pub(crate) skipped: u64,
    /// Times that the room answered with another epoch than the one seen.
    pub(crate) renewed: u64,
    /// Times that a client was sent the updates that it had missed.
    pub(crate) replays: u64,
    /// Times that a client was sent the state.
    pub(crate) snapshots: u64,
    /// Frames with text.
    pub(crate) frames: u64,
    /// Bytes of text.
    pub(crate) bytes: u64,
}

/// The counts and the position of one client.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: Counts,
    /// A client of a peer has one lane for each publisher, a client of Roomcast has only one.
    lanes: Vec<Lane>,
    ready: bool,
    came: bool,
}

impl Tally {
    /// A client of Roomcast that has received nothing.
    pub(crate) fn of_roomcast() -> Self {
        Self { lanes: vec![Lane::default()], ..Self::default() }
    }

    /// A client of a peer that has received nothing, with one lane for each publisher.
    pub(crate) fn of_peer(lanes: usize) -> Self {
        Self { lanes: vec![Lane::from_the_first(); lanes], ..Self::default() }
    }

    /// The counts so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// The position from which a client of Roomcast may resume.
    pub(crate) fn position(&self) -> Option<Position> {
        self.lanes.first()?.position().cloned()
    }

    /// The last update that a client of Roomcast has.
    pub(crate) fn seq(&self) -> u64 {
        self.lanes.first().map_or(0, Lane::seq)
    }

    /// Notes that the connection has ended. The position stays.
    pub(crate) fn leave(&mut self) {
        self.ready = false;
    }

    /// Notes that the client has arrived: its connection is open and it has a position.
    pub(crate) fn arrive(&mut self) {
        self.ready = true;
        self.came = true;
    }

    /// Whether it has ever arrived.
    pub(crate) fn ever_ready(&self) -> bool {
        self.came
    }

    /// Whether it is connected and level with the room.
    pub(crate) fn level(&self, heads: &[u64]) -> bool {
        let mut lanes = self.lanes.iter().zip(heads);
        self.ready && lanes.all(|(lane, head)| lane.seq() >= *head)
    }

    /// Whether it is connected and not yet level with the room.
    pub(crate) fn behind(&self, heads: &[u64]) -> bool {
        self.ready && !self.level(heads)
    }

    /// Updates up to `heads` that it has not received.
    pub(crate) fn lost(&self, heads: &[u64]) -> u64 {
        self.lanes.iter().zip(heads).map(|(lane, head)| lane.lost(*head)).sum()
    }

    /// Takes a frame of Roomcast. Returns whether it held updates.
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
            Heard::Connected { recovery: Recovery::Snapshot, .. }
            | Heard::Subscribed { .. }
            | Heard::Other => {}
        }
        false
    }

    /// Takes a frame of a peer with the update that its publisher numbered `counter`.
    pub(crate) fn hear_counter(&mut self, counter: u64) {
        let (publisher, number) =
            (counter / COUNTERS_PER_PUBLISHER, counter % COUNTERS_PER_PUBLISHER);
        if let (Ok(lane), Some(prev)) = (usize::try_from(publisher), number.checked_sub(1)) {
            self.take(lane, &Heard::Updates { prev, seq: number });
        }
    }

    /// Counts a frame, whatever it holds.
    pub(crate) fn count(&mut self, frame: &str) {
        self.counts.frames += 1;
        self.counts.bytes += u64::try_from(frame.len()).unwrap_or(u64::MAX);
    }

    /// A text that was counted had fewer bytes on the wire.
    pub(crate) fn came_as(&mut self, text: usize, wire: usize) {
        let saved = u64::try_from(text.saturating_sub(wire)).unwrap_or_default();
        self.counts.bytes = self.counts.bytes.saturating_sub(saved);
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
