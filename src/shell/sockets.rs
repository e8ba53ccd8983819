//! The connections of a room.
//!
//! A connection is in the room while it has an attachment: from when it is greeted, until we close
//! it or hear of its end. The platform lists it before and after that, too.

use std::cell::RefCell;
use std::collections::HashMap;

use js_sys::{Date, JsString, Set};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{State, WebSocket};

use crate::protocol::codes::CloseCode;
use crate::protocol::ids::ClientId;
use crate::protocol::server_frame::Dialect;
use crate::protocol::time::Timestamp;
use crate::room::clients::Session;

// One call into JavaScript per frame, not one per connection: the string is made once, and each
// `send` takes the same one. One that throws has closed under our hands, and its close event follows.
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
    /// What `worker` does not bind of a Durable Object's state.
    type Connections;

    #[wasm_bindgen(method, catch, js_name = acceptWebSocket)]
    fn accept(this: &Connections, socket: &web_sys::WebSocket) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = getWebSocketAutoResponseTimestamp)]
    fn pinged(this: &Connections, socket: &web_sys::WebSocket) -> Result<Option<Date>, JsValue>;
}

/// What is kept with a connection while the room is out of memory.
#[derive(Serialize, Deserialize)]
struct Attachment {
    client: ClientId,
    session: Session,
}

/// The connections that are in the room.
#[derive(Debug)]
pub(super) struct Sockets {
    by_client: RefCell<HashMap<ClientId, WebSocket>>,
    v1: Set,
    plain: Set,
}

impl Sockets {
    pub(super) fn new() -> Self {
        let set = || Set::new(&JsValue::UNDEFINED);
        Self { by_client: RefCell::default(), v1: set(), plain: set() }
    }

    /// Takes in the connections that are attached, and only those, and returns their sessions.
    pub(super) fn restore(&self, state: &State) -> Vec<(ClientId, Session)> {
        self.by_client.borrow_mut().clear();
        self.v1.clear();
        self.plain.clear();
        let attached = state.get_websockets().into_iter().filter_map(|socket| {
            let Attachment { client, session } = attachment(&socket)?;
            self.set(session.dialect).add(socket.as_ref());
            self.by_client.borrow_mut().insert(client.clone(), socket);
            Some((client, session))
        });
        attached.collect()
    }

    /// Accepts a new connection so that it survives hibernation. It is in the room once its session
    /// is remembered.
    pub(super) fn accept(
        &self,
        state: &State,
        socket: WebSocket,
        client: &ClientId,
    ) -> Result<(), JsValue> {
        connections(state).accept(socket.as_ref())?;
        self.by_client.borrow_mut().insert(client.clone(), socket);
        Ok(())
    }

    /// Keeps the session with the connection.
    pub(super) fn remember(&self, client: &ClientId, session: Session) -> worker::Result<()> {
        let dialect = session.dialect;
        let attachment = Attachment { client: client.clone(), session };
        let text = serde_json::to_string(&attachment)?;
        let keep = |socket: &WebSocket| {
            self.set(dialect).add(socket.as_ref());
            socket.serialize_attachment(text)
        };
        self.with(client, keep).unwrap_or(Ok(()))
    }

    /// Sends to one. A connection that cannot be sent to any more will say so by its close event.
    pub(super) fn send(&self, client: &ClientId, text: &str) {
        let _ = self.with(client, |socket| socket.send_with_str(text));
    }

    /// Sends to all of a dialect.
    pub(super) fn broadcast(&self, to: Dialect, text: &str) -> Result<(), JsValue> {
        fan_out(self.set(to), &JsString::from(text))
    }

    /// Closes a connection. An error means that it is closed already.
    pub(super) fn close(&self, client: &ClientId, code: CloseCode, reason: &str) {
        let _ = self.with(client, |socket| socket.close(Some(code.number()), Some(reason)));
    }

    /// Closes all connections. They are in the room until we hear of their end.
    pub(super) fn close_all(&self, code: CloseCode, reason: &str) {
        for socket in self.by_client.borrow().values() {
            // An error means that it is closed already.
            let _ = socket.close(Some(code.number()), Some(reason));
        }
    }

    /// Takes a connection out of the room.
    pub(super) fn remove(&self, client: &ClientId, dialect: Dialect) {
        if let Some(socket) = self.by_client.borrow_mut().remove(client) {
            self.set(dialect).delete(socket.as_ref());
            let _ = socket.serialize_attachment(JsNull);
        }
    }

    /// When the runtime last answered a ping of each.
    pub(super) fn pinged(&self, state: &State) -> Vec<(ClientId, Timestamp)> {
        let connections = connections(state);
        let time = |socket: &WebSocket| {
            let date = connections.pinged(socket.as_ref()).ok().flatten()?;
            Some(Timestamp(to_millis(date.get_time())))
        };
        let sockets = self.by_client.borrow();
        let pinged =
            sockets.iter().filter_map(|(client, socket)| Some((client.clone(), time(socket)?)));
        pinged.collect()
    }

    fn set(&self, dialect: Dialect) -> &Set {
        match dialect {
            Dialect::V1 => &self.v1,
            Dialect::Plain => &self.plain,
        }
    }

    fn with<T>(&self, client: &ClientId, act: impl FnOnce(&WebSocket) -> T) -> Option<T> {
        self.by_client.borrow().get(client).map(act)
    }
}

/// Whose connection this is; `None` once it has left the room.
pub(super) fn client_of(socket: &WebSocket) -> Option<ClientId> {
    attachment(socket).map(|attachment| attachment.client)
}

fn attachment(socket: &WebSocket) -> Option<Attachment> {
    let text: String = socket.deserialize_attachment().ok().flatten()?;
    serde_json::from_str(&text).ok()
}

fn connections(state: &State) -> &Connections {
    let raw: &JsValue = state.as_raw().as_ref();
    raw.unchecked_ref()
}

/// Serializes as `undefined`: no attachment.
struct JsNull;

impl Serialize for JsNull {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

/// A JavaScript time, which is a whole number of milliseconds unless it is NaN.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates as wanted")]
fn to_millis(time: f64) -> u64 {
    time as u64
}
