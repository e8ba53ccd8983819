//! An object of an event: where it is in a message, or what its fields are.
//!
//! Says nothing about which fields there have to be.

use std::borrow::Cow;
use std::fmt;

use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::place::{json, Place};
use super::value::Given;

/// Where an object comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fields {
    /// It is at a place: an object, or the JSON of one as text.
    At(Place),
    /// It has these fields, in this order.
    Each(Vec<Field>),
}

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    name: String,
    /// Its name in the document ends in `?`: it may be missing.
    optional: bool,
    given: Given,
}

impl Fields {
    /// The object for this message.
    ///
    /// # Errors
    /// The field that cannot be made, if it is one of several, and why.
    pub(super) fn of(&self, message: &Map<String, Value>) -> Result<Value, (String, String)> {
        match self {
            Self::At(place) => object(place, message).map_err(|reason| (String::new(), reason)),
            Self::Each(fields) => {
                let fields = fields.iter().filter_map(|field| field.of(message).transpose());
                fields.collect::<Result<Map<_, _>, _>>().map(Value::Object)
            }
        }
    }
}

impl Field {
    fn of(
        &self,
        message: &Map<String, Value>,
    ) -> Result<Option<(String, Value)>, (String, String)> {
        match self.given.of(message) {
            Ok(value) => Ok(Some((self.name.clone(), value.into_owned()))),
            Err(_) if self.optional => Ok(None),
            Err(reason) => Err((self.name.clone(), reason)),
        }
    }
}

/// The object at a place.
fn object(place: &Place, message: &Map<String, Value>) -> Result<Value, String> {
    let found = place.find(message);
    let found = found.ok_or_else(|| format!("there is nothing at {}", place.text()))?;
    as_object(found).ok_or_else(|| format!("what is at {} is not a JSON object", place.text()))
}

/// An object, which may be written as text.
pub(super) fn as_object(value: Cow<'_, Value>) -> Option<Value> {
    let value = match value.as_ref() {
        Value::String(text) => json(text)?,
        _ => value.into_owned(),
    };
    value.is_object().then_some(value)
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Forms)
    }
}

struct Forms;

impl<'de> Visitor<'de> for Forms {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the place of an object such as `/data`, or an object with a value for each field",
        )
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Fields, E> {
        Place::parse(text).map(Fields::At).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Fields, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, given)) = entries.next_entry::<String, Given>()? {
            let (name, optional) = match name.strip_suffix('?') {
                Some(name) => (name.to_owned(), true),
                None => (name, false),
            };
            fields.push(Field { name, optional, given });
        }
        Ok(Fields::Each(fields))
    }
}

impl JsonSchema for Fields {
    fn schema_name() -> Cow<'static, str> {
        "Fields".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let given = generator.subschema_for::<Given>();
        json_schema!({
            "description": "The place of an object, or a value for each field. A field whose name ends in `?` may be missing.",
            "anyOf": [
                { "type": "string", "pattern": "^/" },
                { "type": "object", "additionalProperties": given },
            ],
        })
    }
}
