//! The documents of the wire: `docs/openapi.json` and `docs/asyncapi.json` are what `roomcast spec` prints, name nothing that is not
//! there, and their examples are what they describe, to schemas and to the Rust types alike.
//!
//! That they are well formed is checked by other people's validators (`tests/spec/`), and that the Worker has these paths and answers
//! so by `tests/e2e/spec.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod current;

use std::collections::BTreeSet;

use roomcast::deployment::inflater::Inflater;
use roomcast::ingest::cloudevents::{batch, structured};
use roomcast::ingest::envelope::decode;
use roomcast::protocol::client_frame::ClientFrame;
use roomcast::protocol::problem::Problem;
use roomcast::protocol::results::Results;
use roomcast::protocol::time::Timestamp;
use roomcast::tenant::document::parse;
use roomcast::tenant::revoking::Order;
use serde_json::{json, Value};

use current::is_current;

/// After all times in the examples.
const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn openapi() -> Value {
    serde_json::from_str(&roomcast::spec::openapi()).unwrap()
}

fn asyncapi() -> Value {
    serde_json::from_str(&roomcast::spec::asyncapi()).unwrap()
}

#[test]
fn the_openapi_document_is_current() {
    is_current("docs/openapi.json", &roomcast::spec::openapi(), "spec openapi");
}

#[test]
fn the_asyncapi_document_is_current() {
    is_current("docs/asyncapi.json", &roomcast::spec::asyncapi(), "spec asyncapi");
}

/// Calls this with every object in a document, and with where it is.
fn visit(place: &str, value: &Value, each: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(fields) => {
            each(place, value);
            let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
            fields
                .iter()
                .for_each(|(name, one)| visit(&format!("{place}/{}", escaped(name)), one, each));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(at, one)| visit(&format!("{place}/{at}"), one, each));
        }
        _ => {}
    }
}

#[test]
fn what_a_document_names_is_there_and_what_it_has_is_named() {
    for document in [openapi(), asyncapi()] {
        let mut named = BTreeSet::new();
        visit("", &document, &mut |place, value| {
            let Some(target) = value.get("$ref").and_then(Value::as_str) else { return };
            let target = target.strip_prefix('#').unwrap();
            assert!(document.pointer(target).is_some(), "{place}: {target}");
            named.insert(target.to_owned());
        });
        for kind in ["schemas", "examples", "messages"] {
            let parts = document["components"][kind].as_object().into_iter().flatten();
            for (name, _) in parts {
                assert!(named.contains(&format!("/components/{kind}/{name}")), "{kind}/{name}");
            }
        }
    }
}

/// Checks a value against a schema of a document.
fn holds(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let whole = json!({"$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": document["components"], "allOf": [schema]});
    let validator = jsonschema::validator_for(&whole).unwrap();
    validator.validate(value).map_err(|error| format!("{value}: {error}"))
}

/// The examples in an object of a document, which has one, or several by their names.
fn examples(document: &Value, described: &Value) -> Vec<Value> {
    let several = match &described["examples"] {
        Value::Object(named) => named.values().cloned().collect(),
        Value::Array(listed) => listed.clone(),
        _ => Vec::new(),
    };
    let found = |one: Value| match one["$ref"].as_str() {
        Some(target) => document.pointer(target.strip_prefix('#').unwrap()).unwrap().clone(),
        None => one,
    };
    let value = |one: Value| one.get("value").or_else(|| one.get("payload")).cloned();
    let several = several.into_iter().map(found).filter_map(value);
    described.get("example").cloned().into_iter().chain(several).collect()
}

#[test]
fn every_example_over_http_has_the_form_that_is_described() {
    let document = openapi();
    let mut seen = 0;
    visit("", &document["paths"], &mut |place, value| {
        let Some(schema) = value.get("schema") else { return };
        for example in examples(&document, value) {
            holds(&document, schema, &example).unwrap_or_else(|error| panic!("{place}: {error}"));
            seen += 1;
        }
    });
    assert!(seen > 300, "{seen}");
}

