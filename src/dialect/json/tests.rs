use serde_json::{json, Value};

use super::*;
use crate::protocol::codes::ClientFault;
use crate::protocol::server_frame;
use crate::protocol::update;

const NOW: Timestamp = Timestamp(1_767_780_000_000);

fn wire(form: Value) -> WireForm {
    let form: WireForm = serde_json::from_value(form).unwrap();
    assert_eq!(form.faults(), []);
    form
}

fn slice(seq: u64, kind: &str, at: &str, data: &Value) -> Slice {
    let content = update::Content {
        update_type: kind,
        timestamp: at,
        correlation_id: None,
        topic: None,
        trace: None,
        data: &data.as_object().unwrap().into(),
    };
    let (content, parts) = content.encode();
    let text = server_frame::update(seq, &content);
    let parts = Some(parts.moved(text.len() - content.len() - 1));
    Slice { seq, parts, text: text.into() }
}

fn texts(frames: &[Rc<str>]) -> Vec<String> {
    frames.iter().map(ToString::to_string).collect()
}

#[test]
fn an_update_looks_as_the_wire_says() {
    let updates = [slice(7, "stats:tasks", "2026-01-07T11:00:00+01:00", &json!({"pending": 1}))];
    let each = |form: Value| texts(&each(&wire(form), &updates, NOW)).remove(0);
    assert_eq!(
        each(json!({"update": {"type": "@type", "payload": "@data"}})),
        r#"{"type":"stats:tasks","payload":{"pending":1}}"#
    );
    assert_eq!(
        each(
            json!({"update": {"t": "@timestamp", "...": "@data", "n": "@seq", "c": "@correlation_id"}})
        ),
        r#"{"t":"2026-01-07T10:00:00.000Z","pending":1,"n":7}"#
    );
}

