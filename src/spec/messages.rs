//! The frames as messages, and what answers what.

use serde_json::{json, Map, Value};

use super::examples;
use super::schemas::{reference, sentence, Schemas, JSON};
use crate::protocol::schema::Declaration;

/// Who sends a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// The server.
    Server,
    /// A client.
    Client,
}

/// A frame.
pub(super) struct Frame {
    /// The name of its schema, and of the message.
    pub(super) name: String,
    /// Its `type`.
    pub(super) kind: String,
    /// Who sends it.
    pub(super) sender: Sender,
    /// Whether it is about other clients.
    pub(super) company: bool,
    about: String,
}

/// The name of the message of compressed frames.
pub(super) const COMPRESSED: &str = "CompressedFrame";

/// All frames. Their schemas are declared.
pub(super) fn frames(schemas: &mut Schemas) -> Vec<Frame> {
    let types = schemas.types();
    let (to_client, to_server) = (types.to_client(), types.to_server());
    let (told, sent) = types.company();
    let groups = [
        (to_client, Sender::Server, false),
        (told, Sender::Server, true),
        (to_server, Sender::Client, false),
        (sent, Sender::Client, true),
    ];
    let mut frames = Vec::new();
    for (group, sender, company) in groups {
        frames.extend(group.iter().map(|one| frame(one, sender, company)));
        schemas.declare(group);
    }
    frames
}

fn frame(declared: &Declaration, sender: Sender, company: bool) -> Frame {
    let text = |place: &str| declared.schema.pointer(place).and_then(Value::as_str);
    // An update alone is an update with more fields.
    let kind = text("/properties/type/const").unwrap_or("dashboard.update").to_owned();
    let about = sentence(text("/description").unwrap_or_default());
    Frame { name: declared.name.clone(), kind, sender, company, about }
}

/// The messages of all frames.
pub(super) fn messages(frames: &[Frame]) -> Map<String, Value> {
    let entry = |frame: &Frame| (frame.name.clone(), message(frame));
    let compressed = (COMPRESSED.to_owned(), compressed());
    frames.iter().map(entry).chain([compressed]).collect()
}

fn message(frame: &Frame) -> Value {
    let shown = match frame.sender {
        Sender::Server => examples::sent(&frame.kind),
        Sender::Client => examples::said(&frame.kind),
    };
    let shown: Vec<_> = shown.into_iter().map(|payload| json!({ "payload": payload })).collect();
    json!({
        "name": frame.kind,
        "title": frame.kind,
        "summary": frame.about,
        "contentType": JSON,
        "payload": reference(&frame.name),
        "examples": shown,
    })
}

fn compressed() -> Value {
    json!({
        "name": "compressed",
        "title": "A compressed frame",
        "summary": "A frame of the tail as a binary frame, for clients that connected with `compress=deflate`.",
        "description": COMPRESSED_ABOUT,
        "contentType": "application/octet-stream",
        "payload": {
            "type": "string",
            "contentEncoding": "base16",
            "description": "The bytes, which are in hex in the example only.",
        },
        "examples": [{ "payload": examples::deflated() }],
    })
}

const COMPRESSED_ABOUT: &str = "\
The first byte is 0 if the history before the frame is the dictionary, or 1 if it is that of the last binary frame and its text. The rest is \
the text of a frame as raw deflate (RFC 1951), flushed to a whole byte, without the last four bytes `00 00 ff ff`. docs/protocol.md has the \
dictionary.";

/// The types of the frames that answer a frame of a client. `error` can answer any of them but the exact ping.
pub(super) fn answers(kind: &str) -> &'static [&'static str] {
    match kind {
        "ping" => &["pong"],
        "request.state" | "ack" => &["dashboard.state", "error"],
        "subscribe" => &["subscribed", "error"],
        "unsubscribe" => &["unsubscribed", "error"],
        "pace" => &["paced", "error"],
        "auth.refresh" => &["auth.refreshed", "error"],
        "presence.get" => &["presence.state", "error"],
        _ => &["error"],
    }
}
