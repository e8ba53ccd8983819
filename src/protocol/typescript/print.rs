//! JSON Schema as TypeScript: the part of it that schemars derives from the types of the wire.
//!
//! A schema with anything else is an error, because a type that says less than it would be wrong without anybody noticing.

use std::fmt;

use serde_json::{Map, Value};

use super::prose::comment;
use super::union::alternatives;
use crate::protocol::schema::Declaration;

/// How long a line with a whole union may be.
const WIDTH: usize = 90;

/// What may be in a schema.
const KEYWORDS: [&str; 16] = [
    "$ref",
    "allOf",
    "anyOf",
    "const",
    "description",
    "enum",
    "format",
    "items",
    "maximum",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
];

/// A schema, or a name, for which there is no TypeScript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unprintable(String);

impl fmt::Display for Unprintable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src/protocol/typescript/ has no TypeScript for {}", self.0)
    }
}

impl std::error::Error for Unprintable {}

impl Unprintable {
    /// Nobody declares this name.
    pub(super) fn nameless(name: &str) -> Self {
        Self(format!("the name {name}, which no module declares"))
    }

    fn schema(schema: &Value) -> Self {
        Self(format!("the schema {schema}"))
    }
}

/// A declaration: an interface for an object, an alias for anything else.
pub(super) fn declaration(declaration: &Declaration) -> Result<String, Unprintable> {
    let Declaration { name, schema } = declaration;
    let about = comment(text(schema, "description"), "");
    let form = type_of(schema, "")?;
    // A union over several lines begins on a line of its own.
    let blank = if form.starts_with('\n') { "" } else { " " };
    Ok(if is_plain_object(schema) {
        format!("{about}export interface {name} {form}\n")
    } else {
        format!("{about}export type {name} ={blank}{form};\n")
    })
}

fn is_plain_object(schema: &Value) -> bool {
    let others = ["oneOf", "anyOf", "allOf", "$ref"];
    schema.get("type") == Some(&Value::from("object"))
        && others.iter().all(|keyword| schema.get(keyword).is_none())
}

/// The type of a schema. Its further lines are indented so far.
fn type_of(schema: &Value, indent: &str) -> Result<String, Unprintable> {
    let unprintable = || Unprintable::schema(schema);
    let keywords = match schema {
        Value::Bool(true) => return Ok("unknown".to_owned()),
        Value::Bool(false) => return Ok("undefined".to_owned()),
        other => other.as_object().ok_or_else(unprintable)?,
    };
    if !keywords.iter().all(|(keyword, value)| is_known(keyword, value)) {
        return Err(unprintable());
    }
    if let Some(path) = keywords.get("$ref").and_then(Value::as_str) {
        return Ok(path.rsplit('/').next().unwrap_or(path).to_owned());
    }
    if let Some(all) = keywords.get("allOf").and_then(Value::as_array) {
        return intersection(keywords, all, indent);
    }
    if let Some(members) = alternatives(schema) {
        return union(&members, indent);
    }
    if ["const", "enum", "pattern"].iter().any(|keyword| keywords.contains_key(*keyword)) {
        return literals(keywords).ok_or_else(unprintable);
    }
    match text(schema, "type") {
        "string" => Ok("string".to_owned()),
        "integer" | "number" => Ok("number".to_owned()),
        "boolean" => Ok("boolean".to_owned()),
        "array" => list(keywords.get("items").ok_or_else(unprintable)?, indent),
        "object" => object(keywords, indent),
        // Of a value that may be anything, only sentences are said.
        "" if keywords.keys().all(|keyword| keyword == "description") => Ok("unknown".to_owned()),
        _ => Err(unprintable()),
    }
}

fn is_known(keyword: &str, value: &Value) -> bool {
    match keyword {
        // Whether there may be more properties than are listed.
        "additionalProperties" | "unevaluatedProperties" => value == false,
        _ => KEYWORDS.contains(&keyword),
    }
}

fn text<'s>(schema: &'s Value, keyword: &str) -> &'s str {
    schema.get(keyword).and_then(Value::as_str).unwrap_or_default()
}

/// The type of a schema that lists values or says how texts begin.
fn literals(keywords: &Map<String, Value>) -> Option<String> {
    if let Some(pattern) = keywords.get("pattern") {
        return beginning(pattern);
    }
    let values = match keywords.get("const") {
        Some(value) => std::slice::from_ref(value),
        None => keywords.get("enum")?.as_array()?,
    };
    let values: Option<Vec<_>> = values.iter().map(literal).collect();
    Some(values?.join(" | "))
}

