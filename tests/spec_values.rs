//! Whatever the Rust types write is what the documents of the wire describe, and what the documents describe is what the Rust types
//! read: for any values, frames that are joined as text included.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use roomcast::ingest::envelope::decode;
use roomcast::ingest::forms::{Audience, Envelope, Metadata};
use roomcast::protocol::client_frame::BadFrame;
use roomcast::protocol::codes::FrameFault;
use roomcast::protocol::company::note::Note;
use roomcast::protocol::ids::{ClientId, Epoch, Position, SessionId, TenantName};
use roomcast::protocol::page::Page;
use roomcast::protocol::results::{EventResult, IgnoredBecause, Outcome, Results, RoomResult};
use roomcast::protocol::server_frame::{self, Joined, Recovery, Renewal, PONG};
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::topics::Topics;
use roomcast::protocol::update::Content;
use serde_json::{json, Map, Value};

static HTTP: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&roomcast::spec::openapi()).unwrap());
static SOCKETS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&roomcast::spec::asyncapi()).unwrap());

static ENVELOPE: LazyLock<Validator> = LazyLock::new(|| of_schema(&HTTP, "Envelope"));
static SESSION: LazyLock<Validator> = LazyLock::new(|| parameter(LIVE, "session"));
static RESUME: LazyLock<Validator> = LazyLock::new(|| parameter(LIVE, "resume"));
static TENANT: LazyLock<Validator> =
    LazyLock::new(|| parameter("/admin/tenants/{tenant}", "tenant"));

const LIVE: &str = "/api/sessions/{session}/live";

/// The schema of a parameter of what is read at a path.
fn parameter(path: &str, name: &str) -> Validator {
    let parameters = HTTP["paths"][path]["get"]["parameters"].as_array().unwrap();
    let one = parameters.iter().find(|one| one["name"] == name).unwrap();
    validator(&HTTP, &one["schema"])
}

fn validator(document: &Value, schema: &Value) -> Validator {
    let whole = json!({"$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": document["components"], "allOf": [schema]});
    jsonschema::options().should_validate_formats(true).build(&whole).unwrap()
}

fn of_schema(document: &Value, name: &str) -> Validator {
    validator(document, &json!({ "$ref": format!("#/components/schemas/{name}") }))
}

/// The schema of the frame of this type in the document: one of those that the server sends.
fn frame(kind: &str) -> Validator {
    let messages = SOCKETS["components"]["messages"].as_object().unwrap();
    let sent = SOCKETS["operations"]["session.send"]["messages"].to_string();
    let is_sent = |name: &str| sent.contains(&format!("/{name}\""));
    let found = messages.iter().find(|(name, message)| message["name"] == kind && is_sent(name));
    validator(&SOCKETS, &found.unwrap_or_else(|| panic!("no {kind}")).1["payload"])
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let value: Value = serde_json::from_str(text).unwrap();
    let validator = frame(value["type"].as_str().unwrap());
    let outcome = validator.validate(&value).map_err(|error| error.to_string());
    prop_assert!(outcome.is_ok(), "{}: {:?}", text, outcome);
    Ok(())
}

fn id() -> impl Strategy<Value = [u8; 8]> {
    any::<[u8; 8]>()
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{1,12}"
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    vec(
        (text(), prop_oneof![any::<i32>().prop_map(Value::from), text().prop_map(Value::from)]),
        0..3,
    )
    .prop_map(|fields| fields.into_iter().collect())
}

fn topics() -> impl Strategy<Value = Topics> {
    vec("[a-z:]{1,6}\\*?", 0..4)
        .prop_map(|names| Topics::parse(names.iter().map(String::as_str)).unwrap())
}

fn when() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_000_u64).prop_map(Timestamp)
}

