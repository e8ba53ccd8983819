//! The frames of clients, parsed once. How they are answered is decided in the room.
//!
//! The runtime answers the exact ping, so only pings with another text arrive here.

use serde_json::{Map, Value};

use super::bearer::Bearer;
use super::codes::FrameFault;
use super::company::CompanyFrame;
use super::ids::Seq;
use super::json;
use super::surrogates::mended;
use super::topics::Topics;
use crate::limits::{PACE_MAX_MS, PACE_STEP_MS, REF_CHARS};

/// A well-formed frame of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema), schemars(tag = "type"))]
pub enum ClientFrame {
    /// The client wants a `pong`. The exact text `{"type":"ping"}` is answered without waking the room.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "ping", title = "PingFrame"))]
    Ping,
    /// The client wants the state.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(rename = "request.state", title = "RequestStateFrame")
    )]
    RequestState,
    /// The client has applied everything up to `seq`. At most once a second, and only after updates or a state. Without acks,
    /// only pings show how well a client keeps up.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "ack", title = "AckFrame"))]
    Ack {
        /// The last update that was applied.
        seq: Seq,
    },
    /// The client wants to see these topics too.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(rename = "subscribe", title = "SubscribeFrame")
    )]
    Subscribe {
        /// Names of topics, or prefixes followed by `*`.
        topics: Topics,
        /// How many members may have them at once, if the document limits that.
        #[cfg_attr(not(target_arch = "wasm32"), schemars(skip))]
        most: Option<usize>,
    },
    /// The client no longer wants to see these topics.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(rename = "unsubscribe", title = "UnsubscribeFrame")
    )]
    Unsubscribe {
        /// Names of topics, or prefixes followed by `*`.
        topics: Topics,
    },
    /// The client wants so much time between two frames.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "pace", title = "PaceFrame"))]
    Pace {
        /// Milliseconds, from 0 for none to 60,000. They count as the next multiple of 250.
        ms: u32,
    },
    /// The client has a new token.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(rename = "auth.refresh", title = "RefreshFrame")
    )]
    Refresh {
        /// The token, which nobody has verified yet.
        token: Bearer,
    },
    /// The client has something for the others.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(skip))]
    Company(CompanyFrame),
}

/// A frame that was refused: what is wrong, and its `ref`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFrame {
    /// The kind of fault.
    pub fault: FrameFault,
    /// What is wrong and how to fix it. Never repeats the frame's content.
    pub message: String,
    /// The frame's `ref`, which the error repeats.
    pub reference: Option<String>,
}

impl ClientFrame {
    /// Reads a frame.
    ///
    /// # Errors
    /// [`BadFrame`] when `text` is not one of the frames of `docs/protocol.md`.
    pub fn parse(text: &str) -> Result<(Self, Option<String>), BadFrame> {
        let fields = object(text)?;
        let reference = reference(&fields)?;
        let bad = |fault, message: &str| BadFrame {
            fault,
            message: message.to_owned(),
            reference: reference.clone(),
        };
        let Some(kind) = fields.get("type").and_then(Value::as_str) else {
            return Err(bad(FrameFault::BadFrame, "`type` must be a string"));
        };
        let frame = match kind {
            "ping" => Self::Ping,
            "request.state" => Self::RequestState,
            "ack" => match fields.get("seq").and_then(Value::as_u64) {
                Some(seq) => Self::Ack { seq },
                None => return Err(bad(FrameFault::BadFrame, "`seq` must be a whole number")),
            },
            "subscribe" => Self::Subscribe { topics: topics(&fields, bad)?, most: None },
            "pace" => match fields.get("ms").and_then(Value::as_u64).and_then(pace) {
                Some(ms) => Self::Pace { ms },
                None => return Err(bad(FrameFault::BadFrame, BAD_PACE)),
            },
            "unsubscribe" => Self::Unsubscribe { topics: topics(&fields, bad)? },
            "auth.refresh" => match fields.get("token").and_then(Value::as_str) {
                Some(token) if !token.is_empty() => Self::Refresh { token: token.into() },
                _ => return Err(bad(FrameFault::BadFrame, "`token` must be a token")),
            },
            other => match CompanyFrame::read(other, &fields, bad) {
                Some(frame) => Self::Company(frame?),
                None => return Err(bad(FrameFault::UnknownType, &known_types())),
            },
        };
        Ok((frame, reference))
    }
}

const BAD_PACE: &str = "`ms` must be a whole number from 0 to 60000";

/// A pace in milliseconds, rounded up to the next multiple of [`PACE_STEP_MS`]. `None` if it is too long.
pub fn pace(ms: u64) -> Option<u32> {
    let ms = u32::try_from(ms).ok().filter(|ms| *ms <= PACE_MAX_MS)?;
    Some(ms.next_multiple_of(PACE_STEP_MS))
}

fn known_types() -> String {
    let types = "ping, request.state, ack, subscribe, unsubscribe, pace, auth.refresh";
    format!("`type` must be one of {types}, {}", CompanyFrame::TYPES)
}

fn topics(
    fields: &Map<String, Value>,
    bad: impl Fn(FrameFault, &str) -> BadFrame,
) -> Result<Topics, BadFrame> {
    let list = fields.get("topics").and_then(Value::as_array);
    let names: Option<Vec<&str>> = list.and_then(|list| list.iter().map(Value::as_str).collect());
    let names =
        names.ok_or_else(|| bad(FrameFault::BadFrame, "`topics` must be a list of strings"))?;
    Topics::parse(names).map_err(|fault| bad(FrameFault::BadTopic, &fault.to_string()))
}

fn object(text: &str) -> Result<Map<String, Value>, BadFrame> {
    json::read(&mended(text.as_bytes())).map_err(|_| BadFrame {
        fault: FrameFault::BadFrame,
        message: "a frame must be a JSON object".to_owned(),
        reference: None,
    })
}

fn reference(fields: &Map<String, Value>) -> Result<Option<String>, BadFrame> {
    match fields.get("ref") {
        None => Ok(None),
        Some(Value::String(text)) if text.chars().count() <= REF_CHARS => Ok(Some(text.clone())),
        Some(_) => Err(BadFrame {
            fault: FrameFault::BadFrame,
            message: format!("`ref` must be a string of at most {REF_CHARS} characters"),
            reference: None,
        }),
    }
}
