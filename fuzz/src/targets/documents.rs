//! Documents: an accepted preset maps any events and every frame of its wire is JSON; an accepted tenant is stored without
//! its secrets and comes back the same; a refusal says no secret.

use roomcast::ingest::envelope::decode;
use roomcast::preset::faults::Fault;
use roomcast::preset::presets::Presets;
use roomcast::preset::{Preset, BUILT_IN};
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::TenantName;
use roomcast::protocol::topics::Topics;
use roomcast::protocol::update::Update;
use roomcast::room::view::View;
use roomcast::tenant::credentials::Credential;
use roomcast::tenant::entry::{ready, sealed};
use roomcast::tenant::sealing::{CannotOpen, SealingKeys, NONCE_BYTES};
use roomcast::tenant::secrets::{keep, listed, redact};
use serde_json::{json, Value};

use super::frames::is_json;
use super::posts::dispatched;
use crate::parts::{join, texts};
use crate::seeds;
use crate::stage::Stage;

/// In the secrets of seeds, so that one that is shown is noticed.
const MARK: &str = "hunter2";

/// Bytes of the frames that one input may cause: a frame has at most a few copies of an update.
const SENT_BYTES: usize = 64 * 1024 * 1024;

/// The target `preset`: a document and a body.
pub(super) fn preset(input: &[u8]) {
    let Some([document, body]) = texts(input) else { return };
    match Preset::parse(document) {
        Err(faults) => assert!(!faults.is_empty()),
        Ok(preset) => {
            serves(&preset);
            let dialects: Vec<_> = preset.wire().map(Dialect::Json).into_iter().collect();
            let presets = Presets::from(preset);
            let dispatch =
                decode(body.as_bytes()).ok().and_then(|events| dispatched(&presets, events));
            for delivery in dispatch.into_iter().flat_map(|dispatch| dispatch.deliveries) {
                for dialect in &dialects {
                    shows(dialect, &delivery.updates);
                }
            }
        }
    }
}

/// Its paths can be asked for, and what it shows at first can be said.
fn serves(preset: &Preset) {
    for path in &preset.paths {
        let example = path.path.replace("{session}", "s-1");
        let _ = path.session(&example);
        let _ = path.session(&path.path);
    }
    let _ = preset.initial("stats", &Topics::default());
}

/// A client sees the updates as they come, and another one when it joins after them.
fn shows(dialect: &Dialect, updates: &[Update]) {
    let mut stage = Stage::default();
    for number in 0..2 {
        let view = View::of_all(dialect.clone());
        let joined = stage.join(number, view, dialect.resume(None));
        assert!(joined.is_ok(), "{:?}", stage.failure());
        let published = stage.publish(updates.to_vec());
        assert!(published.is_ok(), "{:?}", stage.failure());
    }
    let sent = stage.take_sent();
    sent.iter().for_each(is_json);
    assert!(sent.iter().map(|frame| frame.len()).sum::<usize>() <= SENT_BYTES);
}

/// The target `tenant`: a document.
pub(super) fn tenant(input: &[u8]) {
    let Ok(document) = serde_json::from_slice::<Value>(input) else { return };
    let (name, keys) = ("acme".parse::<TenantName>().unwrap(), keys());
    let replaced = base();
    match ready(&name, document.clone(), Some(&replaced), &keys) {
        Err(faults) => says_no_secret(&document, &faults),
        Ok(ready) => {
            comes_back(&name, &ready.document, &keys);
            let of = |one: &Credential| one.fingerprints(&keys);
            assert!(ready.credentials.iter().all(|one| of(one).len() == 1));
        }
    }
}

/// Nothing that stands where secrets are is in a refusal. Names of fields are.
fn says_no_secret(document: &Value, faults: &[Fault]) {
    assert!(!faults.is_empty());
    let secret: Vec<String> =
        ["tokens", "webhooks"].iter().flat_map(|part| seeds::texts(&document[*part])).collect();
    let mut elsewhere = document.clone();
    if let Some(fields) = elsewhere.as_object_mut() {
        fields.remove("tokens");
        fields.remove("webhooks");
    }
    let is_elsewhere = elsewhere.to_string().contains(MARK);
    let is_name = named(document).iter().any(|name| name.contains(MARK));
    if secret.iter().any(|text| text.contains(MARK)) && !is_elsewhere && !is_name {
        let said = format!("{faults:?}");
        assert!(!said.contains(MARK), "{said}");
    }
}

