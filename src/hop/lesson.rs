//! What the front Worker tells a pointer object to remember. The shell decides which of several sessions counts.

use serde::{Deserialize, Serialize};

use crate::protocol::ids::SessionId;
use crate::protocol::time::Timestamp;

/// The session that an event of an aggregate named.
#[derive(Debug, Serialize, Deserialize)]
pub struct Lesson {
    /// The aggregate, as `ingest::pointer` names it.
    pub name: String,
    /// The session.
    pub session: SessionId,
    /// When the event occurred; the current time if that is in the future.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_lesson_is_unchanged() {
        let lesson = r#"{"name":"Cycle/c-1","session":"s-1","at":7}"#;
        let read: Lesson = serde_json::from_str(lesson).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), lesson);
    }
}
