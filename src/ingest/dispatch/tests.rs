use serde_json::{json, Value};

use super::*;
use crate::ingest::envelope;

fn event(id: &str, kind: &str, aggregate: (&str, &str), payload: &Value) -> Value {
    json!({"event_id": id, "event_type": kind, "aggregate_type": aggregate.0,
        "aggregate_id": aggregate.1, "occurred_at": "2026-01-07T10:00:00Z", "payload": payload})
}

fn dispatch(events: &[Value], found: &Pointers) -> Result<Dispatch, Vec<Malformed>> {
    let presets = Presets::parse("sessions").unwrap();
    let events = envelope::decode(json!(events).to_string().as_bytes()).unwrap();
    Batch::new(&presets, events)?.dispatch(found).map_err(|rejected| match rejected {
        Rejected::Malformed(errors) => errors,
        Rejected::TooLarge => panic!("too large"),
    })
}

fn unresolved(events: &[Value]) -> Vec<String> {
    let presets = Presets::parse("sessions").unwrap();
    let events = envelope::decode(json!(events).to_string().as_bytes()).unwrap();
    let batch = Batch::new(&presets, events).unwrap();
    batch.unresolved().into_iter().map(|aggregate| aggregate.id).collect()
}

/// The events whose outcomes each room decides.
fn places(done: &Dispatch) -> Vec<Vec<usize>> {
    let events = |one: &Delivery| one.slots.iter().flatten().map(|slot| slot.event).collect();
    done.deliveries.iter().map(events).collect()
}

fn started(id: &str, cycle: &str) -> Value {
    event(id, "component.started", ("Cycle", cycle), &json!({"component_type": "objectives"}))
}

fn created(id: &str, cycle: &str, session: &str) -> Value {
    event(id, "cycle.created", ("Cycle", cycle), &json!({"session_id": session}))
}

#[test]
fn an_event_finds_its_session_through_an_earlier_one_of_the_same_request() {
    let done = dispatch(&[created("e-1", "c-1", "s-1"), started("e-2", "c-1")], &Pointers::new());
    let done = done.unwrap();
    assert_eq!(done.deliveries.len(), 1);
    assert_eq!(places(&done), [vec![0, 1]]);
    assert_eq!(done.learn.len(), 1);
    assert!(unresolved(&[created("e-1", "c-1", "s-1"), started("e-2", "c-1")]).is_empty());
}

#[test]
fn a_session_that_no_event_of_the_request_names_is_looked_up_once() {
    let events = [started("e-1", "c-1"), started("e-2", "c-1"), started("e-3", "c-2")];
    assert_eq!(unresolved(&events), ["c-1", "c-2"]);
    // The first event precedes the one that names the session, so only an earlier request can help it.
    assert_eq!(unresolved(&[started("e-1", "c-1"), created("e-2", "c-1", "s-1")]), ["c-1"]);
}

#[test]
fn a_session_that_was_found_is_not_learned_again() {
    let aggregate = Aggregate { kind: "Cycle".into(), id: "c-1".into() };
    let found = Pointers::from([(aggregate, "s-1".parse().unwrap())]);
    let done = dispatch(&[started("e-1", "c-1"), created("e-2", "c-1", "s-1")], &found).unwrap();
    assert!(done.learn.is_empty());
    let moved = dispatch(&[created("e-2", "c-1", "s-2")], &found).unwrap();
    assert_eq!(moved.learn.len(), 1, "an aggregate that moved to another session is learned again");
}

#[test]
fn an_event_for_no_room_is_ignored_with_a_reason() {
    let stray = event("e-1", "invoice.paid", ("Invoice", "i-1"), &json!({}));
    let done = dispatch(&[stray, started("e-2", "c-9")], &Pointers::new()).unwrap();
    let reasons: Vec<_> = done.results.iter().map(|result| result.room.outcome.clone()).collect();
    let ignored = |reason| Outcome::Ignored { reason, detail: None };
    let want = [ignored(IgnoredBecause::UnknownEventType), ignored(IgnoredBecause::NoSession)];
    assert_eq!(reasons, want);
    assert!(done.deliveries.is_empty());
}

#[test]
fn one_malformed_event_refuses_the_whole_request() {
    let bad = event("e-2", "cycle.created", ("Cycle", "c-2"), &json!({"session_id": "a/b"}));
    let errors = dispatch(&[created("e-1", "c-1", "s-1"), bad], &Pointers::new()).unwrap_err();
    assert_eq!((errors[0].index, errors[0].field.as_str()), (1, "payload.session_id"));
    let bad = event("e-2", "message.sent", ("Session", "s-1"), &json!({"cycle_id": "c-1"}));
    let errors = dispatch(&[created("e-1", "c-1", "s-1"), bad], &Pointers::new()).unwrap_err();
    assert_eq!((errors[0].index, errors[0].field.as_str()), (1, "payload.component_type"));
}

#[test]
fn each_session_gets_its_events_in_order() {
    let events = [
        created("e-1", "c-1", "s-1"),
        created("e-2", "c-2", "s-2"),
        started("e-3", "c-1"),
        started("e-4", "c-2"),
    ];
    let done = dispatch(&events, &Pointers::new()).unwrap();
    let places = places(&done);
    assert_eq!(places, [[0, 2], [1, 3]]);
}

