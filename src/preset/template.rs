//! Templates: names that are put together from fields of an update, such as `component:{cycleId}:{componentType}`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::event::{is_name, FieldFault};
use crate::protocol::codes::EventFault;

/// A template. `{field}` stands for the value of that field.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Template(String);

enum Piece<'a> {
    Text(&'a str),
    Field(&'a str),
}

impl Template {
    /// The name for these fields.
    ///
    /// # Errors
    /// A field is absent, or is neither a number nor a text that can be a name.
    pub fn fill(&self, fields: &Map<String, Value>) -> Result<String, FieldFault> {
        let mut name = String::with_capacity(self.0.len() + 32);
        for piece in pieces(&self.0) {
            match piece {
                Piece::Text(text) => name.push_str(text),
                Piece::Field(field) => name.push_str(&part(fields.get(field), field)?),
            }
        }
        Ok(name)
    }

    /// The fields that it needs.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        pieces(&self.0).filter_map(|piece| match piece {
            Piece::Field(field) => Some(field),
            Piece::Text(_) => None,
        })
    }
}

/// `a:{b}:c` → text `a:`, field `b`, text `:c`.
fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    template.split('{').enumerate().flat_map(|(index, part)| {
        let (field, text) = match part.split_once('}') {
            Some((field, text)) if index > 0 => (Some(Piece::Field(field)), text),
            _ => (None, part),
        };
        field.into_iter().chain((!text.is_empty()).then_some(Piece::Text(text)))
    })
}

/// One part of a name. `:` separates the parts, and `*` and `,` have a meaning in lists of topics, so within a part they
/// are encoded.
fn part(value: Option<&Value>, field: &str) -> Result<String, FieldFault> {
    match value {
        Some(Value::String(text)) if is_name(text) => Ok(encoded(text).into_owned()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(FieldFault::new(format!("payload.{field}"), EventFault::NotAName)),
    }
}

fn encoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', ':', '*', ',']) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '%' => safe.push_str("%25"),
            ':' => safe.push_str("%3A"),
            '*' => safe.push_str("%2A"),
            ',' => safe.push_str("%2C"),
            c => safe.push(c),
        }
    }
    safe.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(template: &str, fields: &Value) -> Result<String, FieldFault> {
        Template(template.to_owned()).fill(fields.as_object().unwrap())
    }

    #[test]
    fn fields_take_the_place_of_their_names() {
        let fields = json!({"b": "x", "n": 7});
        assert_eq!(filled("a:{b}:{n}", &fields).unwrap(), "a:x:7");
        assert_eq!(filled("constant", &fields).unwrap(), "constant");
        assert!(Template("a:{b}:{n}".to_owned()).fields().eq(["b", "n"]));
    }

    #[test]
    fn a_separator_within_a_part_is_encoded() {
        let name = filled("k:{b}:c", &json!({"b": "a:b*,c%"})).unwrap();
        assert_eq!(name, "k:a%3Ab%2A%2Cc%25:c");
    }

    #[test]
    fn a_field_that_cannot_be_part_of_a_name_is_reported() {
        for fields in [json!({}), json!({"b": ""}), json!({"b": {"no": "name"}})] {
            assert_eq!(filled("{b}", &fields).unwrap_err().field, "payload.b");
        }
    }
}
