use proptest::prelude::*;

use super::*;
use crate::dialect::socketio::engine::{payload, Packet as EnginePacket};
use crate::limits::{CONNECT_REFUSALS, UNACKNOWLEDGED};
use crate::protocol::socket_io::{Emit, EmitAct, Repeat, SocketIoForm};

const NOW: Timestamp = Timestamp(1_767_780_000_000);

fn form() -> SocketIoForm {
    let emit = |on: &str, act| Emit {
        on: on.into(),
        act,
        topic: None,
        clients: None,
        ttl_s: None,
        echo: None,
    };
    SocketIoForm { emits: vec![emit("state", EmitAct::State)], ..SocketIoForm::default() }
}

fn quick() -> SocketIoForm {
    let (interval, limit, connect) = (Some(300), Some(200), Some(1_000));
    SocketIoForm {
        ping_interval_ms: interval,
        ping_timeout_ms: limit,
        connect_timeout_ms: connect,
        ..form()
    }
}

fn client() -> ClientId {
    ClientId::from_random([1; 8])
}

fn sent(text: &str) -> Act {
    Act::Send(Sent::Text(text.to_owned()))
}

/// A session with a WebSocket and a member in `/`.
fn joined() -> Session {
    let mut session = Session::socket(form().into(), NOW);
    session.receive("40", NOW);
    assert!(session.enter("/", client()));
    session
}

