//! What a room shows to those who are no members: the state, and pages of the log.
//!
//! Finds which stored bursts have a page; the runner reads them. Does not go back beyond the log.

use std::ops::RangeInclusive;
use std::rc::Rc;

use super::log::Log;
use super::outgoing::Snapshot;
use super::row::{Corrupt, Stored};
use super::view::Viewer;
use super::{Effect, Room};
use crate::limits::PAGE_BYTES;
use crate::protocol::ids::{Epoch, Seq};
use crate::protocol::time::Timestamp;

/// Where a page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The epoch.
    pub epoch: Epoch,
    /// The oldest number that the log still has; 1 if it has none.
    pub first: Seq,
    /// The number of the last update that the viewer sees.
    pub head: Seq,
    /// The numbers of the bursts, and the number of the last update in them; `None` if there is nothing.
    pub bursts: Option<(RangeInclusive<u64>, Seq)>,
    /// Whether there are more bursts.
    pub more: bool,
}

impl Room {
    /// The snapshot at the head as the viewer sees it, and the effects to run before it is shown to anyone. Reading does not begin a room
    /// that has never begun.
    ///
    /// # Errors
    /// As for [`Room::handle`].
    pub fn state<E: From<Corrupt>>(
        &mut self,
        viewer: Viewer<'_>,
        now: Timestamp,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<(Vec<Effect>, Rc<Snapshot>), E> {
        let mut turn = self.turn(load)?;
        let mut effects = Vec::new();
        turn.flush(now, &mut effects);
        Ok((effects, turn.log.snapshot(viewer)))
    }

    /// Where the page is that begins with the update `from`, as the viewer sees it, and the effects to run before it is shown to
    /// anyone.
    ///
    /// # Errors
    /// As for [`Room::handle`].
    pub fn excerpt<E: From<Corrupt>>(
        &mut self,
        (viewer, from): (Viewer<'_>, Seq),
        now: Timestamp,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<(Vec<Effect>, Excerpt), E> {
        let mut turn = self.turn(load)?;
        let mut effects = Vec::new();
        turn.flush(now, &mut effects);
        Ok((effects, turn.log.excerpt(viewer, from)))
    }
}

impl Log {
    fn excerpt(&self, viewer: Viewer<'_>, from: Seq) -> Excerpt {
        let mut bytes = 0;
        let mut bursts: Option<(RangeInclusive<u64>, Seq)> = None;
        let mut more = false;
        for span in self.spans_since(from) {
            bytes += span.bytes;
            if bursts.is_some() && bytes > PAGE_BYTES {
                more = true;
                break;
            }
            let begun = bursts.map_or(span.number, |(numbers, _)| *numbers.start());
            bursts = Some((begun..=span.number, span.last));
        }
        let head = self.head_of(viewer);
        Excerpt { epoch: head.epoch, first: self.first_seq(), head: head.seq, bursts, more }
    }
}
