//! Revocations: which tokens of a user count no longer.
//!
//! The one place that decides whether a token is among them. Who revokes, and for how long, is decided elsewhere.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// Tokens of a user that count no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The user.
    pub user: String,
    /// The `jti` of the only token that is revoked. Without it, all that were issued until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The last time at which a revoked token was issued. A token that does not say when it was issued counts as older. Of
    /// no meaning if `token` is set.
    pub issued_until: Timestamp,
}

impl Revocation {
    /// Whether a token of this user, with this `jti` and this `iat`, is revoked.
    pub fn covers(&self, user: &str, token: Option<&str>, issued: Option<Timestamp>) -> bool {
        // Clients without a token have no name.
        let of_user = !user.is_empty() && self.user == user;
        of_user
            && match &self.token {
                Some(revoked) => token == Some(revoked),
                None => issued.is_none_or(|at| at <= self.issued_until),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(user: &str, token: Option<&str>) -> Revocation {
        let token = token.map(str::to_owned);
        Revocation { user: user.into(), token, issued_until: Timestamp(7_000) }
    }

    #[test]
    fn a_revoked_user_loses_the_tokens_that_were_issued_until_then() {
        let covers =
            |issued: Option<u64>| of("ada", None).covers("ada", None, issued.map(Timestamp));
        assert!(covers(Some(6_999)) && covers(Some(7_000)) && covers(None));
        assert!(!covers(Some(7_001)));
        assert!(!of("ada", None).covers("bob", None, None));
        assert!(!of("", None).covers("", None, None), "nobody has no token");
    }

    #[test]
    fn a_revoked_token_is_revoked_alone() {
        let revoked = of("ada", Some("t-1"));
        assert!(revoked.covers("ada", Some("t-1"), Some(Timestamp(9_000))));
        assert!(!revoked.covers("ada", Some("t-2"), None) && !revoked.covers("ada", None, None));
        assert!(!revoked.covers("bob", Some("t-1"), None), "the jti of another user's token");
    }

    #[test]
    fn the_form_of_a_revocation_is_unchanged() {
        for text in [
            r#"{"user":"ada","issued_until":7000}"#,
            r#"{"user":"ada","token":"t-1","issued_until":7000}"#,
        ] {
            let read: Revocation = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
        }
    }
}
