//! The form of the frames that tell clients of each other, which `company/note.rs` joins from encoded fields.
//!
//! Nothing is encoded with these types. The tests read what the encoders write back into them, field by field.

use std::borrow::Cow;

use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::protocol::ids::ClientId;

/// A frame that tells clients of each other.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", deny_unknown_fields, rename_all_fields = "camelCase")]
#[schemars(rename = "CompanyNote")]
pub(in crate::protocol) enum Note {
    /// Who is here: in place of what was known before.
    #[serde(rename = "presence.state")]
    #[schemars(title = "PresenceStateFrame")]
    State {
        /// The `ref` of the frame that it answers, if it had one.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// How many persons are here.
        count: usize,
        users: Vec<Person>,
        /// These are not all who are here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "True")]
        sample: Option<True>,
    },
    /// What has changed of who is here. With `sample`, they are too many to be named.
    #[serde(rename = "presence.changed")]
    #[schemars(title = "PresenceChangedFrame")]
    Changed(Changed),
    /// What another client says that counts now only.
    #[serde(rename = "signal")]
    #[schemars(title = "SignalFrame")]
    Signal {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic: Option<String>,
        /// Absent if the client has no token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        client_id: ClientId,
        data: Value,
    },
}

/// Who is here: `GET /api/sessions/:id/presence`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Present {
    /// How many persons are here.
    count: usize,
    users: Vec<Person>,
    /// These are not all who are here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "True")]
    sample: Option<True>,
}

/// What has changed of who is here.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(in crate::protocol) enum Changed {
    Named(Difference),
    Crowd(Crowd),
}

/// The persons who have come, who have gone, and who show something else.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(in crate::protocol) struct Difference {
    /// How many persons are here now.
    count: usize,
    joined: Vec<Person>,
    left: Vec<String>,
    changed: Vec<Person>,
}

/// Too many persons to be named.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(in crate::protocol) struct Crowd {
    /// How many persons are here now.
    count: usize,
    sample: True,
}

/// Somebody who is here, and what it shows of itself.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::protocol) struct Person {
    user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

/// `true`, and never `false`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "bool", into = "bool")]
pub(in crate::protocol) struct True;

impl TryFrom<bool> for True {
    type Error = &'static str;
    fn try_from(is: bool) -> Result<Self, Self::Error> {
        is.then_some(Self).ok_or("must be true or absent")
    }
}

impl From<True> for bool {
    fn from(True: True) -> Self {
        true
    }
}

impl JsonSchema for True {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "True".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": true })
    }
}
