//! Packets of Engine.IO and Socket.IO, and the sessions that take them: whatever a client sends, a session neither fails nor says what is
//! no packet, and what is read is what was written.

use std::collections::BTreeMap;

use roomcast::dialect::socketio::engine::{self, joined, payload, Sent};
use roomcast::dialect::socketio::packet::{
    ack_text, awaited, connected, disconnected, event_text, with_attachments, Packet, Says,
};
use roomcast::dialect::socketio::poll::Polled;
use roomcast::dialect::socketio::recovery::{offset, shown};
use roomcast::dialect::socketio::session::{Act, Session};
use roomcast::limits::{ATTACHMENTS, MAX_PAYLOAD_BYTES, POLL_QUEUE_BYTES, UNACKNOWLEDGED};
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::socket_io::{Repeat, SocketIo, SocketIoForm, RESERVED};
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::topics::Topics;
use serde_json::{json, Value};

use super::frames::is_within_limits;
use crate::parts::{join, SEPARATOR};

/// Steps of one input. More would only repeat what fewer do.
const STEPS: usize = 24;

const BEGIN: Timestamp = Timestamp(1_767_780_000_000);

/// The target `packets`: texts as packets, and as what the clients of two sessions send. The first character of a step says how it
/// arrives: `>` a post, `=` a message of a WebSocket, `#` a binary one, `^` one of a WebSocket to which a session goes over, `?` a poll, `~` as
/// many seconds pass as the step is long. Others are read only.
pub(super) fn packets(input: &[u8]) {
    let mut talks =
        [Talk::new(Session::polling(form(), BEGIN)), Talk::new(Session::socket(form(), BEGIN))];
    for step in input.split(|byte| *byte == SEPARATOR).take(STEPS) {
        let Some((how, rest)) = step.split_first() else { continue };
        for text in [str::from_utf8(step), str::from_utf8(rest)].into_iter().flatten() {
            engine_keeps(text);
            socket_keeps(text);
        }
        for talk in &mut talks {
            talk.step(*how, rest);
        }
    }
}

/// A post is read as it was written.
fn engine_keeps(text: &str) {
    let Ok(read) = payload(text) else { return };
    let sent: Vec<Sent> = read.iter().map(written).collect();
    assert_eq!(payload(&joined(&sent)).as_ref(), Ok(&read));
    assert!(sent.iter().map(Sent::bytes).sum::<usize>() <= text.len());
}

fn written(packet: &engine::Packet<'_>) -> Sent {
    let text = match packet {
        engine::Packet::Close => "1".to_owned(),
        engine::Packet::Ping(text) => format!("2{text}"),
        engine::Packet::Pong => "3".to_owned(),
        engine::Packet::Message(text) => format!("4{text}"),
        engine::Packet::Upgrade => "5".to_owned(),
        engine::Packet::Noop => "6".to_owned(),
        engine::Packet::Binary(bytes) => return Sent::Binary(bytes.clone()),
    };
    Sent::Text(text)
}

/// A packet is read as it was written, and within its limits.
fn socket_keeps(text: &str) {
    let Ok(read) = Packet::parse(text) else { return };
    assert!(read.attachments <= ATTACHMENTS && read.namespace.starts_with('/'));
    let namespace = &read.namespace;
    let text = match &read.says {
        Says::Connect(auth) => connected(namespace, &Value::Object(auth.clone()).to_string()),
        Says::Disconnect => disconnected(namespace),
        Says::Event { name, args, id } => {
            assert!(!RESERVED.contains(&name.as_str()));
            let args: Vec<String> = args.iter().map(Value::to_string).collect();
            let text = event_text(namespace, *id, name, &args.join(","));
            let waits = id.map(|id| (namespace.clone(), id, name.clone()));
            assert_eq!(awaited(&text), waits, "{text}");
            text
        }
        Says::Ack { id } => ack_text(namespace, &id.to_string(), ""),
    };
    let text = with_attachments(&text, read.attachments);
    let again = Packet::parse(text.strip_prefix('4').unwrap());
    assert_eq!(again.as_ref(), Ok(&read), "{text}");
}

fn form() -> SocketIo {
    let form: SocketIoForm = serde_json::from_value(json!({"namespaces": ["/", "/x"],
        "acknowledged": {"job": {"attempts": 3, "timeout_ms": 1_000}}, "ping_interval_ms": 25_000,
        "emits": [{"on": "join", "do": "subscribe", "topic": "p:{0}"}, {"on": "say", "do": "signal"},
            {"on": "leave", "do": "unsubscribe", "topic": "{0}"}, {"on": "state", "do": "state"},
            {"on": "pace", "do": "pace"}, {"on": "token", "do": "refresh"},
            {"on": "echo", "do": "echo", "as": "back"}, {"on": "ask", "do": "echo"}]}))
    .unwrap();
    form.into()
}

/// A session, and what the test knows of it.
struct Talk {
    session: Session,
    now: Timestamp,
    /// The members, by namespace.
    members: BTreeMap<String, ClientId>,
    waits: usize,
    ended: bool,
}

impl Talk {
    fn new(session: Session) -> Self {
        Self { session, now: BEGIN, members: BTreeMap::new(), waits: 0, ended: false }
    }

