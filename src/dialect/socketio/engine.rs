//! The packets of Engine.IO 4, as they arrive and as they are sent.
//!
//! Source: engine.io-protocol v4 (socketio/socket.io, docs/engine.io-protocol/v4-current.md). Whether a packet makes sense when
//! it arrives is decided in [`super::session`].

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;

/// Separates the packets of a poll.
const SEPARATOR: char = '\u{1e}';

/// A packet that a client sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet<'p> {
    /// The client ends the session.
    Close,
    /// A ping with a text; only the ping that begins an upgrade is sent by clients.
    Ping(&'p str),
    /// The answer to a ping.
    Pong,
    /// A message.
    Message(&'p str),
    /// The client goes over to this transport.
    Upgrade,
    /// Nothing.
    Noop,
    /// A binary message.
    Binary(Vec<u8>),
}

/// What is sent to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// A packet, encoded.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

/// A text that is no packet. The session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// The text that asks a client whether it is there.
pub const PING: &str = "2";

/// The answer of a client to that. The runtime can answer it, so that it wakes no room.
pub const PONG: &str = "3";

/// A packet that says nothing.
pub const NOOP: &str = "6";

/// The text that ends a session.
pub const CLOSE: &str = "1";

/// The text with which a client tries another transport, and the answer.
pub const PROBE: (&str, &str) = ("probe", "3probe");

/// Reads a text packet.
///
/// # Errors
/// [`Malformed`], also for packets that only a server sends.
pub fn parse(text: &str) -> Result<Packet<'_>, Malformed> {
    let mut rest = text.chars();
    let kind = rest.next().ok_or(Malformed)?;
    let rest = rest.as_str();
    match kind {
        '1' => Ok(Packet::Close),
        '2' => Ok(Packet::Ping(rest)),
        '3' => Ok(Packet::Pong),
        '4' => Ok(Packet::Message(rest)),
        '5' => Ok(Packet::Upgrade),
        '6' => Ok(Packet::Noop),
        _ => Err(Malformed),
    }
}

/// Reads the packets of one post.
///
/// # Errors
/// [`Malformed`] if one of them is.
pub fn payload(text: &str) -> Result<Vec<Packet<'_>>, Malformed> {
    text.split(SEPARATOR).map(one_of_post).collect()
}

/// Within a post, a binary message is a text that begins with `b`.
fn one_of_post(text: &str) -> Result<Packet<'_>, Malformed> {
    match text.strip_prefix('b') {
        Some(encoded) => STANDARD.decode(encoded).map(Packet::Binary).map_err(|_| Malformed),
        None => parse(text),
    }
}

/// The packets that answer one poll, as one text.
pub fn joined<'s>(packets: impl IntoIterator<Item = &'s Sent>) -> String {
    let mut text = String::new();
    for packet in packets {
        if !text.is_empty() {
            text.push(SEPARATOR);
        }
        match packet {
            Sent::Text(packet) => text.push_str(packet),
            Sent::Binary(bytes) => {
                text.push('b');
                STANDARD.encode_string(bytes, &mut text);
            }
        }
    }
    text
}

impl Sent {
    /// Its bytes, about.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len() * 4 / 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_kind_of_packet_is_read() {
        assert_eq!(parse("1"), Ok(Packet::Close));
        assert_eq!(parse("2probe"), Ok(Packet::Ping("probe")));
        assert_eq!(parse("3"), Ok(Packet::Pong));
        assert_eq!(parse("42[\"a\"]"), Ok(Packet::Message("2[\"a\"]")));
        assert_eq!(parse("5"), Ok(Packet::Upgrade));
        assert_eq!(parse("6"), Ok(Packet::Noop));
        for bad in ["", "0{}", "7", "abc", "é", "b"] {
            assert_eq!(parse(bad), Err(Malformed), "{bad}");
        }
    }

    #[test]
    fn a_binary_message_has_the_bytes_of_its_base64() {
        assert_eq!(Sent::Binary(vec![0; 300]).bytes(), 400);
        assert_eq!(joined(&[Sent::Binary(vec![0; 300])]).len(), 401);
        assert_eq!(Sent::Text("4é".to_owned()).bytes(), 3);
    }

    #[test]
    fn a_post_has_several_packets() {
        let read = payload("4hello\u{1e}bAQIDBA==").unwrap();
        assert_eq!(read, [Packet::Message("hello"), Packet::Binary(vec![1, 2, 3, 4])]);
        for bad in ["", "4a\u{1e}", "\u{1e}4a", "4a\u{1e}b*", "abc"] {
            assert_eq!(payload(bad), Err(Malformed), "{bad:?}");
        }
    }

    fn sent() -> impl Strategy<Value = Sent> {
        prop_oneof![
            "[^\u{1e}]{0,20}".prop_map(|text| Sent::Text(format!("4{text}"))),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(Sent::Binary),
        ]
    }

    proptest! {
        #[test]
        fn what_is_joined_is_split_again(packets in proptest::collection::vec(sent(), 1..10)) {
            let text = joined(&packets);
            let read: Vec<Sent> = payload(&text).unwrap().into_iter().map(|packet| match packet {
                Packet::Message(text) => Sent::Text(format!("4{text}")),
                Packet::Binary(bytes) => Sent::Binary(bytes),
                other => panic!("{other:?}"),
            }).collect();
            prop_assert_eq!(read, packets);
        }

        #[test]
        fn no_text_breaks_the_reader(text in ".{0,40}") {
            let _ = payload(&text);
        }
    }
}
