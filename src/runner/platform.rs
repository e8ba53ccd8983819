//! What a room needs of the place where it runs: storage, connections, waits, a clock.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::rc::Rc;

use crate::limits::RoomLimits;
use crate::protocol::ids::{ClientId, Epoch, SessionId};
use crate::protocol::time::Timestamp;
use crate::room::groups::GroupId;
use crate::room::members::Member;
use crate::room::row::{BurstRow, Corrupt, Stored};
use crate::room::{Effect, Input};

/// The place where a room runs. Nothing here waits: from an input to its last effect nothing else happens in the
/// room.
pub trait Platform {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Which session the room is for, and its limits.
    ///
    /// # Errors
    /// The room has no name that it could have got.
    fn session(&self) -> Result<(SessionId, RoomLimits), Failure>;

    /// The open connections that are in the room. From here on each is sent what its group is, which
    /// [`Platform::enter`] says.
    fn members(&mut self) -> Vec<(ClientId, Member)>;

    /// All that is stored, and an epoch for a room that has never begun.
    ///
    /// # Errors
    /// Storage cannot be read.
    fn load(&mut self) -> Result<(Stored, Epoch), Failure>;

    /// Stored bursts, in the order of their numbers.
    ///
    /// # Errors
    /// Storage cannot be read.
    fn read(&mut self, numbers: &RangeInclusive<u64>) -> Result<Vec<BurstRow>, Failure>;

    /// When each client's last ping was answered, where one ever was.
    fn pinged(&mut self) -> Vec<(ClientId, Timestamp)>;

    /// A connection belongs to this group from now on.
    fn enter(&mut self, client: &ClientId, group: GroupId);

    /// Does what an effect asks for; `frames` are what it says, encoded. Effects that the runner does itself do not
    /// get here.
    ///
    /// # Errors
    /// It cannot be done. Nothing that comes behind it is.
    fn perform(&mut self, effect: Effect, frames: &[Rc<str>]) -> Result<(), Failure>;

    /// Comes back with [`super::Runner::waited`] after so many milliseconds, and not before all that was stored is
    /// durable. The room stays in memory until then.
    fn wait(&mut self, ms: u64, wait: Wait);

    /// The room has failed. Closes everyone whom the platform knows, and tells whoever waits for an answer.
    fn failed(&mut self, failure: &Failure);
}

/// What a room waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// What comes at its end.
    pub awaited: Awaited,
    /// How often the room had failed before: a wait of one that has failed since is none of the next.
    pub(super) failures: u64,
}

/// What comes at the end of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// A look at the window of a burst.
    Window,
    /// States that members asked for.
    States,
}

impl Awaited {
    pub(super) fn input(self) -> Input<'static> {
        match self {
            Self::Window => Input::WindowElapsed,
            Self::States => Input::StatesDue,
        }
    }
}

/// What could not be done, and what the platform said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which step it was.
    pub stage: &'static str,
    /// Why it failed. For the log only.
    pub cause: String,
}

impl Failure {
    /// Names the step at which something failed.
    pub fn at<E: Display>(stage: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self { stage, cause: error.to_string() }
    }
}

impl From<Corrupt> for Failure {
    fn from(corrupt: Corrupt) -> Self {
        Self::at("restore")(corrupt)
    }
}
