//! The internal protocol between the front Worker and its Durable Objects: addresses, statuses, bodies, one header.
//!
//! Only these two use it, and it is never stored. During the rollout of a release, the front Worker and an object may
//! be of different releases. So each address contains the [`VERSION`]. An object answers 404 to another version. The
//! front Worker treats that like a room that did not answer, and its client tries again.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`join`] | a client that joins a room |
//! | [`delivery`] | updates for a room, and their outcomes |
//! | [`lesson`] | the session of an aggregate, for a pointer |

pub mod delivery;
pub mod join;
pub mod lesson;

use crate::room::Door;

/// The version of these forms. Raise it whenever a form in this folder changes; the tests of the forms fail then.
pub const VERSION: u32 = 1;

/// To a room: `GET`, an upgrade with the header [`join::HEADER`]. Answer: 101, or a status of [`refusal`].
pub const LIVE: &str = "/1/live";

/// To a room: `POST` with a [`delivery`]. Answer: 204 with [`delivery::Delivered`] in the
/// header [`delivery::ANSWER`], once the updates are durable.
pub const UPDATES: &str = "/1/updates";

/// To a room: `GET`. Answer: 200 with the state as a frame, or 304 when `If-None-Match` names the head.
pub const STATE: &str = "/1/state";

/// To a pointer: `POST` with a list of names. Answer: 200 with a [`lesson::Answer`].
pub const FIND: &str = "/1/find";

/// To a pointer: `POST` with a list of [`lesson::Lesson`]. Answer: 200 with a [`lesson::Answer`].
pub const LEARN: &str = "/1/learn";

/// The status with which a room refuses a client; `None` if the client can join.
pub fn refusal(door: Door) -> Option<u16> {
    match door {
        Door::Open => None,
        Door::Full => Some(FULL),
        Door::Busy => Some(BUSY),
    }
}

/// The room is full.
pub const FULL: u16 = 429;

/// The room has sent others as many states and missed updates as may be unread at once.
pub const BUSY: u16 = 425;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_names_the_version() {
        for address in [LIVE, UPDATES, STATE, FIND, LEARN] {
            assert!(address.starts_with(&format!("/{VERSION}/")), "{address}");
        }
    }
}
