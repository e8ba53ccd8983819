//! Parses the frames that the server sends.
//!
//! Only what a viewer needs of each frame is kept; an update keeps its JSON object as received. `viewer` decides
//! what a frame means for the position.

use roomcast::protocol::follow::Heard;
use roomcast::protocol::ids::Seq;
use serde_json::Value;

/// One update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Update {
    /// Its `seq`.
    pub(crate) seq: Seq,
    /// Its JSON object, as received.
    pub(crate) object: Value,
}

/// A frame of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// What the frame says about positions, if anything, and its updates.
    Positioned(Heard, Vec<Update>),
    /// The server found a fault in a frame of this client.
    Error {
        /// The code of the fault.
        code: String,
        /// The fault in words.
        message: String,
    },
    /// The token ends soon, and the connection with it.
    Expiring {
        /// When, as received.
        at: String,
    },
    /// The answer to a ping.
    Pong,
}

impl Frame {
    /// Parses a frame; `None` if `text` is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        match value.get("type")?.as_str()? {
            "error" => {
                let (code, message) = (text_of(&value, "code")?, text_of(&value, "message")?);
                Some(Self::Error { code, message })
            }
            "auth.expiring" => Some(Self::Expiring { at: text_of(&value, "expiresAt")? }),
            "pong" => Some(Self::Pong),
            _ => {
                let heard = Heard::read(&value)?;
                let updates = updates(&heard, value)?;
                Some(Self::Positioned(heard, updates))
            }
        }
    }
}

/// The updates in a frame. A `dashboard.update` frame is itself the update.
fn updates(heard: &Heard, mut frame: Value) -> Option<Vec<Update>> {
    if matches!(heard, Heard::Connected { .. } | Heard::Other) {
        return Some(vec![]);
    }
    if frame.get("type")? == "dashboard.update" {
        return Some(vec![update(frame)?]);
    }
    match frame.get_mut("updates")?.take() {
        Value::Array(updates) => updates.into_iter().map(update).collect(),
        _ => None,
    }
}

fn update(object: Value) -> Option<Update> {
    Some(Update { seq: object.get("seq")?.as_u64()?, object })
}

fn text_of(value: &Value, field: &str) -> Option<String> {
    Some(value.get(field)?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use roomcast::protocol::server_frame::PONG;

    use super::*;

    #[test]
    fn unknown_fields_and_types_are_ignored() {
        assert_eq!(Frame::parse(PONG), Some(Frame::Pong));
        let unknown = Frame::parse(r#"{"type":"weather","sun":true}"#);
        assert_eq!(unknown, Some(Frame::Positioned(Heard::Other, vec![])));
        let update = r#"{"type":"dashboard.update","seq":42,"data":{"b":1,"a":2},"new":0}"#;
        let Some(Frame::Positioned(Heard::Updates { prev: 41, seq: 42 }, updates)) =
            Frame::parse(update)
        else {
            panic!("not an update")
        };
        assert_eq!(updates[0].object.to_string(), update);
    }

    #[test]
    fn a_text_that_lacks_a_field_is_not_a_frame() {
        for text in [
            "",
            "[]",
            r#"{"type":7}"#,
            r#"{"type":"dashboard.update","seq":0}"#,
            r#"{"type":"dashboard.updates","seq":2,"prev":1}"#,
            r#"{"type":"dashboard.state","seq":2,"epoch":"5b1d000000000000","updates":[{}]}"#,
            r#"{"type":"error","code":"bad_frame"}"#,
            r#"{"type":"auth.expiring"}"#,
        ] {
            assert_eq!(Frame::parse(text), None, "{text:?}");
        }
    }
}
