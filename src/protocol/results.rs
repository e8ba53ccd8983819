//! The answer to `POST /api/events`: what became of each event.

use serde::{Deserialize, Serialize};

pub use super::codes::outcome::{IgnoredBecause, Outcome};

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

/// The body of a 202.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// One result per event, in the order of the request.
    pub results: Vec<EventResult>,
}