prop_compose! {
    fn update()(
        seq in 1..1_000_u64,
        kind in text(),
        correlation in option::of(text()),
        topic in option::of("[a-z]{1,5}"),
        data in object(),
    ) -> String {
        let content = Content {
            update_type: &kind,
            timestamp: "2026-01-07T10:00:00Z",
            correlation_id: correlation.as_deref(),
            topic: topic.as_deref(),
            trace: None,
            data: &(&data).into(),
        };
        server_frame::update(seq, &content.encode().0)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn frames_with_updates_have_the_form_that_is_described(
        updates in vec(update(), 1..4),
        (epoch, seq) in (id(), 2..99_u64),
        now in when(),
        topics in topics(),
        reference in option::of(text()),
    ) {
        let head = Position { epoch: Epoch::from_random(epoch), seq };
        let joined = updates.join(",");
        check(&server_frame::updates(seq - 1, seq, &updates[0], now))?;
        check(&server_frame::updates(seq - 2, seq, &joined, now))?;
        check(&server_frame::state(&head, &joined))?;
        check(&server_frame::subscribed(reference.as_deref(), &topics, Some((&head, &joined))))?;
        let page = Page { epoch: &head.epoch, first: 1, head: seq, next: Some(seq) };
        let page: Value = serde_json::from_str(&page.encode(&joined)).unwrap();
        prop_assert!(of_schema(&HTTP, "LogPage").is_valid(&page), "{}", page);
    }

    #[test]
    fn other_frames_have_the_form_that_is_described(
        (client, now, seq) in (id(), when(), any::<u64>()),
        expires in option::of(when()),
        returns in option::of(any::<u64>()),
        recovery in select(vec![Recovery::None, Recovery::Replayed, Recovery::Snapshot]),
        renewal in select(vec![Renewal::None, Renewal::Snapshot]),
        fault in select(FrameFault::ALL.to_vec()),
        reference in option::of(text()),
        topics in topics(),
    ) {
        let head = Position { epoch: Epoch::from_random(client), seq };
        let joined = Joined { head: &head, recovery, expires, returns };
        let (session, client) = ("s-1".parse().unwrap(), ClientId::from_random(client));
        let bad = BadFrame { fault, message: "m".to_owned(), reference: reference.clone() };
        let reference = reference.as_deref();
        check(&server_frame::connected(&session, &client, now, Some(joined)))?;
        check(&server_frame::error(&bad, now))?;
        check(&server_frame::refreshed(reference, expires, &topics, renewal))?;
        check(&server_frame::unsubscribed(reference, &topics))?;
        check(&server_frame::paced(reference, 250))?;
        check(&server_frame::returning(seq))?;
        check(&server_frame::expiring(now))?;
        check(PONG)?;
    }

    #[test]
    fn notes_have_the_form_that_is_described(
        users in vec((text(), option::of(object())), 0..4),
        client in id(),
        topic in option::of("[a-z]{1,5}"),
        (reference, is_sample) in (text(), any::<bool>()),
        data in object(),
    ) {
        let shown: Vec<_> = users.iter().map(|(user, data)| (user, data.as_ref().map(|data| json!(data).to_string()))).collect();
        let people = || shown.iter().map(|(user, data)| (user.as_str(), data.as_deref()));
        let names = || users.iter().map(|(user, _)| user.as_str());
        let (client, data) = (ClientId::from_random(client), json!(data).to_string());
        let state = Note::state(users.len(), people(), is_sample);
        check(&state.frame())?;
        check(&state.answering(&reference).frame())?;
        check(&Note::changed(1, people(), names(), people()).frame())?;
        check(&Note::crowd(202).frame())?;
        check(&Note::signal(&client, &reference, topic.as_deref(), &data).frame())?;
        check(&Note::signal(&client, "", None, &data).frame())?;
        let body: Value = serde_json::from_str(&state.body()).unwrap();
        prop_assert!(of_schema(&HTTP, "Present").is_valid(&body), "{}", body);
    }

    #[test]
    fn results_have_the_form_that_is_described(rooms in vec((outcome(), vec(outcome(), 0..3)), 0..4)) {
        let in_room = |outcome: Outcome| RoomResult { preset: None, outcome };
        let result = |(first, others): (Outcome, Vec<Outcome>)| EventResult {
            event_id: "e-1".to_owned(),
            room: in_room(first),
            also: others.into_iter().map(|outcome| RoomResult { preset: Some("admin".parse().unwrap()), outcome }).collect(),
        };
        let results = json!(Results { results: rooms.into_iter().map(result).collect() });
        prop_assert!(of_schema(&HTTP, "Results").is_valid(&results), "{}", results);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn an_envelope_is_read_exactly_if_it_has_the_form_that_is_described(
        envelope in envelope(),
        place in select(PLACES.to_vec()),
        put in option::of(select(vec![json!(null), json!(7), json!(""), json!("x".repeat(128)), json!("x".repeat(129)), json!([]), json!({})])),
    ) {
        let mut value = json!(envelope);
        prop_assert!(ENVELOPE.is_valid(&value) && decode(value.to_string().as_bytes()).is_ok(), "{}", value);
        let (folder, name) = place.rsplit_once('/').unwrap();
        if let Some(fields) = value.pointer_mut(folder).and_then(Value::as_object_mut) {
            match put {
                Some(put) => fields.insert(name.to_owned(), put),
                None => fields.shift_remove(name),
            };
        }
        let read = decode(value.to_string().as_bytes());
        prop_assert_eq!(ENVELOPE.is_valid(&value), read.is_ok(), "{}: {:?}", value, read);
    }

    #[test]
    fn names_are_read_exactly_if_they_match_the_patterns(
        text in prop_oneof!["[A-Za-z0-9._:~@+= -]{0,4}", "[a-z0-9-]{30,34}", "[0-9a-f]{15,17}:[0-9]{0,17}", "a{126,130}", "\\PC{0,3}"],
    ) {
        let value = json!(text);
        prop_assert_eq!(SESSION.is_valid(&value), text.parse::<SessionId>().is_ok());
        prop_assert_eq!(RESUME.is_valid(&value), text.parse::<Position>().is_ok());
        prop_assert_eq!(TENANT.is_valid(&value), text.parse::<TenantName>().is_ok());
    }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let session: SessionId = "s-1".parse().unwrap();
    let some = Some(session.clone());
    prop_oneof![
        any::<u64>().prop_map(move |seq| Outcome::Accepted { session: session.clone(), seq }),
        any::<u64>().prop_map(|seq| Outcome::Duplicate { session: "s".parse().unwrap(), seq }),
        any::<u64>().prop_map(|seq| Outcome::Superseded { session: "s".parse().unwrap(), seq }),
        option::of(text())
            .prop_map(|detail| Outcome::Ignored { reason: IgnoredBecause::Invalid, detail }),
        Just(Outcome::Ignored { reason: IgnoredBecause::NoSession, detail: None }),
        select(vec![Outcome::Failed { session: some }, Outcome::Failed { session: None }]),
    ]
}

/// Fields of an envelope that can be replaced or taken out. A trace that is malformed counts as absent, so it is not among them.
const PLACES: [&str; 12] = [
    "/event_id",
    "/event_type",
    "/aggregate_type",
    "/aggregate_id",
    "/occurred_at",
    "/payload",
    "/metadata",
    "/metadata/correlation_id",
    "/metadata/audience",
    "/metadata/audience/users",
    "/metadata/audience/permissions",
    "/metadata/audience/more",
];

prop_compose! {
    fn envelope()(
        event_id in text(),
        event_type in text(),
        payload in object(),
        correlation_id in option::of(text()),
        users in option::of(vec(text(), 1..3)),
        has_metadata in any::<bool>(),
    ) -> Envelope {
        let audience = users.map(|users| Audience { users: Some(users), permissions: None });
        let metadata = Metadata { correlation_id, traceparent: None, audience };
        Envelope {
            event_id,
            event_type,
            aggregate_type: "Session".to_owned(),
            aggregate_id: "s-1".to_owned(),
            occurred_at: "2026-01-07T10:00:00Z".to_owned(),
            payload,
            metadata: has_metadata.then_some(metadata),
        }
    }
}
