//! The packets of Socket.IO 5, as clients send them, and the texts that answer them.
//!
//! Source: socket.io-protocol v5 (socketio/socket.io, docs/socket.io-protocol/v5-current.md). Each is a message of Engine.IO. What
//! a packet means is decided in [`super::session`].

use serde_json::{Deserializer, Map, Value};

use super::engine::Malformed;
use crate::limits::ATTACHMENTS;
use crate::protocol::form::quoted;
use crate::protocol::json::read;
use crate::protocol::socket_io::RESERVED;
use crate::protocol::surrogates::mended;

/// A packet that a client sends.
#[derive(Debug, Clone, PartialEq)]
pub struct Packet {
    /// The namespace; `/` is the usual one.
    pub namespace: String,
    /// What it says.
    pub says: Says,
    /// How many binary messages follow that belong to it.
    pub attachments: usize,
}

/// What a packet says.
#[derive(Debug, Clone, PartialEq)]
pub enum Says {
    /// The client wants to connect to the namespace, with this `auth`.
    Connect(Map<String, Value>),
    /// The client leaves the namespace.
    Disconnect,
    /// The client emits an event.
    Event {
        /// Its name.
        name: String,
        /// Its arguments.
        args: Vec<Value>,
        /// The id with which it wants to be acknowledged.
        id: Option<u64>,
    },
    /// The client acknowledges an event of the server.
    Ack {
        /// The id of that event.
        id: u64,
    },
}

impl Packet {
    /// Reads the text of a packet.
    ///
    /// # Errors
    /// [`Malformed`]: the protocol says that the session ends then.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let kind = text.chars().next().ok_or(Malformed)?;
        let rest = text.get(kind.len_utf8()..).ok_or(Malformed)?;
        let (attachments, rest) = match kind {
            '5' | '6' => attachments(rest)?,
            _ => (0, rest),
        };
        let (namespace, rest) = namespace(rest);
        let (id, rest) = id(rest)?;
        let says = match (kind, id) {
            ('0', None) => Says::Connect(auth(rest)?),
            ('1', None) if rest.is_empty() => Says::Disconnect,
            ('2' | '5', id) => event(rest, id)?,
            ('3' | '6', Some(id)) => {
                list(rest)?;
                Says::Ack { id }
            }
            _ => return Err(Malformed),
        };
        Ok(Self { namespace, says, attachments })
    }
}

/// `2-…`: the number of attachments.
fn attachments(text: &str) -> Result<(usize, &str), Malformed> {
    let (number, rest) = text.split_once('-').ok_or(Malformed)?;
    let number = digits(number).and_then(|number| number.parse().ok()).ok_or(Malformed)?;
    if number > ATTACHMENTS {
        return Err(Malformed);
    }
    Ok((number, rest))
}

fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then_some(text)
}

/// `/name,…`; without a name it is `/`. A query behind the name is no part of it.
fn namespace(text: &str) -> (String, &str) {
    if !text.starts_with('/') {
        return ("/".to_owned(), text);
    }
    let (name, rest) = text.split_once(',').unwrap_or((text, ""));
    let name = name.split_once('?').map_or(name, |(name, _)| name);
    (name.to_owned(), rest)
}

fn id(text: &str) -> Result<(Option<u64>, &str), Malformed> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end).ok_or(Malformed)?;
    if number.is_empty() {
        return Ok((None, rest));
    }
    Ok((Some(number.parse().map_err(|_| Malformed)?), rest))
}

fn auth(text: &str) -> Result<Map<String, Value>, Malformed> {
    if text.is_empty() {
        return Ok(Map::new());
    }
    json(text)
}

