//! Ring 2: whatever comes in from outside, parsing it is an answer and never a panic.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use proptest::collection::vec;
use proptest::prelude::*;
use roomcast::auth::secret::Secret;
use roomcast::auth::token::{self, TokenPolicy};
use roomcast::auth::webhook::{self, SignedHeaders, WebhookSecrets};
use roomcast::ingest::dispatch::{Batch, Pointers};
use roomcast::ingest::envelope::decode;
use roomcast::ingest::preset::Preset;
use roomcast::protocol::client_frame::ClientFrame;
use roomcast::protocol::ids::{Position, RoomName, SessionId};
use roomcast::protocol::join::Join;
use roomcast::protocol::time::Timestamp;
use roomcast::room::delivery;
use roomcast::room::row::{BurstRow, CheckpointRow};
use serde_json::{json, Map, Value};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("message"),
        Just("progress"),
        Just("cycle_id"),
        Just("cycleId"),
        Just("component_type"),
        Just("session_id"),
        Just("scores"),
        Just("content"),
        Just("id"),
        Just("role"),
        Just("title"),
    ];
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name.clone(), inner), 0..6).prop_map(|fields| {
                let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
                Value::Object(fields.collect::<Map<_, _>>())
            }),
        ]
    })
}

const KINDS: [&str; 11] = [
    "session.created",
    "session.renamed",
    "cycle.created",
    "cycle.branched",
    "component.started",
    "component.completed",
    "component.output_updated",
    "message.sent",
    "pugh_scores.computed",
    "dq_scores.computed",
    "cycle.completed",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_payload_is_mapped_or_refused(kind in prop::sample::select(&KINDS), payload in any_json()) {
        let event = json!({"event_id": "e", "event_type": kind, "aggregate_type": "Session",
            "aggregate_id": "s-1", "occurred_at": "2026-01-07T10:00:00Z", "payload": payload});
        let preset = Preset::built_in("sessions").unwrap();
        if let Ok(events) = decode(event.to_string().as_bytes()) {
            let dispatch = Batch::new(&preset, events).and_then(|batch| batch.dispatch(&Pointers::new()));
            for delivery in dispatch.into_iter().flat_map(|dispatch| dispatch.deliveries) {
                for update in delivery.updates {
                    let frame = format!("{{{}}}", update.content);
                    prop_assert!(serde_json::from_str::<Value>(&frame).is_ok(), "{frame}");
                }
            }
        }
    }

    #[test]
    fn any_body_is_decoded_or_refused(body in vec(any::<u8>(), 0..200), value in any_json()) {
        let _ = decode(&body);
        let _ = decode(value.to_string().as_bytes());
    }

    #[test]
    fn any_text_is_an_id_a_frame_or_an_error(text in any::<String>()) {
        let _ = (text.parse::<SessionId>(), text.parse::<Position>(), text.parse::<RoomName>());
        let _ = (ClientFrame::parse(&text), Join::decode(&text), delivery::decode(text.as_bytes()));
    }

    #[test]
    fn any_frame_of_fields_is_a_frame_or_an_error(value in any_json()) {
        let _ = ClientFrame::parse(&value.to_string());
    }

    #[test]
    fn any_token_and_signature_is_verified_or_refused(text in "[A-Za-z0-9._,= -]{0,200}", body in vec(any::<u8>(), 0..50)) {
        let policy = TokenPolicy { key: Secret::new([1; 32]), issuer: None, audience: None };
        prop_assert!(token::verify(&policy, &text, Timestamp(0)).is_err());
        let secrets = WebhookSecrets::parse("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3").unwrap();
        let headers = SignedHeaders { id: Some(&text), timestamp: Some("0"), signature: Some(&text) };
        prop_assert!(webhook::verify(&secrets, headers, &body, Timestamp(0)).is_err());
    }

    #[test]
    fn any_stored_row_is_read_or_refused(body in ".{0,30}", meta in any_json(), after in any::<u64>()) {
        let (first, last) = (after / 2, after);
        let burst = BurstRow { number: 1, first, last, body: body.as_str().into(), meta: meta.to_string() };
        let _ = (burst.updates().map(|updates| updates.len()), burst.body_after(after).map(str::len));
        let _ = CheckpointRow { number: 1, seq: 1, body, meta: meta.to_string() }.state().is_ok();
    }
}
