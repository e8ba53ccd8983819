//! The document `github` with webhooks as GitHub sends them: what each becomes, and that the document shows all of its
//! event types.
//!
//! The deliveries in `fixtures/github/` are of a repository that does not exist, in the form that GitHub documents.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use roomcast::ingest::dispatch::{Batch, Dispatch, Pointers};
use roomcast::ingest::github::Delivery;
use roomcast::ingest::source::Source;
use roomcast::preset::event::Event;
use roomcast::preset::presets::Presets;
use roomcast::protocol::pattern::Pattern;
use roomcast::protocol::results::{IgnoredBecause, Outcome};
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::update::Update;
use serde_json::{json, Value};

const SESSION: &str = "octo-org:roomcast";

fn deliveries() -> Vec<Value> {
    serde_json::from_str(include_str!("fixtures/github/deliveries.json")).unwrap()
}

fn events(delivery: &Value) -> Vec<Event> {
    let (event, id) = (delivery["event"].as_str(), delivery["delivery"].as_str());
    let source = Source::GitHub(Delivery { event, id });
    source
        .decode(delivery["body"].to_string().as_bytes(), Timestamp(1_795_000_000_000), None)
        .unwrap()
}

fn dispatch(delivery: &Value) -> Dispatch {
    let presets = Presets::parse("github").unwrap();
    let batch = Batch::new(&presets, events(delivery)).unwrap();
    assert!(batch.unresolved().is_empty(), "a repository is a session itself");
    batch.dispatch(&Pointers::new()).unwrap()
}

/// The updates of the delivery of this event and action with this number among its like.
fn updates(event: &str, action: &str, number: usize) -> Vec<Update> {
    let all = deliveries();
    let mut like = all.iter().filter(|one| {
        one["event"] == event && one["body"]["action"].as_str().unwrap_or_default() == action
    });
    let mut deliveries = dispatch(like.nth(number).unwrap()).deliveries;
    assert_eq!((deliveries.len(), deliveries[0].session.as_str()), (1, SESSION));
    deliveries.remove(0).updates
}

fn shown(update: &Update) -> Value {
    serde_json::from_str(&format!("{{{}}}", update.content)).unwrap()
}

#[test]
fn every_delivery_is_shown_or_is_of_no_interest() {
    for delivery in deliveries() {
        let results = dispatch(&delivery).results;
        let name = format!("{}: {}", delivery["event"], delivery["body"]["action"]);
        match delivery["event"].as_str().unwrap() {
            "ping" => assert!(results.is_empty()),
            "star" | "issue_comment" => {
                let unknown = |result: &Outcome| {
                    let reason = IgnoredBecause::UnknownEventType;
                    matches!(result, Outcome::Ignored { reason: why, .. } if *why == reason)
                };
                assert!(unknown(results[0].outcome()), "{name}");
            }
            _ => {
                assert!(
                    matches!(results[0].outcome(), Outcome::Failed { .. }),
                    "{name}: {results:?}"
                );
            }
        }
    }
}

#[test]
fn the_deliveries_have_every_event_type_of_the_document() {
    let document: Value = serde_json::from_str(include_str!("../presets/github.json")).unwrap();
    let rows = document["events"].as_array().unwrap().iter();
    let rows = rows.map(|row| row["on"].as_str().unwrap());
    let kinds: Vec<_> = deliveries().iter().flat_map(events).map(|event| event.kind).collect();
    for on in rows.filter(|on| *on != "github.issues.transferred") {
        let pattern = Pattern(on.to_owned());
        assert!(kinds.iter().any(|kind| pattern.matches(kind)), "{on}");
    }
}

#[test]
fn a_pull_request_is_shown_and_counted() {
    let [pull_request, pulls] = &updates("pull_request", "closed", 0)[..] else { panic!() };
    assert_eq!(pull_request.entry.key, "pull_request:7");
    assert_eq!(pull_request.entry.occurred, Timestamp::from_rfc3339("2026-11-25T09:29:00Z"));
    assert_eq!(
        shown(pull_request)["data"],
        json!({"number": 7, "title": "Join in half the time", "state": "closed", "draft": false,
            "merged": true, "author": "ada-l", "branch": "faster-joins", "base": "main",
            "url": "https://github.com/octo-org/roomcast/pull/7", "action": "closed", "by": "bob-k",
            "updatedAt": "2026-11-25T09:29:00Z"})
    );
    let step = pulls.entry.step.as_ref().unwrap();
    assert_eq!((step.bucket.as_deref(), step.is_final), (Some("closed"), true));
    assert!(shown(pull_request)["correlationId"].as_str().unwrap().starts_with("72d3162e-"));
}

#[test]
fn a_run_is_counted_by_its_conclusion_and_before_that_by_its_status() {
    let bucket = |action: &str, number: usize| {
        let updates = updates("workflow_run", action, number);
        assert_eq!(updates[0].entry.key, format!("run:{}:42", ["faster-joins", "main"][number]));
        updates[1].entry.step.clone().unwrap().bucket.unwrap()
    };
    assert_eq!(bucket("requested", 0), "queued");
    assert_eq!(bucket("in_progress", 0), "in_progress");
    assert_eq!(
        (bucket("completed", 0), bucket("completed", 1)),
        ("failure".into(), "success".into())
    );
}

#[test]
fn a_push_occurred_when_it_was_pushed_and_not_when_it_was_committed() {
    let [push] = &updates("push", "", 0)[..] else { panic!() };
    assert_eq!(push.entry.key, "push:refs/heads/faster-joins");
    assert_eq!(shown(push)["data"]["pushedAt"], "2026-11-25T08:59:00.000Z");
}

#[test]
fn what_is_deleted_leaves_the_state() {
    let [gone] = &updates("delete", "", 0)[..] else { panic!() };
    assert_eq!((&gone.entry.drops, gone.entry.keep), (&vec!["run:faster-joins:*".to_owned()], 0));
    let updates = updates("issues", "deleted", 0);
    let kinds: Vec<_> = updates.iter().map(|update| shown(update)["updateType"].clone()).collect();
    assert_eq!(kinds, ["issue", "issue.gone", "issues"]);
    assert_eq!(updates[1].entry.drops, ["issue:12"]);
    assert_eq!(updates[2].entry.step.as_ref().unwrap().bucket.as_deref(), Some("gone"));
}

/// GitHub signs no time. A captured delivery that comes again is a duplicate while the room remembers it, because its id is
/// a hash of the body; after that it changes nothing that came later.
#[test]
fn a_delivery_that_comes_again_has_the_same_id_and_the_same_time() {
    for delivery in deliveries() {
        let mut again = delivery.clone();
        again["delivery"] = json!("another-id");
        let (first, second) = (events(&delivery), events(&again));
        for (first, second) in first.iter().zip(&second) {
            assert_eq!((&first.id, &first.occurred_at), (&second.id, &second.occurred_at));
        }
    }
}
