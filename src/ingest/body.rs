//! What the decoders of all sources have in common: a body is JSON, its events decode together or not at all, and fields
//! are read in the same way.
//!
//! Does not know the fields of any source.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::limits::{LISTED_ERRORS, POST_BYTES, POST_EVENTS};
use crate::preset::event::{Event, FieldFault};
use crate::protocol::codes::EventFault;
use crate::protocol::ids::is_name;
use crate::protocol::json::{read, NotJson};
use crate::protocol::problem::Malformed;
use crate::protocol::surrogates::mended;

/// Why a request is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejected {
    /// It has more bytes or events than one request may have, as sent or as they would be stored.
    TooLarge,
    /// Some of its events are malformed: which ones, and why.
    Malformed(Vec<Malformed>),
}

/// A body as JSON.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Rejected> {
    if body.len() > POST_BYTES {
        return Err(Rejected::TooLarge);
    }
    read(&mended(body)).map_err(|NotJson { line, column }| {
        let place = format!(" (line {line}, column {column})");
        whole(FieldFault::new("", EventFault::NotJson).with(place))
    })
}

/// Whether a body can only be a list.
pub(super) fn is_list(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'[')
}

/// A body that is one JSON object.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, Rejected> {
    match json(body)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(whole(FieldFault::new("", EventFault::NotAnEvent))),
    }
}

/// A request of which this is wrong, whichever of its events was meant.
pub(super) fn whole(fault: FieldFault) -> Rejected {
    Rejected::Malformed(vec![fault.at(0)])
}

/// Decodes all events or none.
pub(super) fn all<T>(
    values: Vec<T>,
    event: impl Fn(T) -> Result<Event, FieldFault>,
) -> Result<Vec<Event>, Rejected> {
    if values.len() > POST_EVENTS {
        return Err(Rejected::TooLarge);
    }
    let mut events = Vec::with_capacity(values.len());
    let mut errors = Vec::new();
    for (index, value) in values.into_iter().enumerate() {
        match event(value) {
            Ok(event) => events.push(event),
            Err(fault) => errors.push(fault.at(index)),
        }
    }
    if errors.is_empty() {
        return Ok(events);
    }
    errors.truncate(LISTED_ERRORS);
    Err(Rejected::Malformed(errors))
}

/// A field that must be a name.
pub(super) fn name(fields: &mut Map<String, Value>, field: &str) -> Result<String, FieldFault> {
    let name = optional_name(fields, field)?;
    name.ok_or_else(|| FieldFault::new(field, EventFault::Missing))
}

/// A field that is a name if it is there; null counts as absent.
pub(super) fn optional_name(
    fields: &mut Map<String, Value>,
    field: &str,
) -> Result<Option<String>, FieldFault> {
    match fields.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if is_name(&text) => Ok(Some(text)),
        Some(_) => Err(FieldFault::new(field, EventFault::NotAName)),
    }
}

/// The value at a path of names, separated by dots.
pub(super) fn find<'v>(fields: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(one, rest)| (one, Some(rest)));
    match (fields.get(first)?, rest) {
        (Value::Null, _) => None,
        (value, None) => Some(value),
        (Value::Object(inner), Some(rest)) => find(inner, rest),
        _ => None,
    }
}

/// A short name for a text of any length: the beginning, and a hash. No two texts have the same.
pub(super) fn hashed(beginning: &str, text: &[u8]) -> String {
    format!("{beginning}:{}", URL_SAFE_NO_PAD.encode(Sha256::digest(text)))
}
