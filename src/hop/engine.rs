//! Requests of Engine.IO that the front Worker passes on to a room: in a header that only the front Worker can set.
//!
//! A request that opens a session brings what the front Worker knows of its client. Nothing of it is checked here.

use serde::{Deserialize, Serialize};

use crate::protocol::capacity::Capacity;
use crate::protocol::codes::Refusal;
use crate::protocol::company::Company;
use crate::protocol::defaults::is_default;
use crate::protocol::grant::Grant;
use crate::protocol::relay::RelayName;
use crate::protocol::socket_io::SocketIo;
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Topics;

/// The name of the header.
pub const HEADER: &str = "roomcast-engine";

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knock {
    /// It opens a session.
    Open(Box<Handshake>),
    /// It belongs to the session of this id.
    Of(String),
}

/// What the front Worker knows of a client that opens a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handshake {
    /// How the client is spoken to.
    pub form: SocketIo,
    /// What its request said of it. A token in its `auth` counts instead.
    pub carried: Carried,
    /// Whether its token need not name the session, because the document has only one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub only: bool,
    /// The topics that it gets if it asks for none. Without this all that its token allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<Topics>,
    /// What it may do besides watching.
    #[serde(default, skip_serializing_if = "is_default")]
    pub company: Company,
    /// How many members the room may have.
    #[serde(default, skip_serializing_if = "is_default")]
    pub capacity: Capacity,
    /// The members from which the room spreads over relays; without it, this client may not be sent to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<usize>,
    /// How many connections its user may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_user: Option<u32>,
    /// Who counts the connections of its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<CountedAddress>,
    /// Until when the operator watches the tenant of the room, if that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched: Option<Timestamp>,
}

/// What the request of a client said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carried {
    /// It has this grant, and the topics that it asks for.
    Granted(Grant, Topics),
    /// It is refused; the code of the refusal.
    Refused(String),
}

/// Who counts the connections of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedAddress {
    /// The name of the seat.
    pub seat: String,
    /// What the seat calls the address.
    pub subject: String,
    /// How many connections it may have.
    pub limit: u32,
}

impl Carried {
    /// The grant and the topics, or the refusal.
    ///
    /// # Errors
    /// The refusal.
    pub fn verdict(&self) -> Result<(Grant, Topics), Refusal> {
        match self {
            Self::Granted(grant, topics) => Ok((grant.clone(), topics.clone())),
            Self::Refused(code) => Err(Refusal::of_code(code)),
        }
    }
}

impl Knock {
    /// The header's value.
    pub fn encode(&self) -> String {
        super::header(self)
    }

    /// Reads a header's value; `None` when it is malformed.
    pub fn decode(text: &str) -> Option<Self> {
        super::read_header(text)
    }
}

/// The id of a session in a relay. It names the relay, because all requests of a session have to come to the same object.
pub fn sid_at(relay: Option<RelayName>, sid: &str) -> String {
    relay.map_or_else(|| sid.to_owned(), |relay| format!("{relay}.{sid}"))
}

/// The relay that a session is in, if it is in one.
pub fn relay_of(sid: &str) -> Option<RelayName> {
    sid.rsplit_once('.')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::same;
    use super::*;

    #[test]
    fn the_form_of_a_request_is_unchanged() {
        same::<Knock>(r#"{"of":"abc"}"#);
        same::<Knock>(r#"{"open":{"form":{},"carried":{"refused":"token_missing"}}}"#);
        same::<Knock>(concat!(
            r#"{"open":{"form":{"recovery":false},"carried":{"granted":[{"user":"ada","expires":7},["a"]]},"only":true,"#,
            r#""usual":["a"],"company":{"presence":true},"capacity":{"clients":5,"when_full":"refuse"},"above":5000,"per_user":5,"#,
            r#""address":{"seat":"demo/a/10.0.0.1","subject":"10.0.0.1","limit":3}}}"#
        ));
    }

    #[test]
    fn what_a_request_said_is_a_grant_or_a_refusal() {
        for refusal in Refusal::ALL {
            let carried = Carried::Refused(refusal.code().to_owned());
            assert_eq!(carried.verdict(), Err(*refusal));
        }
        assert_eq!(Carried::Refused("new".into()).verdict(), Err(Refusal::TokenInvalid));
    }

    #[test]
    fn the_id_of_a_session_says_where_it_is() {
        let relay: Option<RelayName> = "weur.3".parse().ok();
        assert_eq!(sid_at(relay, "AbC-_1"), "weur.3.AbC-_1");
        assert_eq!(relay_of("weur.3.AbC-_1"), relay);
        for elsewhere in [sid_at(None, "AbC-_1"), "weur.3".into(), "x.3.AbC".into(), String::new()]
        {
            assert_eq!(relay_of(&elsewhere), None, "{elsewhere}");
        }
    }
}