fn list(text: &str) -> Result<Vec<Value>, Malformed> {
    json(text)
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Malformed> {
    read(&mended(text.as_bytes())).map_err(|_| Malformed)
}

fn event(text: &str, id: Option<u64>) -> Result<Says, Malformed> {
    let mut args = list(text)?.into_iter();
    let name = match args.next() {
        Some(Value::String(name)) if !RESERVED.contains(&name.as_str()) => name,
        Some(Value::Number(number)) => number.to_string(),
        _ => return Err(Malformed),
    };
    Ok(Says::Event { name, args: args.collect(), id })
}

/// What the client has to acknowledge of a text that it is sent: the namespace, the id, and the name of the event. `None` if it is
/// no event, or one without an id.
pub fn awaited(text: &str) -> Option<(String, u64, String)> {
    let (namespace, rest) = namespace(text.strip_prefix("42")?);
    let (id, rest) = id(rest).ok()?;
    let mut args = Deserializer::from_str(rest.strip_prefix('[')?).into_iter();
    Some((namespace, id?, args.next()?.ok()?))
}

/// The beginning of a message of Engine.IO with a packet of this type to a namespace.
fn begin(kind: &str, namespace: &str) -> String {
    match namespace {
        "/" => format!("4{kind}"),
        name => format!("4{kind}{name},"),
    }
}

/// The client has connected. `answer` is JSON.
pub fn connected(namespace: &str, answer: &str) -> String {
    begin("0", namespace) + answer
}

/// The client cannot connect. `error` is JSON.
pub fn refused(namespace: &str, error: &str) -> String {
    begin("4", namespace) + error
}

/// The client is out of the namespace. It does not come back by itself.
pub fn disconnected(namespace: &str) -> String {
    begin("1", namespace)
}

/// An event; `args` is JSON values, separated by commas, or empty.
pub fn event_text(namespace: &str, id: Option<u64>, name: &str, args: &str) -> String {
    let mut text = begin("2", namespace);
    if let Some(id) = id {
        text.push_str(&id.to_string());
    }
    text.push('[');
    text.push_str(&quoted(name));
    if !args.is_empty() {
        text.push(',');
        text.push_str(args);
    }
    text.push(']');
    text
}

/// The acknowledgement of a client's event; `args` is JSON values, separated by commas, or empty.
pub fn ack_text(namespace: &str, id: &str, args: &str) -> String {
    begin("3", namespace) + &format!("{id}[{args}]")
}

/// An event or an acknowledgement with binary attachments, which follow as messages of their own.
pub fn with_attachments(text: &str, attachments: usize) -> String {
    let kind = if text.starts_with("42") { "5" } else { "6" };
    match (attachments, text.get(2..)) {
        (1.., Some(rest)) => format!("4{kind}{attachments}-{rest}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn packet(text: &str) -> Packet {
        Packet::parse(text).unwrap()
    }

    #[test]
    fn each_kind_of_packet_is_read() {
        let connect = packet(r#"0{"token":"123"}"#);
        assert_eq!(connect.namespace, "/");
        let Says::Connect(auth) = connect.says else { panic!() };
        assert_eq!(Value::Object(auth), json!({"token": "123"}));
        assert_eq!(packet("0/custom,").namespace, "/custom");
        assert_eq!(packet("0/custom").namespace, "/custom", "the comma may be missing");
        assert_eq!(packet("0/a?x=1,{}").namespace, "/a", "a query is no part of the name");
        assert_eq!(packet("1/custom,").says, Says::Disconnect);
        let event = |id| Says::Event { name: "m".into(), args: vec![json!(1)], id };
        assert_eq!(packet(r#"2["m",1]"#).says, event(None));
        assert_eq!(packet(r#"2/x,456["m",1]"#).says, event(Some(456)));
        assert_eq!(packet("37[]").says, Says::Ack { id: 7 });
        let binary = packet(r#"52-/x,8["m",1]"#);
        assert_eq!((binary.attachments, binary.says), (2, event(Some(8))));
        assert_eq!(packet("61-9[]").says, Says::Ack { id: 9 });
        assert_eq!(packet("616-9[]").attachments, ATTACHMENTS, "as many as may be");
        let numbered = Says::Event { name: "7".into(), args: vec![json!(1)], id: None };
        assert_eq!(packet("2[7,1]").says, numbered, "a name may be a number");
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for bad in [
            "",
            "abc",
            "7[]",
            "4{}",
            "2{}",
            "2[]",
            r#"2abc["m"]"#,
            "2[{}]",
            "0[]",
            "0 {",
            "1{}",
            "3[]",
            "5[]",
            r#"5-["m"]"#,
            r#"5+1-["m"]"#,
            r#"517-["m"]"#,
            r#"2["connect"]"#,
            r#"2["disconnect"]"#,
            "é",
            r#"299999999999999999999["m"]"#,
            "3/x",
        ] {
            assert!(Packet::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn texts_are_packets_of_their_namespace() {
        assert_eq!(connected("/", "{}"), "40{}");
        assert_eq!(connected("/a", "{}"), "40/a,{}");
        assert_eq!(refused("/a", "{}"), "44/a,{}");
        assert_eq!(disconnected("/"), "41");
        assert_eq!(event_text("/", None, "m", "1,2"), r#"42["m",1,2]"#);
        assert_eq!(event_text("/a", Some(3), "m", ""), r#"42/a,3["m"]"#);
        assert_eq!(ack_text("/", "7", "1"), "437[1]");
        assert_eq!(with_attachments(r#"42["m"]"#, 2), r#"452-["m"]"#);
        assert_eq!(with_attachments("43/a,7[]", 1), "461-/a,7[]");
        assert_eq!(with_attachments("43/a,7[]", 0), "43/a,7[]");
    }

    #[test]
    fn an_event_with_an_id_awaits_its_acknowledgement() {
        let own = |namespace: &str, name: &str| Some((namespace.to_owned(), 7, name.to_owned()));
        assert_eq!(awaited(r#"427["job_done",{"a":1},"9"]"#), own("/", "job_done"));
        assert_eq!(awaited(r#"42/x,7["m"]"#), own("/x", "m"));
        for name in ["a,b", "a]b", "a\"b", "é"] {
            assert_eq!(awaited(&event_text("/", Some(7), name, "1")), own("/", name), "{name}");
        }
        for other in [r#"42["m",7]"#, r#"42/x,["m"]"#, "437[]", "2", r#"40{"sid":7}"#] {
            assert_eq!(awaited(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "[0-9/,{}\\[\\]\"a-]{0,30}|.{0,30}") {
            let _ = Packet::parse(&text);
        }

        #[test]
        fn an_event_is_read_as_it_was_written(name in "[a-z]{1,8}", id in proptest::option::of(any::<u64>())) {
            prop_assume!(!RESERVED.contains(&name.as_str()));
            let text = event_text("/n", id, &name, "{\"a\":1}");
            let read = Packet::parse(text.strip_prefix('4').unwrap()).unwrap();
            let args = vec![json!({"a": 1})];
            prop_assert_eq!(read.says, Says::Event { name, args, id });
        }
    }
}
