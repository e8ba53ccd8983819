use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::{json, Map, Value};

use super::*;
use crate::limits::{PACE_MAX_MS, PACE_STEP_MS, PRESENCE_BYTES, REF_CHARS, SIGNAL_BYTES};
use crate::protocol::client_frame::ClientFrame;
use crate::protocol::company::note;
use crate::protocol::page::Page;
use crate::protocol::schema::joined::{Joined, UpdateFrame};
use crate::protocol::server_frame::{self, Frame, PING, PONG};
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Topics;
use crate::protocol::trace::TraceParent;
use crate::protocol::update::Content;

const NOW: Timestamp = Timestamp(1_767_780_000_000);

fn vectors(name: &str) -> Value {
    let path = format!("{}/tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Whether a value has exactly the form of a type: all of its fields, and no others.
fn is_exactly<T: DeserializeOwned + Serialize>(value: &Value) -> bool {
    let read = serde_json::from_value::<T>(value.clone());
    read.is_ok_and(|read| serde_json::to_value(read).unwrap() == *value)
}

/// Whether it has the form of exactly one of the frames that are joined.
fn is_joined(frame: &Value) -> bool {
    let forms =
        [is_exactly::<Joined>(frame), is_exactly::<UpdateFrame>(frame), is_exactly::<Note>(frame)];
    forms.into_iter().filter(|is| *is).count() == 1
}

/// The values of `type` of these frames.
fn kinds(frames: &[Declaration]) -> BTreeSet<String> {
    let kind = |frame: &Declaration| frame.schema.pointer("/properties/type/const").cloned();
    frames.iter().map(|frame| kind(frame).unwrap().as_str().unwrap().to_owned()).collect()
}

/// Updates with all fields and with as few as possible, as they are encoded.
fn updates() -> Vec<String> {
    let rows = vectors("sessions.json");
    let rows = rows.as_array().unwrap().iter().map(|row| row["update"].to_string());
    let trace = TraceParent::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let (data, some) = (json!({"a": [null, 1.5]}), Some("b"));
    let data = &data.as_object().unwrap().into();
    let (update_type, timestamp) = ("a.b", "2026-01-07T10:00:00Z");
    let (correlation_id, topic, trace) = (some, some, trace.as_ref());
    let full = Content { update_type, timestamp, correlation_id, topic, trace, data };
    let bare = Content { correlation_id: None, topic: None, trace: None, ..full };
    rows.chain([full, bare].map(|content| server_frame::update(7, &content.encode().0))).collect()
}

/// What each encoder that joins text writes, in each of its cases.
fn encoded() -> Vec<String> {
    let all = updates();
    let joined = all.join(",");
    let head = Position { epoch: Epoch::none(), seq: 43 };
    let (topics, client) = (Topics::parse(["a", "b:*"]).unwrap(), ClientId::from_random([7; 8]));
    let (bob, ada) = (("bob", None), ("ada", Some(r#"{"a":[null]}"#)));
    let here = note::Note::state(2, [ada, bob], false);
    let notes = [
        here.answering("7"),
        here,
        note::Note::state(201, [bob], true),
        note::Note::changed(2, [ada], ["cyn"], [bob]),
        note::Note::crowd(202),
        note::Note::signal(&client, "ada", Some("a"), "null"),
        note::Note::signal(&client, "", None, "[1]"),
    ];
    let frames = [
        server_frame::updates(41, 43, &joined, NOW),
        server_frame::updates(41, 43, "", NOW),
        server_frame::state(&head, &joined),
        server_frame::state(&head, ""),
        server_frame::subscribed(None, &topics, Some((&head, &joined))),
        server_frame::subscribed(Some("\"7"), &topics, Some((&head, ""))),
        PONG.to_owned(),
    ];
    let alone = all.iter().map(|update| server_frame::updates(6, 7, update, NOW));
    frames.into_iter().chain(alone).chain(notes.iter().map(note::Note::frame)).collect()
}

#[test]
fn what_encoders_join_has_exactly_the_form_that_is_typed() {
    let mut seen = BTreeSet::new();
    for text in encoded() {
        let frame: Value = serde_json::from_str(&text).unwrap();
        assert!(is_joined(&frame), "{text}");
        seen.insert(frame["type"].as_str().unwrap().to_owned());
    }
    let mut types = Types::default();
    let mut all = kinds(&[types.each::<Joined>(), types.each::<Note>()].concat());
    all.insert("dashboard.update".to_owned());
    assert_eq!(seen, all);
    for update in updates() {
        assert!(is_exactly::<Update>(&serde_json::from_str(&update).unwrap()), "{update}");
    }
    for next in [None, Some(42)] {
        let page = Page { epoch: &Epoch::none(), first: 1, head: 43, next };
        let text = page.encode(&updates().join(","));
        assert!(is_exactly::<LogPage>(&serde_json::from_str(&text).unwrap()), "{text}");
    }
}

#[test]
fn the_shared_vectors_have_exactly_the_forms_that_are_typed() {
    let by_serde = kinds(&Types::default().each::<Frame<'_>>());
    let frames = vectors("frames.json")["server"].clone();
    for (name, frame) in frames.as_object().unwrap() {
        // Dialects without positions leave out fields, and are not typed.
        let is_typed = name.split('.').next_back() != Some("plain");
        let kind = frame["type"].as_str().unwrap();
        let expected = is_typed && !by_serde.contains(kind);
        assert_eq!(is_joined(frame), expected, "{name}");
    }
    for page in vectors("log.json").as_array().unwrap() {
        assert!(is_exactly::<LogPage>(page), "{page}");
    }
    for row in vectors("sessions.json").as_array().unwrap() {
        assert!(is_exactly::<Update>(&row["update"]), "{}", row["name"]);
    }
}

#[test]
fn a_field_that_is_not_typed_is_noticed() {
    for text in encoded() {
        let mut frame: Value = serde_json::from_str(&text).unwrap();
        frame["more"] = json!(1);
        assert!(!is_joined(&frame), "{text}");
    }
}

/// A frame with a value for each of its properties.
fn sample(frame: &Declaration) -> Map<String, Value> {
    let properties = frame.schema["properties"].as_object().unwrap();
    let value = |schema: &Value| match (schema.get("const"), schema["type"].as_str()) {
        (Some(value), _) => value.clone(),
        (None, Some("integer")) => json!(1),
        (None, Some("array")) => json!(["a"]),
        // A property that may be absent can be null as far as Rust is concerned.
        (None, Some("string") | None) => json!("a"),
        other => panic!("{other:?}"),
    };
    properties.iter().map(|(name, schema)| (name.clone(), value(schema))).collect()
}

#[test]
fn clients_may_send_exactly_what_is_typed() {
    let mut types = Types::default();
    let frames = [types.frames::<ClientFrame>(), types.frames::<CompanyFrame>()].concat();
    let is_read =
        |frame: &Map<String, Value>| ClientFrame::parse(&json!(frame).to_string()).is_ok();
    for frame in &frames {
        let all = sample(frame);
        assert!(is_read(&all), "{all:?}");
        let required = &frame.schema["required"];
        for name in all.keys() {
            let mut less = all.clone();
            less.shift_remove(name);
            let is_required = required.as_array().unwrap().iter().any(|one| one == name);
            assert_eq!(is_read(&less), !is_required, "{all:?} without {name}");
        }
    }
    assert_eq!(json!(sample(&frames[0])).to_string(), PING);
    let unknown = ClientFrame::parse(r#"{"type":"dance"}"#).unwrap_err().message;
    let (_, listed) = unknown.split_once("one of ").unwrap();
    assert_eq!(kinds(&frames), listed.split(", ").map(str::to_owned).collect());
}

#[test]
fn the_comments_name_the_limits_that_are_enforced() {
    let all = protocol().unwrap() + &company().unwrap();
    // As people write them: 1,024.
    let written = |number: usize| match (number / 1_000, number % 1_000) {
        (0, less) => less.to_string(),
        (thousands, rest) => format!("{thousands},{rest:03}"),
    };
    let pace = written(usize::try_from(PACE_MAX_MS).unwrap());
    for sentence in [
        format!("At most {REF_CHARS} characters."),
        format!("JSON of at most {} bytes; `null`", written(PRESENCE_BYTES)),
        format!("JSON of at most {} bytes.", written(SIGNAL_BYTES)),
        format!("from 0 for none to {pace}. They count as the next multiple of {PACE_STEP_MS}."),
    ] {
        assert!(all.contains(&sentence), "{sentence}");
    }
}
