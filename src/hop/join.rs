//! A client that joins, as the front Worker describes it to a room: in a header that only the front Worker can set.
//!
//! The front Worker has verified the client before; nothing is checked here.

use serde::{Deserialize, Serialize};

use crate::protocol::capacity::Capacity;
use crate::protocol::company::Company;
use crate::protocol::defaults::is_default;
use crate::protocol::dialect::Dialect;
use crate::protocol::grant::Grant;
use crate::protocol::ids::{ClientId, Position};
use crate::protocol::lease::{Leased, Subject};
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Topics;

/// The name of the header. The front Worker builds a new request to the room, so a header of this name that a client
/// sends never gets there.
pub const HEADER: &str = "roomcast-join";

/// A verified client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// The new id of its connection.
    pub client: ClientId,
    /// What its token allows.
    pub grant: Grant,
    /// Its dialect.
    pub dialect: Dialect,
    /// The topics of its subscription.
    #[serde(default, skip_serializing_if = "Topics::is_all")]
    pub topics: Topics,
    /// Milliseconds that it wants to be between two frames.
    #[serde(default)]
    pub pace_ms: u32,
    /// Whether it asks for compressed frames.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deflate: bool,
    /// The topics for which its position counts, if they are others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_topics: Option<Topics>,
    /// How many members the room may have.
    #[serde(default, skip_serializing_if = "is_default")]
    pub capacity: Capacity,
    /// Its leases, of all who count it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leases: Vec<(Subject, Leased)>,
    /// What it may do besides watching.
    #[serde(default, skip_serializing_if = "is_default")]
    pub company: Company,
    /// The members from which the room spreads over relays; without it, this client may not be sent to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<usize>,
    /// Until when the operator watches the tenant of the room, if that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched: Option<Timestamp>,
    /// Its position, as `epoch:seq`.
    resume: Option<String>,
}

impl Join {
    /// A client with this position, or with none, and without a lease.
    pub fn new(
        client: ClientId,
        grant: Grant,
        view: (Dialect, Topics, u32),
        (resume, resume_topics): (Option<&Position>, Option<Topics>),
        capacity: Capacity,
    ) -> Self {
        let (dialect, topics, pace_ms) = view;
        let resume = resume.map(ToString::to_string);
        let (deflate, leases, company) = (false, Vec::new(), Company::default());
        let (above, watched) = (None, None);
        Self {
            client,
            grant,
            dialect,
            topics,
            pace_ms,
            deflate,
            resume_topics,
            capacity,
            leases,
            company,
            above,
            watched,
            resume,
        }
    }

    /// The position of the client.
    pub fn resume(&self) -> Option<Position> {
        self.resume.as_deref().and_then(|text| text.parse().ok())
    }

    /// The seat that counts it for its address, if one does.
    pub fn address(&self) -> Option<String> {
        self.leases.iter().find_map(|(subject, _)| match subject {
            Subject::Address(address) => Some(address.clone()),
            Subject::User(_) => None,
        })
    }

    /// The header's value.
    pub fn encode(&self) -> String {
        super::header(self)
    }

    /// Reads a header's value; `None` when it is malformed.
    pub fn decode(text: &str) -> Option<Self> {
        super::read_header(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_join_is_unchanged() {
        let text = concat!(
            r#"{"client":"0101010101010101","grant":{"user":"ada","expires":7,"sessions":["s-*"]},"#,
            r#""dialect":"plain","pace_ms":0,"resume":null}"#
        );
        let join: Join = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&join).unwrap(), text);
        let text = concat!(
            r#"{"client":"0101010101010101","grant":{"user":"ada","expires":7,"sessions":["s-*"],"#,
            r#""topics":["a*"],"permissions":["read"]},"dialect":"v1","topics":["a"],"pace_ms":250,"deflate":true,"#,
            r#""resume_topics":["*"],"leases":[[{"user":"ada"},{"at":5,"life":4,"late":true}]],"company":{"presence":true,"signals":true},"above":5000,"watched":9,"resume":"0123456789abcdef:7"}"#
        );
        let join: Join = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&join).unwrap(), text);
    }

    #[test]
    fn a_join_reads_back_what_it_writes() {
        let grant = Grant::new("Zoë 日本".into(), Timestamp(7));
        let position = "0123456789abcdef:7".parse().unwrap();
        let client = ClientId::from_random([1; 8]);
        let view = (Dialect::V1, Topics::none(), 250);
        let join = Join::new(client, grant, view, (Some(&position), None), Capacity::default());
        let read = Join::decode(&join.encode()).unwrap();
        assert_eq!((read.resume(), read), (Some(position), join));
        assert_eq!(Join::decode("?"), None);
    }
}
