//! What of a room that has failed counts for the room that is restored in its place.
//!
//! Only what nobody could find again: everything else is restored from storage and from the connections.

use super::leases::Leases;
use super::Room;
use crate::protocol::time::Timestamp;

/// What remains of a room that has failed.
#[derive(Debug, Default)]
pub struct Remains {
    /// Whom it let in no more: what it has promised to seats still holds.
    leases: Leases,
    /// The number of the last letter that it wrote to another object.
    letter: u64,
}

impl Remains {
    /// What remains of this room.
    pub fn of(room: Room) -> Self {
        Self { letter: room.members.presence.last_letter(), leases: room.leases }
    }
}

impl Room {
    /// Tells a restored room that it has failed before, maybe before its alarm was set. If it `gathers`, a wait is under way at whose end it
    /// tells who is here.
    #[must_use]
    pub fn after_failure(mut self, remains: Remains, gathers: bool, now: Timestamp) -> Self {
        self.leases = remains.leases.or(self.leases);
        self.members.presence.distrust(remains.letter, gathers);
        self.timers.distrust(now.plus_ms(self.limits.retention_ms));
        self
    }
}
