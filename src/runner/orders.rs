//! What a tenant and those who count its connections want of a room: which connections it has, to close those of revoked tokens,
//! to end; and who is here. None of it reads the log or begins a room.

use super::counting::Cause;
use super::failing::Return;
use super::{Alarm, Platform, RoomFailed, Runner};
use crate::protocol::company::note::Note;
use crate::protocol::grant::Grant;
use crate::protocol::ids::ClientId;
use crate::protocol::lease::{Leased, RollCall, Subject};
use crate::protocol::revocation::Revocation;
use crate::room::leases::Barred;
use crate::room::Input;

impl Runner {
    /// Which connections are in the room: see [`crate::room::Room::present`].
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn present(
        &mut self,
        asked: RollCall,
        platform: &mut impl Platform,
    ) -> Result<Vec<ClientId>, RoomFailed> {
        let now = platform.now();
        let present = self.room(platform).map(|room| room.present(asked, now));
        self.count_question(Cause::Told, platform);
        self.or_fail(present, platform)
    }

    /// Who is here: see [`crate::room::Room::who_is_here`].
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn who_is_here(&mut self, platform: &mut impl Platform) -> Result<Note, RoomFailed> {
        let here = self.room(platform).map(|room| room.who_is_here());
        self.count_question(Cause::Read, platform);
        self.or_fail(here, platform)
    }

    /// Whether a client can no longer join, and why: see [`crate::room::Room::bars`].
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn bars(
        &mut self,
        client: &ClientId,
        (grant, leases): (&Grant, &[(Subject, Leased)]),
        platform: &mut impl Platform,
    ) -> Result<Option<Barred>, RoomFailed> {
        let now = platform.now();
        let barred = self.room(platform).map(|room| room.bars(client, grant, leases, now));
        self.or_fail(barred, platform)
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
        self.returns = Return::Possible;
        self.forget();
        Ok(alarm)
    }
}
