//! What the server says on a connection, read once.
//!
//! Only what a follower needs of each frame is kept; an update keeps the object it came as. What
//! a frame means for the position is decided in `follower`.

use roomcast::protocol::ids::{Epoch, Position, Seq};
use serde_json::Value;

/// One update, and the object it came as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Update {
    /// Its number.
    pub(crate) seq: Seq,
    /// The object as received.
    pub(crate) object: Value,
}

/// How the server brings a client to the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// There are no updates yet.
    None,
    /// The missed updates follow.
    Replayed,
    /// The state follows.
    Snapshot,
}

/// A frame of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The greeting, with the room's head.
    Connected(Position, Recovery),
    /// The updates after `prev`, up to `seq`.
    Updates {
        /// The position before it.
        prev: Seq,
        /// The position after it.
        seq: Seq,
        /// What is new.
        updates: Vec<Update>,
    },
    /// The state at exactly this position.
    State(Position, Vec<Update>),
    /// Something was wrong with a frame of ours.
    Error {
        /// What.
        code: String,
        /// What, in words.
        message: String,
    },
    /// The answer to a ping.
    Pong,
    /// A type that is not in this version of the protocol.
    Unknown,
}

impl Frame {
    /// Reads a frame; `None` where it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut value: Value = serde_json::from_str(text).ok()?;
        match value.get("type")?.as_str()? {
            "connected" => Some(Self::Connected(position(&value)?, recovery(&value)?)),
            "dashboard.update" => {
                let update = update(value)?;
                let (prev, seq) = (update.seq.checked_sub(1)?, update.seq);
                Some(Self::Updates { prev, seq, updates: vec![update] })
            }
            "dashboard.updates" => {
                let (prev, seq) = (number(&value, "prev")?, number(&value, "seq")?);
                Some(Self::Updates { prev, seq, updates: updates(&mut value)? })
            }
            "dashboard.state" => Some(Self::State(position(&value)?, updates(&mut value)?)),
            "error" => {
                let (code, message) = (text_of(&value, "code")?, text_of(&value, "message")?);
                Some(Self::Error { code, message })
            }
            "pong" => Some(Self::Pong),
            _ => Some(Self::Unknown),
        }
    }
}

fn position(value: &Value) -> Option<Position> {
    let epoch: Epoch = value.get("epoch")?.as_str()?.parse().ok()?;
    Some(Position { epoch, seq: number(value, "seq")? })
}

fn recovery(value: &Value) -> Option<Recovery> {
    match value.get("recovery")?.as_str()? {
        "none" => Some(Recovery::None),
        "replayed" => Some(Recovery::Replayed),
        "snapshot" => Some(Recovery::Snapshot),
        _ => None,
    }
}

fn updates(value: &mut Value) -> Option<Vec<Update>> {
    match value.get_mut("updates")?.take() {
        Value::Array(updates) => updates.into_iter().map(update).collect(),
        _ => None,
    }
}

fn update(object: Value) -> Option<Update> {
    Some(Update { seq: number(&object, "seq")?, object })
}

fn number(value: &Value, field: &str) -> Option<u64> {
    value.get(field)?.as_u64()
}

fn text_of(value: &Value, field: &str) -> Option<String> {
    Some(value.get(field)?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use roomcast::protocol::server_frame::PONG;

    use super::*;

    #[test]
    fn fields_and_types_that_are_not_known_are_ignored() {
        assert_eq!(Frame::parse(PONG), Some(Frame::Pong));
        assert_eq!(Frame::parse(r#"{"type":"weather","sun":true}"#), Some(Frame::Unknown));
        let update = r#"{"type":"dashboard.update","seq":42,"data":{"b":1,"a":2},"new":0}"#;
        let Some(Frame::Updates { prev: 41, seq: 42, updates }) = Frame::parse(update) else {
            panic!("not an update")
        };
        assert_eq!(updates[0].object.to_string(), update);
    }

    #[test]
    fn what_lacks_a_field_is_not_a_frame() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"dashboard.update"}"#,
            r#"{"type":"dashboard.update","seq":0}"#,
            r#"{"type":"dashboard.updates","seq":2,"prev":1}"#,
            r#"{"type":"dashboard.state","seq":2,"updates":[]}"#,
            r#"{"type":"connected","epoch":"5b1d000000000000","seq":2,"recovery":"magic"}"#,
        ] {
            assert_eq!(Frame::parse(text), None, "{text:?}");
        }
    }
}
