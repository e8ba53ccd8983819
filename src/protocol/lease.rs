//! Leases, as seats give them and rooms are shown them: for whom a connection is counted, and by which life of that seat.
//!
//! Who gives them, and whom a room lets in, is decided elsewhere.

use serde::{Deserialize, Serialize};

use super::ids::ClientId;
use super::time::Timestamp;

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
        let leased: Leased = serde_json::from_str(r#"{"at":5,"life":7}"#).unwrap();
        assert_eq!(leased, Leased { at: Timestamp(5), life: Timestamp(7) });
    }
}