#[test]
fn every_frame_has_examples_of_the_form_that_is_described() {
    let document = asyncapi();
    for (name, message) in document["components"]["messages"].as_object().unwrap() {
        let shown = examples(&document, message);
        assert!(!shown.is_empty(), "{name} has no example");
        for example in shown {
            holds(&document, &message["payload"], &example)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

/// The frames of clients in the document: their type, and their examples.
fn said() -> Vec<(String, Vec<Value>)> {
    let document = asyncapi();
    let operations = document["operations"].as_object().unwrap().values();
    let received = operations.filter(|operation| operation["action"] == "receive");
    let message = |operation: &Value| {
        let target = operation["messages"][0]["$ref"].as_str().unwrap();
        let name = target.rsplit('/').next().unwrap();
        document["components"]["messages"][name].clone()
    };
    let messages = received.map(message);
    let part = |one: Value| (one["name"].as_str().unwrap().to_owned(), examples(&document, &one));
    messages.map(part).collect()
}

#[test]
fn every_frame_of_a_client_in_the_document_is_read_by_the_server() {
    for (kind, shown) in said() {
        for frame in shown {
            assert_eq!(frame["type"], *kind);
            assert!(ClientFrame::parse(&frame.to_string()).is_ok(), "{frame}");
        }
    }
}

#[test]
fn every_frame_that_the_server_reads_is_in_the_document() {
    let unknown = ClientFrame::parse(r#"{"type":"dance"}"#).unwrap_err().message;
    let (_, listed) = unknown.split_once("one of ").unwrap();
    let known: BTreeSet<_> = listed.split(", ").map(str::to_owned).collect();
    assert_eq!(known, said().into_iter().map(|(kind, _)| kind).collect());
}

#[test]
fn the_compressed_frame_in_the_document_can_be_read() {
    let document = asyncapi();
    let hex = &document["components"]["messages"]["CompressedFrame"]["examples"][0]["payload"];
    let digits = hex.as_str().unwrap().as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let text = Inflater::default().text(&digits.map(byte).collect::<Vec<_>>()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["type"], "dashboard.update");
}

/// The examples of the bodies that an operation takes.
fn bodies(path: &str, method: &str, media_type: &str) -> Vec<String> {
    let document = openapi();
    let body = &document["paths"][path][method]["requestBody"]["content"][media_type];
    let texts: Vec<_> = examples(&document, body).iter().map(Value::to_string).collect();
    assert!(!texts.is_empty(), "{path} {media_type}");
    texts
}

#[test]
fn the_bodies_in_the_document_are_read_by_the_server() {
    for body in bodies("/api/events", "post", "application/json") {
        assert!(decode(body.as_bytes()).is_ok(), "{body}");
    }
    for body in bodies("/api/events", "post", "application/cloudevents+json") {
        assert!(structured(body.as_bytes(), NOW).is_ok(), "{body}");
    }
    for body in bodies("/api/events", "post", "application/cloudevents-batch+json") {
        assert!(batch(body.as_bytes(), NOW).is_ok(), "{body}");
    }
    for path in ["/api/revocations", "/admin/tenants/{tenant}/revocations"] {
        for body in bodies(path, "post", "application/json") {
            assert!(Order::read(body.as_bytes(), NOW).is_ok(), "{body}");
        }
    }
    for body in bodies("/admin/tenants/{tenant}", "put", "application/json") {
        let parsed = parse("acme".parse().unwrap(), serde_json::from_str(&body).unwrap());
        assert!(parsed.is_ok(), "{:?}", parsed.err());
    }
}

#[test]
fn the_answers_in_the_document_are_those_of_the_rust_types() {
    let document = openapi();
    for (name, example) in document["components"]["examples"].as_object().unwrap() {
        let problem: Problem = serde_json::from_value(example["value"].clone()).unwrap();
        assert_eq!(
            (problem.code.as_str(), json!(problem)),
            (name.as_str(), example["value"].clone())
        );
    }
    let answer = &document["paths"]["/api/events"]["post"]["responses"]["202"];
    let example = &answer["content"]["application/json"]["example"];
    let results: Results = serde_json::from_value(example.clone()).unwrap();
    assert_eq!(json!(results), *example);
}