#[test]
fn a_client_is_sent_first_what_the_wire_names_and_initial_data_of_what_is_missing() {
    let update = json!({"type": "@type", "data": "@data"});
    let updates = [
        slice(1, "a.x", "2026-01-07T10:00:00Z", &json!({"n": 1})),
        slice(2, "b", "2026-01-07T10:00:00Z", &json!({"n": 2})),
        slice(3, "a.y", "2026-01-07T10:00:00Z", &json!({"n": 3})),
    ];
    let first = |first: Value| {
        texts(&state(
            &wire(json!({"update": update, "first": first})),
            &updates,
            &Topics::default(),
            NOW,
        ))
    };
    let frame = |kind: &str, n: u64| format!(r#"{{"type":"{kind}","data":{{"n":{n}}}}}"#);
    assert_eq!(first(json!(["a.*"])), [frame("a.x", 1), frame("a.y", 3)]);
    assert_eq!(first(json!([])), Vec::<String>::new());
    let initial = |kind: &str| json!({"type": kind, "initial": {"n": 0}});
    assert_eq!(first(json!([initial("c"), initial("b")])), [frame("c", 0), frame("b", 2)]);
    let all = wire(json!({"update": update}));
    assert_eq!(state(&all, &updates, &Topics::default(), NOW).len(), 3);
    assert_eq!(subscribed(&all, None, &Topics::none(), (&updates[..1], NOW)).len(), 2);
}

#[test]
fn initial_data_about_a_topic_is_for_those_who_see_it() {
    let form =
        wire(json!({"update": "@data", "first": [{"type": "a", "initial": {}, "topic": "t"}]}));
    let sent = |topics: &[&str]| {
        state(&form, &[], &Topics::parse(topics.iter().copied()).unwrap(), NOW).len()
    };
    assert_eq!((sent(&["t"]), sent(&["*"]), sent(&["u"]), sent(&[])), (1, 1, 0, 0));
}

#[test]
fn what_is_sent_again_has_the_time_of_sending() {
    let form = wire(json!({"update": {"d": "@data", "t": "@now"},
        "first": [{"type": "b", "initial": {}}], "refresh": {"every_ms": 5000, "types": ["a", "b"]}}));
    let updates = [slice(1, "a", "2020-01-01T00:00:00Z", &json!({"n": 1}))];
    let again = texts(&refresh(&form, &updates, &Topics::default(), NOW));
    let time = NOW.rfc3339();
    assert_eq!(
        again,
        [format!(r#"{{"d":{{"n":1}},"t":"{time}"}}"#), format!(r#"{{"d":{{}},"t":"{time}"}}"#)]
    );
}

#[test]
fn a_frame_reads_as_the_wire_says_and_else_as_roomcasts_own() {
    let form = wire(json!({"update": "@data", "accepts": [
        {"when": {"action": "subscribe"}, "do": "subscribe", "topic": "project:{projectId}", "ref": "projectId"},
        {"when": {"action": "unsubscribe"}, "do": "unsubscribe", "topic": "project:{projectId}"},
        {"when": {"ping": true}, "do": "ping"},
    ]}));
    let said = |text: &str| decode(&form, text);
    let frame = |frame, reference: Option<&str>| Said::Frame {
        frame,
        reference: reference.map(str::to_owned),
    };
    let topics = || Topics::parse(["project:a%3Ab"]).unwrap();
    assert_eq!(
        said(r#"{"action":"subscribe","projectId":"a:b","x":1}"#),
        frame(ClientFrame::Subscribe { topics: topics(), most: None }, Some("a:b"))
    );
    assert_eq!(
        said(r#"{"action":"unsubscribe","projectId":"a:b"}"#),
        frame(ClientFrame::Unsubscribe { topics: topics() }, None)
    );
    assert_eq!(said(r#"{"ping":true}"#), frame(ClientFrame::Ping, None));
    assert_eq!(said(r#"{"type":"ping","ref":"7"}"#), frame(ClientFrame::Ping, Some("7")));
    for bad in ["", "[]", "{}", r#"{"ping":1}"#, r#"{"action":"x"}"#, r#"{"action":"subscribe"}"#] {
        assert!(matches!(said(bad), Said::Bad(_)), "{bad}");
    }
    let Said::Bad(bad) = said(r#"{"action":"subscribe","projectId":{}}"#) else { panic!() };
    assert!(bad.message.contains("`projectId`"), "{}", bad.message);
    let pattern = said(r#"{"action":"subscribe","projectId":"*"}"#);
    let star = Topics::parse(["project:%2A"]).unwrap();
    assert_eq!(
        pattern,
        frame(ClientFrame::Subscribe { topics: star, most: None }, Some("*")),
        "no pattern"
    );
}

#[test]
fn answers_errors_and_notices_look_as_the_wire_says_or_as_roomcasts_own() {
    let own = wire(json!({"update": "@data"}));
    let bad =
        BadFrame { fault: FrameFault::BadFrame, message: "no".into(), reference: Some("7".into()) };
    assert_eq!(&*error(&own, &bad, NOW), server_frame::error(&bad, NOW));
    assert_eq!(&*pong(&own), PONG);
    assert_eq!(notice(&own, ClientFault::Replaced.into(), NOW).len(), 0);
    let form = wire(json!({"update": "@data", "pong": {"op": "pong"},
        "error": {"e": "@code", "m": "@message", "p": "@ref"},
        "notice": {"bye": "@reason", "c": "@code"},
        "subscribed": {"ok": "@topics", "p": "@ref"}, "unsubscribed": {"off": "@topics"}}));
    assert_eq!(&*error(&form, &bad, NOW), r#"{"e":"bad_frame","m":"no","p":"7"}"#);
    assert_eq!(&*pong(&form), r#"{"op":"pong"}"#);
    let told = texts(&notice(&form, ClientFault::Replaced.into(), NOW));
    assert_eq!(told, [r#"{"bye":"replaced","c":4409}"#]);
    let topics = Topics::parse(["a"]).unwrap();
    let told = texts(&subscribed(&form, Some("7"), &topics, (&[], NOW)));
    assert_eq!(told, [r#"{"ok":["a"],"p":"7"}"#]);
    assert_eq!(&*unsubscribed(&form, None, &topics), r#"{"off":["a"]}"#);
}
