//! A value of a map: where it is in a message, a text around such values, or a constant.
//!
//! Knows how each is written in the document. What a value is for is not known here.

use std::borrow::Cow;
use std::fmt;

use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::place::{json, Place};

/// How a value is written.
const FORMS: &str =
    "a place such as `/data/id`, a text around places such as `job.{/event}`, `{\"json\": \"/data\"}` or `{\"value\": …}`";

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Given {
    /// It is at a place.
    At(Place),
    /// It is in a text at a place, as JSON.
    Json(Place),
    /// It is a text: each part is followed by what is at a place, but for the last.
    Text(Vec<(String, Place)>, String),
    /// It is always the same.
    Always(Value),
}

impl Given {
    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.contains('{') {
            template(text)
        } else {
            Place::parse(text).map(Self::At)
        }
    }

    /// The value for this message.
    ///
    /// # Errors
    /// The place at which there is nothing, or no text.
    pub(super) fn of<'m>(
        &'m self,
        message: &'m Map<String, Value>,
    ) -> Result<Cow<'m, Value>, String> {
        match self {
            Self::At(place) => found(place, message),
            Self::Json(place) => match found(place, message)?.as_ref() {
                Value::String(text) => json(text).map(Cow::Owned).ok_or_else(|| no_json(place)),
                other => Ok(Cow::Owned(other.clone())),
            },
            Self::Text(parts, end) => filled(parts, end, message),
            Self::Always(value) => Ok(Cow::Borrowed(value)),
        }
    }
}

fn template(text: &str) -> Result<Given, &'static str> {
    const WANTED: &str = "must have a place such as `/event` between `{` and `}`";
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        let (place, after) = after.split_once('}').ok_or(WANTED)?;
        parts.push((before.to_owned(), Place::parse(place).map_err(|_| WANTED)?));
        rest = after;
    }
    Ok(Given::Text(parts, rest.to_owned()))
}

fn filled<'m>(
    parts: &[(String, Place)],
    end: &str,
    message: &Map<String, Value>,
) -> Result<Cow<'m, Value>, String> {
    let mut text = String::new();
    for (before, place) in parts {
        let value = found(place, message)?;
        let value = written(&value).ok_or_else(|| format!("{} is no text", place.text()))?;
        text = text + before + &value;
    }
    Ok(Cow::Owned(Value::String(text + end)))
}

fn found<'m>(place: &Place, message: &'m Map<String, Value>) -> Result<Cow<'m, Value>, String> {
    place.find(message).ok_or_else(|| format!("there is nothing at {}", place.text()))
}

fn no_json(place: &Place) -> String {
    format!("what is at {} is not JSON", place.text())
}

/// A text or a number as text.
pub(super) fn written(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(truth) => Some(Cow::Owned(truth.to_string())),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Forms)
    }
}

struct Forms;

impl<'de> Visitor<'de> for Forms {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORMS)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Given, E> {
        Given::parse(text).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Given, A::Error> {
        let given = match fields.next_key::<String>()?.as_deref() {
            Some("value") => Given::Always(fields.next_value()?),
            Some("json") => {
                let place: String = fields.next_value()?;
                Given::Json(Place::parse(&place).map_err(A::Error::custom)?)
            }
            _ => return Err(A::Error::custom(format_args!("must be {FORMS}"))),
        };
        match fields.next_key::<String>()? {
            None => Ok(given),
            Some(other) => Err(A::Error::custom(format_args!("`{other}` is one too many"))),
        }
    }
}

impl JsonSchema for Given {
    fn schema_name() -> Cow<'static, str> {
        "Given".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A place in the message, such as `/data/id`; a text around places, such as `job.{/event}`; JSON that is at a place as text; or a constant.",
            "anyOf": [
                { "type": "string", "pattern": "^/|\\{/" },
                { "type": "object", "properties": { "json": { "type": "string", "pattern": "^/" } },
                  "required": ["json"], "additionalProperties": false },
                { "type": "object", "properties": { "value": true },
                  "required": ["value"], "additionalProperties": false },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(given: Value) -> Result<Value, String> {
        let message =
            json!({"event": "completed", "jobId": 7, "result": "{\"ok\": true}", "list": []});
        let given: Given = serde_json::from_value(given).map_err(|error| error.to_string())?;
        given.of(message.as_object().unwrap()).map(Cow::into_owned)
    }

    #[test]
    fn a_value_is_found_or_composed_or_constant() {
        assert_eq!(value(json!("/jobId")), Ok(json!(7)));
        assert_eq!(value(json!("job.{/event}:{/jobId}!")), Ok(json!("job.completed:7!")));
        assert_eq!(value(json!({"json": "/result"})), Ok(json!({"ok": true})));
        assert_eq!(value(json!({"value": ["x"]})), Ok(json!(["x"])));
    }

    #[test]
    fn a_value_that_is_missing_says_where_it_was_sought() {
        for (given, reason) in [
            (json!("/nowhere"), "there is nothing at /nowhere"),
            (json!("x{/nowhere}"), "there is nothing at /nowhere"),
            (json!("x{/list}"), "/list is no text"),
            (json!({"json": "/event"}), "what is at /event is not JSON"),
        ] {
            assert_eq!(value(given), Err(reason.to_owned()));
        }
    }

    #[test]
    fn a_value_that_is_written_wrongly_is_refused_with_how_to_write_it() {
        for wrong in [
            json!("event"),
            json!("job.{event}"),
            json!("job.{/event"),
            json!(7),
            json!({}),
            json!({"at": "/x"}),
        ] {
            assert!(value(wrong.clone()).unwrap_err().contains('`'), "{wrong}");
        }
        assert!(value(json!({"value": 1, "json": "/x"})).unwrap_err().contains("one too many"));
    }
}
