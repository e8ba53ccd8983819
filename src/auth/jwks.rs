//! Keys that an issuer publishes: a JWKS (RFC 7517, section 5) at a URL.
//!
//! Reads sets, says which URLs may be fetched, and decides when. It fetches nothing.

mod cache;
mod url;

use serde::Deserialize;
use serde_json::Value;

use super::key::Key;
use crate::limits::{JWKS_BYTES, JWKS_KEYS};

pub use cache::JwksCache;
pub use url::{JwksUrl, Plain};

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// The public keys of a set. Those that cannot be used are skipped: of other kinds, too short, or for encryption. So are
/// secrets, because everybody can read the set.
///
/// # Errors
/// The text is too long, is not a JWKS, or has no key that can be used. It is not repeated.
pub fn keys(text: &str) -> Result<Vec<Key>, &'static str> {
    if text.len() > JWKS_BYTES {
        return Err("is too long to be a JWKS");
    }
    let document: Document = serde_json::from_str(text)
        .map_err(|_| "is not a JWKS, which is an object with the list `keys`")?;
    let usable = document.keys.iter().filter_map(|jwk| Key::from_jwk(jwk).ok());
    let public: Vec<Key> = usable.filter(|key| !key.is_secret()).take(JWKS_KEYS).collect();
    if public.is_empty() {
        return Err("has no key that can be used: RSA of 2048 bits or more, P-256 or Ed25519");
    }
    Ok(public)
}

#[cfg(test)]
mod tests;
