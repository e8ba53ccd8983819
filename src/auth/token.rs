//! Tokens of dashboards: JWT (RFC 7519), HS256.
//!
//! The configured key decides the algorithm; the token's header only has to agree. The shell takes the places
//! that may carry a token out of the request; their order of precedence is here.

use chrono::{DateTime, Utc};
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, Claims, Header, UntrustedToken};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use super::secret::Secret;
use crate::limits::{TOKEN_BYTES, TOKEN_LEEWAY_S, TOPICS_BYTES, USER_CHARS};
use crate::protocol::codes::Refusal;
use crate::protocol::grant::Grant;
use crate::protocol::pattern::Pattern;
use crate::protocol::time::Timestamp;
use crate::protocol::topics::{Permissions, Topics};

/// The fewest bytes that a key may have: as many as HS256 yields (RFC 7518, section 3.2).
pub const MIN_KEY_BYTES: usize = 32;

/// The rules for a tenant's tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPolicy {
    /// The key that they are signed with.
    pub key: Secret,
    /// The required `iss`, if one is configured.
    pub issuer: Option<String>,
    /// What `aud` must be or contain, if one is configured. If none is, a token must have no `aud`.
    pub audience: Option<String>,
}

/// The four places that may carry a token.
#[derive(Debug, Clone, Copy, Default)]
pub struct Carriers<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `Sec-WebSocket-Protocol` header.
    pub protocols: Option<&'a str>,
    /// The `Cookie` header.
    pub cookie: Option<&'a str>,
    /// The query parameter `token`.
    pub query: Option<&'a str>,
}

/// A token that was found, and whether a browser added it by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried<'a> {
    /// The token's text.
    pub token: &'a str,
    /// Whether it came in the cookie, which a browser adds by itself.
    pub ambient: bool,
}

impl<'a> Carriers<'a> {
    /// The token in the first place that has one.
    pub fn find(&self) -> Option<Carried<'a>> {
        let explicit = |token| Carried { token, ambient: false };
        self.bearer()
            .or_else(|| self.subprotocol())
            .map(explicit)
            .or_else(|| self.cookie().map(|token| Carried { token, ambient: true }))
            .or_else(|| self.query.map(explicit))
    }

    fn bearer(&self) -> Option<&'a str> {
        let (scheme, token) = self.authorization?.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    fn subprotocol(&self) -> Option<&'a str> {
        offered(self.protocols?).find_map(|name| name.strip_prefix("roomcast.bearer."))
    }

    fn cookie(&self) -> Option<&'a str> {
        let pairs = self.cookie?.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.into_iter().find(|(name, _)| *name == "roomcast_token").map(|(_, token)| token)
    }
}

/// The subprotocols that a `Sec-WebSocket-Protocol` header offers.
pub fn offered(header: &str) -> impl Iterator<Item = &str> {
    header.split(',').map(str::trim).filter(|name| !name.is_empty())
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Custom {
    sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    sessions: Option<Vec<Pattern>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    topics: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    permissions: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    iss: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    aud: Option<Audience>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn contains(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Several(several) => several.iter().any(|one| one == wanted),
        }
    }
}

/// Header fields that change what a token means.
#[derive(Debug, Clone, Deserialize)]
struct Extensions {
    #[serde(default, deserialize_with = "present")]
    crit: Option<IgnoredAny>,
}

/// Reads a field that is there, even if it is null: null is not an audience, and a `crit` of null is still a `crit`.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Verifies a token.
///
/// # Errors
/// [`Refusal::TokenInvalid`] or [`Refusal::TokenExpired`]. The holder is told nothing more.
pub fn verify(policy: &TokenPolicy, token: &str, now: Timestamp) -> Result<Grant, Refusal> {
    if token.len() > TOKEN_BYTES {
        return Err(Refusal::TokenInvalid);
    }
    let token = understood(token)?;
    let claims = signed(policy, &token)?;
    check_parties(policy, &claims.custom)?;
    let expires = check_time(&claims, now)?;
    let Custom { sub: user, sessions, topics, permissions, .. } = claims.custom;
    let topics = topics.map(|topics| Topics::parse(topics.iter().map(String::as_str)));
    let topics = topics.transpose().map_err(|_| Refusal::TokenInvalid)?.unwrap_or_default();
    let permissions = Permissions::from(permissions);
    if permissions.bytes() > TOPICS_BYTES {
        return Err(Refusal::TokenInvalid);
    }
    let grant = Grant::new(user, expires);
    Ok(Grant { sessions, topics, permissions, ..grant })
}

