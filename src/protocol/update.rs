//! An update before it has a number: its metadata and its encoded content.
//!
//! `ingest` makes it, the front Worker sends it to the room, and the room numbers it. The content is encoded once,
//! here, and never decoded again.

use std::io;

use super::data::Data;
use super::defaults::is_default;
use super::label::{Audience, Label};
use super::parts::{Parts, CORRELATION_ID, DATA, TIMESTAMP, UPDATE_TYPE};
use super::tally::{Step, Unchanged};
use super::time::Timestamp;
use super::trace::TraceParent;
use serde::{Deserialize, Serialize};

/// The field that names the topic. It and the trace come first, so that the other fields are where they are without them.
const TOPIC: &str = "\"topic\":";

/// Bytes that most contents have at most. Beyond it: the text is moved while it grows.
const CONTENT_BYTES: usize = 512;

const TRACE: &str = "\"traceparent\":";

/// An update without a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The id of its event, by which the room recognizes repeats.
    pub event_id: String,
    /// Its metadata. `bytes` and `parts` are those of the content.
    pub entry: Entry,
    /// The encoded fields of the frame that follow `seq`, without braces.
    pub content: String,
}

/// The metadata of an update, for code that does not decode it. It is stored beside the update, so a new field needs a
/// default for the rows that do not have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its key: the state keeps the latest updates of each key.
    pub key: String,
    /// How many updates of this key the state keeps. 0: none, only the log has it.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub keep: usize,
    /// When its event occurred, if its key is ordered by that time and not by the order of arrival.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred: Option<Timestamp>,
    /// Its topic, for members that subscribe to some topics only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Who may see it; every member if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Box<Audience>>,
    /// The keys, or prefixes ending in `*`, whose updates leave the state. Only updates leave that nobody sees who does not
    /// see this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drops: Vec<String>,
    /// The step of the tally that it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Box<Step>>,
    /// Milliseconds that it may wait for others to take its place.
    #[serde(default, skip_serializing_if = "is_default")]
    pub patience_ms: u32,
    /// Whether it is sent at once, with all that waits, whatever the pace of a client.
    #[serde(default, skip_serializing_if = "is_default")]
    pub urgent: bool,
    /// Where its values are in its encoding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
    /// Bytes of its encoding.
    pub bytes: usize,
}

fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_one(keep: &usize) -> bool {
    *keep == 1
}

impl Entry {
    /// The metadata of an update that replaces the previous one of its key, and that everyone may see.
    pub fn new(key: String, bytes: usize) -> Self {
        let (occurred, topic, audience, parts) = (None, None, None, None);
        let (patience_ms, urgent) = (0, false);
        Self {
            key,
            keep: 1,
            occurred,
            topic,
            audience,
            drops: Vec::new(),
            step: None,
            patience_ms,
            urgent,
            parts,
            bytes,
        }
    }

    /// Its label.
    pub fn label(&self) -> Label<'_> {
        Label { topic: self.topic.as_deref(), audience: self.audience.as_deref() }
    }

    /// The label of the tally that it belongs to, if it belongs to one.
    pub fn tally(&self) -> Label<'_> {
        let unchanged = self.step.as_ref().and_then(|step| step.unchanged.as_ref());
        let audience = unchanged.map_or(&self.audience, |unchanged| &unchanged.audience);
        Label { audience: audience.as_deref(), ..self.label() }
    }

    /// Makes the update of a tally one for nobody, because it shows what the one before it shows.
    pub fn hush(&mut self) {
        let Some(step) = &mut self.step else { return };
        let audience = self.audience.replace(Box::default());
        step.unchanged = Some(Unchanged { audience });
        self.keep = 0;
    }
}

impl Update {
    /// Bytes that its content, key and label take as stored. The rest of its metadata is short and does not count.
    pub fn stored_bytes(&self) -> usize {
        let Entry { key, topic, audience, .. } = &self.entry;
        let label =
            topic.as_ref().map_or(0, encoded_bytes) + audience.as_ref().map_or(0, encoded_bytes);
        self.content.len() + encoded_bytes(key) + label
    }
}

/// The bytes that a value takes as JSON, counted without allocating the text.
pub fn encoded_bytes<T: Serialize>(value: &T) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting cannot fail. Encoding cannot fail either, because the values consist of strings and numbers.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

/// What an update says.
#[derive(Debug, Clone, Copy)]
pub struct Content<'c> {
    /// Its type.
    pub update_type: &'c str,
    /// When its event occurred.
    pub timestamp: &'c str,
    /// What its producer calls what it belongs to.
    pub correlation_id: Option<&'c str>,
    /// Its topic.
    pub topic: Option<&'c str>,
    /// The trace of its event.
    pub trace: Option<&'c TraceParent>,
    /// Its data.
    pub data: &'c Data<'c>,
}

impl Content<'_> {
    /// Encodes it. Returns the text with the places of its values.
    pub fn encode(&self) -> (String, Parts) {
        let mut text = Vec::with_capacity(CONTENT_BYTES);
        let first = [(TOPIC, self.topic), (TRACE, self.trace.map(TraceParent::as_str))];
        for (name, value) in first.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            field(&mut text, name, value);
            text.push(b',');
        }
        let update_type = field(&mut text, UPDATE_TYPE, self.update_type);
        let timestamp = field(&mut text, TIMESTAMP, self.timestamp);
        let correlation_id = self.correlation_id.map(|id| field(&mut text, CORRELATION_ID, id));
        let data = field(&mut text, DATA, self.data);
        // This cannot fail, because JSON is UTF-8.
        let text = String::from_utf8(text).unwrap_or_default();
        (text, Parts { update_type, timestamp, correlation_id, data })
    }
}

/// Writes a field. Returns where its value begins.
fn field<T: Serialize + ?Sized>(text: &mut Vec<u8>, name: &str, value: &T) -> usize {
    text.extend_from_slice(name.as_bytes());
    let at = text.len();
    // Strings and JSON values only, so encoding into memory cannot fail.
    let _ = serde_json::to_writer(text, value);
    at
}
