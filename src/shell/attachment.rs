//! What is kept with a connection, and outlives the memory of its room.
//!
//! Does not know which connections there are.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use worker::WebSocket;

use super::sessions::Kept;
use crate::protocol::ids::ClientId;
use crate::protocol::latin1::widen;
use crate::room::member::Member;

/// The data that the platform keeps with a connection while the room is out of memory.
#[derive(Serialize, Deserialize)]
pub(super) struct Attachment {
    pub(super) client: ClientId,
    /// The first release called it `session`.
    #[serde(rename = "session")]
    pub(super) member: Option<Member>,
}

/// All that can be kept with a connection.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Stored {
    /// A member, or one that has left.
    Client(Attachment),
    /// A session of Socket.IO.
    Session(Kept),
    /// The session of Socket.IO that wants to go over to it.
    Probe {
        /// Its id.
        probe: String,
    },
}

/// The owner of a connection, as its attachment says.
pub(super) enum Owner {
    /// It has none, or none that can be read.
    Nobody,
    /// A member, or one that has left.
    Client(ClientId),
    /// A session of Socket.IO.
    Session(String),
    /// A session of Socket.IO that wants to go over to it.
    Probe(String),
}

/// The ids in an attachment. The rest is skipped: each message of a client asks whose it is.
#[derive(Deserialize)]
struct Ids {
    client: Option<ClientId>,
    sid: Option<String>,
    probe: Option<String>,
}

/// The owner of a connection, also after it has left the room.
pub(super) fn owner(socket: &WebSocket) -> Owner {
    match read(socket) {
        Ok(Some(Ids { client: Some(client), .. })) => Owner::Client(client),
        Ok(Some(Ids { sid: Some(sid), .. })) => Owner::Session(sid),
        Ok(Some(Ids { probe: Some(probe), .. })) => Owner::Probe(probe),
        Ok(_) | Err(Unreadable) => Owner::Nobody,
    }
}

/// An attachment that cannot be read.
pub(super) struct Unreadable;

/// What is kept with a connection, if anything is.
pub(super) fn stored(socket: &WebSocket) -> Result<Option<Stored>, Unreadable> {
    read(socket)
}

fn read<T: DeserializeOwned>(socket: &WebSocket) -> Result<Option<T>, Unreadable> {
    let text: Option<String> = socket.deserialize_attachment().map_err(|_| Unreadable)?;
    text.map(|text| serde_json::from_str(&widen(text)).map_err(|_| Unreadable)).transpose()
}
