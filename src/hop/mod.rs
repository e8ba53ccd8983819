//! What the front Worker and the objects say to each other: addresses, statuses, bodies, one header.
//!
//! Nobody else speaks this, and it is never stored. While a new release is rolled out, though, a front Worker of one
//! release may reach an object of another. So each address names the [`VERSION`], and an object that is asked in
//! another version answers 404: the front Worker takes that for a room that did not answer, and whoever asked it
//! comes back.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`join`] | who joins a room |
//! | [`delivery`] | updates for a room, and what became of them |
//! | [`lesson`] | what a pointer is taught |

pub mod delivery;
pub mod join;
pub mod lesson;

use crate::room::Door;

/// Raised whenever something in this folder changes its form. The tests of that form fail then.
pub const VERSION: u32 = 1;

/// `GET`, an upgrade with the header [`join::HEADER`]: 101, or a status of [`refusal`].
pub const LIVE: &str = "/1/live";

/// `POST` with a [`delivery`]: 200 with [`delivery::Delivered`], when it is durable.
pub const UPDATES: &str = "/1/updates";

/// `GET`: 200 with the state as a frame, or 304 when `If-None-Match` names the head.
pub const STATE: &str = "/1/state";

/// `POST` with a list of names, to a pointer: 200 with the session of each, or null.
pub const FIND: &str = "/1/find";

/// `POST` with a list of [`lesson::Lesson`], to a pointer: 200 with the session that counts now for each.
pub const LEARN: &str = "/1/learn";

/// The status with which a room says that a client cannot come in; `None` if it can.
pub fn refusal(door: Door) -> Option<u16> {
    match door {
        Door::Open => None,
        Door::Full => Some(FULL),
        Door::Busy => Some(BUSY),
    }
}

/// The room is full.
pub const FULL: u16 = 429;

/// The room has as much under way to others as it can have.
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
