//! The connections of a room.
//!
//! A connection is in the room while its attachment has a member: from its greeting until we close it or hear of its end.
//! The platform also lists it before and after that. A connection that we have closed keeps the id of its client, so that
//! the room can be told of its end.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use js_sys::{Date, Set, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{State, WebSocket};

use super::attachment::{stored, Attachment, Stored, Unreadable};
use super::sessions::Sessions;
use crate::dialect::socketio::packet::awaited;
use crate::dialect::socketio::refusal::is_final;
use crate::protocol::codes::{CloseReason, Refusal};
use crate::protocol::ids::ClientId;
use crate::protocol::latin1::narrow;
use crate::protocol::time::Timestamp;
use crate::room::groups::GroupId;
use crate::room::member::Member;

// One call into JavaScript per frame, not one per connection: all sends use the same string or array. A `send` throws if the
// connection has just closed; its close event follows.
#[wasm_bindgen(inline_js = "
export function fanOut(sockets, frame) {
  for (const socket of sockets) {
    try { socket.send(frame); } catch {}
  }
}")]
extern "C" {
    #[wasm_bindgen(js_name = fanOut, catch)]
    fn fan_out(sockets: &Set, frame: &JsValue) -> Result<(), JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// Functions of a Durable Object's state that `worker` does not bind.
    type Connections;

    #[wasm_bindgen(method, catch, js_name = acceptWebSocket)]
    fn accept(this: &Connections, socket: &web_sys::WebSocket) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = getWebSocketAutoResponseTimestamp)]
    fn pinged(this: &Connections, socket: &web_sys::WebSocket) -> Result<Option<Date>, JsValue>;
}

/// The connections that are in the room.
pub(super) struct Sockets {
    by_client: RefCell<HashMap<ClientId, Connection>>,
    groups: RefCell<HashMap<GroupId, Group>>,
    sessions: Sessions,
}

struct Connection {
    link: Link,
    /// `None` before the connection is in the room.
    group: Option<GroupId>,
}

/// How a client is connected.
enum Link {
    /// By a WebSocket of its own.
    Socket(WebSocket),
    /// By a session of Socket.IO, which may have a WebSocket or poll.
    Session(String),
}

