//! Updates as the front Worker delivers them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use roomcast::protocol::update::{content, Entry, Update};
use serde_json::json;

/// An update as the front Worker delivers it.
pub(crate) fn update(event_id: &str, key: &str, keep: usize) -> Update {
    let data = json!({"id": event_id});
    let (content, parts) = content("test", "2026-01-07T10:00:00Z", None, data.as_object().unwrap());
    let known = Entry::new(key.into(), content.len());
    Update {
        event_id: event_id.into(),
        entry: Entry { keep, parts: Some(parts), ..known },
        content,
    }
}
