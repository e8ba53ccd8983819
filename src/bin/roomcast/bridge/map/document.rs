//! The document that describes a map, as it is written and read.
//!
//! Every field is optional: what a document does not say is as in a message that is an event already.

use std::fmt;

use roomcast::preset::faults::{self, Fault};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map as Object, Value};

use super::fields::Fields;
use super::place::Place;
use super::value::{written, Given};

/// Which event a message of a bus becomes.
#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BridgeMap")]
pub(crate) struct Map {
    /// The JSON Schema of this document, for editors.
    #[serde(rename = "$schema", default)]
    _schema: Option<String>,
    /// Where a whole event is. If nothing else says what an event is, it is at `/event` or `/data`, or the message itself is one.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(super) event: Option<Place>,
    /// The event's id. If there is none, it is the id of the message on its bus.
    #[serde(default)]
    pub(super) event_id: Option<Given>,
    /// The event's type.
    #[serde(default)]
    pub(super) event_type: Option<Given>,
    /// The type of what the event is about.
    #[serde(default)]
    pub(super) aggregate_type: Option<Given>,
    /// The id of what the event is about.
    #[serde(default)]
    pub(super) aggregate_id: Option<Given>,
    /// When the event occurred: RFC 3339, or milliseconds since 1970. If nothing says it, the time that the bus says.
    #[serde(default)]
    pub(super) occurred_at: Option<Given>,
    /// The session. If nothing says what the event is about, it is about this session; otherwise it becomes `session_id` of the payload.
    #[serde(default)]
    pub(super) session: Option<Given>,
    /// The payload. If nothing says it, it is empty.
    #[serde(default)]
    pub(super) payload: Option<Fields>,
    /// The metadata.
    #[serde(default)]
    pub(super) metadata: Option<Fields>,
    /// Only messages for which all of these hold become events. The others are acknowledged, and nothing more.
    #[serde(default)]
    only: Vec<Condition>,
    /// Messages for which one of these holds are acknowledged, and nothing more.
    #[serde(default)]
    skip: Vec<Condition>,
}

/// Something that a message has or has not.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Condition {
    /// There is something at this place.
    #[schemars(with = "String")]
    at: Place,
    /// It is one of these. If none are given, it may be anything.
    #[serde(default)]
    is: Vec<Value>,
}

impl Map {
    /// Reads a document.
    ///
    /// # Errors
    /// What is wrong with it, where, and how to mend it.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let document: Value = serde_json::from_str(text).map_err(|error| Fault {
            place: String::new(),
            reason: format!("is not JSON: {error}"),
        })?;
        faults::read(document)
    }

    /// Whether a message is to become an event.
    pub(super) fn wants(&self, message: &Object<String, Value>) -> bool {
        self.only.iter().all(|condition| condition.holds(message))
            && !self.skip.iter().any(|condition| condition.holds(message))
    }

    /// Whether it says itself what an event is, so that it need not be found.
    pub(super) fn composes(&self) -> bool {
        self.event.is_none() && self.event_type.is_some()
    }
}

impl Condition {
    fn holds(&self, message: &Object<String, Value>) -> bool {
        let Some(found) = self.at.find(message) else { return false };
        // A number may be written as text, which is all that many buses have.
        let same = |wanted: &Value| {
            *wanted == *found || written(wanted).is_some_and(|text| Some(text) == written(&found))
        };
        self.is.is_empty() || self.is.iter().any(same)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Place;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a place such as `/data/id`")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Place, E> {
                Place::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}
