//! The internal protocol between the front Worker and its Durable Objects: addresses, statuses, bodies, one header.
//!
//! Only these two use it, and it is never stored. During the rollout of a release, the front Worker and an object may
//! be of different releases. So each address contains the [`VERSION`]. An object answers 404 to another version. The
//! front Worker treats that like a room that did not answer, and its client tries again.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`join`] | a client that joins a room |
//! | [`engine`] | requests of Engine.IO, for a room |
//! | [`reading`] | a client that reads the state of a room |
//! | [`delivery`] | updates for a room, and their outcomes |
//! | [`company`] | who is here, and signals, between the objects of a room |
//! | [`feed`] | bursts and states, for the relays of a room |
//! | [`lesson`] | the session of an aggregate, for a pointer |
//! | [`tenant`] | the document of a tenant, for front Workers and the admin API; its rule, for its rooms |
//! | [`seat`] | places of connections, revocations, rates |
//! | [`revocation`] | tokens that count no longer, for a room |
//! | [`directory`] | the names of all tenants, and what only one of them may have |
//! | [`verify`] | a token that a room asks its tenant about |

pub mod company;
pub mod delivery;
pub mod directory;
pub mod engine;
pub mod feed;
pub mod join;
pub mod lesson;
pub mod reading;
pub mod revocation;
pub mod seat;
pub mod tenant;
pub mod verify;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use serde::de::DeserializeOwned;
use serde::Serialize;

use crate::protocol::codes::Refusal;
use crate::protocol::json;
use crate::room::leases::Barred;
use crate::room::Door;

/// The version of these forms. Raise it whenever a form in this folder changes; the tests of the forms fail then.
pub const VERSION: u32 = 10;

/// To a room: `GET`, an upgrade with the header [`join::HEADER`]. Answer: 101, or a status of [`refusal`].
pub const LIVE: &str = "/10/live";

/// To a room: a request of Engine.IO, with an [`engine::Knock`] in the header [`engine::HEADER`]. The answer is that for the client.
pub const ENGINE: &str = "/10/engine";

/// To a room: `GET` with a [`delivery`] in the header [`delivery::HEADER`] if it is short, else `POST` with it as the body. Answer: 204 with
/// [`delivery::Delivered`] in that header, once the updates are durable.
pub const UPDATES: &str = "/10/updates";

/// To a room: `GET` with the header [`reading::HEADER`]. Answer: 200 with the state as a frame, or 304 when `If-None-Match`
/// names its tag. If the reading names a type: 200 with the data of its latest update, or 204 if there is none yet. If it wants to know who is
/// here: 200 with that.
pub const STATE: &str = "/10/state";

/// To a room: `GET` with the header [`reading::HEADER`] that names a page. Answer: 200 with that page of the log.
pub const LOG: &str = "/10/log";

/// From the front Worker to a room: `POST` with a [`crate::room::tree::placing::Seeking`]. Answer: 200 with a
/// [`crate::room::tree::placing::Placement`].
pub const PLACE: &str = "/10/place";

/// From a relay to its parent: `POST` with a [`crate::room::tree::feeding::Hunger`]. Answer: 200 with a [`feed`], or 404 if the room has
/// never begun; then it does not begin.
pub const HUNGER: &str = "/10/hunger";

/// From a room to one of its relays: `POST` with a [`feed`]. Answer: 204 with a [`crate::room::tree::feeding::Ate`] in the header
/// [`feed::HEADER`]. A relay that has ended does not begin.
pub const FEED: &str = "/10/feed";

/// From one object of a room to another: `POST` with a [`crate::room::tree::company::letters::Letter`]. Answer: 200 with a
/// [`crate::room::tree::company::letters::Reply`]. A room that has never begun, or has ended, does not begin.
pub const COMPANY: &str = "/10/company";

/// To a room: `POST` with a [`revocation::Revocation`]. Answer: 200 with [`revocation::Revoked`], once the connections are
/// closed. A room that has never begun does not begin.
pub const REVOKE: &str = "/10/revoke";

/// To a room: `POST` with a [`crate::protocol::lease::RollCall`]. Answer: 200 with a list of ids of connections, once the others
/// cannot join any more. A room that has never begun does not begin.
pub const PRESENT: &str = "/10/present";

/// To a room or a pointer: `POST`, because its tenant has ended. Answer: 204, once its connections are closed and its storage
/// is deleted.
pub const END: &str = "/10/end";

/// To a tenant: `POST` with a [`verify::Question`]. Answer: 200 with a [`verify::Answer`].
pub const VERIFY: &str = "/10/verify";
/// To a room: `POST` with a [`seat::Reserve`]. Answer: 200 with a [`seat::Attempted`].
pub const RESERVE: &str = "/10/reserve";

/// To a seat: `GET` with a [`seat::Take`] in the header [`seat::HEADER`]. Answer: 204 with a [`seat::Taken`] in that header.
pub const TAKE: &str = "/10/take";

/// To the seat of a user: the same with a [`seat::Shown`]. Answer: `true` if the token was revoked.
pub const IS_REVOKED: &str = "/10/is-revoked";

/// To the seat of a user: the same with a [`seat::RevokeUser`]. Answer: a [`seat::Told`].
pub const REVOKE_USER: &str = "/10/revoke-user";

