//! The domain event envelope: one JSON object or an array of them.
//!
//! Either all events of a request decode or none does. The preset decides what the fields of a payload mean.

mod fields;

use serde_json::{Map, Value};

use self::fields::{Fields, Posted};
pub use super::body::Rejected;
use super::body::{all, is_list, json, whole};
use crate::preset::event::{audience_names, Aggregate, Event, FieldFault};
use crate::protocol::codes::EventFault;
use crate::protocol::ids::is_name;
use crate::protocol::label::Audience;
use crate::protocol::time::Timestamp;
use crate::protocol::trace::TraceParent;

/// Decodes the body of a request.
///
/// # Errors
/// [`Rejected`] if any event is malformed, or if there are too many events or bytes.
pub fn decode(body: &[u8]) -> Result<Vec<Event>, Rejected> {
    let events: Vec<Posted> = if is_list(body) { json(body)? } else { vec![json(body)?] };
    if events.is_empty() {
        return Err(whole(FieldFault::new("", EventFault::NoEvents)));
    }
    all(events, event)
}

fn event(posted: Posted) -> Result<Event, FieldFault> {
    let Posted::Event(mut fields) = posted else {
        return Err(FieldFault::new("", EventFault::NotAnEvent));
    };
    let mut metadata = object(&mut fields, "metadata")?.unwrap_or_default();
    Ok(Event {
        id: name(&mut fields, "event_id", "eventId")?,
        kind: name(&mut fields, "event_type", "eventType")?,
        aggregate: Aggregate {
            kind: name(&mut fields, "aggregate_type", "aggregateType")?,
            id: name(&mut fields, "aggregate_id", "aggregateId")?,
        },
        occurred_at: time(&mut fields)?,
        payload: object(&mut fields, "payload")?
            .ok_or_else(|| FieldFault::new("payload", EventFault::Missing))?,
        correlation_id: correlation_id(&mut metadata)?,
        audience: audience(&mut metadata)?,
        trace: TraceParent::among(&metadata),
        metadata,
    })
}

/// A field of an object under either of its spellings; null counts as absent.
fn take(object: &mut Map<String, Value>, snake: &str, camel: &str) -> Option<Value> {
    let value = object.remove(snake).or_else(|| object.remove(camel));
    value.filter(|value| !value.is_null())
}

fn name(fields: &mut Fields, snake: &str, camel: &str) -> Result<String, FieldFault> {
    match fields.take(snake, camel) {
        Some(Value::String(text)) if is_name(&text) => Ok(text),
        None => Err(FieldFault::new(snake, EventFault::Missing)),
        Some(_) => Err(FieldFault::new(snake, EventFault::NotAName)),
    }
}

fn time(fields: &mut Fields) -> Result<String, FieldFault> {
    match fields.take("occurred_at", "occurredAt") {
        Some(Value::String(text)) if Timestamp::from_rfc3339(&text).is_some() => Ok(text),
        None => Err(FieldFault::new("occurred_at", EventFault::Missing)),
        Some(_) => Err(FieldFault::new("occurred_at", EventFault::NotATime)),
    }
}

fn object(fields: &mut Fields, field: &str) -> Result<Option<Map<String, Value>>, FieldFault> {
    match fields.take(field, field) {
        Some(Value::Object(object)) => Ok(Some(object)),
        None => Ok(None),
        Some(_) => Err(FieldFault::new(field, EventFault::NotAnObject)),
    }
}

fn correlation_id(metadata: &mut Map<String, Value>) -> Result<Option<String>, FieldFault> {
    match take(metadata, "correlation_id", "correlationId") {
        None => Ok(None),
        Some(Value::String(text)) if is_name(&text) => Ok(Some(text)),
        Some(_) => Err(FieldFault::new("metadata.correlation_id", EventFault::NotAName)),
    }
}

