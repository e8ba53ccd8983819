//! Where the claims are in a tenant's tokens. Issuers put their own claims under names of their own.
//!
//! The registered claims that have a fixed meaning cannot be moved.

use serde_json::{Map, Value};

use crate::limits::CLAIM_NAME_CHARS;

/// The claims of RFC 7519, section 4.1, that are checked where they are.
const FIXED: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];

/// The name of a claim: `sub`, `https://acme.example/sessions`, or a path such as `realm_access.roles`.
///
/// A claim of exactly this name counts. If there is none, each dot leads into an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimName(String);

impl ClaimName {
    /// Reads a name.
    ///
    /// # Errors
    /// What a name must be.
    pub fn parse(name: &str) -> Result<Self, String> {
        if !(1..=CLAIM_NAME_CHARS).contains(&name.chars().count()) {
            return Err(format!("must have 1 to {CLAIM_NAME_CHARS} characters"));
        }
        if FIXED.contains(&name) {
            return Err(format!("must not be one of {}", FIXED.join(", ")));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The claim in a token's claims.
    pub(super) fn find<'c>(&self, claims: &'c Map<String, Value>) -> Option<&'c Value> {
        claims.get(&self.0).or_else(|| {
            let (first, rest) = self.0.split_once('.')?;
            rest.split('.').try_fold(claims.get(first)?, |value, step| value.get(step))
        })
    }
}

/// The names of the claims that make a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// The user; `sub` by default.
    pub user: ClaimName,
    /// The sessions; `sessions` by default.
    pub sessions: ClaimName,
    /// The topics; `topics` by default.
    pub topics: ClaimName,
    /// The permissions; `permissions` by default.
    pub permissions: ClaimName,
}

impl Default for ClaimNames {
    fn default() -> Self {
        let name = |name: &str| ClaimName(name.to_owned());
        Self {
            user: name("sub"),
            sessions: name("sessions"),
            topics: name("topics"),
            permissions: name("permissions"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn find(name: &str, claims: &Value) -> Option<Value> {
        ClaimName::parse(name).unwrap().find(claims.as_object().unwrap()).cloned()
    }

    #[test]
    fn a_name_is_exact_before_it_is_a_path() {
        let claims = json!({"a.b": 1, "a": {"b": 2, "c": {"d": 3}}, "https://acme.example/s": 4});
        assert_eq!(find("a.b", &claims), Some(json!(1)));
        assert_eq!(find("a.c.d", &claims), Some(json!(3)));
        assert_eq!(find("https://acme.example/s", &claims), Some(json!(4)));
        for absent in ["b", "a.x", "a.b.c", "a..b", ".a", "a.", "https://acme.example/t"] {
            assert_eq!(find(absent, &claims), None, "{absent}");
        }
    }

    #[test]
    fn a_path_does_not_lead_into_lists() {
        assert_eq!(find("a.0", &json!({"a": [1]})), None);
    }

    #[test]
    fn registered_claims_cannot_be_moved() {
        for name in ["", "exp", "aud", "jti", &"x".repeat(CLAIM_NAME_CHARS + 1)] {
            assert!(ClaimName::parse(name).unwrap_err().starts_with("must "), "{name}");
        }
        assert_eq!(ClaimName::parse("email").unwrap().as_str(), "email");
    }
}
