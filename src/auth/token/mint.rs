//! Mints tokens, for backends, the command line and tests. Only shared secrets sign.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use serde_json::{json, Map, Value};

use super::TokenPolicy;
use crate::protocol::time::Timestamp;

/// The claims of a token to mint.
#[derive(Debug, Clone)]
pub struct NewToken<'a> {
    /// The user.
    pub user: &'a str,
    /// The sessions: exact names, or a prefix ending in `*`. `None`: only for documents with a single session.
    pub sessions: Option<&'a [String]>,
    /// The topics, with patterns such as `project:*`; `None` for all.
    pub topics: Option<&'a [String]>,
    /// The permissions.
    pub permissions: &'a [String],
    /// Its `jti`, by which it can be revoked alone.
    pub token_id: Option<&'a str>,
    /// When it ends.
    pub expires: Timestamp,
}

impl<'a> NewToken<'a> {
    /// A token of a user that names no session, with all topics and no permissions.
    pub fn new(user: &'a str, expires: Timestamp) -> Self {
        let (sessions, topics, token_id) = (None, None, None);
        Self { user, sessions, topics, permissions: &[], token_id, expires }
    }
}

/// Mints a token that [`super::verify`] accepts under the same policy, signed with its first secret.
///
/// # Errors
/// The policy has no secret, or the token would last longer than the policy allows.
pub fn mint(policy: &TokenPolicy, token: &NewToken<'_>, now: Timestamp) -> Result<String, String> {
    let mut keys = policy.keys.iter();
    let key = keys.find(|key| key.is_secret()).ok_or("no key of the tenant is a secret")?;
    if token.expires.seconds().saturating_sub(now.seconds()) > policy.longest_s {
        return Err(format!("a token may last {} s at most", policy.longest_s));
    }
    let mut header = json!({"alg": key.algorithm().name(), "typ": "JWT"});
    if let (Some(kid), Some(members)) = (key.kid(), header.as_object_mut()) {
        members.insert("kid".to_owned(), kid.into());
    }
    let parts = [header, claims(policy, token, now)].map(|part| encoded(part.to_string()));
    let signed = parts.join(".");
    let signature = key.sign(signed.as_bytes()).ok_or("the key cannot sign")?;
    Ok(format!("{signed}.{}", encoded(signature)))
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn claims(policy: &TokenPolicy, token: &NewToken<'_>, now: Timestamp) -> Value {
    let names = &policy.claims;
    let permissions = Some(token.permissions).filter(|list| !list.is_empty());
    let members = [
        (names.user.as_str(), Some(token.user.into())),
        (names.sessions.as_str(), token.sessions.map(Value::from)),
        (names.topics.as_str(), token.topics.map(Value::from)),
        (names.permissions.as_str(), permissions.map(Value::from)),
        ("iss", policy.issuer.as_deref().map(Value::from)),
        ("aud", policy.audience.as_deref().map(Value::from)),
        ("jti", token.token_id.map(Value::from)),
        ("iat", Some(now.seconds().into())),
        ("exp", Some(token.expires.seconds().into())),
    ];
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}
