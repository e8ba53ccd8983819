//! Ring 3: the vectors that both Rust and the page's script read. `codes.rs` reads the vectors of codes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use roomcast::ingest::dispatch::{Batch, Pointers};
use roomcast::ingest::envelope::decode;
use roomcast::preset::presets::Presets;
use roomcast::protocol::bearer::Bearer;
use roomcast::protocol::client_frame::ClientFrame;
use roomcast::protocol::company::note::Note;
use roomcast::protocol::company::CompanyFrame;
use roomcast::protocol::follow::{Follower, Heard, Step};
use roomcast::protocol::ids::{ClientId, Epoch, Position};
use roomcast::protocol::page::Page;
use roomcast::protocol::server_frame::{self, Joined, Recovery, Renewal, PONG};
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::topics::Topics;
use roomcast::protocol::update::{Content, Update};
use serde_json::{json, Value};

fn vectors(file: &str) -> Value {
    let path = format!("{}/tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn mapped(event: &Value) -> Update {
    let preset = Presets::parse("sessions").unwrap();
    let events = decode(event.to_string().as_bytes()).unwrap();
    let batch = Batch::new(&preset, events).unwrap();
    let mut dispatch = batch.dispatch(&Pointers::new()).unwrap();
    assert_eq!(dispatch.deliveries[0].session.as_str(), "session-123");
    dispatch.deliveries.remove(0).updates.remove(0)
}

/// A JSON text as a value.
fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_event_type_becomes_its_update_under_its_key() {
    let vectors = vectors("sessions.json");
    for vector in vectors.as_array().unwrap() {
        let update = mapped(&vector["event"]);
        let name = &vector["name"];
        assert_eq!(value(&server_frame::update(1, &update.content)), vector["update"], "{name}");
        assert_eq!(
            (json!(update.entry.key), json!(update.entry.keep)),
            (vector["key"].clone(), vector["keep"].clone()),
            "{name}"
        );
    }
}

#[test]
fn the_vectors_cover_every_event_type_of_the_preset() {
    let preset = value(include_str!("../presets/sessions.json"));
    let vectors = vectors("sessions.json");
    let covered = |kind: &Value| {
        vectors.as_array().unwrap().iter().any(|vector| vector["event"]["event_type"] == *kind)
    };
    let rows = preset["events"].as_array().unwrap();
    assert_eq!(rows.len(), 11);
    assert!(rows.iter().all(|row| covered(&row["on"])));
}

/// The type, the topic and the data of a frame for the others.
fn company(frame: CompanyFrame) -> (&'static str, Option<String>, Option<Value>) {
    match frame {
        CompanyFrame::SetPresence { data } => {
            ("presence.set", None, Some(data.map_or(Value::Null, |data| value(&data))))
        }
        CompanyFrame::GetPresence => ("presence.get", None, None),
        CompanyFrame::Signal { topic, data } => ("signal", topic, Some(value(&data))),
    }
}

#[test]
fn frames_of_clients_are_read_as_the_vectors_say() {
    for vector in vectors("frames.json")["client"].as_array().unwrap() {
        let text = vector["text"].as_str().unwrap();
        let reference = vector["ref"].as_str().map(str::to_owned);
        match ClientFrame::parse(text) {
            Ok((frame, found)) => {
                let (mut ms, mut sent) = (None, None);
                let mut shared = (None, None);
                let (name, seq, topics) = match frame {
                    ClientFrame::Ping => ("ping", None, None),
                    ClientFrame::RequestState => ("request.state", None, None),
                    ClientFrame::Ack { seq } => ("ack", Some(seq), None),
                    ClientFrame::Pace { ms: pace } => {
                        ms = Some(u64::from(pace));
                        ("pace", None, None)
                    }
                    ClientFrame::Subscribe { topics, .. } => ("subscribe", None, Some(topics)),
                    ClientFrame::Unsubscribe { topics } => ("unsubscribe", None, Some(topics)),
                    ClientFrame::Refresh { token } => {
                        sent = Some(token);
                        ("auth.refresh", None, None)
                    }
                    ClientFrame::Company(frame) => {
                        let (name, topic, data) = company(frame);
                        shared = (topic, data);
                        (name, None, None)
                    }
                };
                assert_eq!((Some(name), found), (vector["frame"].as_str(), reference), "{text}");
                let topic = vector["topic"].as_str().map(str::to_owned);
                assert_eq!(shared, (topic, vector.get("data").cloned()), "{text}");
                assert_eq!(sent, vector["token"].as_str().map(Bearer::from), "{text}");
                assert_eq!((seq, ms), (vector["seq"].as_u64(), vector["ms"].as_u64()), "{text}");
                assert_eq!(
                    topics.map_or(Value::Null, |topics| json!(topics)),
                    vector["topics"],
                    "{text}"
                );
            }
            Err(bad) => {
                assert_eq!(Some(bad.fault.code()), vector["error"].as_str(), "{text}");
                assert_eq!(bad.reference, reference, "{text}");
            }
        }
    }
}

#[test]
fn frames_of_the_server_are_written_as_the_vectors_say() {
    let frames = vectors("frames.json")["server"].clone();
    let now = Timestamp(1_767_780_000_000);
    let head = |seq| Position { epoch: Epoch::from_random([0, 0, 0, 0, 0, 0, 0, 0xe1]), seq };
    let (session, client) =
        ("s-1".parse().unwrap(), ClientId::from_random([0, 0, 0, 0, 0, 0, 0, 0xc1]));
    let at_41 = head(41);
    let connected = |place| value(&server_frame::connected(&session, &client, now, place));
    let expires = Timestamp(now.0 + 3_660_000);
    let joined =
        Joined { head: &at_41, recovery: Recovery::Replayed, expires: None, returns: None };
    let place = Joined { expires: Some(expires), ..joined };
    assert_eq!(connected(Some(place)), frames["connected"]);
    assert_eq!(connected(Some(joined)), frames["connected.anonymous"]);
    let crowded = Joined { returns: Some(2_500), ..joined };
    assert_eq!(connected(Some(crowded)), frames["connected.crowded"]);
    assert_eq!(value(&server_frame::returning(5_000)), frames["returning"]);
    assert_eq!(connected(None), frames["connected.plain"]);
    let updates = frames["dashboard.updates"]["updates"].as_array().unwrap();
    let joined = updates.iter().map(Value::to_string).collect::<Vec<_>>().join(",");
    assert_eq!(value(&server_frame::updates(41, 43, &joined, now)), frames["dashboard.updates"]);
    let mut single = frames["dashboard.update"].clone();
    single.as_object_mut().unwrap().remove("sentAt");
    let alone = server_frame::updates(41, 42, &single.to_string(), now);
    assert_eq!(value(&alone), frames["dashboard.update"]);
    let last = updates[1].to_string();
    assert_eq!(value(&server_frame::state(&head(43), &last)), frames["dashboard.state"]);
    let bad = ClientFrame::parse(r#"{"type":"dance","ref":"7"}"#).unwrap_err();
    assert_eq!(value(&server_frame::error(&bad, now)), frames["error"]);
    assert_eq!(value(PONG), frames["pong"]);
    let topics = Topics::parse(["project:7", "project:8"]).unwrap();
    let added = frames["subscribed"]["updates"][0].to_string();
    let place = Some((&head(43), added.as_str()));
    assert_eq!(value(&server_frame::subscribed(Some("8"), &topics, place)), frames["subscribed"]);
    let plain = server_frame::subscribed(Some("8"), &topics, None);
    assert_eq!(value(&plain), frames["subscribed.plain"]);
    assert_eq!(value(&server_frame::paced(Some("10"), 2_000)), frames["paced"]);
    let left = Topics::parse(["project:7"]).unwrap();
    assert_eq!(value(&server_frame::expiring(expires)), frames["auth.expiring"]);
    let refreshed = server_frame::refreshed(Some("11"), Some(expires), &left, Renewal::None);
    assert_eq!(value(&refreshed), frames["auth.refreshed"]);
    assert_eq!(value(&server_frame::unsubscribed(Some("9"), &left)), frames["unsubscribed"]);
}

#[test]
fn fields_that_may_be_absent_are_left_out_as_the_vectors_say() {
    let frames = vectors("frames.json")["server"].clone();
    let now = Timestamp(1_767_780_000_000);
    let topics = |names: &[&str]| Topics::parse(names.iter().copied()).unwrap();
    let (some, left) = (topics(&["project:7", "project:8"]), topics(&["project:7"]));
    let bad = ClientFrame::parse(r#"{"type":"dance"}"#).unwrap_err();
    let head = Position { epoch: Epoch::from_random([0, 0, 0, 0, 0, 0, 0, 0xe1]), seq: 43 };
    let added = frames["subscribed.bare"]["updates"][0].to_string();
    let data = json!({"cycleId": "cycle-1"});
    let content = Content {
        update_type: "cycle.completed",
        timestamp: "2026-01-07T10:00:00Z",
        correlation_id: None,
        topic: Some("project:7"),
        trace: None,
        data: &data.as_object().unwrap().into(),
    };
    let update = server_frame::update(42, &content.encode().0);
    for (name, frame) in [
        ("error.bare", server_frame::error(&bad, now)),
        ("subscribed.bare", server_frame::subscribed(None, &some, Some((&head, &added)))),
        ("unsubscribed.bare", server_frame::unsubscribed(None, &left)),
        ("paced.bare", server_frame::paced(None, 2_000)),
        ("auth.refreshed.bare", server_frame::refreshed(None, None, &left, Renewal::Snapshot)),
        ("dashboard.update.topic", server_frame::updates(41, 42, &update, now)),
    ] {
        assert_eq!(value(&frame), frames[name], "{name}");
    }
}

#[test]
fn pages_of_the_log_are_written_as_the_vectors_say() {
    let pages = vectors("log.json");
    let [full, empty] = pages.as_array().unwrap().as_slice() else { panic!("two pages") };
    let epoch = Epoch::from_random([0, 0, 0, 0, 0, 0, 0, 0xe1]);
    let page = Page { epoch: &epoch, first: 1, head: 120, next: Some(44) };
    let updates = full["updates"].as_array().unwrap().iter().map(Value::to_string);
    let joined = updates.collect::<Vec<_>>().join(",");
    assert_eq!(value(&page.encode(&joined)), *full);
    let page = Page { epoch: &Epoch::none(), first: 1, head: 0, next: None };
    assert_eq!(value(&page.encode("")), *empty);
}

#[test]
fn frames_about_other_members_are_written_as_the_vectors_say() {
    let frames = vectors("frames.json")["server"].clone();
    let (busy, away) = (Some(r#"{"status":"busy"}"#), Some(r#"{"status":"away"}"#));
    let client = ClientId::from_random([0, 0, 0, 0, 0, 0, 0, 0xc1]);
    let state = Note::state(2, [("ada", busy), ("bob", None)], false).answering("13");
    for (name, note) in [
        ("presence.state", state),
        ("presence.state.sample", Note::state(201, [("ada", None)], true)),
        ("presence.changed", Note::changed(2, [("cyn", None)], ["bob"], [("ada", away)])),
        ("presence.changed.crowd", Note::crowd(202)),
        ("signal", Note::signal(&client, "ada", Some("project:7"), r#"{"typing":true}"#)),
        ("signal.anonymous", Note::signal(&client, "", None, "[3,4]")),
    ] {
        assert_eq!(value(&note.frame()), frames[name], "{name}");
        let mut body = frames[name].clone();
        let kind = body.as_object_mut().unwrap().shift_remove("type");
        assert_eq!((kind, value(&note.body())), (Some(json!(note.kind())), body), "{name}");
    }
}

/// The seqs of the updates in a frame, which may itself be an update.
fn numbers(frame: &Value) -> Vec<u64> {
    let listed = frame["updates"].as_array();
    let one = (frame["type"] == "dashboard.update").then_some(frame);
    listed.into_iter().flatten().chain(one).filter_map(|update| update["seq"].as_u64()).collect()
}

#[test]
fn positions_are_followed_as_the_vectors_say() {
    for vector in vectors("following.json").as_array().unwrap() {
        let at = vector["at"].as_str().map(|at| at.parse().unwrap());
        let mut follower = Follower::new(at);
        let step = follower.hear(&Heard::read(&vector["frame"]).unwrap());
        let new =
            |after| numbers(&vector["frame"]).into_iter().filter(|seq| *seq > after).collect();
        let new: Vec<u64> = match step {
            Step::Continues { after } => new(after),
            Step::Anew { .. } | Step::Adds => new(0),
            Step::Repeats | Step::Gap | Step::Stranger | Step::Stays => vec![],
        };
        let found = json!({"then": follower.position().map(ToString::to_string), "new": new,
            "reset": matches!(step, Step::Anew { .. }),
            "gap": matches!(step, Step::Gap | Step::Stranger)});
        for (field, value) in found.as_object().unwrap() {
            assert_eq!(*value, vector[field], "{field}: {}", vector["name"]);
        }
    }
}

#[test]
fn the_sample_session_contains_every_kind_of_event() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/decision-session.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let body = format!("[{}]", text.lines().collect::<Vec<_>>().join(","));
    let events = decode(body.as_bytes()).unwrap();
    assert!(events.len() >= 60);
    let kinds: std::collections::BTreeSet<_> =
        events.iter().map(|event| event.kind.clone()).collect();
    assert_eq!(kinds.len(), 11);
    let preset = Presets::parse("sessions").unwrap();
    let batch = Batch::new(&preset, events).unwrap();
    assert!(batch.unresolved().is_empty(), "every event finds its session");
    let dispatch = batch.dispatch(&Pointers::new()).unwrap();
    assert_eq!(dispatch.deliveries.len(), 1);
    let values: Vec<_> = dispatch.deliveries[0]
        .updates
        .iter()
        .map(|update| value(&format!("{{{}}}", update.content)))
        .collect();
    let cycles = values.iter().filter(|update| update["updateType"] == "cycle.created");
    assert_eq!(cycles.clone().count(), 2);
    assert_eq!(cycles.filter(|update| update["data"].get("parentId").is_some()).count(), 1);
    let components: std::collections::BTreeSet<_> =
        values.iter().filter_map(|update| update["data"]["componentType"].as_str()).collect();
    assert_eq!(components.len(), 9);
    let previews =
        values.iter().filter_map(|update| update["data"]["message"]["contentPreview"].as_str());
    assert!(previews.clone().any(|text| text.chars().count() == 100 && !text.is_ascii()));
    assert!(previews.clone().all(|text| text.chars().count() <= 100));
    let scores: std::collections::BTreeSet<_> =
        values.iter().filter_map(|update| update["data"]["scoreType"].as_str()).collect();
    assert_eq!(scores.into_iter().collect::<Vec<_>>(), ["dq", "pugh"]);
}
