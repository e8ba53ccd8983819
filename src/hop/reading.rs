//! A client that reads the state of a room over HTTP, as the front Worker describes it to the room: in a header that only the
//! front Worker can set.

use serde::{Deserialize, Serialize};

use crate::protocol::defaults::is_default;
use crate::protocol::page::Range;
use crate::protocol::topics::{Permissions, Topics};

/// The name of the header. The front Worker builds a new request to the room, so a header of this name that a client
/// sends never gets there.
pub const HEADER: &str = "roomcast-reading";

/// A verified client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Its user.
    pub user: String,
    /// The topics that it asks for.
    pub topics: Topics,
    /// What its token allows beside what everyone may see.
    pub permissions: Permissions,
    /// The type of the update whose data it wants; without it, the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<String>,
    /// Whether it wants to know who is here, in place of the state.
    #[serde(default, skip_serializing_if = "is_default")]
    pub presence: bool,
    /// Which page of the log it wants, in place of the state. Asked for at [`super::LOG`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<Range>,
}

impl Reading {
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
    fn the_form_of_a_reading_is_unchanged() {
        let text = r#"{"user":"Zoë","topics":["a"],"permissions":["read"]}"#;
        let reading: Reading = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&reading).unwrap(), text);
        assert_eq!(Reading::decode(&reading.encode()), Some(reading));
        let text = r#"{"user":"ada","topics":["*"],"permissions":[],"presence":true}"#;
        let reading: Reading = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&reading).unwrap(), text);
        let text =
            r#"{"user":"ada","topics":["*"],"permissions":[],"page":{"from":1,"to":9,"limit":5}}"#;
        let reading: Reading = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&reading).unwrap(), text);
        assert_eq!(Reading::decode("?"), None);
    }
}
