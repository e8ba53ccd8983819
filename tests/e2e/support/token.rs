//! Tokens, good and bad.

use roomcast::auth::token::{mint, NewToken, TokenPolicy};
use roomcast::protocol::time::Timestamp;

use super::clock::now;
use super::worker_config::TOKEN_SECRET;

/// A token that is not signed yet.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    key: String,
    sessions: Option<Vec<String>>,
    user: String,
    topics: Option<Vec<String>>,
    permissions: Vec<String>,
    seconds: i64,
    issuer: Option<String>,
    audience: Option<String>,
    id: Option<String>,
}

/// A token that is valid for a session for an hour.
pub(crate) fn token(session: &str) -> Token {
    Token {
        key: TOKEN_SECRET.to_owned(),
        sessions: Some(vec![session.to_owned()]),
        user: "ada".to_owned(),
        topics: None,
        permissions: Vec::new(),
        seconds: 3_600,
        issuer: Some("roomcast".to_owned()),
        audience: Some("roomcast:demo".to_owned()),
        id: None,
    }
}

impl Token {
    /// Makes it end so many seconds from now.
    pub(crate) fn ends_in(mut self, seconds: i64) -> Self {
        self.seconds = seconds;
        self
    }

    /// Makes it signed with another key.
    pub(crate) fn signed_with(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key);
        self
    }

    /// Sets its issuer and its audience.
    pub(crate) fn between(mut self, issuer: &str, audience: &str) -> Self {
        self.issuer = Some(issuer.to_owned());
        self.audience = Some(audience.to_owned());
        self
    }

    /// Sets its user.
    pub(crate) fn of(mut self, user: &str) -> Self {
        user.clone_into(&mut self.user);
        self
    }

    /// Gives it an id.
    pub(crate) fn with_id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    /// Sets its topics.
    pub(crate) fn about(mut self, topics: &[&str]) -> Self {
        self.topics = Some(topics.iter().map(ToString::to_string).collect());
        self
    }

    /// Sets its permissions.
    pub(crate) fn permitted(mut self, permissions: &[&str]) -> Self {
        self.permissions = permissions.iter().map(ToString::to_string).collect();
        self
    }

    /// The signed token.
    pub(crate) fn text(&self) -> String {
        let policy = TokenPolicy {
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            ..TokenPolicy::shared(&self.key).expect("a long secret")
        };
        let expires = u64::try_from(now().seconds() + self.seconds).expect("a time after 1970");
        let new = NewToken {
            sessions: self.sessions.as_deref(),
            topics: self.topics.as_deref(),
            permissions: &self.permissions,
            token_id: self.id.as_deref(),
            ..NewToken::new(&self.user, Timestamp(expires * 1_000))
        };
        mint(&policy, &new, now()).expect("a token")
    }
}
