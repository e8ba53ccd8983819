//! What the front Worker, the admin API and the tenant's object ask a seat: the object that counts for one user or one address
//! of a tenant; and what it answers.
//!
//! Both are in a header, because bodies cost more than everything else in such a call.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::protocol::ids::{ClientId, RoomName, SessionId};
use crate::protocol::lease::{Leased, Subject};
use crate::protocol::loan::{Loan, Wish};
use crate::protocol::time::Timestamp;

/// The header with the question, in base64url, and the one with the answer, which is ASCII.
pub const HEADER: &str = "roomcast-seat";

/// The header's value of a question.
pub fn encode<Q: Serialize>(question: &Q) -> String {
    super::header(question)
}

/// Reads the header's value of a question; `None` when it is malformed.
pub fn decode<Q: DeserializeOwned>(text: &str) -> Option<Q> {
    super::read_header(text)
}

/// A token, as far as a revocation can be about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its `jti`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Its `iat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<Timestamp>,
    /// The session that it is shown for.
    pub session: SessionId,
}

/// A client wants a place.
#[derive(Debug, Serialize, Deserialize)]
pub struct Take {
    /// The new id of its connection.
    pub client: ClientId,
    /// Its room.
    pub room: String,
    /// Whom it is counted for.
    pub subject: Subject,
    /// How many there may be. Without it the connection is not counted, but its room is remembered for revocations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Its token. An address has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
    /// How many attempts there may be in a minute, if this is one of them that is not counted yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
}

/// What becomes of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// It has a place, and may join its room. That is durable.
    Granted(Leased),
    /// There are as many connections as there may be.
    Full,
    /// Its token was revoked.
    Revoked,
    /// There are too many attempts. There may be another one after so many milliseconds.
    TooMany(u64),
}

/// Tokens of the user count no longer.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevokeUser {
    /// The user, whose name rooms have to know.
    pub user: String,
    /// The `jti` of the only token that is revoked. Without it, all that were issued until `issued_until`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The only session in which they are revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The last time at which a revoked token was issued.
    pub issued_until: Timestamp,
    /// Milliseconds that a token of the tenant may last, if that is longer than usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_ms: Option<u64>,
}

/// What a revocation has done so far. It is durable. What rooms did not hear of it they are told again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Connections that were closed.
    pub closed: usize,
    /// Rooms that were told.
    pub rooms: usize,
    /// Rooms that did not answer.
    pub silent: usize,
    /// Whether the seat knows all rooms of the user. If not, the tenant's other rooms have to be told as well.
    pub complete: bool,
}

/// Someone at this address attempts to connect.
#[derive(Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// How many attempts there may be in a minute.
    pub limit: u32,
}

/// What becomes of an attempt.
#[derive(Debug, Serialize, Deserialize)]
pub struct Attempted {
    /// Milliseconds after which there may be another one; `None` if this one may go on.
    pub retry_ms: Option<u64>,
}

/// An isolate wants to use some of the events that its tenant may post in a second.
#[derive(Debug, Serialize, Deserialize)]
pub struct Borrow {
    /// How many, and which others it gives back.
    pub wish: Wish,
    /// How many there may be in a second.
    pub limit: u32,
}

/// What an isolate may use.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lent {
    /// So many.
    Lent(Loan),
    /// None.
    Refused {
        /// Milliseconds until there is room for what was needed.
        retry_ms: u64,
        /// Milliseconds until there is room for anything.
        dry_ms: u64,
    },
}

/// Events that are about to be delivered to a room, together with others to other rooms.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reserve {
    /// How many.
    pub events: u64,
    /// How many the room takes in a second.
    pub limit: u32,
}

impl Take {
    /// A client that wants to join a room.
    pub fn new(client: &ClientId, room: &RoomName, subject: Subject) -> Self {
        let (client, room) = (client.clone(), room.to_string());
        Self { client, room, subject, limit: None, shown: None, attempts: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hop::tests::same;

    #[test]
    fn the_form_of_a_place_is_unchanged() {
        let take = r#"{"client":"0101010101010101","room":"t/s-1","subject":{"user":"ada"}}"#;
        same::<Take>(take);
        let shown = r#"{"token":"t-1","issued":7,"session":"s-1"}"#;
        same::<Shown>(shown);
        let limited = format!(r#"}},"limit":5,"shown":{shown},"attempts":9}}"#);
        same::<Take>(&take.replace("}}", &limited));
        let read: Take =
            decode(&encode(&Take { limit: Some(5), ..serde_json::from_str(take).unwrap() }))
                .unwrap();
        assert_eq!((read.room.as_str(), read.limit), ("t/s-1", Some(5)));
        assert!(decode::<Take>("?").is_none());
        same::<Taken>(r#"{"granted":{"at":7,"life":3}}"#);
        same::<Taken>(r#"{"too_many":7}"#);
        same::<Taken>(r#""full""#);
        same::<Taken>(r#""revoked""#);
    }

    #[test]
    fn the_form_of_a_revocation_is_unchanged() {
        same::<RevokeUser>(r#"{"user":"ada","issued_until":7}"#);
        same::<RevokeUser>(
            r#"{"user":"ada","token":"t-1","session":"s-1","issued_until":7,"longest_ms":9}"#,
        );
        same::<Told>(r#"{"closed":1,"rooms":2,"silent":0,"complete":true}"#);
    }

    #[test]
    fn the_form_of_rates_is_unchanged() {
        same::<Attempt>(r#"{"limit":100}"#);
        same::<Attempted>(r#"{"retry_ms":null}"#);
        same::<Borrow>(r#"{"wish":{"needed":1,"more":2},"limit":3}"#);
        let unused = r#"{"amount":3,"counts_until":7}"#;
        let wish = format!(r#"{{"needed":1,"more":2,"unused":[{unused}]}}"#);
        same::<Borrow>(&format!(r#"{{"wish":{wish},"limit":3}}"#));
        same::<Lent>(&format!(r#"{{"lent":{unused}}}"#));
        same::<Lent>(r#"{"refused":{"retry_ms":1,"dry_ms":0}}"#);
        same::<Reserve>(r#"{"events":1,"limit":3}"#);
    }
}
