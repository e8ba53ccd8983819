//! `CloudEvents` 1.0.2 in JSON: structured, batched and binary mode of the HTTP protocol binding.
//!
//! | attribute | becomes |
//! | --- | --- |
//! | `source` and `id` | the id of the event, see `event_id` |
//! | `type` | the event type |
//! | `source` | the aggregate type |
//! | `subject` | the aggregate id; without it `source`, because then the event is about the source as a whole |
//! | `time` | when it occurred; without it, when it was signed |
//! | `correlationid` | the correlation id |
//! | `traceparent` | the trace |
//! | `data`, `data_base64` | the payload: an object, or nothing, which is an empty one |
//! | all others, `source` and `subject` | the metadata |
//!
//! A batch may be empty: nothing is wrong with it, and it has no results.

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::body::{all, hashed, json, name, optional_name, whole, Rejected};
use crate::limits::NAME_CHARS;
use crate::preset::event::{Aggregate, Event, FieldFault};
use crate::protocol::codes::EventFault;
use crate::protocol::json::read;
use crate::protocol::surrogates::mended;
use crate::protocol::time::Timestamp;
use crate::protocol::trace::TraceParent;

/// The version that is understood. It is the same for all of 1.0.
const VERSION: &str = "1.0";

/// Decodes one event in structured mode, signed at this time.
///
/// # Errors
/// [`Rejected`] if it is malformed or has too many bytes.
pub fn structured(body: &[u8], signed: Timestamp) -> Result<Vec<Event>, Rejected> {
    all(vec![json(body)?], |value| from_value(value, signed))
}

/// Decodes the events of a batch, signed at this time.
///
/// # Errors
/// [`Rejected`] if any event is malformed, or if there are too many events or bytes.
pub fn batch(body: &[u8], signed: Timestamp) -> Result<Vec<Event>, Rejected> {
    match json(body)? {
        Value::Array(events) => all(events, |value| from_value(value, signed)),
        _ => Err(whole(FieldFault::new("", EventFault::NotAList))),
    }
}

/// Decodes one event in binary mode, signed at this time. The values of attributes are percent-encoded UTF-8.
///
/// # Errors
/// [`Rejected`] if it is malformed or has too many bytes.
pub fn binary(
    attributes: &[(&str, &str)],
    body: &[u8],
    signed: Timestamp,
) -> Result<Vec<Event>, Rejected> {
    let mut fields = Map::new();
    for (name, value) in attributes {
        // The header Content-Type says what the body is, and the body is the data.
        if !["data", "data_base64", "datacontenttype"].contains(name) {
            let value =
                decoded(value).ok_or_else(|| FieldFault::new(*name, EventFault::NotEncoded));
            fields.insert((*name).to_owned(), value.map_err(whole)?.into());
        }
    }
    if !body.is_empty() {
        fields.insert("data".to_owned(), json(body)?);
    }
    all(vec![Value::Object(fields)], |value| from_value(value, signed))
}

/// The value of a header, decoded once. Only printable ASCII may come unencoded, and blanks, which some SDKs leave alone.
fn decoded(value: &str) -> Option<String> {
    let plain = value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    let text = percent_decode_str(value).decode_utf8().ok()?;
    plain.then(|| text.into_owned())
}

fn from_value(value: Value, signed: Timestamp) -> Result<Event, FieldFault> {
    let Value::Object(mut fields) = value else {
        return Err(FieldFault::new("", EventFault::NotAnEvent));
    };
    let (id, source) = (name(&mut fields, "id")?, name(&mut fields, "source")?);
    version(&mut fields)?;
    let kind = name(&mut fields, "type")?;
    let subject = optional_name(&mut fields, "subject")?;
    let occurred_at = time(&mut fields, signed)?;
    let payload = data(&mut fields)?;
    let correlation_id = optional_name(&mut fields, "correlationid")?;
    let mut metadata = fields;
    metadata.insert("source".to_owned(), source.as_str().into());
    if let Some(subject) = &subject {
        metadata.insert("subject".to_owned(), subject.as_str().into());
    }
    let id = event_id(&source, &id);
    let aggregate = Aggregate { id: subject.unwrap_or_else(|| source.clone()), kind: source };
    let audience = None;
    let trace = TraceParent::among(&metadata);
    Ok(Event {
        id,
        kind,
        aggregate,
        occurred_at,
        payload,
        metadata,
        correlation_id,
        audience,
        trace,
    })
}

/// The name of an event among all events: its source, a blank, and its id. Blanks and percent signs of the source are
/// encoded, so that the first blank is the one between the two and no two pairs have the same name. A name that would be too
/// long is a hash, which has no blank.
fn event_id(source: &str, id: &str) -> String {
    let source = source.replace('%', "%25").replace(' ', "%20");
    let name = format!("{source} {id}");
    if name.chars().count() <= NAME_CHARS {
        name
    } else {
        hashed("sha256", name.as_bytes())
    }
}

fn version(fields: &mut Map<String, Value>) -> Result<(), FieldFault> {
    match fields.remove("specversion") {
        Some(Value::String(version)) if version == VERSION => Ok(()),
        None | Some(Value::Null) => Err(FieldFault::new("specversion", EventFault::Missing)),
        Some(_) => Err(FieldFault::new("specversion", EventFault::NotThisVersion)),
    }
}

fn time(fields: &mut Map<String, Value>, signed: Timestamp) -> Result<String, FieldFault> {
    match fields.remove("time") {
        None | Some(Value::Null) => Ok(signed.rfc3339()),
        Some(Value::String(text)) if Timestamp::from_rfc3339(&text).is_some() => Ok(text),
        Some(_) => Err(FieldFault::new("time", EventFault::NotATime)),
    }
}

/// The data, which is an object, or absent.
fn data(fields: &mut Map<String, Value>) -> Result<Map<String, Value>, FieldFault> {
    let (data, encoded) = (fields.remove("data"), fields.remove("data_base64"));
    match (data.filter(|data| !data.is_null()), encoded.filter(|encoded| !encoded.is_null())) {
        (None, None) => Ok(Map::new()),
        (Some(Value::Object(data)), None) => Ok(data),
        (Some(_), None) => Err(FieldFault::new("data", EventFault::NotAnObject)),
        (None, Some(Value::String(encoded))) => from_base64(&encoded),
        _ => Err(FieldFault::new("data_base64", EventFault::NotBase64)),
    }
}

fn from_base64(encoded: &str) -> Result<Map<String, Value>, FieldFault> {
    let bytes = STANDARD.decode(encoded).ok();
    let object = bytes.and_then(|bytes| read(&mended(&bytes)).ok());
    object.ok_or_else(|| FieldFault::new("data_base64", EventFault::NotBase64))
}

#[cfg(test)]
mod tests;
