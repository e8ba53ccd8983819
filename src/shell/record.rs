//! Log lines: one JSON object per accepted, refused and closed connection, per refused request and
//! per failure of a room. They say who, where and why; never a token, a payload or a platform's
//! error text.

use serde::Serialize;
use worker::console_log;

use crate::protocol::ids::{ClientId, Seq};
use crate::protocol::server_frame::Dialect;

/// What is written down.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
pub(super) enum Line<'a> {
    /// A client is in a room.
    #[serde(rename = "connection.accepted")]
    Accepted { room: &'a str, client: &'a ClientId, user: &'a str, dialect: Dialect, resumed: bool },
    /// An upgrade or a read of the state was refused.
    #[serde(rename = "connection.refused")]
    Refused {
        tenant: &'a str,
        session: &'a str,
        origin: Option<&'a str>,
        status: u16,
        reason: &'a str,
    },
    /// A client has left a room, or was closed by it.
    #[serde(rename = "connection.closed")]
    Closed {
        room: &'a str,
        client: &'a ClientId,
        user: &'a str,
        code: u16,
        seconds: u64,
        acked: Seq,
    },
    /// A post was refused.
    #[serde(rename = "post.refused")]
    PostRefused { tenant: &'a str, status: u16, reason: &'a str },
    /// A room could not do what it was asked. It is restored from storage at the next input.
    #[serde(rename = "room.failed")]
    RoomFailed { room: &'a str, stage: &'a str, cause: &'a str },
    /// A room was brought back into memory.
    #[serde(rename = "room.restored")]
    RoomRestored { room: &'a str, clients: usize },
    /// Nothing has happened in a room for so long that its storage was deleted.
    #[serde(rename = "room.ended")]
    RoomEnded { room: &'a str },
}

/// Writes a line.
pub(super) fn write(line: &Line<'_>) {
    // Strings and numbers only: encoding them cannot fail.
    console_log!("{}", serde_json::to_string(line).unwrap_or_default());
}
