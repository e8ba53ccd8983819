//! Templates: names that are put together from fields, such as `component:{cycleId}:{componentType}` or
//! `pr:{payload.number}`.
//!
//! A preset makes keys and topics with them; a wire makes the topics that a client's frame asks for.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::gather::gathered;
use super::ids::is_name;

/// A template. `{field}` stands for the value of that field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Template(String);

enum Piece<'a> {
    Text(&'a str),
    Field(&'a str),
}

impl Template {
    /// The name for the values of fields.
    ///
    /// # Errors
    /// The first field that is absent, or is neither a number nor a text that can be a name.
    pub fn fill<'t, 'f>(
        &'t self,
        fields: &dyn Fn(&str) -> Option<&'f Value>,
    ) -> Result<String, &'t str> {
        let mut name = String::with_capacity(self.0.len() + 32);
        for piece in pieces(&self.0) {
            match piece {
                Piece::Text(text) => name.push_str(text),
                Piece::Field(field) => {
                    name.push_str(&part(find(fields, field)).ok_or(field)?);
                }
            }
        }
        Ok(name)
    }

    /// Whether it makes this name for some fields.
    pub fn makes(&self, name: &str) -> bool {
        let mut reached: BTreeSet<usize> = gathered([0]);
        for piece in pieces(&self.0) {
            reached = gathered(reached.iter().flat_map(|at| piece.ends_in(name, *at)));
        }
        reached.contains(&name.len())
    }

    /// Whether it is the value of this field and nothing else.
    pub fn is_only(&self, field: &str) -> bool {
        self.0.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) == Some(field)
    }

    /// Whether it makes no name at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields that it needs, as paths.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        pieces(&self.0).filter_map(|piece| match piece {
            Piece::Field(field) => Some(field),
            Piece::Text(_) => None,
        })
    }
}

impl Piece<'_> {
    /// Where in the name it can end if it begins there.
    fn ends_in(&self, name: &str, at: usize) -> Vec<usize> {
        let rest = name.get(at..).unwrap_or_default();
        match self {
            Self::Text(text) => {
                rest.starts_with(text).then_some(at + text.len()).into_iter().collect()
            }
            Self::Field(_) => {
                let part = rest.split([':', '*', ',']).next().unwrap_or_default();
                part.char_indices().map(|(index, c)| at + index + c.len_utf8()).collect()
            }
        }
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
fn part(value: Option<&Value>) -> Option<Cow<'_, str>> {
    match value? {
        Value::String(text) if is_name(text) => Some(encoded(text)),
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    }
}

/// The value at a path: `payload.number` is the field `number` of the object `payload`.
fn find<'f>(fields: &dyn Fn(&str) -> Option<&'f Value>, path: &str) -> Option<&'f Value> {
    let mut names = path.split('.');
    let first = fields(names.next()?);
    names.try_fold(first?, |object, name| object.as_object()?.get(name))
}

fn encoded(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| b"%:*,".contains(&byte)) {
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

    fn filled(template: &str, fields: &Value) -> Result<String, String> {
        let template = Template(template.to_owned());
        template.fill(&|name| fields.get(name)).map_err(str::to_owned)
    }

    #[test]
    fn fields_take_the_place_of_their_names() {
        let fields = json!({"b": "x", "n": 7, "o": {"n": 8}});
        assert_eq!(filled("a:{b}:{n}:{o.n}", &fields).unwrap(), "a:x:7:8");
        assert_eq!(filled("constant", &fields).unwrap(), "constant");
        assert!(Template("a:{b}:{n}".to_owned()).fields().eq(["b", "n"]));
    }

    #[test]
    fn a_separator_within_a_part_is_encoded() {
        let name = filled("k:{b}:c", &json!({"b": "a:b*,c%"})).unwrap();
        assert_eq!(name, "k:a%3Ab%2A%2Cc%25:c");
    }

    #[test]
    fn a_name_is_known_to_be_made_by_a_template() {
        let makes = |template: &str, name: &str| Template(template.to_owned()).makes(name);
        assert!(makes("a:{b}:*", "a:7:*") && makes("a", "a") && makes("{b}", "é") && makes("", ""));
        assert!(makes("{b}-{c}", "x-y-z") && makes("{b}{c}:{d}x", "yz:xx"));
        assert!(!makes("a:{b}:{c}", "a:7:*") && !makes("a:{b}", "a:") && !makes("a:{b}", "a:x:y"));
        assert!(!makes("a", "ab") && !makes("ab", "a") && !makes("{b}{c}", "x"));
    }

    #[test]
    fn a_field_that_cannot_be_part_of_a_name_is_reported() {
        for fields in [json!({}), json!({"b": ""}), json!({"b": {"no": "name"}})] {
            assert_eq!(filled("{b}", &fields).unwrap_err(), "b");
        }
        assert_eq!(filled("{b.c}", &json!({"b": "x"})).unwrap_err(), "b.c");
    }
}
