//! What the front Worker teaches a pointer object.

use serde::{Deserialize, Serialize};

use crate::protocol::ids::SessionId;
use crate::protocol::time::Timestamp;

/// An event of the aggregate `name` named this session, and occurred then.
#[derive(Debug, Serialize, Deserialize)]
pub struct Lesson {
    /// Which aggregate, as `ingest::pointer` names it.
    pub name: String,
    /// What its event named.
    pub session: SessionId,
    /// When its event occurred, but not in the future.
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