/// To the seat of an address: the same with a [`seat::Attempt`]. Answer: a [`seat::Attempted`].
pub const ATTEMPT: &str = "/10/attempt";

/// To the object that hands out what a tenant may post: the same with a [`seat::Borrow`]. Answer: a [`seat::Lent`].
pub const BORROW: &str = "/10/borrow";

/// To a pointer: `POST` with a list of names. Answer: 200 with a [`lesson::Answer`].
pub const FIND: &str = "/10/find";

/// To a pointer: `POST` with a list of [`lesson::Lesson`]. Answer: 200 with a [`lesson::Answer`].
pub const LEARN: &str = "/10/learn";

/// To a tenant's object: `POST` with [`tenant::Known`]. Answer: 200 with [`tenant::Copy`].
pub const DOCUMENT: &str = "/10/document";

/// To a tenant's object: `POST` with [`tenant::Question`]. Answer: 200 with [`tenant::Answer`].
pub const ADMIN: &str = "/10/admin";

/// From a room to its tenant's object: `POST` with [`tenant::Begun`]. Answer: 200 with [`tenant::Welcome`].
pub const BEGUN: &str = "/10/begun";

/// From a room to its tenant's object: `POST` with [`tenant::Ended`]. Answer: 204.
pub const ENDED: &str = "/10/ended";

/// From a room to its tenant's object: `POST` with [`tenant::Change`]. Answer: 200 with [`tenant::Noted`], once it is stored.
pub const OCCUPANCY: &str = "/10/occupancy";

/// From a room or a front Worker to a tenant's object: `POST` with a [`crate::metering::ledger::Entry`]. Answer: 200 with `null`.
pub const METER: &str = "/10/meter";

/// From a tenant's object to a room: `POST` with [`tenant::Rule`]. Answer: 200 with [`tenant::Ruled`], once the room follows it.
/// A room that has never begun does not begin.
pub const RULE: &str = "/10/rule";

/// From the admin API to a room: `POST`. Answer: 200 with a [`crate::protocol::report::Reported`], or with nothing if it has never
/// begun; then it does not begin. The front Worker passes it on as it is.
pub const REPORT: &str = "/10/report";

/// The room of the operator's console. No room of a tenant is called like this, as no tenant's name begins so.
pub const CONSOLE: &str = "#console";

/// To the directory: `POST` with [`directory::Question`]. Answer: 200 with [`directory::Answer`].
pub const DIRECTORY: &str = "/10/directory";

/// A header's value: base64url of JSON, because the name of a user may have any character.
fn header<T: Serialize>(value: &T) -> String {
    // Strings and numbers only, so encoding cannot fail. A room would refuse an empty header.
    URL_SAFE_NO_PAD.encode(serde_json::to_string(value).unwrap_or_default())
}

/// Reads a header's value; `None` when it is malformed.
fn read_header<T: DeserializeOwned>(text: &str) -> Option<T> {
    json::read(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// The status with which a room refuses a client; `None` if the client can join.
pub fn refusal(door: Door) -> Option<u16> {
    match door {
        Door::Open => None,
        Door::Full | Door::Crowded => Some(FULL),
        // A relay that cannot be fed knows soon whether it can.
        Door::Busy | Door::Behind => Some(BUSY),
        Door::Spread => Some(SPREAD),
    }
}

/// What a status means with which a room refuses a client or sends it away.
pub fn meant(status: u16) -> Refusal {
    match status {
        FULL => Refusal::RoomFull,
        BUSY => Refusal::RoomBusy,
        REVOKED => Refusal::TokenRevoked,
        _ => Refusal::RoomFailed,
    }
}

/// The room is full.
pub const FULL: u16 = 429;

/// The status with which a room sends a client away that can no longer join.
pub fn barred(barred: Barred) -> u16 {
    match barred {
        Barred::Overtaken => OVERTAKEN,
        Barred::Revoked => REVOKED,
    }
}

/// The room has spread: the front Worker has to ask which of its relays take members ([`PLACE`]).
pub const SPREAD: u16 = 421;

/// The connection comes too late.
const OVERTAKEN: u16 = 409;

/// The token was revoked while the client was on its way.
const REVOKED: u16 = 410;

/// The room has sent others as many states and missed updates as may be unread at once.
const BUSY: u16 = 425;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ids::{RoomName, TenantName};

    /// Checks that a form is written as it is read.
    pub(super) fn same<T: Serialize + DeserializeOwned>(text: &str) {
        let read: T = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }

    #[test]
    fn no_tenant_has_the_room_of_the_console() {
        assert!(CONSOLE.parse::<RoomName>().is_err());
        assert!(CONSOLE.parse::<TenantName>().is_err());
    }

    #[test]
    fn every_address_names_the_version() {
        let rooms =
            [LIVE, ENGINE, UPDATES, STATE, LOG, REVOKE, PRESENT, RESERVE, END, RULE, VERIFY];
        let trees = [PLACE, HUNGER, FEED, COMPANY];
        let seats = [TAKE, IS_REVOKED, REVOKE_USER, ATTEMPT, BORROW];
        let others = [FIND, LEARN, DOCUMENT, ADMIN, BEGUN, ENDED, OCCUPANCY, DIRECTORY];
        for address in rooms.into_iter().chain(trees).chain(seats).chain(others).chain([REPORT]) {
            assert!(address.starts_with(&format!("/{VERSION}/")), "{address}");
        }
    }
}
