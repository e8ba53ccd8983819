//! The grant: what a verified token allows. `auth` makes it, and the room gets it from the front Worker, never from a
//! client.

use serde::{Deserialize, Serialize};

use super::ids::SessionId;
use super::pattern::Pattern;
use super::time::Timestamp;
use super::topics::{Permissions, Topics};

/// What a verified token allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The user: the token's `sub`.
    pub user: String,
    /// When the grant ends, and with it the connection.
    pub expires: Timestamp,
    /// The token's `jti`, by which it can be revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// When the token was issued: its `iat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<Timestamp>,
    /// The sessions that the holder may watch. `None` if the token does not say; this is enough for a document with a single
    /// session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<Vec<Pattern>>,
    /// The topics that the holder may subscribe to; all if the token does not say.
    #[serde(default, skip_serializing_if = "Topics::is_all")]
    pub topics: Topics,
    /// What the holder may see beside what everyone may.
    #[serde(default, skip_serializing_if = "Permissions::is_empty")]
    pub permissions: Permissions,
}

impl Grant {
    /// A grant of a user that names no session, with all topics and no permissions.
    pub fn new(user: String, expires: Timestamp) -> Self {
        let (token, issued, sessions) = (None, None, None);
        let (topics, permissions) = (Topics::default(), Permissions::default());
        Self { user, expires, token, issued, sessions, topics, permissions }
    }

    /// The grant of someone without a token, who has no name and may subscribe to these topics.
    pub fn anonymous(topics: Topics) -> Self {
        Self { topics, ..Self::new(String::new(), Timestamp::NEVER) }
    }

    /// Whether the holder may watch `session`; `None` if the token does not say.
    pub fn allows(&self, session: &SessionId) -> Option<bool> {
        let sessions = self.sessions.as_ref()?;
        Some(sessions.iter().any(|pattern| pattern.matches(session.as_str())))
    }
}
