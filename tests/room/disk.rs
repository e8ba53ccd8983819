//! The storage of one room, in memory: rows as the platform would keep and bill them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ops::RangeInclusive;

use roomcast::limits::RoomLimits;
use roomcast::protocol::ids::{Epoch, Seq};
use roomcast::protocol::time::Timestamp;
use roomcast::room::occupancy::Kept;
use roomcast::room::row::{BurstRow, CheckpointRow, Head, Stored};
use roomcast::room::tree::feeding::Served;
use roomcast::room::tree::KeptTree;

/// The storage of one room.
#[derive(Clone)]
pub(crate) struct Disk {
    /// Rows written so far, as the platform would bill them.
    pub(crate) rows: usize,
    /// How often the log was read.
    pub(crate) loads: usize,
    /// Bytes of bodies that were read with the log.
    pub(crate) loaded_bytes: usize,
    /// Bytes of the largest row that was written.
    pub(crate) largest_row: usize,
    /// The number of slots of the ring.
    pub(crate) slots: u64,
    /// For how long the room is kept, if it was told.
    pub(crate) retention_ms: Option<u64>,
    /// What is kept of the occupancy.
    pub(crate) kept: Kept,
    /// What is kept of the tree.
    pub(crate) tree: KeptTree,
    /// How many rooms have ended here.
    ended: u8,
    epoch: Option<Epoch>,
    checkpoint: Option<CheckpointRow>,
    bursts: Vec<(Head, BurstRow)>,
}

impl Disk {
    /// An empty storage. The ring has as many slots as the log has bursts, so that a row that is overwritten too
    /// early is noticed.
    pub(crate) fn new(limits: RoomLimits) -> Self {
        Self {
            rows: 0,
            loads: 0,
            loaded_bytes: 0,
            largest_row: 0,
            slots: limits.log_bursts,
            retention_ms: None,
            kept: Kept::default(),
            tree: KeptTree::default(),
            ended: 0,
            epoch: None,
            checkpoint: None,
            bursts: Vec::new(),
        }
    }

    /// The empty storage of the next room.
    pub(crate) fn next(&self, limits: RoomLimits) -> Self {
        Self { ended: self.ended + 1, ..Self::new(limits) }
    }

    /// Everything that a room reads when it needs its log. The first room always begins with the same epoch, so that two worlds
    /// can be compared, and so do those that follow it.
    pub(crate) fn load(&mut self) -> (Stored, Epoch) {
        let covered = self.checkpoint.as_ref().map_or(0, |row| row.number);
        let tail = self.bursts.iter().filter(|(head, _)| head.number > covered);
        let stored = Stored {
            epoch: self.epoch.clone(),
            hashed: None,
            endless: false,
            checkpoint: self.checkpoint.clone(),
            heads: self.bursts.iter().map(|(head, _)| head.clone()).collect(),
            tail: tail.map(|(_, row)| row.clone()).collect(),
        };
        self.loads += 1;
        self.loaded_bytes += stored.tail.iter().map(|row| row.body.len()).sum::<usize>();
        (stored, Epoch::from_random([0xe + self.ended; 8]))
    }

    pub(crate) fn head(&self) -> Seq {
        self.bursts.last().map_or(0, |(head, _)| head.last)
    }

    pub(crate) fn read(&self, numbers: &RangeInclusive<u64>) -> Vec<BurstRow> {
        let wanted = self.bursts.iter().filter(|(head, _)| numbers.contains(&head.number));
        wanted.map(|(_, row)| row.clone()).collect()
    }

    pub(crate) fn found(&mut self, epoch: &Epoch) {
        assert_eq!(self.epoch.replace(epoch.clone()), None, "a room begins once");
        self.wrote(0);
    }

    /// Whether the room has begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.epoch.is_some()
    }

    pub(crate) fn retain(&mut self, ms: u64) {
        assert!(self.has_begun(), "the row is that of the epoch");
        self.wrote(0);
        self.retention_ms = Some(ms);
    }

    pub(crate) fn occupy(&mut self, kept: Kept) {
        assert!(self.has_begun(), "the row is that of the epoch");
        self.wrote(0);
        self.kept = kept;
    }

    pub(crate) fn keep_tree(&mut self, tree: &KeptTree) {
        self.wrote(0);
        self.tree = tree.clone();
    }

    /// Stores what a relay takes from its parent in place of all that is stored.
    pub(crate) fn adopt(&mut self, served: &Served, at: Timestamp) {
        self.epoch = Some(served.epoch.clone());
        self.bursts.clear();
        self.checkpoint(served.checkpoint.as_ref().unwrap());
        for row in &served.bursts {
            self.append(row, at, Timestamp::default(), "");
        }
    }

    pub(crate) fn append(&mut self, row: &BurstRow, at: Timestamp, signed: Timestamp, ids: &str) {
        let slot = row.number % self.slots;
        let covered = self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.number);
        let lost = self.bursts.iter().find(|(head, _)| head.number % self.slots == slot);
        let safe = lost.is_none_or(|(head, _)| head.number <= covered);
        assert!(safe, "overwrites a burst that no checkpoint covers");
        self.bursts.retain(|(head, _)| head.number % self.slots != slot);
        let BurstRow { number, first, last, .. } = *row;
        let (bytes, ids) = (row.body.len(), ids.to_owned());
        self.wrote(bytes + row.meta.len() + ids.len());
        self.bursts.push((Head { number, first, last, bytes, at, signed, ids }, row.clone()));
    }

    pub(crate) fn checkpoint(&mut self, row: &CheckpointRow) {
        self.wrote(row.body.len() + row.meta.len() + row.leaving.groups.len());
        if !row.tallies.is_empty() {
            self.wrote(row.tallies.len());
        }
        self.checkpoint = Some(row.clone());
    }

    fn wrote(&mut self, bytes: usize) {
        self.rows += 1;
        self.largest_row = self.largest_row.max(bytes);
    }
}
