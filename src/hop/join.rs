//! A client that joins, as the front Worker describes it to a room: in a header that only the front Worker can set.
//!
//! The front Worker has verified the client before; nothing is checked here.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use serde::{Deserialize, Serialize};

use crate::protocol::dialect::Dialect;
use crate::protocol::grant::Grant;
use crate::protocol::ids::{ClientId, Position};

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
    /// Its position, as `epoch:seq`.
    resume: Option<String>,
}

impl Join {
    /// A client with this position, or with none.
    pub fn new(
        client: ClientId,
        grant: Grant,
        dialect: Dialect,
        resume: Option<&Position>,
    ) -> Self {
        Self { client, grant, dialect, resume: resume.map(ToString::to_string) }
    }

    /// The position of the client.
    pub fn resume(&self) -> Option<Position> {
        self.resume.as_deref().and_then(|text| text.parse().ok())
    }

    /// The header's value: base64url, because a user's name may hold any character.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a header's value; `None` when it is malformed.
    pub fn decode(text: &str) -> Option<Self> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::time::Timestamp;

    #[test]
    fn the_form_of_a_join_is_unchanged() {
        let text = concat!(
            r#"{"client":"0101010101010101","grant":{"user":"ada","expires":7,"sessions":["s-*"]},"#,
            r#""dialect":"plain","resume":null}"#
        );
        let join: Join = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&join).unwrap(), text);
    }

    #[test]
    fn a_join_reads_back_what_it_writes() {
        let grant = Grant { user: "Zoë 日本".into(), expires: Timestamp(7), sessions: vec![] };
        let position = "0123456789abcdef:7".parse().unwrap();
        let client = ClientId::from_random([1; 8]);
        let join = Join::new(client, grant, Dialect::V1, Some(&position));
        let read = Join::decode(&join.encode()).unwrap();
        assert_eq!((read.resume(), read), (Some(position), join));
        assert_eq!(Join::decode("?"), None);
    }
}