#[test]
fn the_size_limit_counts_what_is_stored_and_not_what_was_sent() {
    let post = |count: usize| {
        let numbers = vec!["1e15"; count].join(",");
        let text =
            r#"[{"event_id":"e","event_type":"pugh_scores.computed","aggregate_type":"Session","#;
        let text = format!(
            r#"{text}"aggregate_id":"s-1","occurred_at":"2026-01-07T10:00:00Z","payload":{{"cycle_id":"c","scores":[{numbers}]}}}}]"#
        );
        let presets = Presets::parse("sessions").unwrap();
        let events = envelope::decode(text.as_bytes()).unwrap();
        Batch::new(&presets, events).unwrap().dispatch(&Pointers::new()).map(|_| text.len())
    };
    assert!(post(20_000).is_ok());
    assert_eq!(post(50_000), Err(Rejected::TooLarge), "250 KB of numbers become 900");
}

#[test]
fn a_key_counts_with_its_size_as_stored() {
    let name = "%".repeat(128);
    let events: Vec<_> = (0..400)
        .map(|id| {
            let payload = json!({"component_type": name, "cycle_id": name});
            event(&format!("e-{id}"), "component.started", ("Session", "s-1"), &payload)
        })
        .collect();
    let done = dispatch(&events, &Pointers::new()).unwrap();
    let stored: usize = done.deliveries[0].updates.iter().map(Update::stored_bytes).sum();
    assert!(stored > 400 * 6 * 128, "{stored}");
}

/// Two documents that both take `task.created`. The second skips what it cannot map, and has two rows for it.
const DOCUMENTS: &str = r#"[
  {"name": "one", "session": {"aggregate": "Board", "field": "board_id"},
   "events": [{"on": "task.created", "emit": "a", "key": "k", "data": {}}]},
  {"name": "two", "session": "all", "invalid": "skip",
   "events": [{"on": "task.created", "emit": "b", "key": "b", "data": {"title": "title"}},
              {"on": "task.created", "has": "owner", "emit": "c", "key": "c", "data": {}}]}
]"#;

fn task(id: &str, payload: &Value) -> Value {
    event(id, "task.created", ("Task", "t-1"), payload)
}

fn dispatch_to_both(events: &[Value], found: &Pointers) -> Dispatch {
    let presets = Presets::parse(DOCUMENTS).unwrap();
    let events = envelope::decode(json!(events).to_string().as_bytes()).unwrap();
    Batch::new(&presets, events).unwrap().dispatch(found).unwrap()
}

#[test]
fn an_event_goes_to_the_room_of_each_document_that_takes_it() {
    let done = dispatch_to_both(
        &[task("e-1", &json!({"board_id": "b-1", "title": "x", "owner": "ada"}))],
        &Pointers::new(),
    );
    let rooms: Vec<_> =
        done.deliveries.iter().map(|one| (one.preset, one.session.as_str())).collect();
    assert_eq!(rooms, [(0, "b-1"), (1, "all")]);
    let ids: Vec<_> = done.deliveries[1].updates.iter().map(|one| one.event_id.as_str()).collect();
    assert_eq!(ids, ["e-1", "e-1\u{0}1"], "rows of one event are no repeats of each other");
    assert_eq!(done.deliveries[1].slots, [Some(Slot { event: 0, room: 1 }), None]);
    let result = serde_json::to_value(&done.results[0]).unwrap();
    let also = json!([{"preset": "two", "status": "failed", "session": "all"}]);
    assert_eq!(
        result,
        json!({"eventId": "e-1", "status": "failed", "session": "b-1", "also": also})
    );
}

#[test]
fn documents_remember_sessions_apart() {
    let named = task("e-1", &json!({"board_id": "b-1", "title": "x"}));
    let done = dispatch_to_both(&[named], &Pointers::new());
    assert_eq!(done.learn.len(), 1, "a document with one session learns nothing");
    assert_eq!(done.learn[0].aggregate.kind, "Task");
    let two = Presets::parse(DOCUMENTS).unwrap();
    let own = two.get(1).unwrap().own(Aggregate { kind: "Task".into(), id: "t-1".into() });
    assert_eq!(own.kind, "two\u{0}Task");
}

#[test]
fn a_document_can_skip_events_that_lack_what_it_needs() {
    let stray = event("e-2", "task.created", ("Task", "t-2"), &json!({"title": "x"}));
    let events = [task("e-1", &json!({"board_id": "b-1"})), stray];
    let done = dispatch_to_both(&events, &Pointers::new());
    let results: Vec<_> =
        done.results.iter().map(|one| serde_json::to_value(one).unwrap()).collect();
    let detail = "payload.title: is required by task.created";
    let also =
        json!([{"preset": "two", "status": "ignored", "reason": "invalid", "detail": detail}]);
    assert_eq!(results[0]["also"], also);
    assert_eq!(
        (&results[1]["status"], &results[1]["reason"]),
        (&json!("ignored"), &json!("no_session"))
    );
    assert_eq!(results[1]["also"][0]["status"], "failed", "its room has not answered yet");
}
