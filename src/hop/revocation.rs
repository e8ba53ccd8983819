//! A revocation, as a room is told of it, and the room's answer.

use serde::{Deserialize, Serialize};

pub use crate::protocol::revocation::Revocation;

/// A room's answer to a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// How many connections it has closed.
    pub closed: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_an_answer_is_unchanged() {
        assert_eq!(serde_json::to_string(&Revoked { closed: 2 }).unwrap(), r#"{"closed":2}"#);
    }
}
