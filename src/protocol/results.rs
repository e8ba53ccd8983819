//! The answer to `POST /api/events`: what became of each event.

use serde::{Deserialize, Serialize};

use super::ids::{Seq, SessionId};

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventResult {
    /// The event's own id.
    pub event_id: String,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What can become of a well-formed event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Outcome {
    /// It is durable, and every client of the session gets it.
    Accepted {
        /// The session it belongs to.
        session: SessionId,
        /// Its number there.
        seq: Seq,
    },
    /// It was accepted before.
    Duplicate {
        /// The session it belongs to.
        session: SessionId,
        /// The number it got the first time.
        seq: Seq,
    },
    /// What its key holds occurred later: it changes nothing.
    Superseded {
        /// The session it belongs to.
        session: SessionId,
        /// The number of the update that occurred later.
        seq: Seq,
    },
    /// Nobody is to see it.
    Ignored {
        /// Why.
        reason: IgnoredBecause,
    },
    /// Its room did not answer: repeat the request.
    Failed {
        /// The session it belongs to, where that much is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        session: Option<SessionId>,
    },
}

/// Why an event is shown to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IgnoredBecause {
    /// The event map has no row for its type.
    UnknownEventType,
    /// It names no session, and no earlier event of its aggregate did.
    NoSession,
}

/// The body of a 202.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// One per event, in the order of the request.
    pub results: Vec<EventResult>,
}
