//! Refreshing: a wire may want updates again every few seconds while someone watches, although nothing has changed.
//!
//! What is sent again is the latest update of the types that the wire names, as the group sees them. It gets no number and
//! is not stored. The times depend only on the clock and the room's name, so that a restored room goes on as before.

use super::outgoing::Slice;
use super::{Effect, Members, Turn};
use crate::protocol::time::Timestamp;

impl Members {
    /// Milliseconds between two refreshes; `None` if no member wants them. A room serves one document, so its members want
    /// the same.
    pub(super) fn refresh_ms(&self) -> Option<u64> {
        if !self.refreshes() {
            return None;
        }
        let groups = self.groups.iter();
        groups.filter_map(|group| Some(group.view.dialect.refresh()?.every_ms)).min()
    }
}

impl Turn<'_> {
    /// Sends the groups that want it their latest updates again.
    pub(super) fn refresh(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.flush(now, effects);
        let members = &mut *self.members;
        for group in members.groups.iter_mut() {
            let Some(refresh) = group.view.dialect.refresh() else { continue };
            let snapshot = self.log.snapshot(group.view.of_group());
            let latest = |kind: &String| snapshot.each.iter().rfind(|slice| slice.is_of(kind));
            let each: Vec<Slice> = refresh.types.iter().filter_map(latest).cloned().collect();
            let bytes: usize = each.iter().map(|slice| slice.text.len()).sum();
            group.sent += bytes as u64;
            members.backlog.broadcast(bytes as u64);
            let (to, view) = (group.id, group.view.clone());
            effects.push(Effect::Refresh { to, view, each });
        }
    }
}