fn literal(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(quoted(text, '\'')),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn quoted(text: &str, quote: char) -> String {
    let escaped = text.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"));
    format!("{quote}{escaped}{quote}")
}

/// The type of texts that begin like this. A pattern is nothing but `^` and the beginning.
fn beginning(pattern: &Value) -> Option<String> {
    let text = pattern.as_str()?.strip_prefix('^')?;
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ');
    is_plain.then(|| format!("`{text}${{string}}`"))
}

fn list(items: &Value, indent: &str) -> Result<String, Unprintable> {
    let one = type_of(items, indent)?;
    let is_one = one.chars().all(|c| c.is_ascii_alphanumeric());
    Ok(if is_one { format!("{one}[]") } else { format!("({one})[]") })
}

fn intersection(
    own: &Map<String, Value>,
    all: &[Value],
    indent: &str,
) -> Result<String, Unprintable> {
    let own = own.get("properties").map(|_| object(own, indent));
    let others = all.iter().map(|one| type_of(one, indent));
    let parts: Vec<_> = others.chain(own).collect::<Result<_, _>>()?;
    Ok(parts.join(" & "))
}

/// A union: in a line if it fits there and nothing is said of its members.
fn union(members: &[Value], indent: &str) -> Result<String, Unprintable> {
    let inner = format!("{indent}  ");
    let mut lines = String::new();
    let mut types = Vec::new();
    for member in members {
        let one = type_of(member, &format!("{inner}  "))?;
        let about = comment(text(member, "description"), &inner);
        lines.extend(["\n", &about, &inner, "| ", &one]);
        types.push(one);
    }
    let line = types.join(" | ");
    let is_short = line.len() <= WIDTH && !line.contains('\n') && !lines.contains("/**");
    Ok(if is_short { line } else { lines })
}

fn object(keywords: &Map<String, Value>, indent: &str) -> Result<String, Unprintable> {
    let inner = format!("{indent}  ");
    let required = keywords.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
    let properties = keywords.get("properties").and_then(Value::as_object);
    let mut lines = String::new();
    for (name, schema) in properties.into_iter().flatten() {
        let (mark, schema) =
            if is_required(name) { ("", schema.clone()) } else { ("?", without_null(schema)) };
        let about = comment(text(&schema, "description"), &inner);
        let form = type_of(&schema, &inner)?;
        lines.extend([&*about, &inner, name, mark, ": ", &form, ";\n"]);
    }
    Ok(format!("{{\n{lines}{indent}}}"))
}

/// The schema of a value that is absent instead of null.
fn without_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let Some(keywords) = schema.as_object_mut() else { return schema };
    if let Some(Value::Array(types)) = keywords.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = &**types {
            let one = one.clone();
            keywords.insert("type".to_owned(), one);
        }
    }
    let null = Value::from_iter([("type", "null")]);
    let some = keywords.get_mut("anyOf").and_then(Value::as_array_mut);
    let only = some.and_then(|some| {
        some.retain(|one| *one != null);
        if let [one] = &**some {
            Some(one.clone())
        } else {
            None
        }
    });
    if let Some(Value::Object(only)) = only {
        keywords.remove("anyOf");
        keywords.extend(only);
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn printed(schema: Value) -> Result<String, Unprintable> {
        declaration(&Declaration { name: "Some".to_owned(), schema })
    }

    #[test]
    fn an_object_is_an_interface_and_anything_else_an_alias() {
        let list = json!({"type": "array", "items": {"type": ["string", "null"]}});
        assert!(printed(list).is_err(), "null in a list");
        let list = json!({"type": "array", "items": {"anyOf": [{"const": 1}, {"const": "it's"}]}});
        assert_eq!(printed(list).unwrap(), "export type Some = (1 | 'it\\'s')[];\n");
        let object = json!({"type": "object", "properties": {
            "a": {"$ref": "#/$defs/A", "description": "One."},
            "b": {"anyOf": [{"$ref": "#/$defs/B"}, {"type": "null"}]},
            "c": {"type": ["integer", "null"]},
        }, "required": ["a"]});
        let wanted =
            "export interface Some {\n  /** One. */\n  a: A;\n  b?: B;\n  c?: number;\n}\n";
        assert_eq!(printed(object).unwrap(), wanted);
    }

    #[test]
    fn what_would_be_said_in_part_only_is_an_error() {
        for schema in [
            json!({"type": "string", "maxLength": 3}),
            json!({"type": "string", "pattern": "^a|b"}),
            json!({"type": "array", "prefixItems": [true]}),
            json!({"type": "object", "properties": {"a": {"const": null}}}),
            json!({"type": ["string", "null"]}),
            json!({"not": true}),
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
        ] {
            assert!(printed(schema.clone()).is_err(), "{schema}");
        }
    }
}
