//! The dialects that documents describe: each update is a frame as its wire says. No positions.
//!
//! What the wire does not describe has Roomcast's own form.

mod company;

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::{Map, Value};

use self::company::note;
use super::{plain, Frames};
use crate::protocol::client_frame::{BadFrame, ClientFrame};
use crate::protocol::codes::{CloseReason, FrameFault};
use crate::protocol::form::{quoted, Form};
use crate::protocol::ids::Seq;
use crate::protocol::parts::Slices;
use crate::protocol::server_frame::{self, PONG};
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Topics;
use crate::protocol::wire::{Accept, Act, First, Refresh, WireForm};
use crate::room::outgoing::{Greeting, Message, Slice};
use crate::room::Said;

/// The frames of a message to a client that sees these topics.
pub(super) fn message(
    wire: &WireForm,
    message: &Message,
    topics: &Topics,
    now: Timestamp,
) -> Frames {
    match message {
        Message::Connected(greeting) => connected(wire, greeting),
        Message::State(snapshot) => state(wire, &snapshot.each, topics, now),
        Message::Updates(updates) => each(wire, &updates.each, now),
        Message::Subscribed { reference, topics, added } => {
            subscribed(wire, reference.as_deref(), topics, (&added.each, now))
        }
        Message::Unsubscribed { reference, topics, .. } => {
            vec![unsubscribed(wire, reference.as_deref(), topics)]
        }
        Message::Expiring { expires } => expiring(wire, *expires, now),
        Message::Company(about) => vec![note(wire, about, now)],
        Message::Pong => vec![pong(wire)],
        Message::Error { bad, at } => vec![error(wire, bad, *at)],
        Message::Paced { .. }
        | Message::Refreshed { .. }
        | Message::Returning { .. }
        | Message::Done { .. } => plain::message(message),
    }
}

fn connected(wire: &WireForm, greeting: &Greeting) -> Frames {
    let values = |name: &str| match name {
        "session" => Some(quoted(greeting.session.as_str()).into()),
        "client" => Some(quoted(greeting.client.as_str()).into()),
        _ => at(name, greeting.at),
    };
    wire.greeting.iter().map(|form| form.fill(&values).into()).collect()
}

/// One frame per update.
pub(super) fn each(wire: &WireForm, slices: &[Slice], now: Timestamp) -> Frames {
    slices.iter().filter_map(|slice| update(&wire.update, slice, now)).collect()
}

/// What a client is sent first: the updates of the types that it wants first, and initial data of those that it lacks.
fn state(wire: &WireForm, slices: &[Slice], topics: &Topics, now: Timestamp) -> Frames {
    let mut frames = Frames::new();
    for first in &wire.first {
        let before = frames.len();
        frames.extend(first.frames(&wire.update, slices, now));
        if frames.len() == before {
            frames.extend(first.initial(&wire.update, topics, now));
        }
    }
    frames
}

/// The updates that are sent again.
pub(super) fn refresh(
    wire: &WireForm,
    slices: &[Slice],
    topics: &Topics,
    now: Timestamp,
) -> Frames {
    let Some(Refresh { types, .. }) = &wire.refresh else { return Frames::new() };
    let mut frames = Frames::new();
    for kind in types {
        let latest = slices.iter().rfind(|slice| slice.is_of(kind));
        let again = latest.and_then(|slice| update(&wire.update, slice, now));
        let initial = || {
            let mut first = wire.first.iter().filter(|first| first.is_of(kind));
            first.find_map(|first| first.initial(&wire.update, topics, now))
        };
        frames.extend(again.or_else(initial));
    }
    frames
}

fn subscribed(
    wire: &WireForm,
    reference: Option<&str>,
    topics: &Topics,
    (added, now): (&[Slice], Timestamp),
) -> Frames {
    let mut frames = match &wire.subscribed {
        Some(form) => vec![answer(form, reference, topics)],
        None => plain::subscribed(reference, topics, &[]),
    };
    for first in &wire.first {
        frames.extend(first.frames(&wire.update, added, now));
    }
    frames
}

fn unsubscribed(wire: &WireForm, reference: Option<&str>, topics: &Topics) -> Rc<str> {
    match &wire.unsubscribed {
        Some(form) => answer(form, reference, topics),
        None => server_frame::unsubscribed(reference, topics).into(),
    }
}

fn answer(form: &Form, reference: Option<&str>, topics: &Topics) -> Rc<str> {
    let values = |name: &str| match name {
        "topics" => Some(serde_json::to_string(topics).unwrap_or_default().into()),
        "ref" => reference.map(|reference| quoted(reference).into()),
        _ => None,
    };
    form.fill(&values).into()
}

fn pong(wire: &WireForm) -> Rc<str> {
    wire.pong.as_ref().map_or_else(|| PONG.into(), |form| form.fill(&|_| None).into())
}

fn error(wire: &WireForm, bad: &BadFrame, now: Timestamp) -> Rc<str> {
    let values = |name: &str| match name {
        "code" => Some(quoted(bad.fault.code()).into()),
        "message" => Some(quoted(&bad.message).into()),
        "ref" => bad.reference.as_deref().map(|reference| quoted(reference).into()),
        _ => at(name, now),
    };
    let own = wire.error.as_ref().map(|form| form.fill(&values));
    own.unwrap_or_else(|| server_frame::error(bad, now)).into()
}

/// The notice before a connection is closed.
pub(super) fn notice(wire: &WireForm, reason: CloseReason, now: Timestamp) -> Frames {
    let values = |name: &str| match name {
        "code" => Some(reason.close().number().to_string().into()),
        "reason" => Some(quoted(reason.code()).into()),
        _ => at(name, now),
    };
    wire.notice.iter().map(|form| form.fill(&values).into()).collect()
}

