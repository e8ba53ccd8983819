//! Whether anybody looks at a room, as its tenant is told.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// A room that somebody begins to look at, or that nobody looks at any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The name of the room.
    pub room: String,
    /// Which change it is: the same each time that it is told, and another for each other change.
    pub id: String,
    /// Whether somebody looks at the room from then on.
    pub occupied: bool,
    /// When that was decided.
    pub at: Timestamp,
}
