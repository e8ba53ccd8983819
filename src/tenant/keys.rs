//! The part of a tenant's document about tokens.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::auth::algorithm::Algorithm;
use crate::auth::jwks::{JwksUrl, Plain};
use crate::auth::key::Key;
use crate::auth::token::{ClaimName, ClaimNames, TokenPolicy};
use crate::limits::{TENANT_JWKS, TENANT_KEYS, TOKEN_LONGEST_S};
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
    #[serde(default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    audience: Audience,
    /// Seconds for which a token may last from now: by default 30 days, which is also the most, because revocations are
    /// remembered for that long.
    longest_s: Option<i64>,
    /// In which claims the parts of a grant are.
    #[serde(default)]
    claims: Claims,
    /// The keys that tokens may be signed with. All of them are active, so that one can replace another.
    keys: Vec<TokenKey>,
}

/// The audience that tokens must have.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "Option<String>")]
enum Audience {
    /// That with the tenant's name.
    #[default]
    OfTenant,
    /// This one.
    Named(String),
    /// None: a token must have no `aud`.
    Nobody,
}

impl From<Option<String>> for Audience {
    fn from(audience: Option<String>) -> Self {
        audience.map_or(Self::Nobody, Self::Named)
    }
}

/// The names of claims: exact, such as `https://acme.example/sessions`, or a path with dots.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct Claims {
    /// The user; by default `sub`.
    user: Option<String>,
    /// The sessions; by default `sessions`.
    sessions: Option<String>,
    /// The topics; by default `topics`.
    topics: Option<String>,
    /// The permissions; by default `permissions`.
    permissions: Option<String>,
}

/// A key that tokens are signed with: exactly one of `secret`, `pem`, `jwk` and `jwks`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct TokenKey {
    /// The name that tokens have in their header. Not with `jwk` and `jwks`, which have names of their own.
    kid: Option<String>,
    /// The algorithm of a secret: HS256, HS384 or HS512.
    alg: Option<String>,
    /// A secret, of at least 32, 48 or 64 bytes.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<super::secrets::SecretForm>"))]
    secret: Option<String>,
    /// A public key in PEM: RSA (RS256), P-256 (ES256) or Ed25519 (`EdDSA`).
    pem: Option<String>,
    /// A key as a JWK (RFC 7517).
    jwk: Option<Value>,
    /// Where the keys of an issuer are: the https URL of a JWKS.
    jwks: Option<String>,
}

/// The rules for tokens, checked.
#[derive(Debug)]
pub struct Rules {
    /// The rules, with the keys that are in the document.
    pub policy: TokenPolicy,
    /// Where more keys are.
    pub jwks: Vec<JwksUrl>,
}

impl TokenRules {
    /// The rules, checked.
    pub(super) fn checked(&self, tenant: &TenantName, faults: &mut Faults<'_>) -> Rules {
        let (mut keys, mut jwks) = (Vec::new(), Vec::new());
        for (index, key) in self.keys.iter().enumerate() {
            let faults = &mut faults.at(&format!("keys[{index}]"));
            match &key.jwks {
                Some(url) => jwks.extend(key.url(url, faults)),
                None => keys.extend(key.key(faults)),
            }
        }
        faults.check("keys", !self.keys.is_empty(), "must have at least one key");
        faults.check("keys", keys.len() <= TENANT_KEYS, &format!("may have {TENANT_KEYS} keys"));
        faults.check("keys", jwks.len() <= TENANT_JWKS, &format!("may have {TENANT_JWKS} jwks"));
        let longest_s = self.longest_s.unwrap_or(TOKEN_LONGEST_S);
        let range = format!("must be 1 to {TOKEN_LONGEST_S}");
        faults.check("longest_s", (1..=TOKEN_LONGEST_S).contains(&longest_s), &range);
        let (issuer, claims) = (self.issuer.clone(), self.claims.names(&mut faults.at("claims")));
        let audience = match &self.audience {
            Audience::OfTenant => Some(audience_of(tenant)),
            Audience::Named(name) => Some(name.clone()),
            Audience::Nobody => None,
        };
        Rules { policy: TokenPolicy { keys, issuer, audience, claims, longest_s }, jwks }
    }
}

impl Claims {
    fn names(&self, faults: &mut Faults<'_>) -> ClaimNames {
        let mut names = ClaimNames::default();
        for (step, name, place) in [
            ("user", &self.user, &mut names.user),
            ("sessions", &self.sessions, &mut names.sessions),
            ("topics", &self.topics, &mut names.topics),
            ("permissions", &self.permissions, &mut names.permissions),
        ] {
            match name.as_deref().map(ClaimName::parse) {
                Some(Ok(name)) => *place = name,
                Some(Err(reason)) => faults.at(step).add(reason),
                None => {}
            }
        }
        names
    }
}

impl TokenKey {
    fn key(&self, faults: &mut Faults<'_>) -> Option<Key> {
        let (step, key) = match (&self.secret, &self.pem, &self.jwk) {
            (Some(secret), None, None) => {
                ("secret", Key::shared(self.alg(faults)?, secret.as_bytes()))
            }
            (None, Some(pem), None) => ("pem", Key::from_pem(pem)),
            (None, None, Some(jwk)) => ("jwk", Key::from_jwk(jwk)),
            _ => {
                faults.add("must have exactly one of `secret`, `pem`, `jwk` and `jwks`");
                return None;
            }
        };
        let right = self.jwk.is_none() || self.kid.is_none() && self.alg.is_none();
        faults.check("", right, "a JWK says its `kid` and `alg` itself");
        let key = key.map_err(|fault| faults.at(step).add(fault.to_string())).ok()?;
        let same = self.alg.as_deref().is_none_or(|alg| alg == key.algorithm().name());
        faults.check("alg", same, "is not the algorithm of this key");
        match &self.kid {
            Some(kid) => {
                key.named(kid).map_err(|fault| faults.at("kid").add(fault.to_string())).ok()
            }
            None => Some(key),
        }
    }

    fn alg(&self, faults: &mut Faults<'_>) -> Option<Algorithm> {
        let algorithm = self.alg.as_deref().and_then(Algorithm::named);
        let reason = "must be HS256, HS384 or HS512, because the key is a secret";
        faults.check("alg", algorithm.is_some(), reason);
        algorithm
    }

    fn url(&self, url: &str, faults: &mut Faults<'_>) -> Option<JwksUrl> {
        let alone = self.kid.is_none() && self.alg.is_none() && self.secret.is_none();
        let alone = alone && self.pem.is_none() && self.jwk.is_none();
        faults.check(
            "",
            alone,
            "`jwks` stands alone: its keys say their `kid` and `alg` themselves",
        );
        let url = JwksUrl::parse(url, Plain::Refused);
        url.map_err(|reason| faults.at("jwks").add(reason)).ok()
    }
}

/// The audience of a tenant's tokens, unless its document names another.
pub fn audience_of(tenant: &TenantName) -> String {
    format!("roomcast:{tenant}")
}

/// A field that must be there, even if it is null.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(from)
}