    fn step(&mut self, how: u8, rest: &[u8]) {
        if self.ended {
            return;
        }
        let text = str::from_utf8(rest).unwrap_or_default();
        let (session, now) = (&mut self.session, self.now);
        let acts = match how {
            b'>' => session.receive_post(text, now).unwrap_or_else(|_| vec![Act::Close]),
            b'=' => session.receive(text, now),
            b'#' => session.receive_binary(rest.to_vec(), now),
            b'^' => {
                session.probe(now);
                session.receive_probe(text, now)
            }
            b'?' => self.poll(),
            b'~' => {
                self.now = now.plus_ms(rest.len() as u64 * 1_000);
                session.tick(self.now)
            }
            _ => return,
        };
        for act in acts {
            self.perform(act, rest.len());
        }
        let members = self.session.members().map(|(name, id)| (name.to_owned(), id.clone()));
        assert_eq!(members.collect::<BTreeMap<_, _>>(), self.members);
        assert!(self.session.due().is_none_or(|at| self.ended || at >= BEGIN));
    }

    fn poll(&mut self) -> Vec<Act> {
        match self.session.poll() {
            Polled::Now(text) => vec![Act::Answer(text)],
            Polled::Later => Vec::new(),
            Polled::Refused { first } => {
                // A session with a WebSocket goes on.
                let ends = (!self.session.has_socket()).then_some(Act::Close);
                first.map(Act::Answer).into_iter().chain(ends).collect()
            }
        }
    }

    fn perform(&mut self, act: Act, said: usize) {
        match act {
            // The name of a namespace may have what separates the packets of a poll. Here it separates nothing.
            Act::Send(Sent::Text(text)) | Act::Probe(Sent::Text(text)) => {
                is_sent(&engine::parse(&text).unwrap());
            }
            Act::Send(Sent::Binary(bytes)) | Act::Probe(Sent::Binary(bytes)) => {
                assert!(bytes.len() <= MAX_PAYLOAD_BYTES);
            }
            Act::Answer(text) => {
                assert!(text.len() <= POLL_QUEUE_BYTES + MAX_PAYLOAD_BYTES + 64 * said);
                payload(&text).unwrap().iter().for_each(is_sent);
            }
            Act::Connect { namespace, auth } => {
                comes_back(&auth);
                let number = u8::try_from(self.members.len()).unwrap();
                let client = ClientId::from_random([number; 8]);
                assert!(self.session.enter(&namespace, client.clone()), "{namespace}");
                self.members.insert(namespace.clone(), client);
                self.await_ack(&namespace);
            }
            Act::Said { client, said } => {
                assert!(self.members.values().any(|member| *member == client));
                is_within_limits(&said, "");
            }
            Act::Leave { client } => self.members.retain(|_, member| *member != client),
            Act::GaveUp { attempts, .. } => assert!((1..=3).contains(&attempts)),
            Act::Adopt => assert!(self.session.has_socket()),
            Act::DropProbe => {}
            Act::Close => self.ended = true,
        }
    }

    /// The member is sent something that it has to acknowledge.
    fn await_ack(&mut self, namespace: &str) {
        self.waits += 1;
        assert!(self.waits <= UNACKNOWLEDGED);
        let text = event_text(namespace, Some(7), "job", "1");
        let repeat = Repeat { attempts: 3, timeout_ms: 1_000 };
        let given_up = self.session.await_ack((namespace, 7), (text.into(), repeat), self.now);
        assert_eq!(given_up, None);
    }
}

/// What a client is sent in messages are packets of Socket.IO.
fn is_sent(packet: &engine::Packet<'_>) {
    if let engine::Packet::Message(text) = packet {
        assert!(text.starts_with(|kind| "0123456".contains(kind)), "{text}");
    }
}

/// Whoever comes back has topics that can be said again.
fn comes_back(auth: &serde_json::Map<String, Value>) {
    let Some(shown) = shown(auth) else { return };
    let topics = shown.topics.unwrap_or_else(Topics::none);
    let Ok(text) = serde_json::from_str::<String>(&offset(shown.position.seq, &topics)) else {
        panic!("an offset is a text");
    };
    let mut auth = auth.clone();
    auth.insert("offset".to_owned(), text.clone().into());
    if let Some(again) = roomcast::dialect::socketio::recovery::shown(&auth) {
        assert_eq!(again.topics, Some(topics), "{text}");
    }
}

/// Seeds of `packets`: what stock clients send.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let pid = r#"{"pid":"0123456789abcdef:7.0101010101010101","offset":"12 a,p:*","token":"t"}"#;
    let old = r#"{"pid":"0123456789abcdef:7+0101010101010101~12","offset":"12"}"#;
    vec![
        join(&["=40", "=42[\"join\",\"7\"]", "=421[\"leave\",{\"p\":\"a\"}]", "=41"]),
        join(&["?", &format!(">40{pid}"), "?", ">3\u{1e}42[\"state\"]\u{1e}437[]", "~1234567890"]),
        join(&[">40", "?", "^2probe", "?", "^5", "=42/x,[\"say\",{\"data\":[1.5]}]", "~12"]),
        join(&[
            &format!("=40/x,{old}"),
            "=452-/x,3[\"echo\",{\"_placeholder\":true,\"num\":0}]",
            "#a",
            "#b",
        ]),
        join(&[">4a\u{1e}bAQIDBA==", "=4", "=2", "=1", ">1"]),
        join(&["2/x,456[\"m\",1,\"é\"]", "51-[\"m\",{}]", "61-9[]", "0/a?x=1,{}", "2[7,null]"]),
    ]
}
