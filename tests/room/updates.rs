//! Updates as the front Worker delivers them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use roomcast::protocol::label::Label;
use roomcast::protocol::update::{Content, Entry, Update};
use serde_json::json;

/// An update as the front Worker delivers it.
pub(crate) fn update(event_id: &str, key: &str, keep: usize) -> Update {
    labelled(event_id, key, keep, Label::default())
}

/// An update with a label.
pub(crate) fn labelled(event_id: &str, key: &str, keep: usize, label: Label<'_>) -> Update {
    let topic = label.topic;
    let data = json!({"id": event_id});
    let content = Content {
        update_type: "test",
        timestamp: "2026-01-07T10:00:00Z",
        correlation_id: None,
        topic,
        trace: None,
        data: &data.as_object().unwrap().into(),
    };
    let (content, parts) = content.encode();
    let known = Entry::new(key.into(), content.len());
    Update {
        event_id: event_id.into(),
        entry: Entry {
            keep,
            topic: topic.map(str::to_owned),
            audience: label.audience.cloned().map(Box::new),
            parts: Some(parts),
            ..known
        },
        content,
    }
}
