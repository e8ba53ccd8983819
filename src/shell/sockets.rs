//! The connections of a room.
//!
//! A connection is in the room while its attachment has a member: from its greeting until we close it or hear of its end.
//! The platform also lists it before and after that. A connection that we have closed keeps the id of its client, so that
//! the room can be told of its end.

use std::cell::RefCell;
use std::collections::HashMap;

use js_sys::{Date, JsString, Set};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{State, WebSocket};

use crate::protocol::codes::{CloseReason, Refusal};
use crate::protocol::ids::ClientId;
use crate::protocol::latin1::{narrow, widen};
use crate::protocol::time::Timestamp;
use crate::room::groups::GroupId;
use crate::room::member::Member;

// One call into JavaScript per frame, not one per connection: all sends use the same string. A `send` throws if the
// connection has just closed; its close event follows.
#[wasm_bindgen(inline_js = "
export function fanOut(sockets, text) {
  for (const socket of sockets) {
    try { socket.send(text); } catch {}
  }
}")]
extern "C" {
    #[wasm_bindgen(js_name = fanOut, catch)]
    fn fan_out(sockets: &Set, text: &JsString) -> Result<(), JsValue>;
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

/// The data that the platform keeps with a connection while the room is out of memory.
#[derive(Serialize, Deserialize)]
struct Attachment {
    client: ClientId,
    /// The first release called it `session`.
    #[serde(rename = "session")]
    member: Option<Member>,
}

/// The owner of a connection, as its attachment says.
enum Owner {
    Nobody,
    Unreadable,
    Client(Box<Attachment>),
}

/// The connections that are in the room.
#[derive(Debug)]
pub(super) struct Sockets {
    by_client: RefCell<HashMap<ClientId, Connection>>,
    groups: RefCell<HashMap<GroupId, Set>>,
}

#[derive(Debug)]
struct Connection {
    socket: WebSocket,
    /// `None` before the connection is in the room.
    group: Option<GroupId>,
}

impl Sockets {
    pub(super) fn new() -> Self {
        Self { by_client: RefCell::default(), groups: RefCell::default() }
    }

    /// Finds the connections that have a member, and returns their members. Closes a connection whose attachment cannot be
    /// read: it would receive nothing without knowing.
    pub(super) fn restore(&self, state: &State) -> Vec<(ClientId, Member)> {
        self.by_client.borrow_mut().clear();
        self.groups.borrow_mut().clear();
        let mut members = Vec::new();
        for socket in state.get_websockets() {
            match owner(&socket) {
                Owner::Client(attachment) => {
                    let Attachment { client, member } = *attachment;
                    let Some(member) = member else { continue };
                    self.add(client.clone(), socket);
                    members.push((client, member));
                }
                Owner::Unreadable => close_failed(&socket),
                Owner::Nobody => {}
            }
        }
        members
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
        self.add(client.clone(), socket);
        Ok(())
    }

    fn add(&self, client: ClientId, socket: WebSocket) {
        self.by_client.borrow_mut().insert(client, Connection { socket, group: None });
    }

    /// Stores the member in the connection's attachment.
    pub(super) fn remember(&self, client: &ClientId, member: Member) -> worker::Result<()> {
        let attachment = Attachment { client: client.clone(), member: Some(member) };
        let text = serde_json::to_string(&attachment)?;
        self.with(client, |socket| socket.serialize_attachment(narrow(&text))).unwrap_or(Ok(()))
    }

    /// Moves a connection from its group, if it has one, to another.
    pub(super) fn enter(&self, client: &ClientId, group: GroupId) {
        if let Some(connection) = self.by_client.borrow_mut().get_mut(client) {
            let left = connection.group.replace(group);
            self.leave(left, &connection.socket);
            let mut groups = self.groups.borrow_mut();
            let set = groups.entry(group).or_insert_with(|| Set::new(&JsValue::UNDEFINED));
            set.add(connection.socket.as_ref());
        }
    }

    fn leave(&self, group: Option<GroupId>, socket: &WebSocket) {
        let mut groups = self.groups.borrow_mut();
        let Some((group, set)) = group.and_then(|group| Some((group, groups.get(&group)?))) else {
            return;
        };
        set.delete(socket.as_ref());
        if set.size() == 0 {
            groups.remove(&group);
        }
    }

    /// Sends to one connection. If that fails, its close event follows.
    pub(super) fn send(&self, client: &ClientId, text: &str) {
        let _ = self.with(client, |socket| socket.send_with_str(text));
    }

    /// Sends to several connections.
    pub(super) fn send_to(&self, clients: &[ClientId], text: &str) -> Result<(), JsValue> {
        let by_client = self.by_client.borrow();
        let sockets = Set::new(&JsValue::UNDEFINED);
        for one in clients.iter().filter_map(|client| by_client.get(client)) {
            sockets.add(one.socket.as_ref());
        }
        fan_out(&sockets, &JsString::from(text))
    }

    /// Sends to all connections of a group, except for some.
    pub(super) fn broadcast(
        &self,
        to: GroupId,
        text: &str,
        except: &[ClientId],
    ) -> Result<(), JsValue> {
        let (groups, by_client) = (self.groups.borrow(), self.by_client.borrow());
        let Some(sockets) = groups.get(&to) else { return Ok(()) };
        let except = || except.iter().filter_map(|client| by_client.get(client));
        for one in except() {
            sockets.delete(one.socket.as_ref());
        }
        let result = fan_out(sockets, &JsString::from(text));
        for one in except() {
            sockets.add(one.socket.as_ref());
        }
        result
    }

    /// Closes a connection. An error means that it is closed already.
    pub(super) fn close(&self, client: &ClientId, reason: CloseReason) {
        let (code, text) = (reason.close().number(), reason.code());
        let _ = self.with(client, |socket| socket.close(Some(code), Some(text)));
    }

    /// Closes all connections that the platform lists, because the room has failed. They stay in the room until we hear of
    /// their end.
    pub(super) fn close_all(state: &State) {
        state.get_websockets().iter().for_each(close_failed);
    }

    /// Takes a connection out of the room.
    pub(super) fn remove(&self, client: &ClientId) {
        if let Some(Connection { socket, group }) = self.by_client.borrow_mut().remove(client) {
            self.leave(group, &socket);
            let left = Attachment { client: client.clone(), member: None };
            let text = serde_json::to_string(&left).unwrap_or_default();
            // An error means that the connection is gone, and its attachment with it.
            let _ = socket.serialize_attachment(text);
        }
    }

    /// When the runtime last answered a ping of each client.
    pub(super) fn pinged(&self, state: &State) -> Vec<(ClientId, Timestamp)> {
        let connections = connections(state);
        let time = |socket: &WebSocket| {
            let date = connections.pinged(socket.as_ref()).ok().flatten()?;
            Some(Timestamp(to_millis(date.get_time())))
        };
        let sockets = self.by_client.borrow();
        let pinged =
            sockets.iter().filter_map(|(client, one)| Some((client.clone(), time(&one.socket)?)));
        pinged.collect()
    }

    fn with<T>(&self, client: &ClientId, act: impl FnOnce(&WebSocket) -> T) -> Option<T> {
        self.by_client.borrow().get(client).map(|connection| act(&connection.socket))
    }
}

/// The client of a connection, also after it has left the room.
pub(super) fn client_of(socket: &WebSocket) -> Option<ClientId> {
    match owner(socket) {
        Owner::Client(attachment) => Some(attachment.client),
        Owner::Nobody | Owner::Unreadable => None,
    }
}

fn owner(socket: &WebSocket) -> Owner {
    match socket.deserialize_attachment::<String>() {
        Ok(None) => Owner::Nobody,
        Ok(Some(text)) => {
            let read = serde_json::from_str(&widen(text)).map(Box::new);
            read.map_or(Owner::Unreadable, Owner::Client)
        }
        Err(_) => Owner::Unreadable,
    }
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
