//! Tokens of dashboards: JWT (RFC 7519) in the compact form of JWS (RFC 7515), checked as RFC 8725 advises.
//!
//! The keys of the policy decide the algorithm; the token's header only has to agree. Nothing that a header brings or
//! points to (`jwk`, `x5c`, `jku`, `x5u`) is ever a key. Fetches nothing: it says which key is unknown.

mod carriers;
mod claims;
mod jws;
mod mint;
mod names;

use super::algorithm::Algorithm;
use super::key::{Key, KeyFault};
use crate::limits::{KEYS_TRIED, TOKEN_LONGEST_S};
use crate::protocol::codes::Refusal;
use crate::protocol::grant::Grant;
use crate::protocol::time::Timestamp;
use claims::Claims;
use jws::Jws;

pub use carriers::{offered, Carried, Carriers};
pub use mint::{mint, NewToken};
pub use names::{ClaimName, ClaimNames};

/// The rules for a tenant's tokens.
#[derive(Debug, Clone)]
pub struct TokenPolicy {
    /// The keys that they may be signed with. At most [`KEYS_TRIED`] of them are tried for one token.
    pub keys: Vec<Key>,
    /// The required `iss`, if one is configured.
    pub issuer: Option<String>,
    /// What `aud` must be or contain, if one is configured. If none is, a token must have no `aud`.
    pub audience: Option<String>,
    /// Where the claims are.
    pub claims: ClaimNames,
    /// Seconds from now until the latest end that a token may have.
    pub longest_s: i64,
}

impl TokenPolicy {
    /// Accepts tokens of these keys, of any issuer, with the usual claims, for as long as is usual.
    pub fn new(keys: Vec<Key>) -> Self {
        let (issuer, audience, claims) = (None, None, ClaimNames::default());
        Self { keys, issuer, audience, claims, longest_s: TOKEN_LONGEST_S }
    }

    /// Accepts tokens that are signed with this secret and HS256.
    ///
    /// # Errors
    /// The secret has fewer than 32 bytes.
    pub fn shared(secret: impl AsRef<[u8]>) -> Result<Self, KeyFault> {
        Ok(Self::new(vec![Key::shared(Algorithm::Hs256, secret.as_ref())?]))
    }
}

/// Why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Distrust {
    /// It is refused, whatever is done.
    Refused(Refusal),
    /// No key of the policy has its `kid`, which is this, and none without a `kid` signed it. Its key may be new. As long
    /// as that is not known, it is refused as [`Refusal::TokenInvalid`].
    UnknownKey(String),
}

impl From<Refusal> for Distrust {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Distrust> for Refusal {
    fn from(distrust: Distrust) -> Self {
        match distrust {
            Distrust::Refused(refusal) => refusal,
            Distrust::UnknownKey(_) => Self::TokenInvalid,
        }
    }
}

/// Verifies a token.
///
/// # Errors
/// [`Refusal::TokenInvalid`] or [`Refusal::TokenExpired`], of which the holder is told nothing more; or
/// [`Distrust::UnknownKey`], so that the caller may fetch the keys again.
pub fn verify(policy: &TokenPolicy, token: &str, now: Timestamp) -> Result<Grant, Distrust> {
    let token = Jws::parse(token).ok_or(Refusal::TokenInvalid)?;
    if !is_signed(&policy.keys, &token) {
        return Err(token.unknown(&policy.keys).map_or(INVALID, Distrust::UnknownKey));
    }
    let claims = Claims::parse(&token.payload).ok_or(Refusal::TokenInvalid)?;
    Ok(claims.grant(policy, now)?)
}

const INVALID: Distrust = Distrust::Refused(Refusal::TokenInvalid);

/// The `kid` of a token if no key of the policy has it. For callers that have been told only that the token is invalid.
pub fn unknown_key(policy: &TokenPolicy, token: &str) -> Option<String> {
    Jws::parse(token)?.unknown(&policy.keys)
}

/// Whether one of the keys signed the token: one with its `kid`, if it has one, or one without. The algorithm of the header
/// has to be that of the key.
fn is_signed(keys: &[Key], token: &Jws<'_>) -> bool {
    let named = |key: &&Key| match (key.kid(), &token.kid) {
        (Some(own), Some(kid)) => own == kid,
        _ => true,
    };
    let chosen = keys.iter().filter(named).filter(|key| Some(key.algorithm()) == token.algorithm);
    chosen.take(KEYS_TRIED).any(|key| key.verifies(token.signed, &token.signature))
}

#[cfg(test)]
mod tests;
