//! What other people's SDKs send as `CloudEvents`: accepted in every mode, and the same event in each.
//!
//! The requests in `fixtures/cloudevents/` were made with the SDKs of Python and JavaScript; the scripts beside them say
//! how. An SDK does not sign: here that is done as `docs/sources.md` tells its users.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use roomcast::auth::webhook::{attributes, sign, verify, WebhookSecrets};
use roomcast::ingest::source::Source;
use roomcast::preset::event::Event;
use roomcast::protocol::media;
use roomcast::protocol::post::{Form, PostHeaders};
use roomcast::protocol::time::Timestamp;
use serde_json::{json, Value};

const NOW: Timestamp = Timestamp(1_767_780_000_000);
const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

/// A request of an SDK.
struct Request {
    name: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn requests(file: &str) -> Vec<Request> {
    let file: Value = serde_json::from_str(file).unwrap();
    let header =
        |(name, value): (&String, &Value)| (name.clone(), value.as_str().unwrap().to_owned());
    let request = |request: &Value| Request {
        name: format!("{}: {}", file["sdk"].as_str().unwrap(), request["name"].as_str().unwrap()),
        headers: request["headers"].as_object().unwrap().iter().map(header).collect(),
        body: STANDARD.decode(request["body"].as_str().unwrap()).unwrap(),
    };
    file["requests"].as_array().unwrap().iter().map(request).collect()
}

fn all() -> Vec<Request> {
    let python = requests(include_str!("fixtures/cloudevents/python.json"));
    let javascript = requests(include_str!("fixtures/cloudevents/javascript.json"));
    python.into_iter().chain(javascript).collect()
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The events, after all checks of a post.
    fn accepted(&self) -> Vec<Event> {
        let secrets = WebhookSecrets::parse(SECRET).unwrap();
        let lines: Vec<_> =
            self.headers.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        let lines = lines.join("\n");
        let timestamp = NOW.seconds().to_string();
        let mut headers = PostHeaders {
            content_type: self.header("content-type"),
            specversion: self.header("ce-specversion"),
            timestamp: Some(&timestamp),
            ..PostHeaders::default()
        };
        if headers.form() == Form::Binary {
            headers = headers.with(&lines);
        }
        let binary = headers.form() == Form::Binary;
        let id = binary.then(|| attributes::id(headers.attributes.iter().copied()));
        let id = id.unwrap_or_else(|| "msg_1".to_owned());
        let signature = sign(&secrets, &id, NOW, &self.body);
        headers.id = Some(&id);
        headers.signature = Some(&signature);
        media::check(headers.content_type, None).unwrap();
        let signed = verify(&secrets, &headers, &self.body, NOW).unwrap();
        let events = Source::of(&headers, signed.scheme).decode(&self.body, signed.at, None);
        events.unwrap_or_else(|rejected| panic!("{}: {rejected:?}", self.name))
    }
}

#[test]
fn every_request_of_an_sdk_is_accepted() {
    let mut count = 0;
    for request in all() {
        let events = request.accepted();
        assert_eq!(events.len(), if request.name.ends_with("batch") { 2 } else { 1 });
        for event in events {
            count += 1;
            let (source, subject) = match event.aggregate.kind.as_str() {
                "/orders" => ("/orders", "o-1"),
                _ => ("/Grüße/100% orders", "o 1"),
            };
            assert_eq!(
                (event.aggregate.kind.as_str(), event.aggregate.id.as_str()),
                (source, subject)
            );
            assert_eq!(event.kind, "order.placed", "{}", request.name);
            let time = Timestamp::from_rfc3339("2026-01-07T10:00:00Z");
            assert_eq!(Timestamp::from_rfc3339(&event.occurred_at), time, "{}", request.name);
            assert_eq!(json!(event.payload), json!({"total": 42, "note": "Grüße 🎉"}));
            assert_eq!(event.correlation_id.as_deref(), Some("c-1"));
            assert_eq!(event.metadata["tenantid"], "acme");
        }
    }
    assert_eq!(count, 12);
}

#[test]
fn an_event_is_the_same_in_binary_and_structured_mode() {
    let requests = all();
    let find =
        |name: &str| requests.iter().find(|one| one.name.ends_with(name)).unwrap().accepted();
    let id = |mut events: Vec<Event>| events.remove(0).id;
    assert_eq!(id(find("(Python): structured")), "/Grüße/100%25%20orders e-1");
    assert_eq!(id(find("(Python): binary")), "/Grüße/100%25%20orders e-2");
    assert_eq!(id(find("(JavaScript): binary")), "/orders e-2");
}
