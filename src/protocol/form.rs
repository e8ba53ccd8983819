//! Forms: JSON values in which names such as `"@data"` stand for what a frame or an answer is made of.
//!
//! A form says how a team's own frames look. `{"type": "@type", "payload": "@data"}` becomes
//! `{"type":"stats:tasks","payload":{"pending":1}}`. Values are filled in as the JSON text that they already are; nothing is
//! decoded. Which names a form may use depends on the frame: see [`super::wire`].

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The key whose value is put in place field by field: `{"type": "@type", "...": "@data"}`.
const SPREAD: &str = "...";

/// A form, as written in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Form(Value);

/// The JSON text of a name's value; `None` if there is none in this case.
pub type Values<'v> = &'v dyn Fn(&str) -> Option<Cow<'v, str>>;

impl Form {
    /// The form that is one name.
    pub fn name(name: &str) -> Self {
        Self(Value::String(format!("@{name}")))
    }

    /// The text with every name replaced by its value. A field whose value is absent is left out.
    pub fn fill(&self, values: Values<'_>) -> String {
        let mut text = String::with_capacity(256);
        if !write(&self.0, values, &mut text) {
            text.push_str("null");
        }
        text
    }

    /// What is wrong with it, if it may use only these names.
    pub fn fault(&self, names: &[&str]) -> Option<String> {
        fault(&self.0, names)
    }
}

/// The name that a text stands for. A text that begins with `@@` is a text that begins with `@`.
fn name(text: &str) -> Option<&str> {
    text.strip_prefix('@').filter(|name| !name.starts_with('@'))
}

/// Writes a value. Returns `false`, and writes nothing, if it is a name without a value.
fn write(form: &Value, values: Values<'_>, text: &mut String) -> bool {
    match form {
        Value::String(own) => match name(own) {
            Some(name) => match values(name) {
                Some(value) => text.push_str(&value),
                None => return false,
            },
            None => text.push_str(&quoted(own.strip_prefix('@').unwrap_or(own))),
        },
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(text, index);
                if !write(item, values, text) {
                    text.push_str("null");
                }
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            let mut written = 0;
            for (key, value) in fields {
                written += usize::from(write_field(key, value, values, text, written));
            }
            text.push('}');
        }
        other => text.push_str(&other.to_string()),
    }
    true
}

/// Writes a field of an object after `written` others. Returns whether there is one.
fn write_field(
    key: &str,
    value: &Value,
    values: Values<'_>,
    text: &mut String,
    written: usize,
) -> bool {
    let before = text.len();
    separate(text, written);
    let start = text.len();
    if key != SPREAD {
        text.push_str(&quoted(key));
        text.push(':');
    }
    let mut there = write(value, values, text);
    if key == SPREAD {
        there = there && unwrap_object(text, start);
    }
    if !there {
        text.truncate(before);
    }
    there
}

/// Takes the braces from the object at the end of the text. Returns whether fields are left.
fn unwrap_object(text: &mut String, start: usize) -> bool {
    let object = text.get(start..).unwrap_or_default().trim();
    let fields = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let fields = fields.unwrap_or_default().trim().to_owned();
    text.truncate(start);
    text.push_str(&fields);
    !fields.is_empty()
}

fn separate(text: &mut String, written: usize) {
    if written > 0 {
        text.push(',');
    }
}

/// A text as JSON.
pub fn quoted(text: &str) -> String {
    // Encoding a text cannot fail.
    serde_json::to_string(text).unwrap_or_default()
}

fn fault(form: &Value, names: &[&str]) -> Option<String> {
    match form {
        Value::String(text) => {
            let name = name(text).filter(|name| !names.contains(name))?;
            let known: Vec<_> = names.iter().map(|name| format!("@{name}")).collect();
            Some(format!("`@{name}` has no meaning here; there are: {}", known.join(", ")))
        }
        Value::Array(items) => items.iter().find_map(|item| fault(item, names)),
        Value::Object(fields) => fields.iter().find_map(|(key, value)| {
            let object = matches!(value.as_str().and_then(name), Some("data"));
            if key == SPREAD && !object {
                return Some("`...` takes \"@data\"".to_owned());
            }
            fault(value, names)
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(form: Value) -> String {
        let values = |name: &str| match name {
            "type" => Some(r#""a.b""#.into()),
            "data" => Some(r#"{"x": 1,"y":[2]}"#.into()),
            "empty" => Some("{}".into()),
            _ => None,
        };
        Form(form).fill(&values)
    }

    #[test]
    fn names_are_replaced_by_their_values_and_all_else_stays() {
        let form =
            json!({"type": "@type", "n": [1, true, null, "@type"], "s": "a \"b\"", "d": "@data"});
        let text = r#"{"type":"a.b","n":[1,true,null,"a.b"],"s":"a \"b\"","d":{"x": 1,"y":[2]}}"#;
        assert_eq!(filled(form), text);
        assert_eq!(filled(json!("@@type")), r#""@type""#);
    }

    #[test]
    fn a_field_without_a_value_is_left_out() {
        assert_eq!(filled(json!({"a": "@none", "b": 1, "c": "@none"})), r#"{"b":1}"#);
        assert_eq!(filled(json!(["@none"])), "[null]");
        assert_eq!(filled(json!("@none")), "null");
    }

    #[test]
    fn an_object_can_be_put_in_place_field_by_field() {
        assert_eq!(filled(json!({"t": "@type", "...": "@data"})), r#"{"t":"a.b","x": 1,"y":[2]}"#);
        assert_eq!(filled(json!({"...": "@data", "t": 1})), r#"{"x": 1,"y":[2],"t":1}"#);
        assert_eq!(filled(json!({"...": "@empty", "t": 1})), r#"{"t":1}"#);
        assert_eq!(filled(json!({"t": 1, "...": "@none"})), r#"{"t":1}"#);
    }

    #[test]
    fn a_name_that_the_frame_does_not_have_is_named() {
        let fault = |form| Form(form).fault(&["type", "data"]);
        assert_eq!(fault(json!({"a": ["@type", "@@x"], "...": "@data"})), None);
        assert!(fault(json!({"a": {"b": "@now"}})).unwrap().contains("`@now`"));
        assert!(fault(json!({"...": "@type"})).unwrap().contains("`...`"));
        assert!(fault(json!({"...": {"a": 1}})).unwrap().contains("`...`"));
    }
}
