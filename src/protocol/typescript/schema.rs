//! Named JSON Schemas of Rust types, as schemars derives them. How they look as TypeScript is decided in `print.rs`.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::generate::SchemaSettings;
use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde_json::{json, Value};

use crate::limits::REF_CHARS;
use crate::protocol::server_frame::PING;

/// A type with a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Declaration {
    /// Its name.
    pub(super) name: String,
    /// Its schema.
    pub(super) schema: Value,
}

/// Where schemas come from. They describe what is written, not what would be read.
pub(super) struct Types(SchemaGenerator);

impl Default for Types {
    fn default() -> Self {
        Self(SchemaSettings::draft2020_12().for_serialize().into_generator())
    }
}

impl Types {
    /// A type under its own name.
    pub(super) fn of<T: JsonSchema>(&mut self) -> Declaration {
        let schema = T::json_schema(&mut self.0).to_value();
        Declaration { name: T::schema_name().into_owned(), schema }
    }

    /// The variants of an enum, each under its title.
    pub(super) fn each<T: JsonSchema>(&mut self) -> Vec<Declaration> {
        let schema = T::json_schema(&mut self.0).to_value();
        let variants = schema.get("oneOf").and_then(Value::as_array);
        let titled = |variant: &Value| {
            let name = variant.get("title")?.as_str()?.to_owned();
            Some(Declaration { name, schema: variant.clone() })
        };
        variants.into_iter().flatten().filter_map(titled).collect()
    }

    /// The variants of an enum that are frames of clients, each with a `ref`. Only the exact ping has none: with one, it would not
    /// be exact.
    pub(super) fn frames<T: JsonSchema>(&mut self) -> Vec<Declaration> {
        let ping: Value = serde_json::from_str(PING).unwrap_or_default();
        let mut frames = self.each::<T>();
        for frame in &mut frames {
            let kind = frame.schema.pointer("/properties/type/const");
            if kind != ping.get("type") {
                frame.put("ref", reference());
            }
        }
        frames
    }

    /// An enum as the union of its variants, which are declared on their own.
    pub(super) fn union_of<T: JsonSchema>(&mut self, each: &[Declaration]) -> Declaration {
        let Declaration { name, schema } = self.of::<T>();
        let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        Declaration::union(&name, about, each.iter().map(|one| &*one.name))
    }
}

fn reference() -> Value {
    json!({
        "type": "string",
        "description": format!("An error about the frame, or its answer, repeats it. At most {REF_CHARS} characters."),
    })
}

impl Declaration {
    /// A union of types that have these names.
    pub(super) fn union<'n>(
        name: &str,
        about: &str,
        members: impl Iterator<Item = &'n str>,
    ) -> Self {
        let members: Vec<_> = members.map(|name| json!({ "$ref": name })).collect();
        let schema = json!({"description": about, "anyOf": members});
        Self { name: name.to_owned(), schema }
    }

    /// Adds an optional property, or puts another type in the place of a property. Its description stays.
    pub(super) fn put(&mut self, property: &str, mut schema: Value) {
        let Some(own) = self.schema.as_object_mut() else { return };
        let properties = own.entry("properties").or_insert_with(|| json!({}));
        let Some(properties) = properties.as_object_mut() else { return };
        let about = properties.get(property).and_then(|own| own.get("description")).cloned();
        if let (Some(about), Some(new)) = (about, schema.as_object_mut()) {
            new.insert("description".to_owned(), about);
        }
        properties.insert(property.to_owned(), schema);
    }
}

/// Stands for a type that is flattened into another one, so that it is named there instead of being written out again.
pub(in crate::protocol) struct ByName<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for ByName<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "allOf": [generator.subschema_for::<T>()] })
    }
}
