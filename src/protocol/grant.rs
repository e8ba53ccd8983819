//! The grant: what a verified token allows. `auth` makes it, and the room gets it from the front Worker, never from a
//! client.

use serde::{Deserialize, Serialize};

use super::ids::SessionId;
use super::time::Timestamp;

/// What a verified token allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The user: the token's `sub`.
    pub user: String,
    /// When the grant ends. The next sweep after that closes the member.
    pub expires: Timestamp,
    /// The sessions that the holder may watch.
    pub sessions: Vec<SessionPattern>,
}

impl Grant {
    /// Whether the holder may watch `session`.
    pub fn allows(&self, session: &SessionId) -> bool {
        self.sessions.iter().any(|pattern| pattern.matches(session))
    }
}

/// A session's exact name, or a prefix followed by `*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionPattern(pub String);

impl SessionPattern {
    fn matches(&self, session: &SessionId) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => session.as_str().starts_with(prefix),
            None => self.0 == session.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(pattern: &str, session: &str) -> bool {
        SessionPattern(pattern.to_owned()).matches(&session.parse().unwrap())
    }

    #[test]
    fn a_pattern_matches_its_name_or_its_prefix() {
        assert!(allows("s-1", "s-1") && allows("s-*", "s-1") && allows("*", "s-1"));
    }

    #[test]
    fn a_pattern_matches_nothing_else() {
        assert!(!allows("s-1", "s-10") && !allows("s-*", "t-1") && !allows("", "s-1"));
        assert!(!allows("s*1", "s-1"), "a star counts at the end only");
    }
}
