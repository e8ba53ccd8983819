//! The session of one client of Engine.IO: its transport, its heartbeat, and the namespaces to which it has connected.
//!
//! A state machine without IO: what arrives becomes [`Act`]s. It does not know the room. `src/shell/` sends, holds polls, and takes
//! clients to the room. How updates look is in [`super::encode`].

mod acks;
mod hearing;
mod heartbeat;

use std::collections::BTreeMap;

use serde_json::{json, Map, Value};

use self::acks::Unacknowledged;

use super::engine::{self, Malformed, Sent, CLOSE, NOOP, PROBE};
use super::packet::Packet;
use super::poll::{Overflow, Poll, Polled};
use crate::limits::{CONNECT_REFUSALS, MAX_PAYLOAD_BYTES};
use crate::protocol::ids::{ClientId, Seq};
use crate::protocol::socket_io::SocketIo;
use crate::protocol::time::Timestamp;
use crate::room::Said;

/// What has to be done for a session.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Send this over its WebSocket.
    Send(Sent),
    /// Answer its poll with this.
    Answer(String),
    /// Send this over the WebSocket to which it wants to go over.
    Probe(Sent),
    /// That WebSocket is the session's from now on.
    Adopt,
    /// Close that WebSocket.
    DropProbe,
    /// Verify a client that connects to a namespace, and let it join the room.
    Connect {
        /// The namespace.
        namespace: String,
        /// What the client says of itself.
        auth: Map<String, Value>,
    },
    /// A member has said something.
    Said {
        /// The member.
        client: ClientId,
        /// What it said.
        said: Said,
    },
    /// A member has left its namespace.
    Leave {
        /// The member.
        client: ClientId,
    },
    /// Log that a member has not acknowledged an update.
    GaveUp {
        /// The member.
        client: ClientId,
        /// The update.
        seq: Seq,
        /// How often it was sent.
        attempts: u32,
    },
    /// End the session.
    Close,
}

/// How a session is connected.
#[derive(Debug, Clone, PartialEq)]
enum Transport {
    Polling(Poll),
    Socket,
}

/// A namespace to which a client has connected, or wants to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Door {
    Knocking,
    In(ClientId),
}

/// An event of which binary attachments are missing.
#[derive(Debug, Clone, PartialEq)]
struct Partial {
    packet: Packet,
    attachments: Vec<Vec<u8>>,
}

/// One session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    form: SocketIo,
    transport: Transport,
    /// Since when it has no namespace; `None` while it has one.
    idle: Option<Timestamp>,
    /// When a packet last arrived.
    heard: Timestamp,
    /// When it was last pinged, or was opened.
    pinged: Timestamp,
    /// The time up to which its packets have used its rate.
    paid: Timestamp,
    doors: BTreeMap<String, Door>,
    partial: Option<Partial>,
    unacknowledged: Vec<Unacknowledged>,
    /// How often it was not let in.
    refused: u32,
}

impl Session {
    /// A session that begins by polling.
    pub fn polling(form: SocketIo, now: Timestamp) -> Self {
        Self::new(form, Transport::Polling(Poll::default()), now)
    }

    /// A session that begins with a WebSocket.
    pub fn socket(form: SocketIo, now: Timestamp) -> Self {
        Self::new(form, Transport::Socket, now)
    }

    fn new(form: SocketIo, transport: Transport, now: Timestamp) -> Self {
        let (doors, paid) = (BTreeMap::new(), Timestamp::default());
        let (idle, heard, pinged, partial) = (Some(now), now, now, None);
        let unacknowledged = Vec::new();
        Self {
            form,
            transport,
            idle,
            heard,
            pinged,
            paid,
            doors,
            partial,
            unacknowledged,
            refused: 0,
        }
    }

    /// A session with a WebSocket that has outlived the memory of its room, with its members.
    pub fn restored(
        form: SocketIo,
        members: impl IntoIterator<Item = (String, ClientId)>,
        now: Timestamp,
    ) -> Self {
        let mut session = Self::socket(form, now);
        for (namespace, client) in members {
            session.doors.insert(namespace, Door::In(client));
            session.idle = None;
        }
        session
    }

    /// How the client is spoken to.
    pub fn form(&self) -> &SocketIo {
        &self.form
    }

    /// Whether it has a WebSocket.
    pub fn has_socket(&self) -> bool {
        self.transport == Transport::Socket
    }

    /// Whether a poll is held.
    #[cfg(test)]
    fn holds_poll(&self) -> bool {
        matches!(&self.transport, Transport::Polling(poll) if poll.is_held())
    }

    /// When a packet last arrived.
    pub fn last_heard(&self) -> Timestamp {
        self.heard
    }

    /// Its members, and their namespaces.
    pub fn members(&self) -> impl Iterator<Item = (&str, &ClientId)> {
        self.doors.iter().filter_map(|(namespace, door)| match door {
            Door::In(client) => Some((namespace.as_str(), client)),
            Door::Knocking => None,
        })
    }

