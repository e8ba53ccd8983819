//! The forms of posted events, for documents of the wire.
//!
//! Nothing is read with these types: bodies are read field by field, so that a fault can be placed, and both spellings of an envelope's
//! names count. The tests hold the decoders to them. Host only.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{json, Map, Value};

use crate::limits::{AUDIENCE_NAMES, NAME_CHARS};

/// A domain event. Its names may also be written in camelCase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Envelope {
    /// Makes it safe to repeat the post.
    #[schemars(length(min = 1, max = NAME_CHARS))]
    pub event_id: String,
    /// What happened.
    #[schemars(length(min = 1, max = NAME_CHARS))]
    pub event_type: String,
    /// The kind of thing to which it happened; `Session` is a session itself.
    #[schemars(length(min = 1, max = NAME_CHARS))]
    pub aggregate_type: String,
    /// Which of them.
    #[schemars(length(min = 1, max = NAME_CHARS))]
    pub aggregate_id: String,
    /// When it happened: RFC 3339 with an offset.
    #[schemars(extend("format" = "date-time"))]
    pub occurred_at: String,
    /// What is to be said of it. The event map says which of its fields are sent to clients, and which must be there.
    pub payload: Map<String, Value>,
    /// What is said about the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

/// What is said about an event. Its other fields can be used by the event map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Metadata {
    /// What its producer calls what it belongs to. It is sent with the update.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = NAME_CHARS))]
    pub correlation_id: Option<String>,
    /// The trace in which it was made (W3C Trace Context).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Who may see it, in place of what the event map says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
}

/// Who may see an update: the users that are named, and those who have all of the permissions. Together they name somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false, "anyOf" = names_somebody()))]
pub struct Audience {
    /// Users.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = AUDIENCE_NAMES), inner(length(min = 1, max = NAME_CHARS)))]
    pub users: Option<Vec<String>>,
    /// Permissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = AUDIENCE_NAMES), inner(length(min = 1, max = NAME_CHARS)))]
    pub permissions: Option<Vec<String>>,
}

/// One of the lists has an entry.
fn names_somebody() -> Value {
    let somebody = |list: &str| json!({"required": [list], "properties": {list: {"type": "array", "minItems": 1}}});
    json!([somebody("users"), somebody("permissions")])
}

/// A `CloudEvent` 1.0.2 in JSON. Its other attributes are part of the metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CloudEvent {
    /// `1.0`
    #[schemars(extend("const" = "1.0"))]
    pub specversion: String,
    /// Makes it safe to repeat the post, together with the source.
    #[schemars(length(min = 1, max = NAME_CHARS))]
    pub id: String,
    /// Where it happened: the kind of thing to which it happened.
    #[schemars(length(min = 1, max = NAME_CHARS))]
    pub source: String,
    /// What happened.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = NAME_CHARS))]
    pub kind: String,
    /// Which thing it happened to; by default the source as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = NAME_CHARS))]
    pub subject: Option<String>,
    /// When it happened; by default when the post was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub time: Option<String>,
    /// What its producer calls what it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = NAME_CHARS))]
    pub correlationid: Option<String>,
    /// The trace in which it was made (W3C Trace Context).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// What is to be said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Map<String, Value>>,
    /// The same as the base64 of a JSON object; not beside `data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_base64: Option<String>,
}
