//! What the objects of a room tell each other of who is here, and of signals.

use super::counting::Cause;
use super::{Alarm, Failure, Platform, RoomFailed, Runner};
use crate::room::tree::company::letters::{Letter, Reply};
use crate::room::Room;

impl Runner {
    /// The turn of a letter from another object of the room: see [`crate::room::Room::receive`].
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn receive(
        &mut self,
        letter: Letter,
        platform: &mut impl Platform,
    ) -> Result<(Alarm, Reply), RoomFailed> {
        let received = self.try_receive(letter, platform);
        self.count_question(Cause::Told, platform);
        self.or_fail(received, platform)
    }

    /// The turn in which somebody wants to read who is here. Says whether that is known: see
    /// [`crate::room::Room::seek_who_is_here`].
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn seek_who_is_here(
        &mut self,
        platform: &mut impl Platform,
    ) -> Result<(Alarm, bool), RoomFailed> {
        let sought = self.try_seek(platform);
        self.or_fail(sought, platform)
    }

    /// Whether somebody who wants to read who is here still has to wait.
    pub fn seeks_who_is_here(&self) -> bool {
        self.room.as_ref().is_some_and(Room::seeks_who_is_here)
    }

    fn try_receive(
        &mut self,
        letter: Letter,
        platform: &mut impl Platform,
    ) -> Result<(Alarm, Reply), Failure> {
        let now = platform.now();
        let (effects, reply) = self.room(platform)?.receive(letter, now);
        Ok((self.run(effects, platform)?, reply))
    }

    fn try_seek(&mut self, platform: &mut impl Platform) -> Result<(Alarm, bool), Failure> {
        let now = platform.now();
        let (effects, is_known) = self.room(platform)?.seek_who_is_here(now);
        Ok((self.run(effects, platform)?, is_known))
    }
}
