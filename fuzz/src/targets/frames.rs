//! Frames of clients, in every dialect, in a room: whatever they say, the room does not fail, and what it answers is JSON.

use std::cell::RefCell;
use std::rc::Rc;

use roomcast::dialect::Received;
use roomcast::limits::{FRAME_BYTES, PACE_MAX_MS, PACE_STEP_MS, REF_CHARS, TOPICS_BYTES};
use roomcast::preset::presets::Presets;
use roomcast::protocol::client_frame::ClientFrame;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::update::{encoded_bytes, Update};
use roomcast::protocol::wire::WireForm;
use roomcast::room::view::View;
use roomcast::room::Said;
use serde_json::{json, Value};

use super::posts::dispatched;
use crate::parts::{join, SEPARATOR};
use crate::seeds;
use crate::stage::Stage;

/// Frames of one input. More would only repeat what fewer do.
const FRAMES: usize = 8;

thread_local! {
    static DIALECTS: Vec<Dialect> = dialects();
    static UPDATES: RefCell<Vec<Update>> = RefCell::new(updates());
}

/// The target `frames`: frames, each from one client of each dialect.
pub(super) fn frames(input: &[u8]) {
    let frames = input.split(|byte| *byte == SEPARATOR).take(FRAMES);
    let frames: Vec<&str> = frames.filter_map(|frame| str::from_utf8(frame).ok()).collect();
    DIALECTS.with(|dialects| {
        let mut stage = Stage::default();
        UPDATES.with_borrow(|updates| stage.publish(updates.clone())).unwrap();
        for (number, dialect) in (0..).zip(dialects) {
            let view = View::of_all(dialect.clone());
            stage.join(number, view, dialect.resume(None)).unwrap();
        }
        for frame in frames {
            for (number, dialect) in (0..).zip(dialects) {
                is_within_limits(&dialect.decode(Received::Text(frame)), frame);
                let heard = stage.hear(number, frame);
                assert!(heard.is_ok(), "{:?}", stage.failure());
            }
        }
        stage.take_sent().iter().for_each(is_json);
    });
}

pub(super) fn is_json(frame: &Rc<str>) {
    assert!(serde_json::from_str::<Value>(frame).is_ok(), "{frame}");
}

pub(super) fn is_within_limits(said: &Said, frame: &str) {
    let reference = match said {
        Said::TooLong => {
            assert!(frame.len() > FRAME_BYTES);
            return;
        }
        Said::Bad(bad) => {
            assert!(bad.message.len() < 200, "{bad:?}");
            &bad.reference
        }
        Said::Frame { frame, reference } => {
            if let ClientFrame::Subscribe { topics, .. } | ClientFrame::Unsubscribe { topics } =
                frame
            {
                assert!(encoded_bytes(topics) <= TOPICS_BYTES + 2, "{topics:?}");
            }
            if let ClientFrame::Pace { ms } = frame {
                assert!(*ms <= PACE_MAX_MS && ms.is_multiple_of(PACE_STEP_MS));
            }
            reference
        }
    };
    assert!(reference.iter().all(|text| text.chars().count() <= REF_CHARS), "{reference:?}");
}

fn dialects() -> Vec<Dialect> {
    let presets = Presets::parse("sessions admin projects stats").unwrap();
    let wires = presets.iter().filter_map(|(_, preset)| preset.wire());
    let templates: WireForm = serde_json::from_value(json!({"update": ["@data", "@seq"],
        "accepts": [{"when": {"id": null}, "do": "subscribe", "topic": "t:{content}", "ref": "title"},
            {"when": {"role": true}, "do": "unsubscribe", "topic": "{message.id}"}]}))
    .unwrap();
    let documents = wires.chain([templates.into()]).map(Dialect::Json);
    [Dialect::V1, Dialect::Plain].into_iter().chain(documents).collect()
}

fn updates() -> Vec<Update> {
    let presets = Presets::parse("projects").unwrap();
    let body = Value::Array(seeds::events("projects")).to_string();
    let events = roomcast::ingest::envelope::decode(body.as_bytes()).unwrap();
    let deliveries = dispatched(&presets, events).unwrap().deliveries;
    deliveries.into_iter().flat_map(|delivery| delivery.updates).collect()
}

/// Seeds of `frames`: the vectors, the attacks, and conversations.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let vectors = ["frames", "frame-errors"].map(|name| format!("tests/vectors/{name}.json"));
    let attacks = "tests/attacks/cases/frames.json".to_owned();
    let texts = vectors.iter().chain([&attacks]).flat_map(|file| seeds::texts(&seeds::json(file)));
    let mut all: Vec<Vec<u8>> =
        texts.filter(|text| text.starts_with('{')).map(String::into_bytes).collect();
    all.push(join(&[
        r#"{"type":"subscribe","topics":["project:*"],"ref":"1"}"#,
        r#"{"type":"unsubscribe","topics":["project:7"]}"#,
        r#"{"type":"pace","ms":1001}"#,
        r#"{"type":"request.state"}"#,
        r#"{"type":"ack","seq":3}"#,
    ]));
    all.push(join(&[
        r#"{"action":"subscribe","project_id":"p-1"}"#,
        r#"{"id":null,"content":"a","title":"7"}"#,
        r#"{"role":true,"message":{"id":"t:a"}}"#,
    ]));
    all
}
