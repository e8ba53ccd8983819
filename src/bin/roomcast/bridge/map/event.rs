//! What a message becomes: an event, nothing, or a dead letter.
//!
//! An event is made as the server wants it; that what is in it is right is for the server to check.

use std::borrow::Cow;

use roomcast::protocol::codes::ProblemCode;
use roomcast::protocol::problem::{Malformed, Problem};
use roomcast::protocol::time::Timestamp;
use serde_json::{Map as Object, Value};

use super::document::Map;
use super::fields::as_object;
use super::place::Place;
use super::value::{written, Given};
use crate::posting::batch::EVENT_BYTES;

/// What a message becomes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mapped {
    /// This event, as JSON.
    Event(String),
    /// Nothing: the map does not want it.
    Skipped,
    /// Nothing, as it cannot become an event.
    Dead(Problem),
}

/// Where an event is found if the map does not say it.
const USUAL: &str = "/event | /data";

const NONE: &str = "there is no event at /event or /data, and the message itself is none";

/// The two spellings of a field of an event.
type Name = (&'static str, &'static str);

const EVENT_ID: Name = ("event_id", "eventId");
const EVENT_TYPE: Name = ("event_type", "eventType");
const AGGREGATE_TYPE: Name = ("aggregate_type", "aggregateType");
const AGGREGATE_ID: Name = ("aggregate_id", "aggregateId");
const OCCURRED_AT: Name = ("occurred_at", "occurredAt");

/// A field that cannot be made, and why.
type Fault = (String, String);

type Fields = Object<String, Value>;

impl Map {
    /// What a message becomes.
    pub(crate) fn apply(&self, message: &Fields) -> Mapped {
        if !self.wants(message) {
            return Mapped::Skipped;
        }
        let event = match self.event(message) {
            Ok(event) => Value::Object(event).to_string(),
            Err((field, reason)) => return Mapped::Dead(malformed(field, reason)),
        };
        match event.len() {
            0..=EVENT_BYTES => Mapped::Event(event),
            bytes => Mapped::Dead(too_large(bytes)),
        }
    }

    fn event(&self, message: &Fields) -> Result<Fields, Fault> {
        let mut event = self.found(message)?;
        for (name, given) in [
            (EVENT_ID, &self.event_id),
            (EVENT_TYPE, &self.event_type),
            (AGGREGATE_TYPE, &self.aggregate_type),
            (AGGREGATE_ID, &self.aggregate_id),
        ] {
            if let Some(value) = text(name.0, given.as_ref(), message)? {
                put(&mut event, name, value);
            }
        }
        if let Some(given) = &self.occurred_at {
            let value = given.of(message).map_err(|reason| (OCCURRED_AT.0.to_owned(), reason))?;
            put(&mut event, OCCURRED_AT, time(value.into_owned()));
        }
        for (name, object) in [("payload", &self.payload), ("metadata", &self.metadata)] {
            if let Some(object) = object {
                let value = object.of(message).map_err(|fault| below(name, fault))?;
                event.insert(name.to_owned(), value);
            }
        }
        add_what_the_bus_says(message, &mut event);
        if let Some(session) = text("session", self.session.as_ref(), message)? {
            add_session(session, &mut event);
        }
        Ok(event)
    }

    /// The event that is in the message, or the beginning of one.
    fn found(&self, message: &Fields) -> Result<Fields, Fault> {
        if self.composes() {
            return Ok(Fields::new());
        }
        if let Some(place) = &self.event {
            let reason = || format!("there is no JSON object at {}", place.text());
            return object_at(place, message).ok_or_else(|| (String::new(), reason()));
        }
        let usual = Place::parse(USUAL).ok();
        if let Some(event) = usual.and_then(|place| object_at(&place, message)) {
            return Ok(event);
        }
        let itself = has(message, EVENT_TYPE).then(|| itself(message));
        itself.ok_or_else(|| (String::new(), NONE.to_owned()))
    }
}

fn object_at(place: &Place, message: &Fields) -> Option<Fields> {
    match as_object(place.find(message)?)? {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

/// A message whose fields are those of an event. On a bus of texts, objects are texts.
fn itself(message: &Fields) -> Fields {
    let names = [EVENT_ID, EVENT_TYPE, AGGREGATE_TYPE, AGGREGATE_ID, OCCURRED_AT];
    let names = names.into_iter().flat_map(|(one, other)| [one, other]);
    let fields = names.filter_map(|name| Some((name.to_owned(), message.get(name)?.clone())));
    let object = |name: &'static str| {
        let value = message.get(name)?;
        let read = as_object(Cow::Borrowed(value));
        Some((name.to_owned(), read.unwrap_or_else(|| value.clone())))
    };
    let objects = ["payload", "metadata"].into_iter().filter_map(object);
    fields.chain(objects).filter(|(_, value)| !value.is_null()).collect()
}

/// What makes a repeat a duplicate, and when it occurred, where the event does not say it itself.
fn add_what_the_bus_says(message: &Fields, event: &mut Fields) {
    for (name, at) in [(EVENT_ID, "@id"), (OCCURRED_AT, "@time")] {
        if let Some(value) = message.get(at).filter(|_| !has(event, name)) {
            put(event, name, value.clone());
        }
    }
    event.entry("payload").or_insert_with(|| Value::Object(Fields::new()));
}

fn add_session(session: Value, event: &mut Fields) {
    if !has(event, AGGREGATE_TYPE) {
        put(event, AGGREGATE_TYPE, "Session".into());
        put(event, AGGREGATE_ID, session);
    } else if let Some(Value::Object(payload)) = event.get_mut("payload") {
        payload.insert("session_id".to_owned(), session);
    }
}

fn has(event: &Fields, (one, other): Name) -> bool {
    [one, other].iter().any(|name| event.get(*name).is_some_and(|value| !value.is_null()))
}

fn put(event: &mut Fields, (one, other): Name, value: Value) {
    event.shift_remove(other);
    event.insert(one.to_owned(), value);
}

/// A name of an event. Numbers are names too, as text.
fn text(name: &str, given: Option<&Given>, message: &Fields) -> Result<Option<Value>, Fault> {
    let Some(given) = given else { return Ok(None) };
    let fault = |reason: String| (name.to_owned(), reason);
    let value = given.of(message).map_err(fault)?;
    let text = written(&value).ok_or_else(|| fault("is no text".to_owned()))?;
    Ok(Some(Value::String(text.into_owned())))
}

/// A time, as RFC 3339 if it is a number of milliseconds.
fn time(value: Value) -> Value {
    let ms = written(&value).and_then(|text| text.parse().ok());
    match ms.map(Timestamp).filter(|time| *time <= Timestamp::LAST_WRITTEN) {
        Some(time) => time.rfc3339().into(),
        None => value,
    }
}

fn below(name: &str, (field, reason): Fault) -> Fault {
    let dot = if field.is_empty() { "" } else { "." };
    (format!("{name}{dot}{field}"), reason)
}

fn malformed(field: String, reason: String) -> Problem {
    let detail = "The message cannot become an event; see errors.";
    let errors = vec![Malformed { index: 0, field, reason }];
    Problem { errors, ..Problem::new(ProblemCode::Malformed, detail) }
}

fn too_large(bytes: usize) -> Problem {
    let detail = format!("The event has {bytes} bytes; at most {EVENT_BYTES} fit into a request.");
    Problem::new(ProblemCode::TooLarge, detail)
}

#[cfg(test)]
mod tests;
