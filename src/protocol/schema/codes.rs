//! The codes as unions, from their tables.

use std::borrow::Cow;

use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde_json::{json, Value};

use crate::protocol::codes::{
    ClientFault, CloseCode, CloseReason, EventFault, FrameFault, ProblemCode, Reconnect, Refusal,
    NORMAL,
};

/// Says how a kind of codes is named in TypeScript, what a code is on the wire, and which members the union has besides.
macro_rules! union {
    ($Kind:ident as $name:literal, $literal:expr) => {
        union!($Kind as $name, $literal, |_| Vec::new());
    };
    ($Kind:ident as $name:literal, $literal:expr, $others:expr) => {
        impl JsonSchema for $Kind {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let others: fn(&mut SchemaGenerator) -> Vec<Value> = $others;
                let literal: fn($Kind) -> Value = $literal;
                let own = $Kind::ALL.iter().map(|one| described(literal(*one), one.meaning()));
                let members: Vec<Value> = others(generator).into_iter().chain(own).collect();
                json_schema!({ "description": $Kind::ABOUT, "oneOf": members })
            }
        }
    };
}

union!(FrameFault as "ErrorCode", |one| json!({ "const": one.code() }));
union!(Refusal as "RefusalCode", |one| json!({ "const": one.code() }));
union!(ClientFault as "ClientFault", |one| json!({ "const": CloseReason::from(one).code() }));
union!(Reconnect as "MayReconnect", |one| json!({ "const": one.words() }));
union!(EventFault as "MalformedReason", reason);
union!(CloseCode as "CloseCode", |one| json!({ "const": one.number() }), |_| {
    vec![described(json!({ "const": NORMAL }), "The connection has served its purpose.")]
});
union!(ProblemCode as "ProblemCode", |one| json!({ "const": one.code() }), |generator| {
    vec![generator.subschema_for::<Refusal>().to_value()]
});

fn described(mut schema: Value, meaning: &str) -> Value {
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("description".to_owned(), meaning.into());
    }
    schema
}

/// A reason is a text, or the beginning of one.
fn reason(fault: EventFault) -> Value {
    if fault.continues() {
        json!({"type": "string", "pattern": format!("^{} ", fault.reason())})
    } else {
        json!({ "const": fault.reason() })
    }
}
