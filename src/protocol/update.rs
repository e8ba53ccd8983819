//! An update on its way into a room: mapped, encoded, not yet numbered.
//!
//! `ingest` makes it, the front Worker carries it, the room numbers it. Its content is encoded
//! once, here, and never decoded again.

use std::io;

use serde::Serialize;
use serde_json::{Map, Value};

use super::time::Timestamp;

/// What the room is handed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The id of the event it was made from: what makes repeating safe.
    pub event_id: String,
    /// What it replaces in the state: the latest [`Update::keep`] of a key rebuild the view.
    pub key: String,
    /// How many of this key the state keeps; at least 1.
    pub keep: usize,
    /// When the event occurred, where the latest of a key is the one that occurred last.
    pub occurred: Option<Timestamp>,
    /// The encoded fields of the frame that follow `seq`, without braces.
    pub content: String,
}

impl Update {
    /// Bytes that it takes in storage, apart from names and numbers of a fixed size.
    pub fn stored_bytes(&self) -> usize {
        self.content.len() + encoded_bytes(&self.key)
    }
}

/// Bytes of a value as JSON, without writing it anywhere.
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
    // Counting cannot fail, and neither can encoding what is used here: strings, numbers, lists of them.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'a> {
    update_type: &'a str,
    timestamp: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
    data: &'a Map<String, Value>,
}

/// Encodes the content of an update.
pub fn content(
    update_type: &str,
    timestamp: &str,
    correlation_id: Option<&str>,
    data: &Map<String, Value>,
) -> String {
    let object = Content { update_type, timestamp, correlation_id, data };
    // Strings and JSON values only: encoding them cannot fail.
    let text = serde_json::to_string(&object).unwrap_or_default();
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    inner.unwrap_or_default().to_owned()
}
