//! Company: what clients tell each other, and the room does not keep. *Presence* says who is here, and *signals* say what
//! somebody is doing: typing, a cursor.
//!
//! A document says which of it its clients may do; by default nothing. What clients send is read here once. Whom it reaches is
//! decided in the room, and the frames of it are in [`note`].

pub mod note;

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::client_frame::BadFrame;
use super::codes::FrameFault;
use super::defaults::is_default;
use super::topics::Topics;
use crate::limits::{PRESENCE_BYTES, SIGNAL_BYTES};

/// What the clients of a place may do besides watching.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// Whether they see who else is here, and are seen.
    #[serde(default, skip_serializing_if = "is_default")]
    pub presence: bool,
    /// Whether they may send signals, and get them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub signals: bool,
}

/// A client's frame for the others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema), schemars(tag = "type"))]
pub enum CompanyFrame {
    /// The client shows something of its user.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(rename = "presence.set", title = "SetPresenceFrame")
    )]
    SetPresence {
        /// What it shows, as JSON of at most 1,024 bytes; `null` for nothing.
        #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Value"))]
        data: Option<Rc<str>>,
    },
    /// The client wants to know who is here.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(rename = "presence.get", title = "GetPresenceFrame")
    )]
    GetPresence,
    /// The client tells the others something that counts now only.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(rename = "signal", title = "SendSignalFrame")
    )]
    Signal {
        /// The topic of those who are told; without it, all are.
        #[cfg_attr(not(target_arch = "wasm32"), schemars(skip_serializing_if = "Option::is_none"))]
        topic: Option<String>,
        /// What they are told, as JSON of at most 256 bytes.
        #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Value"))]
        data: String,
    },
}

impl CompanyFrame {
    /// The types of these frames.
    pub const TYPES: &'static str = "presence.set, presence.get, signal";

    /// Reads a frame of this type. `None` if it is of another.
    ///
    /// # Errors
    /// What is wrong with a field.
    pub fn read(
        kind: &str,
        fields: &Map<String, Value>,
        bad: impl Fn(FrameFault, &str) -> BadFrame,
    ) -> Option<Result<Self, BadFrame>> {
        Some(match kind {
            "presence.get" => Ok(Self::GetPresence),
            "presence.set" => {
                let data = data(fields, PRESENCE_BYTES, &bad);
                data.map(|data| Self::SetPresence { data: (data != "null").then(|| data.into()) })
            }
            "signal" => signal(fields, bad),
            _ => return None,
        })
    }
}

fn signal(
    fields: &Map<String, Value>,
    bad: impl Fn(FrameFault, &str) -> BadFrame,
) -> Result<CompanyFrame, BadFrame> {
    let topic = match fields.get("topic") {
        None => None,
        Some(Value::String(topic)) => Some(topic.clone()),
        Some(_) => return Err(bad(FrameFault::BadFrame, "`topic` must be a string")),
    };
    if let Some(topic) = &topic {
        Topics::parse([topic.as_str()])
            .map_err(|fault| bad(FrameFault::BadTopic, &fault.to_string()))?;
        if topic.ends_with('*') {
            return Err(bad(FrameFault::BadTopic, "a signal has one topic, without `*`"));
        }
    }
    let data = data(fields, SIGNAL_BYTES, &bad)?;
    Ok(CompanyFrame::Signal { topic, data })
}

fn data(
    fields: &Map<String, Value>,
    most: usize,
    bad: &impl Fn(FrameFault, &str) -> BadFrame,
) -> Result<String, BadFrame> {
    let Some(data) = fields.get("data") else {
        return Err(bad(FrameFault::BadFrame, "`data` is missing"));
    };
    let text = data.to_string();
    if text.len() > most {
        let message = format!("`data` must take at most {most} bytes as JSON");
        return Err(bad(FrameFault::BadFrame, &message));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::client_frame::ClientFrame;

    fn fault(text: &str) -> Option<&'static str> {
        ClientFrame::parse(text).err().map(|bad| bad.fault.code())
    }

    #[test]
    fn what_is_shown_and_signalled_is_limited_in_bytes_as_json() {
        for (kind, most) in [("presence.set", PRESENCE_BYTES), ("signal", SIGNAL_BYTES)] {
            // Two quotes, and two bytes for each character.
            let frame = |more: &str| {
                format!(r#"{{"type":"{kind}","data":"{}{more}"}}"#, "é".repeat(most / 2 - 1))
            };
            assert_eq!(
                (fault(&frame("")), fault(&frame("x"))),
                (None, Some("bad_frame")),
                "{kind}"
            );
        }
    }

    #[test]
    fn a_signal_has_one_topic_or_none() {
        let frame = |topic: &str| format!(r#"{{"type":"signal","topic":{topic},"data":1}}"#);
        assert_eq!(fault(&frame(r#""project:7""#)), None);
        assert_eq!(fault(&frame("7")), Some("bad_frame"));
        for topic in [r#""""#, r#""a*""#, r#""*""#, r#""a,b""#] {
            assert_eq!(fault(&frame(topic)), Some("bad_topic"), "{topic}");
        }
        assert_eq!(fault(r#"{"type":"signal"}"#), Some("bad_frame"));
    }

    #[test]
    fn null_shows_nothing() {
        let (frame, _) = ClientFrame::parse(r#"{"type":"presence.set","data":null}"#).unwrap();
        let nothing = CompanyFrame::SetPresence { data: None };
        assert_eq!(frame, ClientFrame::Company(nothing));
        assert_eq!(fault(r#"{"type":"presence.set"}"#), Some("bad_frame"));
    }
}