/// The notice that the grant of a client ends soon.
fn expiring(wire: &WireForm, expires: Timestamp, now: Timestamp) -> Frames {
    let values = |name: &str| match name {
        "expires_at" => Some(quoted(&expires.rfc3339()).into()),
        _ => at(name, now),
    };
    wire.expiring.iter().map(|form| form.fill(&values).into()).collect()
}

fn at(name: &str, now: Timestamp) -> Option<Cow<'static, str>> {
    (name == "now").then(|| quoted(&now.rfc3339()).into())
}

/// The frame of an update. `None` if a stored update cannot be read.
fn update(form: &Form, slice: &Slice, now: Timestamp) -> Option<Rc<str>> {
    let slices = slice.values()?;
    Some(form.fill(&|name| value(name, &slices, slice.seq, now)).into())
}

/// The value of an update that documents have this name for.
pub(super) fn value<'s>(
    name: &str,
    slices: &Slices<'s>,
    seq: Seq,
    now: Timestamp,
) -> Option<Cow<'s, str>> {
    match name {
        "type" => Some(slices.update_type.into()),
        "data" => Some(slices.data.into()),
        "timestamp" => Some(in_utc(slices.timestamp)),
        "correlation_id" => slices.correlation_id.map(Cow::Borrowed),
        "seq" => Some(seq.to_string().into()),
        _ => at(name, now),
    }
}

/// A quoted time in UTC.
fn in_utc(quoted_time: &str) -> Cow<'_, str> {
    if quoted_time.ends_with("Z\"") {
        return quoted_time.into();
    }
    let time = Timestamp::from_rfc3339(quoted_time.trim_matches('"'));
    time.map_or(quoted_time.into(), |time| quoted(&time.rfc3339()).into())
}

impl First {
    fn is_of(&self, kind: &str) -> bool {
        match self {
            Self::Type(pattern) => pattern.matches(kind),
            Self::Initial { kind: own, .. } => own == kind,
        }
    }

    fn wants(&self, slice: &Slice) -> bool {
        slice.values().and_then(|values| values.kind()).is_some_and(|kind| self.is_of(kind))
    }

    /// The frames of the updates that it names.
    fn frames<'f>(
        &'f self,
        form: &'f Form,
        slices: &'f [Slice],
        now: Timestamp,
    ) -> impl Iterator<Item = Rc<str>> + 'f {
        let wanted = slices.iter().filter(|slice| self.wants(slice));
        wanted.filter_map(move |slice| update(form, slice, now))
    }

    /// The frame of its initial data, for a client that sees these topics.
    fn initial(&self, form: &Form, topics: &Topics, now: Timestamp) -> Option<Rc<str>> {
        let Self::Initial { kind, initial, topic } = self else { return None };
        if !topic.as_ref().is_none_or(|topic| topics.contains(topic)) {
            return None;
        }
        let values = |name: &str| match name {
            "type" => Some(quoted(kind).into()),
            "data" => Some(serde_json::to_string(initial).unwrap_or_default().into()),
            "timestamp" => at("now", now),
            "seq" => Some("0".into()),
            _ => at(name, now),
        };
        Some(form.fill(&values).into())
    }
}

/// Decodes a frame that the wire describes; others are Roomcast's own.
pub(super) fn decode(wire: &WireForm, text: &str) -> Said {
    let fields: Option<Map<String, Value>> = serde_json::from_str(text).ok();
    let accepted = fields.as_ref().and_then(|fields| {
        let accept = wire.accepts.iter().find(|accept| accept.describes(fields))?;
        Some(accept.read(fields))
    });
    let read = accepted.unwrap_or_else(|| ClientFrame::parse(text));
    read.map_or_else(Said::Bad, |(frame, reference)| Said::Frame { frame, reference })
}

impl Accept {
    fn describes(&self, fields: &Map<String, Value>) -> bool {
        self.when.iter().all(|(name, value)| fields.get(name) == Some(value))
    }

    fn read(&self, fields: &Map<String, Value>) -> Result<(ClientFrame, Option<String>), BadFrame> {
        let reference = self.reference.as_ref().and_then(|name| fields.get(name)?.as_str());
        let reference = reference.map(str::to_owned);
        let topics = || self.topics(fields, reference.clone());
        let frame = match self.act {
            Act::Subscribe => ClientFrame::Subscribe { topics: topics()?, most: None },
            Act::Unsubscribe => ClientFrame::Unsubscribe { topics: topics()? },
            Act::Ping => ClientFrame::Ping,
            Act::State => ClientFrame::RequestState,
            Act::SetPresence | Act::GetPresence | Act::Signal => {
                ClientFrame::Company(self.company(fields, reference.as_deref())?)
            }
        };
        Ok((frame, reference))
    }

    fn topics(
        &self,
        fields: &Map<String, Value>,
        reference: Option<String>,
    ) -> Result<Topics, BadFrame> {
        let bad = |fault, message, reference| BadFrame { fault, message, reference };
        let Some(template) = &self.topic else { return Ok(Topics::none()) };
        let topic = match template.fill(&|name| fields.get(name)) {
            Ok(topic) => topic,
            Err(field) => {
                let message =
                    format!("`{field}` must be a text of 1 to 128 characters or a number");
                return Err(bad(FrameFault::BadFrame, message, reference));
            }
        };
        let parsed = Topics::parse([topic.as_str()]);
        parsed.map_err(|wrong| bad(FrameFault::BadTopic, wrong.to_string(), reference))
    }
}

#[cfg(test)]
mod tests;