/// The names of all fields.
fn named(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => {
            fields.keys().cloned().chain(fields.values().flat_map(named)).collect()
        }
        Value::Array(items) => items.iter().flat_map(named).collect(),
        _ => Vec::new(),
    }
}

/// A document that was accepted is sealed, opened, shown, and sent back.
fn comes_back(name: &TenantName, document: &Value, keys: &SealingKeys) {
    let mut count = 0;
    let nonce = || {
        count += 1;
        Ok::<_, CannotOpen>([count; NONCE_BYTES])
    };
    let entry = sealed(name, document, "1".to_owned(), keys, nonce).unwrap();
    let stored: Value = serde_json::from_str(&entry.sealed).unwrap();
    let secrets = listed(document);
    assert!(!secrets.is_empty(), "a tenant without a secret");
    assert!(listed(&stored).iter().all(|(_, text)| text.starts_with("sealed:a:")));
    assert_eq!(entry.open(name, keys).unwrap(), *document);
    assert!(entry.open(&"other".parse().unwrap(), keys).is_err(), "it opens for another tenant");
    let mut shown = document.clone();
    redact(&mut shown, keys);
    assert_eq!(listed(&shown), [], "a secret is shown");
    keep(&mut shown, Some(document), keys).unwrap();
    assert_eq!(shown, *document);
}

fn keys() -> SealingKeys {
    SealingKeys::parse("a:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").unwrap()
}

fn base() -> Value {
    json!({"origins": ["https://app.acme.test"],
        "tokens": {"issuer": "me",
            "keys": [{"alg": "HS256", "secret": "hunter2hunter2hunter2hunter2hunter2"}]},
        // `whsec_` and the base64 of a text that begins with `hunter2`
        "webhooks": [{"scheme": "standard", "secret": "whsec_hunter2hunter2hunter2hunter2hunter2hunt"}]})
}

/// Seeds of `preset`: the built-in documents with the examples of their events.
pub(super) fn presets() -> Vec<Vec<u8>> {
    let built_in = BUILT_IN.iter().zip(seeds::EXAMPLES);
    let mut all: Vec<Vec<u8>> = built_in
        .map(|((_, text), example)| {
            let document: Value = serde_json::from_str(text).unwrap();
            join(&[document.to_string(), Value::Array(seeds::events(example)).to_string()])
        })
        .collect();
    let board = json!({"name": "board", "session": {"aggregate": "B", "field": "b"},
        "events": [{"on": "a", "emit": "a", "key": "k:{x}", "data": {"x": "x | @B", "y?": "y",
            "z": {"value": 1}, "w": {"fields": {"v": "@session"}}, "s?": {"from": "s", "first_chars": 3}}}],
        "wire": {"update": {"t": "@type", "...": "@data", "n": "@seq"}, "greeting": ["@session"]},
        "paths": [{"path": "/b/{session}", "serves": "live"}]});
    let event = json!({"event_id": "e", "event_type": "a", "aggregate_type": "B", "aggregate_id": "s-1",
        "occurred_at": "2026-01-07T10:00:00Z", "payload": {"x": 1, "s": "日本語日本語"}});
    all.push(join(&[board.to_string(), event.to_string()]));
    all
}

/// Seeds of `tenant`: one with everything, and one with little.
pub(super) fn tenants() -> Vec<Vec<u8>> {
    let mut full = base();
    full["$schema"] = json!("../../docs/tenant.schema.json");
    full["access"] = json!("suspended");
    full["hosts"] = json!(["live.acme.test"]);
    full["limits"] = json!({"connections_per_user": 20, "events_per_second": null});
    full["retention_days"] = json!(365);
    full["tokens"]["audience"] = json!(null);
    full["presets"] = json!(["sessions", serde_json::from_str::<Value>(BUILT_IN[3].1).unwrap()]);
    let mut kept = base();
    redact(&mut kept, &keys());
    [base(), full, kept].iter().map(|document| document.to_string().into_bytes()).collect()
}
