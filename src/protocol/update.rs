//! An update on its way into a room: mapped, encoded, not yet numbered.
//!
//! `ingest` makes it, the front Worker carries it, the room numbers it. Its content is encoded
//! once, here, and never decoded again.

use std::io;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::parts::{Parts, CORRELATION_ID, DATA, TIMESTAMP, UPDATE_TYPE};
use super::time::Timestamp;

/// What the room is handed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The id of the event it was made from: what makes repeating safe.
    pub event_id: String,
    /// What is known of it. Its bytes and its parts are those of the content.
    pub entry: Entry,
    /// The encoded fields of the frame that follow `seq`, without braces.
    pub content: String,
}

/// What is known of an update without decoding it. It is stored beside the update: a field that is added needs a
/// default, because rows without it exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What it replaces in the state: the latest [`Entry::keep`] of a key rebuild the view.
    pub key: String,
    /// How many of this key the state keeps; at least 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub keep: usize,
    /// When its event occurred, if the latest of its key is the one that occurred last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred: Option<Timestamp>,
    /// What it is about, for members that subscribe to some topics only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Who may see it. Without an audience: every member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Box<Audience>>,
    /// Where its values lie in its encoding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
    /// Bytes of its encoding.
    pub bytes: usize,
}

/// Who may see an update: these users, and whoever has all of these permissions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Users, as tokens name them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    /// Permissions, as tokens name them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
}

fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_one(keep: &usize) -> bool {
    *keep == 1
}

impl Entry {
    /// Of an update that replaces the one before under its key, and that everyone may see.
    pub fn new(key: String, bytes: usize) -> Self {
        let (occurred, topic, audience, parts) = (None, None, None, None);
        Self { key, keep: 1, occurred, topic, audience, parts, bytes }
    }
}

impl Update {
    /// Bytes that it takes in storage, apart from names and numbers of a fixed size.
    pub fn stored_bytes(&self) -> usize {
        self.content.len() + encoded_bytes(&self.entry.key)
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

/// Encodes the content of an update, and says where its values lie.
pub fn content(
    update_type: &str,
    timestamp: &str,
    correlation_id: Option<&str>,
    data: &Map<String, Value>,
) -> (String, Parts) {
    let mut text = Vec::new();
    let update_type = field(&mut text, UPDATE_TYPE, &update_type);
    let timestamp = field(&mut text, TIMESTAMP, &timestamp);
    let correlation_id = correlation_id.map(|id| field(&mut text, CORRELATION_ID, &id));
    let data = field(&mut text, DATA, data);
    // JSON is UTF-8.
    let text = String::from_utf8(text).unwrap_or_default();
    (text, Parts { update_type, timestamp, correlation_id, data })
}

/// Writes a field. Returns where its value begins.
fn field<T: Serialize + ?Sized>(text: &mut Vec<u8>, name: &str, value: &T) -> usize {
    text.extend_from_slice(name.as_bytes());
    let at = text.len();
    // Strings and JSON values only: encoding them into memory cannot fail.
    let _ = serde_json::to_writer(text, value);
    at
}
