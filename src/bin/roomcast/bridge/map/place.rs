//! A place in a message, such as `/data/order/id`: a JSON Pointer (RFC 6901) that also goes on inside a text, if that is JSON, because
//! most buses carry nothing but text.
//!
//! Finds values, and changes none.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// Between two places of which the first counts at which there is something.
const OR: &str = " | ";

/// One place, or several: the first counts at which there is something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    text: String,
    /// The steps to each place.
    paths: Vec<Vec<String>>,
}

impl Place {
    /// Reads `/a/b` or `/a/b | /c`.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let paths: Option<Vec<_>> = text.split(OR).map(steps).collect();
        let paths = paths.ok_or("must be a place that begins with `/`, such as `/data/id`, or several with ` | ` between them")?;
        Ok(Self { text: text.to_owned(), paths })
    }

    /// What is there. `null` is nothing.
    pub(super) fn find<'m>(&self, message: &'m Map<String, Value>) -> Option<Cow<'m, Value>> {
        self.paths.iter().find_map(|steps| {
            let (first, rest) = steps.split_first()?;
            let start = Cow::Borrowed(message.get(first)?);
            rest.iter().try_fold(start, step).filter(|found| !found.is_null())
        })
    }

    /// As it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

fn steps(text: &str) -> Option<Vec<String>> {
    let steps = text.trim().strip_prefix('/')?.split('/');
    Some(steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect())
}

fn step<'m>(value: Cow<'m, Value>, step: &String) -> Option<Cow<'m, Value>> {
    match value {
        Cow::Borrowed(Value::String(text)) => child(json(text)?, step).map(Cow::Owned),
        Cow::Owned(Value::String(text)) => child(json(&text)?, step).map(Cow::Owned),
        Cow::Borrowed(Value::Object(fields)) => fields.get(step).map(Cow::Borrowed),
        Cow::Borrowed(Value::Array(items)) => items.get(index(step)?).map(Cow::Borrowed),
        Cow::Owned(owned) => child(owned, step).map(Cow::Owned),
        Cow::Borrowed(_) => None,
    }
}

fn child(value: Value, step: &String) -> Option<Value> {
    match value {
        Value::Object(mut fields) => fields.shift_remove(step),
        Value::Array(items) => items.into_iter().nth(index(step)?),
        _ => None,
    }
}

fn index(step: &str) -> Option<usize> {
    step.parse().ok()
}

/// The JSON in a text.
pub(super) fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(place: &str) -> Option<Value> {
        let message = json!({
            "data": r#"{"order": {"id": 7, "tags": ["a", "b"], "none": null}, "again": "{\"x\": 1}"}"#,
            "a/b": 1, "n~m": 2, "list": [10, 20], "@id": "s:1-0",
        });
        let found = Place::parse(place).unwrap().find(message.as_object().unwrap())?.into_owned();
        Some(found)
    }

    #[test]
    fn a_place_goes_on_inside_a_text_that_is_json() {
        assert_eq!(found("/data/order/id"), Some(json!(7)));
        assert_eq!(found("/data/order/tags/1"), Some(json!("b")));
        assert_eq!(found("/data/again/x"), Some(json!(1)));
        assert_eq!(found("/list/0"), Some(json!(10)));
        assert_eq!(found("/@id"), Some(json!("s:1-0")));
    }

    #[test]
    fn names_with_a_slash_or_a_tilde_are_written_as_in_a_json_pointer() {
        assert_eq!((found("/a~1b"), found("/n~0m")), (Some(json!(1)), Some(json!(2))));
    }

    #[test]
    fn the_first_place_counts_at_which_there_is_something() {
        assert_eq!(found("/nowhere | /data/order/none | /a~1b"), Some(json!(1)));
        for nothing in ["/nowhere", "/data/order/none", "/@id/x", "/list/9", "/list/x"] {
            assert_eq!(found(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_place_begins_with_a_slash() {
        for wrong in ["", "data", "/a | b"] {
            assert!(Place::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
