//! The schemas that a document names, under `#/components/schemas`: what is written, and what is read.
//!
//! Readers ignore fields that they do not know, so no schema of what is written forbids others.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::JsonSchema;
use serde_json::{json, Map, Value};

use crate::protocol::schema::prose::plain;
use crate::protocol::schema::{Declaration, Types};

/// The media type of JSON.
pub(super) const JSON: &str = "application/json";

const PATH: &str = "/components/schemas";

/// Schemas by their names.
pub(super) struct Schemas {
    types: Types,
    declared: Vec<Declaration>,
    /// The names of those that are read.
    read: BTreeSet<String>,
}

/// A schema that stands elsewhere in the document.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#{PATH}/{name}") })
}

impl Schemas {
    pub(super) fn new() -> Self {
        Self { types: Types::below(PATH), declared: Vec::new(), read: BTreeSet::new() }
    }

    /// A type that is written.
    pub(super) fn written<T: JsonSchema>(&mut self) -> Value {
        let one = self.types.of::<T>();
        self.declare(vec![one]).pop().unwrap_or_default()
    }

    /// A type that is read: what may be left out may be absent. The types that it names are called after it, as what is written has
    /// types of the same names.
    pub(super) fn read<T: JsonSchema>(&mut self, name: &str) -> Value {
        let settings = SchemaSettings::draft2020_12();
        let settings = settings.with(|settings| settings.definitions_path = PATH.into());
        let mut generator = settings.into_generator();
        let schema = T::json_schema(&mut generator).to_value();
        let mut all = vec![(name.to_owned(), schema)];
        let named = generator.take_definitions(true);
        all.extend(named.into_iter().map(|(part, schema)| (format!("{name}.{part}"), schema)));
        for (one, mut schema) in all {
            rename(&mut schema, name);
            self.read.insert(one.clone());
            self.declared.push(Declaration { name: one, schema });
        }
        reference(name)
    }

    /// Declarations that were made with [`Self::types`].
    pub(super) fn declare(&mut self, all: Vec<Declaration>) -> Vec<Value> {
        let references = all.iter().map(|one| reference(&one.name)).collect();
        self.declared.extend(all);
        references
    }

    /// Where declarations come from.
    pub(super) fn types(&mut self) -> &mut Types {
        &mut self.types
    }

    /// All of them, in the order of their names.
    pub(super) fn all(mut self) -> Value {
        let mut others = self.types.named();
        let mut next = 0;
        // Of what schemas name, and of what that names in turn. The rest is of variants that were not declared.
        while let Some(one) = self.declared.get(next) {
            let text = one.schema.to_string();
            let is_named =
                |other: &mut Declaration| text.contains(&format!("\"#{PATH}/{}\"", other.name));
            self.declared.extend(others.extract_if(.., is_named));
            next += 1;
        }
        self.declared.sort_by(|one, other| one.name.cmp(&other.name));
        let read = self.read;
        let entries = self.declared.into_iter().map(|Declaration { name, mut schema }| {
            tidy(&mut schema, !read.contains(&name));
            (name, schema)
        });
        Value::Object(entries.collect::<Map<_, _>>())
    }
}

/// Calls what a schema names after this type.
fn rename(schema: &mut Value, name: &str) {
    match schema {
        Value::Object(fields) => {
            let old =
                fields.get("$ref").and_then(Value::as_str).and_then(|to| to.rsplit('/').next());
            if let Some(old) = old.map(str::to_owned) {
                fields.insert("$ref".to_owned(), format!("#{PATH}/{name}.{old}").into());
            }
            fields.values_mut().for_each(|one| rename(one, name));
        }
        Value::Array(items) => items.iter_mut().for_each(|one| rename(one, name)),
        _ => {}
    }
}

/// What is left out is not null.
fn absent_or_there(fields: &mut Map<String, Value>) {
    let required = fields.get("required").cloned().unwrap_or_default();
    let is_required = |name: &String| {
        required.as_array().into_iter().flatten().any(|one| one.as_str() == Some(name))
    };
    let properties = fields.get_mut("properties").and_then(Value::as_object_mut);
    for (name, property) in properties.into_iter().flatten() {
        if !is_required(name) {
            without_null(property);
        }
    }
}

fn without_null(property: &mut Value) {
    let is_null = |one: &Value| *one == "null" || one.get("type").is_some_and(|one| one == "null");
    for list in ["type", "anyOf"] {
        let Some(Value::Array(members)) = property.get_mut(list) else { continue };
        members.retain(|one| !is_null(one));
        let [only] = members.as_slice() else { continue };
        let only = only.clone();
        let Some(fields) = property.as_object_mut() else { continue };
        match only {
            Value::Object(only) => {
                fields.shift_remove(list);
                fields.extend(only);
            }
            only => drop(fields.insert(list.to_owned(), only)),
        }
    }
}

/// Takes out what only Rust knows: widths of numbers, and links to other items. An open schema forbids no fields.
fn tidy(schema: &mut Value, open: bool) {
    match schema {
        Value::Object(fields) => {
            let text = |fields: &Map<String, Value>, name: &str| {
                fields.get(name).and_then(Value::as_str).map(str::to_owned)
            };
            if text(fields, "format").is_some_and(|format| format.starts_with("uint")) {
                fields.shift_remove("format");
            }
            if let Some(about) = text(fields, "description") {
                fields.insert("description".to_owned(), sentence(&about).into());
            }
            if open && fields.get("additionalProperties") == Some(&Value::Bool(false)) {
                fields.shift_remove("additionalProperties");
            }
            if open {
                absent_or_there(fields);
            }
            fields.values_mut().for_each(|one| tidy(one, open));
        }
        Value::Array(items) => items.iter_mut().for_each(|one| tidy(one, open)),
        _ => {}
    }
}

/// What is said above a Rust item, in one line for each paragraph.
pub(super) fn sentence(about: &str) -> String {
    let text = plain(about);
    let paragraphs =
        text.split("\n\n").map(|one| one.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}