#[test]
fn a_client_is_told_how_to_go_on() {
    let polling = Session::polling(form().into(), NOW).opening("s");
    let text = concat!(
        r#"0{"sid":"s","upgrades":["websocket"],"pingInterval":60000,"#,
        r#""pingTimeout":30000,"maxPayload":1000000}"#
    );
    assert_eq!(polling, text);
    let socket = Session::socket(form().into(), NOW).opening("s");
    assert!(socket.contains(r#""upgrades":[]"#));
}

#[test]
fn a_client_connects_speaks_and_leaves() {
    let mut session = Session::socket(form().into(), NOW);
    let acts = session.receive(r#"40{"token":"t"}"#, NOW);
    let [Act::Connect { namespace, auth }] = acts.as_slice() else { panic!("{acts:?}") };
    assert_eq!((namespace.as_str(), auth["token"].as_str()), ("/", Some("t")));
    assert_eq!(session.receive(r#"42["state"]"#, NOW), [], "it is not in yet");
    assert!(session.enter("/", client()));
    let acts = session.receive(r#"42["state"]"#, NOW);
    assert!(matches!(&acts[..], [Act::Said { client: one, .. }] if *one == client()));
    assert_eq!(session.receive("41", NOW), [Act::Leave { client: client() }]);
    assert_eq!(session.members().count(), 0);
}

#[test]
fn a_client_that_has_left_before_it_was_let_in_does_not_get_in() {
    let mut session = Session::socket(form().into(), NOW);
    session.receive("40", NOW);
    session.leave("/", NOW);
    assert!(!session.enter("/", client()));
}

#[test]
fn a_client_that_is_refused_again_and_again_is_ended() {
    let mut session = Session::socket(form().into(), NOW);
    for time in 1..=CONNECT_REFUSALS {
        session.receive("40", NOW.plus_ms(u64::from(time) * 1_000));
        assert_eq!(session.refuse("/", NOW), time < CONNECT_REFUSALS);
    }
}

#[test]
fn only_named_namespaces_can_be_entered() {
    let mut session = joined();
    let refused = r#"44/random,{"message":"Invalid namespace"}"#;
    assert_eq!(session.receive("40/random", NOW), [sent(refused)]);
}

#[test]
fn what_is_no_packet_ends_the_session() {
    for bad in ["", "abc", "4abc", "42{}", "2", "2probe", "0", r#"42["connect"]"#] {
        assert_eq!(joined().receive(bad, NOW), [Act::Close], "{bad}");
    }
    let mut fresh = Session::socket(form().into(), NOW);
    assert_eq!(fresh.receive(r#"42["state"]"#, NOW), [Act::Close], "it has not connected");
    assert_eq!(joined().receive_binary(vec![1], NOW), [Act::Close], "nothing names it");
    let mut session = joined();
    session.receive(r#"451-["state",{"_placeholder":true,"num":0}]"#, NOW);
    assert_eq!(session.receive(r#"42["state"]"#, NOW), [Act::Close], "an attachment is missing");
}

#[test]
fn a_client_that_sends_without_end_is_ended() {
    let mut session = joined();
    let closed = (0..200).any(|_| session.receive("3", NOW) == [Act::Close]);
    assert!(closed, "also with packets that no room hears of");
}

#[test]
fn a_session_that_connects_to_nothing_is_ended() {
    let mut session = Session::socket(form().into(), NOW);
    assert_eq!(session.due(), Some(NOW.plus_ms(45_000)));
    assert_eq!(session.tick(NOW.plus_ms(44_999)), []);
    assert_eq!(session.tick(NOW.plus_ms(45_000)), [Act::Close]);
    assert_eq!(joined().due(), None, "a room that rests is not woken for it");
    let mut left = joined();
    left.receive("41", NOW.plus_ms(7));
    assert_eq!(left.due(), Some(NOW.plus_ms(45_007)), "from when it was in none");
}

#[test]
fn a_session_that_polls_is_pinged_and_forgotten_if_it_is_silent() {
    let mut session = Session::polling(quick().into(), NOW);
    assert_eq!(session.tick(NOW.plus_ms(299)), []);
    session.tick(NOW.plus_ms(320));
    assert_eq!(session.poll(), Polled::Now("2".into()));
    assert_eq!(session.due(), Some(NOW.plus_ms(500)), "a late timer gives it no more time");
    let mut answers = session.clone();
    answers.receive_post("3", NOW.plus_ms(400)).unwrap();
    assert_eq!(answers.tick(NOW.plus_ms(500)), []);
    assert_eq!(session.tick(NOW.plus_ms(500)), [Act::Close]);
}

#[test]
fn a_session_that_rests_is_pinged_by_the_sweep_and_ended_if_it_is_silent() {
    let mut session = joined();
    assert_eq!(session.beat(None, NOW.plus_ms(60_000)), Some(sent("2")));
    let later = NOW.plus_ms(120_000);
    let pong = Some(NOW.plus_ms(60_005));
    assert_eq!(session.clone().beat(pong, later), Some(sent("2")));
    assert_eq!(session.beat(None, later), Some(Act::Close));
}

#[test]
fn two_polls_at_once_end_the_session() {
    let mut session = Session::polling(form().into(), NOW);
    assert_eq!(session.poll(), Polled::Later);
    assert_eq!(session.poll(), Polled::Refused { first: Some("1".into()) });
}

#[test]
fn a_client_that_ends_its_session_has_its_poll_answered() {
    let mut session = Session::polling(form().into(), NOW);
    session.poll();
    let acts = session.receive_post("1", NOW).unwrap();
    assert_eq!(acts, [Act::Answer("6".into()), Act::Close]);
}

#[test]
fn a_client_goes_over_to_a_websocket() {
    let mut session = Session::polling(form().into(), NOW);
    assert!(session.probe(NOW) && !session.probe(NOW), "one at a time");
    session.poll();
    let acts = session.receive_probe("2probe", NOW);
    assert_eq!(acts, [Act::Probe(Sent::Text("3probe".into())), Act::Answer("6".into())]);
    assert_eq!(session.poll(), Polled::Now("6".into()), "so that it can go over");
    session.send(Sent::Text("4a".into()));
    assert_eq!(session.receive_probe("5", NOW), [Act::Adopt, sent("4a")]);
    assert!(session.has_socket() && !session.probe(NOW));
    assert_eq!(session.poll(), Polled::Refused { first: None });
    assert!(session.receive_post("3", NOW).is_err());
}

#[test]
fn an_upgrade_that_is_not_completed_is_given_up() {
    let mut session = Session::polling(form().into(), NOW);
    session.probe(NOW);
    assert_eq!(session.receive_probe("5", NOW), [Act::DropProbe], "it was not tried");
    session.probe(NOW);
    assert_eq!(session.tick(NOW.plus_ms(10_000)), [Act::DropProbe]);
    assert!(session.probe(NOW), "it may try again");
}

#[test]
fn a_client_that_never_polls_is_ended() {
    let mut session = Session::polling(form().into(), NOW);
    let large = || Sent::Text("x".repeat(1_000_000));
    let closed = (0..10).any(|_| session.send(large()) == Some(Act::Close));
    assert!(closed);
}

/// A member that was sent an update with this number, which it has to acknowledge.
fn awaiting(id: Seq, attempts: u32) -> Session {
    let mut session = joined();
    let repeat = Repeat { attempts, timeout_ms: 1_000 };
    assert_eq!(session.await_ack(("/", id), (format!("42{id}[\"m\"]").into(), repeat), NOW), None);
    session
}

#[test]
fn an_update_is_sent_again_until_it_is_acknowledged() {
    let mut session = awaiting(7, 3);
    assert_eq!(session.due(), Some(NOW.plus_ms(1_000)));
    assert_eq!(session.tick(NOW.plus_ms(999)), []);
    assert_eq!(session.tick(NOW.plus_ms(1_000)), [sent(r#"427["m"]"#)]);
    session.receive("438[]", NOW.plus_ms(1_500));
    assert_eq!(session.due(), Some(NOW.plus_ms(2_000)), "that was of another");
    session.receive("437[]", NOW.plus_ms(1_500));
    assert_eq!((session.due(), session.tick(NOW.plus_ms(2_000))), (None, vec![]));
}

#[test]
fn an_update_that_is_never_acknowledged_is_given_up() {
    let mut session = awaiting(7, 2);
    assert_eq!(session.tick(NOW.plus_ms(1_000)).len(), 1);
    let given_up = Act::GaveUp { client: client(), seq: 7, attempts: 2 };
    assert_eq!(session.tick(NOW.plus_ms(2_000)), [given_up]);
    assert_eq!(session.due(), None);
    let mut left = awaiting(7, 2);
    left.receive("41", NOW);
    assert_eq!(left.tick(NOW.plus_ms(1_000)), [], "it is not there any more");
}

#[test]
fn a_client_that_acknowledges_nothing_is_sent_few_updates_again() {
    let mut session = joined();
    let repeat = Repeat { attempts: 10, timeout_ms: 1_000 };
    let given_up = (0..1_000).filter_map(|id| {
        session.await_ack(("/", id), (format!("42{id}[\"m\"]").into(), repeat), NOW)
    });
    assert_eq!(given_up.count(), 1_000 - UNACKNOWLEDGED);
    assert_eq!(session.tick(NOW.plus_ms(1_000)).len(), UNACKNOWLEDGED);
}

/// What can happen to a session that begins by polling.
#[derive(Debug, Clone)]
enum Step {
    Send,
    Poll,
    Open,
    Probe,
    Upgrade,
    Lose,
    Tick(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Send),
        4 => Just(Step::Poll),
        1 => Just(Step::Open),
        1 => Just(Step::Probe),
        1 => Just(Step::Upgrade),
        1 => Just(Step::Lose),
        1 => (0..5_000u64).prop_map(Step::Tick),
    ]
}

/// The numbers of the messages that some acts bring.
fn brought(acts: Vec<Act>) -> Vec<usize> {
    let texts = acts.into_iter().filter_map(|act| match act {
        Act::Answer(text) | Act::Send(Sent::Text(text)) => Some(text),
        _ => None,
    });
    texts.flat_map(|text| numbers(&text)).collect()
}

fn numbers(text: &str) -> Vec<usize> {
    let packets = payload(text).unwrap();
    let number = |packet: EnginePacket<'_>| match packet {
        EnginePacket::Message(text) => text.parse().ok(),
        _ => None,
    };
    packets.into_iter().filter_map(number).collect()
}

proptest! {
    /// However a client polls, tries to go over, gives that up and goes over: each message arrives once, and in order.
    #[test]
    fn every_message_arrives_once_and_in_order(steps in proptest::collection::vec(step(), 1..60)) {
        let mut session = Session::polling(form().into(), NOW);
        // A member, so that it is not ended for connecting to nothing.
        session.receive_post("40", NOW).unwrap();
        session.enter("/", client());
        let (mut now, mut sent_so_far, mut arrived) = (NOW, 0, Vec::new());
        for step in steps {
            let acts = match step {
                Step::Send => {
                    let message = Sent::Text(format!("4{sent_so_far}"));
                    sent_so_far += 1;
                    session.send(message).into_iter().collect()
                }
                // A client has one poll at a time.
                Step::Poll if session.holds_poll() => Vec::new(),
                Step::Poll => match session.poll() {
                    Polled::Now(text) => vec![Act::Answer(text)],
                    Polled::Later | Polled::Refused { .. } => Vec::new(),
                },
                Step::Open => {
                    session.probe(now);
                    Vec::new()
                }
                Step::Probe => session.receive_probe("2probe", now),
                Step::Upgrade => session.receive_probe("5", now),
                Step::Lose => session.lose_probe(),
                Step::Tick(ms) => {
                    now = now.plus_ms(ms);
                    session.beat(Some(now), now);
                    session.tick(now)
                }
            };
            prop_assert!(!acts.contains(&Act::Close));
            arrived.extend(brought(acts));
        }
        if !session.has_socket() && !session.holds_poll() {
            if let Polled::Now(text) = session.poll() {
                arrived.extend(numbers(&text));
            }
        }
        prop_assert_eq!(arrived, (0..sent_so_far).collect::<Vec<_>>());
    }

    #[test]
    fn no_text_breaks_a_session(texts in proptest::collection::vec("[0-6]?[0-6]?[0-9/,\\[\\]\"a-z{}:-]{0,12}", 0..20)) {
        let mut session = joined();
        for text in texts {
            session.receive(&text, NOW);
        }
    }
}