/// Who was sent something.
#[derive(Clone, Copy)]
pub(super) enum Recipients<'r> {
    /// One client.
    One(&'r ClientId),
    /// A group, except for some.
    Group(GroupId, &'r [ClientId]),
}

/// The connections of a group.
struct Group {
    sockets: Set,
    /// Members that have no WebSocket.
    polling: BTreeSet<ClientId>,
}

impl Sockets {
    pub(super) fn new() -> Self {
        let (by_client, groups) = (RefCell::default(), RefCell::default());
        Self { by_client, groups, sessions: Sessions::default() }
    }

    /// Finds the connections that have a member, and returns their members. Closes a connection whose attachment cannot be
    /// read: it would receive nothing without knowing.
    pub(super) fn restore(&self, state: &State, now: Timestamp) -> Vec<(ClientId, Member)> {
        self.by_client.borrow_mut().clear();
        self.groups.borrow_mut().clear();
        self.sessions.clear();
        let mut members = Vec::new();
        for socket in state.get_websockets() {
            match stored(&socket) {
                Ok(Some(Stored::Client(Attachment { client, member: Some(member) }))) => {
                    self.add(client.clone(), Link::Socket(socket));
                    members.push((client, member));
                }
                Ok(Some(Stored::Session(kept))) => {
                    let sid = kept.sid.clone();
                    for (client, member) in self.sessions.restore(kept, socket, now) {
                        self.add(client.clone(), Link::Session(sid.clone()));
                        members.push((client, member));
                    }
                }
                // The session that wanted it polls, and is forgotten.
                Err(Unreadable) | Ok(Some(Stored::Probe { .. })) => close_failed(&socket),
                Ok(Some(Stored::Client(_)) | None) => {}
            }
        }
        members
    }

    /// The sessions of Socket.IO.
    pub(super) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Accepts the WebSocket of a session, or one to which it wants to go over, so that it survives hibernation.
    pub(super) fn accept_for_session(state: &State, socket: &WebSocket) -> Result<(), JsValue> {
        connections(state).accept(socket.as_ref())
    }

    /// Notes with a WebSocket which session wants to go over to it.
    pub(super) fn mark_probe(socket: &WebSocket, sid: &str) -> worker::Result<()> {
        let text = serde_json::to_string(&Stored::Probe { probe: sid.to_owned() })?;
        socket.serialize_attachment(text)
    }

    /// Adds a client that joins by a session.
    pub(super) fn add_to_session(&self, client: ClientId, sid: &str) {
        self.add(client, Link::Session(sid.to_owned()));
    }

    /// The WebSocket to which a session went over is its own from now on.
    pub(super) fn adopt(&self, sid: &str) {
        for client in self.sessions.adopt(sid) {
            let group =
                self.by_client.borrow_mut().get_mut(&client).and_then(|one| one.group.take());
            if let Some(group) = group {
                self.forget_polling(group, &client);
                self.enter(&client, group);
            }
        }
    }

    fn forget_polling(&self, group: GroupId, client: &ClientId) {
        if let Some(group) = self.groups.borrow_mut().get_mut(&group) {
            group.polling.remove(client);
        }
    }

    /// Accepts a new connection so that it survives hibernation. It is in the room as soon as [`Sockets::remember`] has stored
    /// its member.
    pub(super) fn accept(
        &self,
        state: &State,
        socket: WebSocket,
        client: &ClientId,
    ) -> Result<(), JsValue> {
        connections(state).accept(socket.as_ref())?;
        self.add(client.clone(), Link::Socket(socket));
        Ok(())
    }

    fn add(&self, client: ClientId, link: Link) {
        self.by_client.borrow_mut().insert(client, Connection { link, group: None });
    }

    /// Stores the member in the connection's attachment.
    pub(super) fn remember(&self, client: &ClientId, member: Member) -> worker::Result<()> {
        match self.by_client.borrow().get(client).map(|one| &one.link) {
            Some(Link::Socket(socket)) => {
                let attachment = Attachment { client: client.clone(), member: Some(member) };
                socket.serialize_attachment(narrow(&serde_json::to_string(&attachment)?))
            }
            Some(Link::Session(sid)) => {
                self.sessions.remember(sid, client, member);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Moves a connection from its group, if it has one, to another.
    pub(super) fn enter(&self, client: &ClientId, group: GroupId) {
        let mut by_client = self.by_client.borrow_mut();
        let Some(connection) = by_client.get_mut(client) else { return };
        let left = connection.group.replace(group);
        let socket = self.socket(&connection.link);
        self.leave(left, client, socket.as_ref());
        let mut groups = self.groups.borrow_mut();
        let group = groups.entry(group).or_insert_with(Group::new);
        match socket {
            Some(socket) => drop(group.sockets.add(socket.as_ref())),
            None => drop(group.polling.insert(client.clone())),
        }
    }

    /// The WebSocket of a connection, if it has one.
    fn socket(&self, link: &Link) -> Option<WebSocket> {
        match link {
            Link::Socket(socket) => Some(socket.clone()),
            Link::Session(sid) => self.sessions.socket(sid),
        }
    }

    fn leave(&self, left: Option<GroupId>, client: &ClientId, socket: Option<&WebSocket>) {
        let mut groups = self.groups.borrow_mut();
        let Some((id, group)) = left.and_then(|id| Some((id, groups.get_mut(&id)?))) else {
            return;
        };
        group.polling.remove(client);
        if let Some(socket) = socket {
            group.sockets.delete(socket.as_ref());
        }
        if group.sockets.size() == 0 && group.polling.is_empty() {
            groups.remove(&id);
        }
    }

    /// Notes that clients were sent a text that they have to acknowledge, if it is one.
    pub(super) fn await_acks(&self, to: Recipients<'_>, text: &Rc<str>, now: Timestamp) {
        let Some(awaited) = awaited(text) else { return };
        let by_client = self.by_client.borrow();
        let sent = by_client.iter().filter(|(client, one)| match to {
            Recipients::One(own) => *client == own,
            Recipients::Group(group, except) => {
                one.group == Some(group) && !except.contains(client)
            }
        });
        for (_, one) in sent {
            if let Link::Session(sid) = &one.link {
                self.sessions.await_ack(sid, &awaited, text, now);
            }
        }
    }

    /// Sends to one connection. If that fails, its close event follows.
    pub(super) fn send(&self, client: &ClientId, text: &str) {
        match self.by_client.borrow().get(client).map(|one| &one.link) {
            Some(Link::Socket(socket)) => drop(socket.send_with_str(text)),
            Some(Link::Session(sid)) => self.sessions.send(sid, text),
            None => {}
        }
    }

    /// Sends to several connections.
    pub(super) fn send_to(&self, clients: &[ClientId], text: &str) -> Result<(), JsValue> {
        let by_client = self.by_client.borrow();
        let sockets = Set::new(&JsValue::UNDEFINED);
        for one in clients.iter().filter_map(|client| by_client.get(client)) {
            match (&one.link, self.socket(&one.link)) {
                (_, Some(socket)) => drop(sockets.add(socket.as_ref())),
                (Link::Session(sid), None) => self.sessions.send(sid, text),
                (Link::Socket(_), None) => {}
            }
        }
        fan_out(&sockets, &JsValue::from_str(text))
    }

    /// Sends to all connections of a group, except for some.
    pub(super) fn broadcast(
        &self,
        to: GroupId,
        text: &str,
        except: &[ClientId],
    ) -> Result<(), JsValue> {
        let (groups, by_client) = (self.groups.borrow(), self.by_client.borrow());
        let Some(group) = groups.get(&to) else { return Ok(()) };
        let result = self.fan_out(group, &JsValue::from_str(text), except);
        for client in group.polling.iter().filter(|client| !except.contains(client)) {
            if let Some(Link::Session(sid)) = by_client.get(client).map(|one| &one.link) {
                self.sessions.send(sid, text);
            }
        }
        result
    }

    /// Sends a binary frame to all connections of a group, except for some. They are WebSockets: nobody polls for such frames.
    pub(super) fn broadcast_binary(
        &self,
        to: GroupId,
        frame: &[u8],
        except: &[ClientId],
    ) -> Result<(), JsValue> {
        let frame = Uint8Array::from(frame);
        self.groups.borrow().get(&to).map_or(Ok(()), |group| self.fan_out(group, &frame, except))
    }

    fn fan_out(&self, to: &Group, frame: &JsValue, except: &[ClientId]) -> Result<(), JsValue> {
        let sockets = &to.sockets;
        let by_client = self.by_client.borrow();
        let others: Vec<WebSocket> =
            except.iter().filter_map(|client| self.socket(&by_client.get(client)?.link)).collect();
        for socket in &others {
            sockets.delete(socket.as_ref());
        }
        let result = fan_out(sockets, frame);
        for socket in &others {
            sockets.add(socket.as_ref());
        }
        result
    }

    /// Closes a connection. An error means that it is closed already.
    pub(super) fn close(&self, client: &ClientId, reason: CloseReason) {
        let (code, text) = (reason.close().number(), reason.code());
        match self.by_client.borrow().get(client).map(|one| &one.link) {
            Some(Link::Socket(socket)) => drop(socket.close(Some(code), Some(text))),
            // A packet has told it for good; else it is to come back, and does when its session ends.
            Some(Link::Session(sid)) if !is_final(reason) => self.sessions.doom(sid),
            Some(Link::Session(_)) | None => {}
        }
    }

    /// Closes all connections that the platform lists, because the room has failed. They stay in the room until we hear of
    /// their end.
    pub(super) fn close_all(state: &State) {
        state.get_websockets().iter().for_each(close_failed);
    }

    /// Takes a connection out of the room.
    pub(super) fn remove(&self, client: &ClientId, now: Timestamp) {
        let Some(Connection { link, group }) = self.by_client.borrow_mut().remove(client) else {
            return;
        };
        self.leave(group, client, self.socket(&link).as_ref());
        match link {
            Link::Socket(socket) => {
                let left = Attachment { client: client.clone(), member: None };
                let text = serde_json::to_string(&left).unwrap_or_default();
                // An error means that the connection is gone, and its attachment with it.
                drop(socket.serialize_attachment(text));
            }
            Link::Session(sid) => self.sessions.forget(&sid, client, now),
        }
    }

    /// When the runtime last answered a ping of each client.
    pub(super) fn pinged(&self, state: &State) -> Vec<(ClientId, Timestamp)> {
        let time = |link: &Link| match link {
            Link::Socket(socket) => answered(state, socket),
            Link::Session(sid) => match self.sessions.socket(sid) {
                Some(socket) => answered(state, &socket),
                None => self.sessions.last_heard(sid),
            },
        };
        let by_client = self.by_client.borrow();
        let pinged =
            by_client.iter().filter_map(|(client, one)| Some((client.clone(), time(&one.link)?)));
        pinged.collect()
    }

    /// Pings the sessions of Socket.IO that rest: they answer, and the runtime notes when.
    pub(super) fn beat(&self, state: &State, now: Timestamp) {
        self.sessions.beat(|socket| answered(state, socket), now);
    }
}

impl Group {
    fn new() -> Self {
        Self { sockets: Set::new(&JsValue::UNDEFINED), polling: BTreeSet::new() }
    }
}

/// When the runtime last answered a ping of a connection.
fn answered(state: &State, socket: &WebSocket) -> Option<Timestamp> {
    let date = connections(state).pinged(socket.as_ref()).ok().flatten()?;
    Some(Timestamp(to_millis(date.get_time())))
}

fn close_failed(socket: &WebSocket) {
    let refusal = Refusal::RoomFailed;
    // An error means that it is closed already.
    let _ = socket.close(Some(refusal.close().number()), Some(refusal.code()));
}

fn connections(state: &State) -> &Connections {
    let raw: &JsValue = state.as_raw().as_ref();
    raw.unchecked_ref()
}

/// A JavaScript time, which is a whole number of milliseconds unless it is NaN.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates as wanted")]
fn to_millis(time: f64) -> u64 {
    time as u64
}
