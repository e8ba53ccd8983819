//! What the front Worker tells a pointer object to remember, and what one answers. The shell decides which of several
//! sessions counts.

use serde::{Deserialize, Serialize};

use crate::protocol::cost::Cost;
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

/// The answer of a pointer object, to a question as well as to a lesson.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The session of each name, in order. `None` if no event of the aggregate has named one.
    pub sessions: Vec<Option<SessionId>>,
    /// What answering took.
    pub cost: Cost,
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

    #[test]
    fn the_form_of_an_answer_is_unchanged() {
        let cost = r#"{"requests":0,"bursts":0,"rowsWritten":1,"rowsRead":2}"#;
        let answer = format!(r#"{{"sessions":["s-1",null],"cost":{cost}}}"#);
        let read: Answer = serde_json::from_str(&answer).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), answer);
    }
}
