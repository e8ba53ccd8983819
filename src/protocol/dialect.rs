//! The names of the dialects.
//!
//! Names only, so that code that stores them or passes them on needs nothing else. `src/dialect/` decodes and encodes
//! each dialect.

use serde::{Deserialize, Serialize};

use super::socket_io::SocketIo;
use super::wire::{First, Refresh, Wire};

/// The dialect of a client, chosen by the subprotocol that it offered and the path that it connected to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// `roomcast.v1`: everything.
    V1,
    /// No subprotocol: the literal messages of a plain dashboard, one update per frame.
    Plain,
    /// No subprotocol, at a path whose document describes its frames.
    Json(Wire),
    /// A client of Socket.IO, in one namespace.
    SocketIo {
        /// How it is spoken to.
        form: SocketIo,
        /// The namespace.
        namespace: String,
    },
}

impl Dialect {
    /// Whether a client of this dialect pings, so that its silence means that it is gone. Clients with a protocol of their
    /// own need not.
    pub fn pings(&self) -> bool {
        !matches!(self, Self::Json(_))
    }

    /// Whether clients of this dialect are sent something first even if nothing has happened yet.
    pub fn has_initial(&self) -> bool {
        let Self::Json(wire) = self else { return false };
        wire.form().first.iter().any(|first| matches!(first, First::Initial { .. }))
    }

    /// Whether clients of this dialect are told that their grant ends soon.
    pub fn hears_of_ends(&self) -> bool {
        match self {
            Self::V1 | Self::SocketIo { .. } => true,
            Self::Plain => false,
            Self::Json(wire) => wire.form().expiring.is_some(),
        }
    }

    /// Whether each frame of such a client that names a reference is answered, even if there is nothing to say.
    pub fn confirms(&self) -> bool {
        matches!(self, Self::SocketIo { .. })
    }

    /// Whether a topic that such clients have may end.
    pub fn ends_topics(&self) -> bool {
        let Self::SocketIo { form, .. } = self else { return false };
        form.form().emits.iter().any(|emit| emit.ttl_s.is_some())
    }

    /// Milliseconds after which a topic that such clients have ends, if it does.
    pub fn life_ms(&self, topic: &str) -> Option<u64> {
        let Self::SocketIo { form, .. } = self else { return None };
        form.form().life_ms(topic)
    }

    /// The updates that clients of this dialect want again and again.
    pub fn refresh(&self) -> Option<&Refresh> {
        match self {
            Self::V1 | Self::Plain | Self::SocketIo { .. } => None,
            Self::Json(wire) => wire.form().refresh.as_ref(),
        }
    }

    /// Its name, for the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::Plain => "plain",
            Self::Json(_) => "json",
            Self::SocketIo { .. } => "socket.io",
        }
    }
}
