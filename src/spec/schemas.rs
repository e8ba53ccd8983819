//! The schemas that a document names, under `#/components/schemas`: what is written, and what is read.
//!
//! Readers ignore fields that they do not know, so no schema of what is written forbids others.

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
}

/// A schema that stands elsewhere in the document.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#{PATH}/{name}") })
}

impl Schemas {
    pub(super) fn new() -> Self {
        Self { types: Types::below(PATH), declared: Vec::new() }
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
        let entries = self.declared.into_iter().map(|Declaration { name, mut schema }| {
            tidy(&mut schema, !name.starts_with("Tenant.") && name != "Tenant");
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
