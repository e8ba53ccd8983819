//! The fields of an envelope, as they come in the body.
//!
//! They are read without a map, because its keys and its hashes took a third of decoding an event. Does not know what the fields mean.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// What the fields are called.
const NAMES: [&str; 12] = [
    "event_id",
    "event_type",
    "aggregate_type",
    "aggregate_id",
    "occurred_at",
    "payload",
    "metadata",
    "eventId",
    "eventType",
    "aggregateType",
    "aggregateId",
    "occurredAt",
];

/// One value where an event should be.
#[derive(Debug)]
pub(super) enum Posted {
    /// An object, with these fields.
    Event(Fields),
    /// Anything else.
    Other,
}

/// The fields of one object that have the name of one of an event.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    /// Takes a field out, under either of its spellings; null counts as absent.
    pub(super) fn take(&mut self, snake: &str, camel: &str) -> Option<Value> {
        let value = self.remove(snake).or_else(|| self.remove(camel));
        value.filter(|value| !value.is_null())
    }

    fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Of fields with the same name, the last one counts.
    fn insert(&mut self, name: &'static str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, before)) => *before = value,
            None => self.0.push((name, value)),
        }
    }
}

/// A name out of [`NAMES`], if it is one.
struct Name(Option<&'static str>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Known;
        impl Visitor<'_> for Known {
            type Value = Name;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                Ok(Name(NAMES.into_iter().find(|known| *known == name)))
            }
        }
        deserializer.deserialize_str(Known)
    }
}

impl<'de> Deserialize<'de> for Posted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

/// Reads everything, so that what is not JSON is noticed.
struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = Posted;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Posted, A::Error> {
        let mut fields = Fields(Vec::with_capacity(NAMES.len() / 2 + 1));
        while let Some((Name(name), value)) = map.next_entry()? {
            if let Some(name) = name {
                fields.insert(name, value);
            }
        }
        Ok(Posted::Event(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Posted, A::Error> {
        while list.next_element::<Value>()?.is_some() {}
        Ok(Posted::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Posted, E> {
        Ok(Posted::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Posted, E> {
        Ok(Posted::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Posted, E> {
        Ok(Posted::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Posted, E> {
        Ok(Posted::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Posted, E> {
        Ok(Posted::Other)
    }

    fn visit_unit<E>(self) -> Result<Posted, E> {
        Ok(Posted::Other)
    }
}
