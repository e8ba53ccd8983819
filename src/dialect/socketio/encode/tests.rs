use serde_json::Value;

use super::*;
use crate::protocol::codes::{FrameFault, Refusal};
use crate::protocol::ids::{ClientId, Position};
use crate::protocol::server_frame;
use crate::protocol::socket_io::Repeat;

const NOW: Timestamp = Timestamp(1_767_780_000_000);

fn speech<T>(form: &SocketIoForm, act: impl FnOnce(Speech<'_>) -> T) -> T {
    act(Speech { form, namespace: "/" })
}

fn slice(seq: u64) -> Slice {
    let content =
        r#""updateType":"task_created","timestamp":"2026-01-07T10:00:00+01:00","data":{"id":7}"#;
    let text = server_frame::update(seq, content);
    Slice { seq, parts: None, text: text.into() }
}

fn texts(frames: &Frames) -> Vec<&str> {
    frames.iter().map(|frame| &**frame).collect()
}

fn head(seq: u64) -> Position {
    format!("0123456789abcdef:{seq}").parse().unwrap()
}

#[test]
fn an_update_is_an_event_and_its_last_argument_the_offset() {
    let topics = Topics::parse(["project:1"]).unwrap();
    let frames = speech(&SocketIoForm::default(), |speech| speech.each(&[slice(12)], &topics, NOW));
    assert_eq!(texts(&frames), [r#"42["task_created",{"id":7},"12 project:1"]"#]);
    let form: SocketIoForm = serde_json::from_str(
        r#"{"args":[{"type":"@type","at":"@timestamp","n":"@seq"},"@data"],"recovery":false}"#,
    )
    .unwrap();
    let frames = speech(&form, |speech| speech.each(&[slice(12)], &topics, NOW));
    let text = r#"42["task_created",{"type":"task_created","at":"2026-01-07T09:00:00.000Z","n":12},{"id":7}]"#;
    assert_eq!(texts(&frames), [text]);
}

#[test]
fn the_offset_of_an_update_that_has_to_be_acknowledged_follows_it() {
    let repeat = Repeat { attempts: 3, timeout_ms: 1_000 };
    let acknowledged = [("task_created".to_owned(), repeat)].into();
    let form = SocketIoForm { acknowledged, ..SocketIoForm::default() };
    let frames = speech(&form, |one| one.each(&[slice(12)], &Topics::default(), NOW));
    let expected = [r#"4212["task_created",{"id":7},"12"]"#, r#"42["position",{"seq":12},"12"]"#];
    assert_eq!(texts(&frames), expected);
}

#[test]
fn a_client_has_recovered_if_it_gets_its_pid_again() {
    let greeting = |recovery, pid: Option<&str>| {
        let client = ClientId::from_random([1; 8]);
        let (session, at, expires) = ("s-1".parse().unwrap(), NOW, None);
        let (head, pid, returns) = (head(9), pid.map(str::to_owned), None);
        Greeting { session, client, at, head, recovery, expires, returns, pid, shown: Some(4) }
    };
    let pid = |recovery, own: Option<&str>| {
        let frames =
            speech(&SocketIoForm::default(), |one| one.connected(&greeting(recovery, own)));
        let answer: Value = serde_json::from_str(frames[0].strip_prefix("40").unwrap()).unwrap();
        answer["pid"].as_str().unwrap().to_owned()
    };
    let shown = "0123456789abcdef:4.0202020202020202";
    assert_eq!(pid(Recovery::Replayed, Some(shown)), shown);
    assert_eq!(pid(Recovery::None, None), "0123456789abcdef:9.0101010101010101~4");
    for shown in [Some(shown), None] {
        let new = pid(Recovery::Snapshot, shown);
        assert_eq!(new, "0123456789abcdef:9+0101010101010101~4", "it has not seen the state yet");
    }
}

/// Updates that the state does not show are older than it, and whoever has it does not miss them.
#[test]
fn only_the_end_of_the_state_has_an_offset_which_is_that_of_the_whole() {
    let state = |form: &SocketIoForm, seqs: &[u64]| -> Vec<String> {
        let each = seqs.iter().map(|seq| slice(*seq)).collect();
        let state = Message::State(Rc::new(Snapshot { head: head(9), mark: None, each }));
        let frames = speech(form, |one| one.message(&state, &Topics::default(), NOW));
        frames.iter().map(ToString::to_string).collect()
    };
    let usual = SocketIoForm::default();
    let (part, position) =
        (r#"42["task_created",{"id":7},null]"#, r#"42["position",{"seq":9},"9"]"#);
    assert_eq!(state(&usual, &[3, 5]), [part, r#"42["task_created",{"id":7},"9"]"#]);
    assert_eq!(state(&usual, &[]), [position]);
    let repeat = Repeat { attempts: 3, timeout_ms: 1_000 };
    let acknowledged = [("task_created".to_owned(), repeat)].into();
    let form = SocketIoForm { acknowledged, ..SocketIoForm::default() };
    assert_eq!(state(&form, &[5])[1..], [position]);
    let form = SocketIoForm { recovery: false, ..SocketIoForm::default() };
    assert!(state(&form, &[]).is_empty());
}

#[test]
fn a_subscription_is_answered_last_and_moves_the_position_once() {
    let topics = Topics::parse(["a"]).unwrap();
    let added = Snapshot { head: head(9), mark: None, each: vec![slice(4)] };
    let frames = speech(&SocketIoForm::default(), |speech| {
        speech.subscribed(Some("3"), &topics, (&added, NOW))
    });
    let expected = [
        r#"42["task_created",{"id":7},null]"#,
        r#"42["subscribed",{"topics":["a"]},"9 a"]"#,
        r#"433[{"status":"ok","topics":["a"]}]"#,
    ];
    assert_eq!(texts(&frames), expected);
}

#[test]
fn a_client_that_leaves_a_topic_is_told_what_is_left_with_its_position() {
    let left = |recovery| {
        let form = SocketIoForm { recovery, ..SocketIoForm::default() };
        let topics = Topics::parse(["a"]).unwrap();
        let left = Message::Unsubscribed { reference: Some("3".to_owned()), topics, seen: Some(9) };
        let frames = speech(&form, |speech| speech.message(&left, &Topics::default(), NOW));
        frames.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let answer = r#"433[{"status":"ok","topics":["a"]}]"#;
    assert_eq!(left(true), [r#"42["unsubscribed",{"topics":["a"]},"9 a"]"#, answer]);
    assert_eq!(left(false), [r#"42["unsubscribed",{"topics":["a"]}]"#, answer]);
}

#[test]
fn an_error_is_the_acknowledgement_or_an_exception() {
    let error = |reference: Option<&str>| {
        let (fault, message) = (FrameFault::NotAllowed, "no".to_owned());
        let bad = BadFrame { fault, message, reference: reference.map(str::to_owned) };
        speech(&SocketIoForm::default(), |speech| speech.error(&bad))
    };
    let body = r#"{"status":"error","code":"not_allowed","message":"no","retryable":false}"#;
    assert_eq!(texts(&error(Some("5"))), [format!("435[{body}]")]);
    assert_eq!(texts(&error(None)), [format!(r#"42["exception",{body}]"#)]);
}

#[test]
fn a_member_that_is_closed_is_told_why_and_disconnected_if_it_is_for_good() {
    let notice =
        |reason: Refusal| speech(&SocketIoForm::default(), |speech| speech.notice(reason.into()));
    let revoked = notice(Refusal::TokenRevoked);
    assert!(revoked[0].contains(r#""code":"token_revoked""#));
    assert_eq!(&*revoked[1], "41");
    assert_eq!(notice(Refusal::TokenExpired).len(), 1, "it comes back by itself");
}

#[test]
fn who_is_here_is_an_event_or_the_acknowledgement_of_who_asks() {
    let note = Note::state(1, [("ada", None)], false);
    let told = speech(&SocketIoForm::default(), |speech| speech.note(&note));
    assert_eq!(texts(&told), [r#"42["presence.state",{"count":1,"users":[{"user":"ada"}]}]"#]);
    let asked = speech(&SocketIoForm::default(), |speech| speech.note(&note.answering("7")));
    let answer = r#"437[{"status":"ok","count":1,"users":[{"user":"ada"}]}]"#;
    assert_eq!(texts(&asked), [answer]);
}
