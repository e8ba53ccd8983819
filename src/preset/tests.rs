use serde_json::json;

use super::*;
use crate::protocol::codes::EventFault;
use crate::protocol::label::Audience;

pub(super) fn event(payload: Value) -> Event {
    let Value::Object(payload) = payload else { panic!("not an object") };
    Event {
        id: "e-1".into(),
        kind: "component.started".into(),
        aggregate: Aggregate { kind: "Cycle".into(), id: "c:1".into() },
        occurred_at: "2026-01-07T10:00:00Z".into(),
        payload,
        metadata: <_>::default(),
        correlation_id: None,
        audience: None,
        trace: None,
    }
}

fn sessions() -> Preset {
    Preset::built_in("sessions").unwrap()
}

fn mapped(payload: Value) -> Result<Update, FieldFault> {
    let session = "s-1".parse().unwrap();
    sessions().map(&event(payload), &session).map(|mut updates| updates.remove(0))
}

#[test]
fn every_built_in_preset_is_valid() {
    for (name, _) in BUILT_IN {
        assert_eq!(Preset::built_in(name).unwrap().name.as_str(), name);
    }
    let fault = Preset::built_in("nope").unwrap_err()[0].to_string();
    assert_eq!(
        fault,
        "must be a document or one of: sessions, admin, projects, stats, github, tasks, console"
    );
}

#[test]
fn only_mapped_fields_are_sent_whichever_case_they_came_in() {
    let snake = mapped(json!({"component_type": "objectives", "secret": 1})).unwrap();
    let camel = mapped(json!({"componentType": "objectives"})).unwrap();
    assert_eq!(snake, camel);
    assert!(!snake.content.contains("secret"));
}

#[test]
fn a_separator_within_a_part_of_a_key_is_encoded() {
    let update = mapped(json!({"cycle_id": "a:b", "component_type": "c%"})).unwrap();
    assert_eq!(update.entry.key, "component:a%3Ab:c%25");
}

#[test]
fn a_missing_field_is_reported_under_the_name_that_the_backend_uses() {
    let fault = mapped(json!({})).unwrap_err();
    assert_eq!(fault.field, "payload.component_type");
    let fault = mapped(json!({"component_type": {"no": "name"}})).unwrap_err();
    assert_eq!(fault.fault, EventFault::NotAName);
}

#[test]
fn a_session_is_named_by_the_payload_or_by_the_aggregate_itself() {
    let named = sessions().route(&event(json!({"sessionId": "s-1"}))).unwrap();
    let aggregate = event(json!({})).aggregate;
    let session: SessionId = "s-1".parse().unwrap();
    assert_eq!(named, Route::Named { session: session.clone(), learn: Some(aggregate.clone()) });
    assert_eq!(sessions().route(&event(json!({}))), Ok(Route::Unnamed(aggregate)));
    let mut own = event(json!({}));
    own.aggregate = Aggregate { kind: "Session".into(), id: "s-1".into() };
    assert_eq!(sessions().route(&own), Ok(Route::Named { session, learn: None }));
    for bad in [json!("a/b"), json!(""), json!(7)] {
        let fault = sessions().route(&event(json!({"session_id": bad}))).unwrap_err();
        assert_eq!(fault.field, "payload.session_id");
    }
}

