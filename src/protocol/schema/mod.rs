//! The types of the wire as named JSON Schemas, as schemars derives them.
//!
//! Frames that are joined as text have a form of their own here (`joined.rs`, `notes.rs`), to which tests hold their encoders; codes come
//! from their tables (`codes.rs`). Host only: a room never looks at it. How schemas look as TypeScript is decided in `typescript/`, and which
//! document shows them in the `spec` of the crate.

mod codes;
pub(super) mod joined;
pub(super) mod notes;
pub mod prose;

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::generate::SchemaSettings;
use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde_json::{json, Value};

pub use self::joined::LogPage;
use self::joined::{Joined, UpdateFrame};
use self::notes::Note;
pub use self::notes::Present;
use super::client_frame::ClientFrame;
use super::company::CompanyFrame;
use super::server_frame::{Frame, PING};
use crate::limits::REF_CHARS;

/// A type with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// Its name.
    pub name: String,
    /// Its schema.
    pub schema: Value,
}

/// Where schemas come from. They describe what is written, not what would be read.
pub struct Types(SchemaGenerator);

impl Default for Types {
    fn default() -> Self {
        Self(SchemaSettings::draft2020_12().for_serialize().into_generator())
    }
}

impl Types {
    /// Schemas that name each other by this path, such as `/components/schemas`.
    pub fn below(path: &'static str) -> Self {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        Self(settings.with(|settings| settings.definitions_path = path.into()).into_generator())
    }

    /// The types that those so far name.
    pub fn named(&mut self) -> Vec<Declaration> {
        let named = self.0.take_definitions(true).into_iter();
        named.map(|(name, schema)| Declaration { name, schema }).collect()
    }

    /// The frames of the server, each by its name: those that clients of `roomcast.v1` are sent wherever they are.
    pub fn to_client(&mut self) -> Vec<Declaration> {
        let update = vec![self.of::<UpdateFrame>()];
        [self.each::<Frame<'_>>(), update, self.each::<Joined>()].concat()
    }

    /// The frame with the state, which is also what is read over HTTP.
    pub fn state(&mut self) -> Vec<Declaration> {
        self.each::<Joined>().into_iter().filter(|frame| frame.name == "StateFrame").collect()
    }

    /// The frames of clients.
    pub fn to_server(&mut self) -> Vec<Declaration> {
        self.frames::<ClientFrame>()
    }

    /// What clients are told of each other, and what they send for that.
    pub fn company(&mut self) -> (Vec<Declaration>, Vec<Declaration>) {
        (self.each::<Note>(), self.frames::<CompanyFrame>())
    }

    /// A type under its own name.
    pub fn of<T: JsonSchema>(&mut self) -> Declaration {
        let schema = T::json_schema(&mut self.0).to_value();
        Declaration { name: T::schema_name().into_owned(), schema }
    }

    /// The variants of an enum, each under its title.
    pub fn each<T: JsonSchema>(&mut self) -> Vec<Declaration> {
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
    pub fn frames<T: JsonSchema>(&mut self) -> Vec<Declaration> {
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
    pub fn union_of<T: JsonSchema>(&mut self, each: &[Declaration]) -> Declaration {
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
    pub fn union<'n>(name: &str, about: &str, members: impl Iterator<Item = &'n str>) -> Self {
        let members: Vec<_> = members.map(|name| json!({ "$ref": name })).collect();
        let schema = json!({"description": about, "anyOf": members});
        Self { name: name.to_owned(), schema }
    }

    /// Adds an optional property, or puts another type in the place of a property. Its description stays.
    pub fn put(&mut self, property: &str, mut schema: Value) {
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