/// Who may see what the event becomes. An audience that names nobody is malformed: it is more likely a mistake than meant.
fn audience(metadata: &mut Map<String, Value>) -> Result<Option<Audience>, FieldFault> {
    let Some(audience) = take(metadata, "audience", "audience") else { return Ok(None) };
    let fault = || FieldFault::new("metadata.audience", EventFault::NotAnAudience);
    let Value::Object(mut fields) = audience else { return Err(fault()) };
    let mut names = |field: &str| match take(&mut fields, field, field) {
        None => Some(Vec::new()),
        Some(Value::Array(names)) => audience_names(names),
        Some(_) => None,
    };
    let (users, permissions) = (names("users"), names("permissions"));
    let (Some(users), Some(permissions)) = (users, permissions) else { return Err(fault()) };
    if !fields.is_empty() || (users.is_empty() && permissions.is_empty()) {
        return Err(fault());
    }
    Ok(Some(Audience { users, permissions }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::limits::{LISTED_ERRORS, POST_BYTES, POST_EVENTS};

    fn envelope() -> Value {
        json!({"event_id": "e-1", "event_type": "session.renamed", "aggregate_type": "Session",
            "aggregate_id": "s-1", "occurred_at": "2026-01-07T10:00:00Z",
            "payload": {"title": "Where to live"}, "metadata": {"correlation_id": "c-1"}})
    }

    fn decoded(value: &Value) -> Result<Vec<Event>, Rejected> {
        decode(value.to_string().as_bytes())
    }

    fn fault(value: &Value) -> (usize, String) {
        match decoded(value) {
            Err(Rejected::Malformed(errors)) => (errors[0].index, errors[0].field.clone()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_event_decodes_the_same_alone_and_in_an_array() {
        let one = decoded(&envelope()).unwrap();
        assert_eq!(one, decoded(&json!([envelope()])).unwrap());
        assert_eq!(one[0].correlation_id.as_deref(), Some("c-1"));
    }

    #[test]
    fn camel_case_names_decode_the_same() {
        let camel = json!({"eventId": "e-1", "eventType": "session.renamed",
            "aggregateType": "Session", "aggregateId": "s-1", "occurredAt": "2026-01-07T10:00:00Z",
            "payload": {"title": "Where to live"}, "metadata": {"correlationId": "c-1"}});
        assert_eq!(decoded(&camel), decoded(&envelope()));
    }

    #[test]
    fn of_fields_with_the_same_name_the_last_counts_and_of_two_spellings_the_one_with_underscores()
    {
        let text = envelope().to_string();
        let twice = |fields: &str| decode(text.replacen('{', fields, 1).as_bytes()).unwrap();
        for fields in [r#"{"event_id":"e-0","#, r#"{"eventId":"e-0","#, r#"{"eventId":7,"#] {
            assert_eq!(twice(fields), decoded(&envelope()).unwrap(), "{fields}");
        }
        let nothing = text.replace(r#""event_id":"e-1""#, r#""event_id":null,"eventId":"e-1""#);
        assert!(decode(nothing.as_bytes()).is_err());
    }

    #[test]
    fn a_missing_or_wrong_field_is_named_with_its_index() {
        for field in
            ["event_id", "event_type", "aggregate_type", "aggregate_id", "occurred_at", "payload"]
        {
            for wrong in [Value::Null, json!(7), json!("")] {
                let mut bad = envelope();
                bad[field] = wrong;
                assert_eq!(fault(&json!([envelope(), bad])), (1, field.to_owned()));
            }
        }
        let mut bad = envelope();
        bad["metadata"] = json!({"correlation_id": 7});
        assert_eq!(fault(&bad).1, "metadata.correlation_id");
    }

    #[test]
    fn a_body_that_is_neither_an_event_nor_a_list_of_events_is_malformed() {
        for body in
            ["", "nonsense", "[]", "[1]", "null", "[{}", "\"x\"", " [[{}],1.5,-1,true,\"\"]"]
        {
            assert!(matches!(decode(body.as_bytes()), Err(Rejected::Malformed(_))), "{body:?}");
        }
        let unread = envelope().to_string();
        for value in ["1e999", "\"\u{1}\"", "[1,]", &"[".repeat(200)] {
            let body = unread.replacen('{', &format!(r#"{{"unread":{value},"#), 1);
            assert!(matches!(decode(body.as_bytes()), Err(Rejected::Malformed(_))), "{value}");
        }
        assert!(matches!(decode(&[0xff, 0xfe]), Err(Rejected::Malformed(_))));
    }

    #[test]
    fn a_text_that_was_cut_within_a_character_is_accepted() {
        let cut = envelope().to_string().replace("Where to live", r"Where to live \ud83c");
        let events = decode(cut.as_bytes()).unwrap();
        assert_eq!(events[0].payload["title"], "Where to live \u{fffd}");
        // The same holds in a field that nothing reads.
        let unread = envelope().to_string().replacen('{', r#"{"\uDC00":["\uDFFF\uD800"],"#, 1);
        assert_eq!(decode(unread.as_bytes()), decoded(&envelope()));
    }

    #[test]
    fn the_place_of_an_error_is_its_place_in_the_body_as_sent() {
        let Err(Rejected::Malformed(errors)) = decode(br#"{"a":"\ud83c",}"#) else { panic!() };
        assert_eq!(errors[0].reason, "the body is not JSON (line 1, column 15)");
    }

    #[test]
    fn too_many_events_or_bytes_are_too_large() {
        let many: Vec<_> = std::iter::repeat_n(envelope(), POST_EVENTS + 1).collect();
        assert_eq!(decoded(&json!(many)), Err(Rejected::TooLarge));
        assert_eq!(decode(&vec![b' '; POST_BYTES + 1]), Err(Rejected::TooLarge));
    }

    #[test]
    fn at_most_twenty_errors_are_listed() {
        let many: Vec<_> = std::iter::repeat_n(json!({}), 100).collect();
        let Err(Rejected::Malformed(errors)) = decoded(&json!(many)) else { panic!() };
        assert_eq!(errors.len(), LISTED_ERRORS);
    }

    #[test]
    fn deep_nesting_is_refused_without_a_crash() {
        let deep = "[".repeat(100_000);
        assert!(decode(deep.as_bytes()).is_err());
    }
}
