//! What the runner needs from the place where a room runs: storage, connections, waits, a clock.
//!
//! Interfaces only: the shell implements them for Durable Objects, the tests in memory.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::rc::Rc;

use crate::dialect::deflate::Deflated;
use crate::limits::RoomLimits;
use crate::protocol::bearer::Bearer;
use crate::protocol::ids::{ClientId, Epoch, SessionId};
use crate::protocol::relay::RelayName;
use crate::protocol::report::Report;
use crate::protocol::time::Timestamp;
use crate::room::groups::GroupId;
use crate::room::member::Member;
use crate::room::occupancy::Kept;
use crate::room::row::{BurstRow, Corrupt, Stored};
use crate::room::tree::company::letters::Letter;
use crate::room::tree::company::roll::Addressee;
use crate::room::tree::feeding::{Guest, Served};
use crate::room::tree::KeptTree;
use crate::room::{Effect, Input, Verdict};

use super::reporting::Readers;

/// The place where a room runs. Nothing here waits, so that nothing else happens in the room between an input and its
/// last effect.
pub trait Platform {
    /// The current time.
    fn now(&self) -> Timestamp;

    /// Which room it is, and what it keeps beside its log.
    ///
    /// # Errors
    /// The room's name is not well formed, or what is kept cannot be read.
    fn identity(&self) -> Result<Identity, Failure>;

    /// The open connections that are in the room. [`Platform::enter`] then says the group of each.
    fn members(&mut self) -> Vec<(ClientId, Member)>;

    /// Everything that is stored, and an epoch for a room that has never begun.
    ///
    /// # Errors
    /// Storage cannot be read.
    fn load(&mut self) -> Result<(Stored, Epoch), Failure>;

    /// Stored bursts, in the order of their numbers.
    ///
    /// # Errors
    /// Storage cannot be read.
    fn read(&mut self, numbers: &RangeInclusive<u64>) -> Result<Vec<BurstRow>, Failure>;

    /// When the last ping of each client was answered, for clients that have pinged.
    fn pinged(&mut self) -> Vec<(ClientId, Timestamp)>;

    /// Puts a connection into a group, in place of its previous group.
    fn enter(&mut self, client: &ClientId, group: GroupId);

    /// Runs an effect. `frames` are its encoded frames. The runner handles some effects itself and does not pass them
    /// on.
    ///
    /// # Errors
    /// The effect failed. The effects after it are not run.
    fn perform(&mut self, effect: Effect, frames: &[Rc<str>]) -> Result<(), Failure>;

    /// Performs a broadcast whose frame is compressed. Those who are behind are sent the text. A platform without sockets shows the text
    /// only.
    ///
    /// # Errors
    /// As for [`Platform::perform`].
    fn broadcast_deflated(
        &mut self,
        effect: Effect,
        text: &[Rc<str>],
        _deflated: &Deflated,
    ) -> Result<(), Failure> {
        self.perform(effect, text)
    }

    /// Calls [`super::Runner::waited`] after `ms` milliseconds, but not before everything that was stored is durable.
    /// The room stays in memory until then.
    fn wait(&mut self, ms: u64, wait: Wait);

    /// Asks the tenant about a token. Gives the room what [`Asked::answered`] makes of the answer, in a turn of its own. The
    /// room stays in memory until then.
    fn verify(&mut self, token: Bearer, asked: Asked);

    /// Sends relays what they lack. Gives the room the answer of each, in a turn of its own. The room stays in memory until then.
    fn feed(&mut self, _to: Vec<Guest>, _served: Served) {}

    /// Writes a letter to other objects of the room. Gives the room the answer of each whose letter has a number, in a turn of its
    /// own. The room stays in memory until then.
    fn write(&mut self, _to: Vec<Addressee>, _letter: Letter) {}

    /// Asks the parent of this relay for what it lacks: see [`super::Runner::hunger`]. Gives the room the answer, in a turn of its own.
    fn ask_parent(&mut self) {}

    /// Whether the room is metered: whether the deployment wants to know what rooms do.
    fn is_metered(&self) -> bool {
        false
    }

    /// Sends a report to the operator's console, or to the tenant's meter, or to both. Whether it arrives changes nothing here.
    fn report(&mut self, report: Report, readers: Readers);

    /// The room has failed: closes all connections, and fails the requests that wait for an answer.
    fn failed(&mut self, failure: &Failure);
}

/// Which room it is, and what it keeps beside its log.
#[derive(Debug)]
pub struct Identity {
    /// The session.
    pub session: SessionId,
    /// The relay that the room is, if it is one.
    pub relay: Option<RelayName>,
    /// The limits of the room.
    pub limits: RoomLimits,
    /// What it keeps of its occupancy: nothing, if there is no tenant to be told.
    pub occupancy: Kept,
    /// What it keeps of its relays: nothing, if it has none.
    pub tree: KeptTree,
}

/// Whose token the tenant is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The client that has sent it.
    pub client: ClientId,
    /// The `ref` of the client's frame.
    pub reference: Option<String>,
}

impl Asked {
    /// The input that brings the answer.
    pub fn answered(self, verdict: Verdict) -> Input<'static> {
        Input::Verified { client: self.client, reference: self.reference, verdict }
    }
}

/// A wait of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// What the room does at the end of the wait.
    pub awaited: Awaited,
    /// How often the room had failed when the wait began. If it has failed since, the wait is void.
    pub(super) failures: u64,
}

/// What a room does at the end of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// It looks at the window.
    Window,
    /// It sends the states that are due.
    States,
    /// It sends what groups were not sent because of their pace.
    Pace,
    /// It says what has changed of who is here.
    Presence,
    /// It feeds relays again that did not answer.
    Feed,
    /// It reports what has happened since its last report.
    Report,
}

impl Awaited {
    /// The input at its end; `None` if it is no turn of the room.
    pub(super) fn input(self) -> Option<Input<'static>> {
        match self {
            Self::Window => Some(Input::WindowElapsed),
            Self::States => Some(Input::StatesDue),
            Self::Pace => Some(Input::PaceElapsed),
            Self::Presence => Some(Input::PresenceDue),
            Self::Feed => Some(Input::FeedDue),
            Self::Report => None,
        }
    }
}

/// A failed step, and what the platform said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The step.
    pub stage: &'static str,
    /// Why the step failed. For the log only.
    pub cause: String,
}

impl Failure {
    /// Turns an error into the failure of this step.
    pub fn at<E: Display>(stage: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self { stage, cause: error.to_string() }
    }
}

impl From<Corrupt> for Failure {
    fn from(corrupt: Corrupt) -> Self {
        Self::at("restore")(corrupt)
    }
}
