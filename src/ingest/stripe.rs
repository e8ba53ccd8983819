//! Stripe's webhooks: one snapshot event.
//!
//! | of the event | from |
//! | --- | --- |
//! | id | `id`, which is the same when Stripe sends it again |
//! | type | `stripe.` and `type` |
//! | aggregate | `object` and `id` of `data.object`; without an id, the type again |
//! | time | `created` |
//! | payload | `data.object` |
//! | metadata | the other fields, such as `account` and `livemode`; and `data.previous_attributes` as `previous_attributes` |
//!
//! All of it is in the body, which is signed. Events that hold no object (`v2.core.event`) are refused.

use serde_json::{Map, Value};

use super::body::{find, name, object, whole, Rejected};
use crate::preset::event::{Aggregate, Event, FieldFault};
use crate::protocol::codes::EventFault;
use crate::protocol::ids::is_name;
use crate::protocol::time::Timestamp;

/// Decodes an event.
///
/// # Errors
/// [`Rejected`] if it is malformed or has too many bytes.
pub fn decode(body: &[u8]) -> Result<Vec<Event>, Rejected> {
    let event = event(object(body)?).map_err(whole)?;
    Ok(vec![event])
}

fn event(mut fields: Map<String, Value>) -> Result<Event, FieldFault> {
    let (id, kind) = (name(&mut fields, "id")?, format!("stripe.{}", name(&mut fields, "type")?));
    if !is_name(&kind) {
        return Err(FieldFault::new("type", EventFault::NotAName));
    }
    let occurred_at = created(&mut fields)?.rfc3339();
    let (payload, previous) = data(&mut fields)?;
    let aggregate = aggregate(&payload)?;
    let mut metadata = fields;
    if let Some(previous) = previous {
        metadata.insert("previous_attributes".to_owned(), previous);
    }
    let (correlation_id, audience, trace) = (None, None, None);
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

fn created(fields: &mut Map<String, Value>) -> Result<Timestamp, FieldFault> {
    let created = fields.remove("created").filter(|created| !created.is_null());
    let created = created.ok_or_else(|| FieldFault::new("created", EventFault::Missing))?;
    let time = created.as_i64().and_then(Timestamp::from_seconds);
    time.ok_or_else(|| FieldFault::new("created", EventFault::NotSeconds))
}

/// The object, and what it had been before.
fn data(
    fields: &mut Map<String, Value>,
) -> Result<(Map<String, Value>, Option<Value>), FieldFault> {
    let fault = |fault| FieldFault::new("data.object", fault);
    let Some(Value::Object(mut data)) = fields.remove("data") else {
        return Err(fault(EventFault::Missing));
    };
    match data.remove("object") {
        Some(Value::Object(object)) => Ok((object, data.remove("previous_attributes"))),
        None => Err(fault(EventFault::Missing)),
        Some(_) => Err(fault(EventFault::NotAnObject)),
    }
}

/// What the event is about. Some objects, such as a balance, have no id: there is one of them.
fn aggregate(object: &Map<String, Value>) -> Result<Aggregate, FieldFault> {
    let text = |field: &str| match find(object, field) {
        None => Ok(None),
        Some(Value::String(text)) if is_name(text) => Ok(Some(text.clone())),
        Some(_) => Err(FieldFault::new(format!("data.object.{field}"), EventFault::NotAName)),
    };
    let missing = || FieldFault::new("data.object.object", EventFault::Missing);
    let kind = text("object")?.ok_or_else(missing)?;
    let id = text("id")?.unwrap_or_else(|| kind.clone());
    Ok(Aggregate { kind, id })
}

#[cfg(test)]
mod tests;