fn faults(document: &Value) -> Vec<String> {
    let faults = Preset::parse(&document.to_string()).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn everything_that_is_wrong_with_a_document_is_named_with_its_place() {
    let document = json!({
        "name": "board",
        "session": "all",
        "events": [
            {"on": "a", "emit": "a", "key": "a:{id}", "data": {"id?": "id"}},
            {"on": "b", "emit": "b", "key": "b", "drops": ["b:{x}"], "needs": {}, "data": {"y": {"from": 7}}},
        ],
        "tallies": [{"emit": "t", "key": "t", "entity": "id", "events": {"a": {"bucket": "open"}},
            "data": {"done": {"count": "done"}, "sum": {"sum": "x"}}}],
        "paths": [{"path": "/b/{session}", "serves": "live"}, {"path": "/n", "serves": {"latest": "z"}}],
        "wire": {"update": {"t": "@topic"}, "refresh": {"every_ms": 5, "types": ["z"]},
            "accepts": [{"when": {}, "do": "ping"}]},
    });
    let places = |fault: &String| fault.split(':').next().unwrap_or_default().to_owned();
    let found = faults(&document);
    assert_eq!(
        found.iter().map(places).collect::<Vec<_>>(),
        [
            "events[0].key",
            "events[1].data.y",
            "events[1].drops",
            "events[1].needs",
            "tallies[0].data.done",
            "tallies[0].data.sum",
            "paths[0].path",
            "paths[1].serves.latest",
            "wire.update",
            "wire.accepts[0]",
            "wire.refresh",
            "wire.refresh.types",
        ],
        "{found:#?}"
    );
}

#[test]
fn a_field_that_no_document_has_is_named_with_its_place() {
    let document = json!({"name": "b", "session": "all",
        "events": [{"on": "a", "emit": "a", "key": "k", "data": {}, "patience": 5}]});
    let fault = &faults(&document)[0];
    assert!(fault.starts_with("events[0].patience: unknown field `patience`"), "{fault}");
    let fault = &faults(&json!({"name": "Board", "session": "all", "events": []}))[0];
    assert!(fault.starts_with("name: must be 1 to 32 characters"), "{fault}");
    assert!(Preset::parse("{} x").unwrap_err()[0].to_string().contains("trailing characters"));
}

#[test]
fn a_wire_that_is_too_long_to_be_kept_with_a_connection_is_refused() {
    let document = |long: usize| {
        json!({"name": "b", "session": "all", "room": {"clients": 1},
            "events": [{"on": "a", "emit": "a", "key": "k", "data": {}}],
            "wire": {"update": {"t": "@type", "pad": "x".repeat(long)}}})
    };
    assert!(Preset::parse(&document(2_900).to_string()).is_ok());
    assert!(faults(&document(3_100))[0].starts_with("wire: it takes"));
    let mut crowded = document(1);
    crowded["room"]["clients"] = json!(0);
    assert_eq!(faults(&crowded), ["room.clients: must be 1 to 5000000"]);
}

#[test]
fn what_a_tally_shows_before_the_first_event_is_sent_first() {
    let stats = Preset::built_in("stats").unwrap();
    let zeros = json!({"pending": 0, "inProgress": 0, "completed": 0, "total": 0});
    let (all, others) = (Topics::default(), Topics::parse(["approvals"]).unwrap());
    assert_eq!(stats.initial("stats:tasks", &all), zeros.as_object().cloned());
    assert_eq!(stats.initial("stats:tasks", &others), None);
    let wire = serde_json::to_value(stats.wire().unwrap()).unwrap();
    assert_eq!(
        wire["first"][0],
        json!({"type": "stats:tasks", "initial": zeros, "topic": "tasks"})
    );
    assert!(sessions().wire().is_none());
}

#[test]
fn one_event_can_become_several_updates() {
    let stats = Preset::built_in("stats").unwrap();
    let assigned = |payload: Value| Event { kind: "task.assigned".into(), ..event(payload) };
    let session = "all".parse().unwrap();
    let payload = json!({"task_id": "t-1", "assignee_id": "mira"});
    let updates = stats.map(&assigned(payload), &session).unwrap();
    let keys: Vec<_> = updates.iter().map(|update| update.entry.key.as_str()).collect();
    assert_eq!(keys, ["task:t-1", "stats:tasks"]);
    assert_eq!(updates[0].entry.audience.as_ref().unwrap().users, ["mira"]);
    let step = updates[1].entry.step.as_ref().unwrap();
    assert_eq!((step.bucket.as_deref(), step.is_final), (Some("inProgress"), false));
    let alone = stats.map(&assigned(json!({"task_id": "t-1"})), &session).unwrap();
    assert_eq!(alone.len(), 1, "a row for events that name an assignee");
    let fault = stats.map(
        &Event { aggregate: Aggregate { kind: "X".into(), id: "x".into() }, ..assigned(json!({})) },
        &session,
    );
    assert_eq!(fault.unwrap_err().field, "payload.task_id");
}

#[test]
fn an_event_cannot_say_who_sees_a_tally_that_counts_it() {
    let stats = Preset::built_in("stats").unwrap();
    let audience = Audience { users: vec!["ada".into()], permissions: Vec::new() };
    let created = Event {
        kind: "task.created".into(),
        audience: Some(audience),
        ..event(json!({"task_id": "t-1"}))
    };
    let update = stats.map(&created, &"all".parse().unwrap()).unwrap().remove(0);
    assert_eq!(update.entry.audience, None);
}

#[test]
fn an_amount_that_is_not_a_whole_number_is_reported() {
    let admin = Preset::built_in("admin").unwrap();
    let progress = |files: Value| Event {
        kind: "ingestion.progress".into(),
        ..event(
            json!({"ingestion_id": "i", "current_file": "f", "status": "s", "files_processed": files}),
        )
    };
    let session = "all".parse().unwrap();
    assert!(admin.map(&progress(json!(3)), &session).is_ok());
    for wrong in
        [json!(1.5), json!("3"), json!(9_007_199_254_740_992_i64), json!(i64::MIN), json!(u64::MAX)]
    {
        let fault = admin.map(&progress(wrong), &session).unwrap_err();
        assert_eq!(
            (fault.field.as_str(), fault.fault),
            ("payload.files_processed", EventFault::NotAnAmount)
        );
    }
}

#[test]
fn a_row_and_a_tally_may_be_for_all_types_that_begin_alike() {
    let document = json!({"name": "b", "session": "all",
        "events": [{"on": "order.*", "emit": "order", "key": "k", "data": {}}],
        "tallies": [{"emit": "t", "key": "t", "entity": "id", "data": {"n": "total"}, "events": {
            "order.*": {"bucket": "open"}, "order.late.*": {"bucket": "late"},
            "order.late.paid": {"bucket": "paid"}}}]});
    let preset = Preset::parse(&document.to_string()).unwrap();
    let of = |kind: &str| Event { kind: kind.into(), ..event(json!({"id": "1"})) };
    let bucket = |kind: &str| {
        let updates = preset.map(&of(kind), &"all".parse().unwrap()).unwrap();
        assert_eq!(updates.len(), 2, "{kind}");
        updates[1].entry.step.clone().unwrap().bucket.unwrap()
    };
    assert_eq!(bucket("order.placed"), "open");
    assert_eq!(bucket("order.late.sent"), "late", "the longest that fits");
    assert_eq!(bucket("order.late.paid"), "paid", "exactly this one");
    assert!(!preset.takes(&of("order")) && !preset.takes(&of("reorder.x")));
}

#[test]
fn a_document_can_use_what_a_source_says_beside_the_payload() {
    let document = json!({"name": "b", "session": "all", "events": [
        {"on": "a", "has": "@metadata.shown", "emit": "a", "key": "k:{tenant}",
            "data": {"tenant": "@metadata.tenant_id", "own?": "tenant_id", "deep?": "@metadata.a.b"}}]});
    let preset = Preset::parse(&document.to_string()).unwrap();
    let with = |metadata: Value| {
        let metadata = metadata.as_object().cloned().unwrap();
        Event { kind: "a".into(), metadata, ..event(json!({})) }
    };
    let map = |event: &Event| preset.map(event, &"all".parse().unwrap());
    let shown = with(json!({"shown": 1, "tenantId": "acme", "a": {"b": 2}}));
    assert!(preset.takes(&shown) && !preset.takes(&with(json!({"tenant_id": "acme"}))));
    let update = map(&shown).unwrap().remove(0);
    assert_eq!(update.entry.key, "k:acme");
    assert!(update.content.contains(r#""data":{"tenant":"acme","deep":2}"#), "{}", update.content);
    let fault = map(&with(json!({"shown": 1}))).unwrap_err();
    assert_eq!((fault.field.as_str(), fault.fault), ("metadata.tenant_id", EventFault::Required));
}
