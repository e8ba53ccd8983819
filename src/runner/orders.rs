//! What a tenant and those who count its connections want of a room: which connections it has, to close those of revoked tokens,
//! to end. None of it reads the log or begins a room.

use super::{Alarm, Platform, RoomFailed, Runner};
use crate::protocol::ids::ClientId;
use crate::protocol::revocation::Revocation;
use crate::protocol::time::Timestamp;
use crate::room::Input;

impl Runner {
    /// Those of the connections that are in the room. The others cannot join any more.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn present(
        &mut self,
        clients: Vec<ClientId>,
        platform: &mut impl Platform,
    ) -> Result<Vec<ClientId>, RoomFailed> {
        let now = platform.now();
        let present = self.room(platform).map(|room| room.present(clients, now));
        self.or_fail(present, platform)
    }

    /// Whether a connection comes too late to join: see [`crate::room::Room::is_overtaken`].
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn is_overtaken(
        &mut self,
        client: &ClientId,
        leased: Option<Timestamp>,
        platform: &mut impl Platform,
    ) -> Result<bool, RoomFailed> {
        let now = platform.now();
        let overtaken = self.room(platform).map(|room| room.is_overtaken(client, leased, now));
        self.or_fail(overtaken, platform)
    }

    /// The turn of a revocation. Returns how many connections it has closed.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn revoke(
        &mut self,
        revocation: Revocation,
        platform: &mut impl Platform,
    ) -> Result<(Alarm, usize), RoomFailed> {
        let counted = self.room(platform).map(|room| room.count_revoked(&revocation));
        let closed = self.or_fail(counted, platform)?;
        Ok((self.turn(Input::Revoked(revocation), platform)?, closed))
    }

    /// The turn in which the room ends, whoever is in it. Its waits are void.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn abolish(&mut self, platform: &mut impl Platform) -> Result<Alarm, RoomFailed> {
        let alarm = self.turn(Input::Abolished, platform)?;
        self.failures += 1;
        self.forget();
        Ok(alarm)
    }
}
