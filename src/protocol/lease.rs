//! Leases, as seats give them and rooms are shown them: for whom a connection is counted, and by which life of that seat.
//!
//! Who gives them, and whom a room lets in, is decided elsewhere.

use serde::{Deserialize, Serialize};

use super::defaults::is_default;
use super::ids::ClientId;
use super::time::Timestamp;
use crate::limits::LEASE_JOINS_MS;

/// Whom connections are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A user, by name.
    User(String),
    /// An address; or an address and a document, where that has a limit of its own.
    Address(String),
}

/// The lease of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leased {
    /// When it was given.
    pub at: Timestamp,
    /// The *life* of the seat that gave it, by its beginning: a life lasts from when the seat was read from storage until it leaves
    /// memory. What a seat does not store, its next life does not know.
    pub life: Timestamp,
    /// Whether whoever shows it asked for it so long ago that its seat may have asked the room about it meanwhile.
    #[serde(default, skip_serializing_if = "is_default")]
    pub late: bool,
}

impl Leased {
    /// One that is given now, by a seat with this life.
    pub fn new(now: Timestamp, life: Timestamp) -> Self {
        Self { at: now, life, late: false }
    }

    /// As whoever asked for it then shows it to a room now. Both times are of one clock, so it does not matter what others show.
    #[must_use]
    pub fn shown(self, asked: Timestamp, now: Timestamp) -> Self {
        Self { late: now.ms_since(asked) >= LEASE_JOINS_MS, ..self }
    }
}

/// What a seat asks a room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollCall {
    /// Connections that it has counted there. Those that are not in the room cannot join any more.
    pub clients: Vec<ClientId>,
    /// If it does not know all of them: for whom it counts, and its life. All connections of that subject are named in the answer,
    /// and those with a lease of an earlier life cannot join any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<(Subject, Timestamp)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_roll_call_is_unchanged() {
        for text in [
            r#"{"clients":["0101010101010101"]}"#,
            r#"{"clients":[],"all":[{"user":"ada"},7]}"#,
            r#"{"clients":[],"all":[{"address":"10.0.0.1/admin"},7]}"#,
        ] {
            let read: RollCall = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
        }
        for text in [r#"{"at":5,"life":7}"#, r#"{"at":5,"life":7,"late":true}"#] {
            let read: Leased = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
        }
    }

    #[test]
    fn a_lease_is_late_as_soon_as_its_seat_may_ask_about_it() {
        let (leased, asked) = (Leased::new(Timestamp(9), Timestamp(7)), Timestamp(5_000));
        assert_eq!(leased.shown(asked, asked.plus_ms(LEASE_JOINS_MS - 1)), leased);
        assert!(leased.shown(asked, asked.plus_ms(LEASE_JOINS_MS)).late);
    }
}
