//! The part of a tenant's document about tokens.

use serde::{Deserialize, Deserializer};

use crate::auth::secret::Secret;
use crate::auth::token::{TokenPolicy, MIN_KEY_BYTES};
use crate::preset::faults::Faults;
use crate::protocol::ids::TenantName;

/// The rules for tokens, as they are written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct TokenRules {
    /// The required `iss`. `null` accepts any, and tokens without one.
    #[serde(deserialize_with = "present")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>", required))]
    issuer: Option<String>,
    /// What `aud` must be or contain: by default `roomcast:<tenant>`. With `null`, a token must have no `aud`.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    audience: Option<Option<String>>,
    /// The keys that tokens may be signed with. All of them are active, so that one can replace another.
    keys: Vec<TokenKey>,
}

/// A key that tokens are signed with: exactly one of `secret`, `pem`, `jwk` and `jwks`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct TokenKey {
    alg: Option<String>,
    secret: Option<String>,
}

impl TokenRules {
    /// The rules, checked.
    pub(super) fn policy(
        &self,
        tenant: &TenantName,
        faults: &mut Faults<'_>,
    ) -> Option<TokenPolicy> {
        let key = self.keys.first().and_then(|key| key.secret.as_deref());
        let right = key.is_some_and(|key| key.len() >= MIN_KEY_BYTES)
            && self.keys.iter().all(|key| key.alg.is_some());
        faults.check("keys", right, "must have one key of at least 32 bytes");
        let audience = || Some(format!("roomcast:{tenant}"));
        Some(TokenPolicy {
            key: Secret::new(key?),
            issuer: self.issuer.clone(),
            audience: self.audience.clone().unwrap_or_else(audience),
        })
    }
}

/// A field that must be there, even if it is null.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(from)
}

/// Tells a null from a field that is left out.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}