fn understood(token: &str) -> Result<UntrustedToken<'_, Extensions>, Refusal> {
    let token = UntrustedToken::<Extensions>::try_from(token).map_err(|_| Refusal::TokenInvalid)?;
    let critical = token.header().other_fields.crit.is_some();
    if critical {
        Err(Refusal::TokenInvalid)
    } else {
        Ok(token)
    }
}

fn signed(
    policy: &TokenPolicy,
    token: &UntrustedToken<'_, Extensions>,
) -> Result<Claims<Custom>, Refusal> {
    let key = Hs256Key::new(policy.key.bytes());
    let token =
        Hs256.validator::<Custom>(&key).validate(token).map_err(|_| Refusal::TokenInvalid)?;
    let (_, claims) = token.into_parts();
    Ok(claims)
}

fn check_parties(policy: &TokenPolicy, claims: &Custom) -> Result<(), Refusal> {
    let issuer = policy.issuer.is_none() || policy.issuer == claims.iss;
    // A token that names an audience is only for that audience, so a server without a configured audience
    // refuses it (RFC 7519, section 4.1.3).
    let audience = match (&policy.audience, &claims.aud) {
        (None, None) => true,
        (Some(wanted), Some(aud)) => aud.contains(wanted),
        _ => false,
    };
    let user = (1..=USER_CHARS).contains(&claims.sub.chars().count());
    if issuer && audience && user {
        Ok(())
    } else {
        Err(Refusal::TokenInvalid)
    }
}

/// Compares whole seconds. The library's own comparison adds to the claim, which can overflow.
fn check_time(claims: &Claims<Custom>, now: Timestamp) -> Result<Timestamp, Refusal> {
    let expires = claims.expiration.ok_or(Refusal::TokenInvalid)?.timestamp();
    let begins = claims.not_before.map_or(i64::MIN, |at| at.timestamp());
    let now = now.seconds();
    if expires.saturating_add(TOKEN_LEEWAY_S) <= now || begins.saturating_sub(TOKEN_LEEWAY_S) > now
    {
        return Err(Refusal::TokenExpired);
    }
    let ends = u64::try_from(expires.saturating_add(TOKEN_LEEWAY_S)).unwrap_or(0);
    Ok(Timestamp(ends.saturating_mul(1_000)))
}

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
    /// When it ends.
    pub expires: Timestamp,
}

/// Mints a token that [`verify`] accepts under the same policy. For backends and the command line.
///
/// # Errors
/// The reason, if the end is not a date or the claims cannot be encoded.
pub fn mint(policy: &TokenPolicy, token: &NewToken<'_>) -> Result<String, String> {
    let mut claims = Claims::new(Custom {
        sub: token.user.to_owned(),
        sessions: token.sessions.map(|all| all.iter().cloned().map(Pattern).collect()),
        topics: token.topics.map(<[_]>::to_vec),
        permissions: token.permissions.to_vec(),
        iss: policy.issuer.clone(),
        aud: policy.audience.clone().map(Audience::One),
    });
    let expires = DateTime::<Utc>::from_timestamp(token.expires.seconds(), 0);
    claims.expiration = Some(expires.ok_or("the token's end is not a date")?);
    let key = Hs256Key::new(policy.key.bytes());
    let header = Header::empty().with_token_type("JWT");
    Hs256.token(&header, &claims, &key).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
