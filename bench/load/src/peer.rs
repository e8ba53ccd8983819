//! What is put under load: a deployment of Roomcast, or a server that it is compared with.
//!
//! This module knows how to connect to each, listen to it and publish to it, but not when. The peers other than
//! Roomcast exist for `scripts/bench`, which measures all of them in the same way.

use std::time::Duration;

use roomcast::deployment::failure::Failure;
use roomcast::deployment::target::Target;
use roomcast::protocol::ids::{Position, SessionId};
use roomcast::protocol::server_frame::PING;
use tokio_tungstenite::tungstenite::handshake::client::Request;

use crate::options::{LoadOptions, PeerKind};
use crate::scan::counter;
use crate::tally::Tally;

mod deployment;
mod events;
pub(crate) mod exchange;
mod other;

use deployment::Deployment;
use exchange::{Accepted, Composed, Post};
use other::Addresses;

const PING_EVERY: Duration = Duration::from_secs(30);

/// What Socket.IO puts around an update.
const PACKET: &str = r#"42["update",]"#;

/// What is put under load.
pub(crate) enum Peer {
    /// Roomcast.
    Roomcast(Box<Deployment>),
    /// A server that sends each update as a text frame.
    Plain(Addresses),
    /// A Socket.IO server.
    SocketIo(Addresses),
}

/// What a client does about a frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reaction {
    /// Whether the frame held updates.
    pub(crate) updates: bool,
    /// The answer that the frame requires.
    pub(crate) answer: Option<&'static str>,
}

impl Peer {
    /// The peer that the options name.
    ///
    /// # Errors
    /// A setting is missing or malformed.
    pub(crate) fn new(target: &Target, options: &LoadOptions) -> Result<Self, Failure> {
        Ok(match options.peer {
            PeerKind::Roomcast => Self::Roomcast(Box::new(Deployment::new(target, options)?)),
            PeerKind::Plain => Self::Plain(Addresses::new(options, 0)?),
            PeerKind::Socketio => Self::SocketIo(Addresses::new(options, PACKET.len())?),
        })
    }

    /// How many sequences the updates of a room form. Roomcast numbers all updates of a room; with another peer, each
    /// publisher numbers its own.
    pub(crate) fn lanes(&self, publishers: usize) -> usize {
        match self {
            Self::Roomcast(_) => 1,
            Self::Plain(_) | Self::SocketIo(_) => publishers,
        }
    }

    /// The tally of a client that has received nothing.
    pub(crate) fn tally(&self, publishers: usize) -> Tally {
        match self {
            Self::Roomcast(_) => Tally::of_roomcast(),
            Self::Plain(_) | Self::SocketIo(_) => Tally::of_peer(publishers),
        }
    }

    /// The upgrade with which the client `number` watches `room`.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub(crate) fn upgrade(
        &self,
        room: &SessionId,
        position: Option<&Position>,
        number: usize,
    ) -> Result<Request, String> {
        let (request, origin) = match self {
            Self::Roomcast(one) => (one.upgrade(room, position, number), &one.origin),
            Self::Plain(one) | Self::SocketIo(one) => (one.upgrade(room), &one.origin),
        };
        let mut request = request?;
        request.headers_mut().insert("origin", origin.clone());
        Ok(request)
    }

    /// What a client has to send regularly, and how often.
    pub(crate) fn ping(&self) -> Option<(&'static str, Duration)> {
        matches!(self, Self::Roomcast(_)).then_some((PING, PING_EVERY))
    }

    /// Notes that the connection is open.
    pub(crate) fn opened(&self, tally: &mut Tally) {
        if matches!(self, Self::Plain(_)) {
            tally.arrive();
        }
    }

    /// Takes a frame.
    pub(crate) fn hear(&self, tally: &mut Tally, frame: &str) -> Reaction {
        match self {
            Self::Roomcast(_) => Reaction { updates: tally.hear(frame), answer: None },
            Self::Plain(_) => hear_update(tally, frame),
            Self::SocketIo(_) => hear_packet(tally, frame),
        }
    }

    /// The request that publishes `post`.
    pub(crate) fn compose(&self, post: &Post<'_>) -> Composed {
        match self {
            Self::Roomcast(deployment) => deployment.compose(post),
            Self::Plain(addresses) | Self::SocketIo(addresses) => addresses.compose(post),
        }
    }

    /// What the answer says became of `post`.
    pub(crate) fn accepted(&self, post: &Post<'_>, body: &str) -> Accepted {
        match self {
            Self::Roomcast(_) => deployment::accepted(body),
            Self::Plain(_) | Self::SocketIo(_) => other::accepted(post),
        }
    }
}

fn hear_update(tally: &mut Tally, frame: &str) -> Reaction {
    tally.count(frame);
    let counter = counter(frame);
    if let Some(counter) = counter {
        tally.hear_counter(counter);
    }
    Reaction { updates: counter.is_some(), answer: None }
}

/// Engine.IO 4: `0` opens, `2` is a ping, `4` carries Socket.IO, whose `0` connects and `2` is an
/// event.
fn hear_packet(tally: &mut Tally, frame: &str) -> Reaction {
    if frame.starts_with("42") {
        return hear_update(tally, frame);
    }
    tally.count(frame);
    if frame.starts_with("40") {
        tally.arrive();
    }
    let answer = match frame.get(..1) {
        Some("0") => Some("40"),
        Some("2") => Some("3"),
        _ => None,
    };
    Reaction { updates: false, answer }
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::http::HeaderValue;

    use super::*;

    fn addresses() -> Addresses {
        Addresses {
            socket: "ws://a.test/{room}".to_owned(),
            posts: "http://a.test/{room}".to_owned(),
            origin: HeaderValue::from_static("http://a.test"),
            around: 0,
        }
    }

    #[test]
    fn a_client_sends_its_origin() {
        let request = Peer::Plain(addresses()).upgrade(&"r".parse().unwrap(), None, 0).unwrap();
        assert_eq!(request.headers().get("origin").unwrap(), "http://a.test");
        assert!(exchange::named("a\nb").is_err());
    }

    #[test]
    fn a_socket_io_client_connects_answers_pings_and_counts_events() {
        let peer = Peer::SocketIo(addresses());
        let mut tally = peer.tally(1);
        peer.opened(&mut tally);
        let mut hear = |frame| peer.hear(&mut tally, frame);
        assert_eq!(hear(r#"0{"sid":"a","pingInterval":25000}"#).answer, Some("40"));
        assert_eq!(hear("2").answer, Some("3"));
        assert_eq!(hear(r#"40{"sid":"b"}"#), Reaction::default());
        let update = hear(r#"42["update",{"n":1,"text":"t=5"}]"#);
        assert_eq!(update, Reaction { updates: true, answer: None });
        assert!(tally.level(&[1]));
    }

    #[test]
    fn a_plain_client_has_arrived_when_its_connection_is_open() {
        let peer = Peer::Plain(addresses());
        let mut tally = peer.tally(1);
        assert!(!tally.level(&[0]));
        peer.opened(&mut tally);
        assert!(tally.level(&[0]));
        assert!(peer.hear(&mut tally, r#"{"n":1,"text":"t=5"}"#).updates);
        assert!(!peer.hear(&mut tally, "hello").updates);
    }
}
