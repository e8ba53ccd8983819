//! A room that fails: it is dropped from memory, and the next input restores it.
//!
//! If it had not yet told other objects of its room who is here, nobody may come for a minute who would have it do so. So it tries
//! once by itself, a second later. It does not try again before another input has come, so a fault that stays costs one try.

use super::{Alarm, Awaited, Failure, Input, Platform, RoomFailed, Runner};
use crate::limits::PRESENCE_GATHER_MS;
use crate::room::remains::Remains;
use crate::room::Room;

/// Whether a room that has failed comes back by itself.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Return {
    /// If it fails now, it may.
    #[default]
    Possible,
    /// It does, at the end of a wait that is under way.
    Awaited,
    /// It does now.
    Trying,
    /// It has, and nothing has happened since.
    Tried,
}

impl Runner {
    /// Drops the room from memory. The next input restores it from storage. The platform closes all connections,
    /// because the members may have missed what was just stored and get it when they come back.
    pub fn fail(&mut self, failure: &Failure, platform: &mut impl Platform) -> RoomFailed {
        self.failures += 1;
        // One that fails while it is restored owes what it owed before.
        let owes = self.room.as_ref().map_or(self.returns == Return::Awaited, Room::owes_company);
        match self.room.take() {
            Some(room) => self.remains = Some(Remains::of(room)),
            None => drop(self.remains.get_or_insert_default()),
        }
        self.forget();
        self.count_failure(platform);
        platform.failed(failure);
        self.returns = match self.returns {
            Return::Possible | Return::Awaited if owes => Return::Awaited,
            Return::Possible | Return::Awaited => Return::Possible,
            Return::Trying | Return::Tried => Return::Tried,
        };
        if self.returns == Return::Awaited {
            self.wait(PRESENCE_GATHER_MS, Awaited::Presence, platform);
        }
        RoomFailed
    }

    /// An input has come, so the room may come back by itself again.
    pub(super) fn input_has_come(&mut self) {
        if self.returns == Return::Tried {
            self.returns = Return::Possible;
        }
    }

    /// The turn at the end of a wait: maybe it is that at which the room comes back.
    pub(super) fn turn_after_wait(
        &mut self,
        awaited: Awaited,
        input: Input<'_>,
        platform: &mut impl Platform,
    ) -> Result<Alarm, RoomFailed> {
        if awaited != Awaited::Presence || self.returns != Return::Awaited {
            return self.turn(input, platform);
        }
        self.returns = Return::Trying;
        let turned = self.turn(input, platform);
        self.returns = Return::Tried;
        turned
    }

    pub(super) fn or_fail<T>(
        &mut self,
        done: Result<T, Failure>,
        platform: &mut impl Platform,
    ) -> Result<T, RoomFailed> {
        done.map_err(|failure| self.fail(&failure, platform))
    }

    /// Whether the platform may evict the room.
    pub fn is_resting(&self) -> bool {
        self.returns != Return::Awaited && self.room.as_ref().is_none_or(Room::is_resting)
    }
}
