//! The data of an update before it is encoded: its fields in the order of their document.
//!
//! Values that an event brought are borrowed, so that mapping copies none. Where the values come from is `preset`'s.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// Fields with their values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Data<'d>(Vec<(&'d str, Cow<'d, Value>)>);

impl<'d> Data<'d> {
    /// No fields, and room for so many.
    pub fn with_capacity(fields: usize) -> Self {
        Self(Vec::with_capacity(fields))
    }

    /// Sets a field.
    pub fn set(&mut self, name: &'d str, value: Cow<'d, Value>) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, before)) => *before = value,
            None => self.0.push((name, value)),
        }
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
    }

    /// The same as an object.
    pub fn into_object(self) -> Map<String, Value> {
        self.0.into_iter().map(|(name, value)| (name.to_owned(), value.into_owned())).collect()
    }
}

impl<'d> From<&'d Map<String, Value>> for Data<'d> {
    fn from(object: &'d Map<String, Value>) -> Self {
        Self(object.iter().map(|(name, value)| (name.as_str(), Cow::Borrowed(value))).collect())
    }
}

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, &**value)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn data_is_written_in_the_order_of_its_fields_and_a_field_that_is_set_again_keeps_its_place() {
        let (one, other) = (json!({"deep": [1, "é\n"]}), json!(null));
        let mut data = Data::with_capacity(2);
        data.set("b", Cow::Borrowed(&other));
        data.set("a", Cow::Borrowed(&one));
        data.set("b", Cow::Owned(json!(2)));
        assert_eq!(serde_json::to_string(&data).unwrap(), r#"{"b":2,"a":{"deep":[1,"é\n"]}}"#);
        assert_eq!((data.get("a"), data.get("c")), (Some(&one), None));
        assert_eq!(Data::from(&data.clone().into_object()), data);
    }
}