    /// The first packet that the client is sent.
    pub fn opening(&self, sid: &str) -> String {
        let upgrades: &[&str] = if self.has_socket() { &[] } else { &["websocket"] };
        let form = self.form.form();
        let opening = json!({
            "sid": sid,
            "upgrades": upgrades,
            "pingInterval": form.ping_interval_ms(),
            "pingTimeout": form.ping_timeout_ms(),
            "maxPayload": MAX_PAYLOAD_BYTES,
        });
        format!("0{opening}")
    }

    /// Sends something over whichever transport it has.
    pub fn send(&mut self, sent: Sent) -> Option<Act> {
        match &mut self.transport {
            Transport::Socket => Some(Act::Send(sent)),
            Transport::Polling(poll) => match poll.push(sent) {
                Ok(answer) => answer.map(Act::Answer),
                Err(Overflow) => Some(Act::Close),
            },
        }
    }

    /// A packet arrived over its WebSocket.
    pub fn receive(&mut self, text: &str, now: Timestamp) -> Vec<Act> {
        match engine::parse(text) {
            Ok(packet) => self.take(packet, now),
            Err(Malformed) => vec![Act::Close],
        }
    }

    /// A binary message arrived over its WebSocket.
    pub fn receive_binary(&mut self, bytes: Vec<u8>, now: Timestamp) -> Vec<Act> {
        self.take(engine::Packet::Binary(bytes), now)
    }

    /// A post of a polling client arrived.
    ///
    /// # Errors
    /// [`Malformed`]: it is to be answered 400, and the session ends; also if the client does not poll.
    pub fn receive_post(&mut self, text: &str, now: Timestamp) -> Result<Vec<Act>, Malformed> {
        if self.has_socket() {
            return Err(Malformed);
        }
        let packets = engine::payload(text)?;
        Ok(packets.into_iter().flat_map(|packet| self.take(packet, now)).collect())
    }

    /// A poll arrived. Also returns what has to be done before it is answered.
    pub fn poll(&mut self) -> Polled {
        match &mut self.transport {
            Transport::Socket => Polled::Refused { first: None },
            Transport::Polling(poll) => poll.ask(),
        }
    }

    /// A WebSocket wants to become the transport. Returns whether it may.
    pub fn probe(&mut self, now: Timestamp) -> bool {
        match &mut self.transport {
            Transport::Socket => false,
            Transport::Polling(poll) => poll.probe(now),
        }
    }

    /// Something arrived over that WebSocket.
    pub fn receive_probe(&mut self, text: &str, now: Timestamp) -> Vec<Act> {
        let Transport::Polling(poll) = &mut self.transport else { return vec![Act::DropProbe] };
        match engine::parse(text) {
            Ok(engine::Packet::Ping(text)) if text == PROBE.0 => {
                let answer = poll.upgrade().map(Act::Answer);
                [Some(Act::Probe(Sent::Text(PROBE.1.to_owned()))), answer]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            Ok(engine::Packet::Upgrade) if poll.is_upgrading() => {
                let (held, queue) = poll.finish();
                (self.transport, self.heard) = (Transport::Socket, now);
                let held = held.then(|| Act::Answer(NOOP.to_owned()));
                held.into_iter()
                    .chain([Act::Adopt])
                    .chain(queue.into_iter().map(Act::Send))
                    .collect()
            }
            _ => self.lose_probe(),
        }
    }

    /// That WebSocket is gone, or is to go.
    pub fn lose_probe(&mut self) -> Vec<Act> {
        if let Transport::Polling(poll) = &mut self.transport {
            poll.forget_probe();
        }
        vec![Act::DropProbe]
    }

    /// The client has been let into a namespace. Returns `false` if it has left meanwhile.
    pub fn enter(&mut self, namespace: &str, client: ClientId) -> bool {
        match self.doors.get_mut(namespace) {
            Some(door @ Door::Knocking) => {
                *door = Door::In(client);
                true
            }
            _ => false,
        }
    }

    /// The client is not in a namespace any more, or is not let in.
    pub fn leave(&mut self, namespace: &str, now: Timestamp) {
        self.doors.remove(namespace);
        self.forget_acks(namespace);
        if self.doors.is_empty() {
            self.idle = Some(now);
        }
    }

    /// The client is not let into a namespace. Returns `false` if that was so often enough: its session is to be ended.
    pub fn refuse(&mut self, namespace: &str, now: Timestamp) -> bool {
        self.leave(namespace, now);
        self.refused += 1;
        self.refused < CONNECT_REFUSALS
    }

    /// A member is not in the room any more. Returns its namespace.
    pub fn forget(&mut self, client: &ClientId, now: Timestamp) -> Option<String> {
        let namespace = self.members().find(|(_, one)| *one == client)?.0.to_owned();
        self.leave(&namespace, now);
        Some(namespace)
    }

    /// The last packet before the server ends the session, for a held poll.
    pub fn farewell(&mut self) -> Option<Act> {
        match &mut self.transport {
            Transport::Polling(poll) => {
                poll.push(Sent::Text(CLOSE.to_owned())).ok()?.map(Act::Answer)
            }
            Transport::Socket => None,
        }
    }
}

#[cfg(test)]
mod tests;
