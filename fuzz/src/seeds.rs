//! The files of the repository that inputs begin with.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

/// The examples of each built-in document, in the order of `roomcast::preset::BUILT_IN`.
pub const EXAMPLES: [&str; 4] = ["decision-session", "admin", "projects", "stats"];

/// The text of a file, by its path from the root of the repository.
pub fn file(path: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file as JSON.
pub fn json(path: &str) -> Value {
    serde_json::from_str(&file(path)).unwrap()
}

/// The events of an example: the first of each type, so that there are few of them.
pub fn events(example: &str) -> Vec<Value> {
    let mut events: Vec<Value> = Vec::new();
    for line in file(&format!("examples/{example}.jsonl")).lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        if events.iter().all(|other| other["event_type"] != event["event_type"]) {
            events.push(event);
        }
    }
    events
}

/// All texts below a value.
pub fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
