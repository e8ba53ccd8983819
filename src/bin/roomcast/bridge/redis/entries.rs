//! The entries of a stream, out of the answer of Redis.
//!
//! They are read here and not by the library, which forgets the order of fields, and which entries were deleted.

use redis::Value;
use roomcast::protocol::time::Timestamp;
use serde_json::Map;

use crate::bridge::source::{id, text, Message};

/// An entry that was handed out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// Its id in the stream.
    pub(super) id: String,
    /// It was deleted, or trimmed away, before it was read.
    pub(super) deleted: bool,
    fields: Map<String, serde_json::Value>,
}

impl Entry {
    /// The entry as a message.
    pub(super) fn message(&self, stream: &str) -> Message {
        let mut message = Message::new(id(stream, &self.id), self.time(), self.fields.clone());
        message.fields.insert("@stream".to_owned(), stream.into());
        message
    }

    /// An id begins with the milliseconds at which Redis took the entry, unless its writer chose another.
    fn time(&self) -> Option<String> {
        let ms = self.id.split_once('-')?.0.parse().ok().map(Timestamp)?;
        (ms <= Timestamp::LAST_WRITTEN).then(|| ms.rfc3339())
    }
}

/// The entries in an answer about one stream.
pub(super) fn read(answer: Value) -> Vec<Entry> {
    let stream = list(answer).into_iter().next().map(list).unwrap_or_default();
    stream.into_iter().nth(1).map(list).unwrap_or_default().into_iter().filter_map(entry).collect()
}

fn entry(value: Value) -> Option<Entry> {
    let mut parts = list(value).into_iter();
    let id = name(&parts.next()?)?;
    let fields = parts.next()?;
    let deleted = fields == Value::Nil;
    let mut values = list(fields).into_iter();
    let mut fields = Map::new();
    while let (Some(field), Some(value)) = (values.next(), values.next()) {
        fields.insert(name(&field)?, content(&value));
    }
    Some(Entry { id, deleted, fields })
}

fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

fn name(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}

fn content(value: &Value) -> serde_json::Value {
    match value {
        Value::BulkString(bytes) => text(bytes),
        Value::SimpleString(text) => text.as_str().into(),
        Value::Int(number) => number.to_string().into(),
        _ => serde_json::Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bulk(text: &[u8]) -> Value {
        Value::BulkString(text.to_vec())
    }

    fn answer(entries: Vec<Value>) -> Value {
        Value::Array(vec![Value::Array(vec![bulk(b"orders"), Value::Array(entries)])])
    }

    #[test]
    fn an_entry_keeps_the_order_of_its_fields_and_says_when_it_was_added() {
        let fields = [&b"z"[..], b"1", b"a", b"{}", b"bytes", b"\xff"].map(bulk).to_vec();
        let entries =
            read(answer(vec![Value::Array(vec![bulk(b"1767780000123-0"), Value::Array(fields)])]));
        let message = entries[0].message("orders");
        assert_eq!(message.id, "orders:1767780000123-0");
        let own = json!({"z": "1", "a": "{}", "bytes": null});
        assert_eq!(serde_json::to_string(&message.own()).unwrap(), own.to_string());
        assert_eq!(message.fields["@time"], "2026-01-07T10:00:00.123Z");
        assert_eq!(message.fields["@stream"], "orders");
    }

    #[test]
    fn an_entry_that_was_deleted_is_told_from_one_without_fields() {
        let entries = read(answer(vec![Value::Array(vec![bulk(b"1-0"), Value::Nil])]));
        assert!(entries[0].deleted);
        assert_eq!(read(Value::Nil), []);
    }
}
