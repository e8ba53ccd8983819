//! The keys of `tests/fixtures/tokens/`, and an issuer that signs with them whatever it is given.

use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use base64::Engine as _;
use jsonwebtoken::{crypto, Algorithm, EncodingKey};
use roomcast::auth::key::Key;
use roomcast::auth::token::{verify, Distrust, TokenPolicy};
use roomcast::protocol::codes::Refusal;
use roomcast::protocol::grant::Grant;
use roomcast::protocol::time::Timestamp;
use serde::Deserialize;
use serde_json::{json, Value};

/// When the fixtures were signed.
pub(crate) const NOW: Timestamp = Timestamp(1_767_780_000_000);

pub(crate) const INVALID: Distrust = Distrust::Refused(Refusal::TokenInvalid);

#[derive(Deserialize)]
pub(crate) struct Fixtures {
    pub(crate) keys: Vec<TheirKey>,
    pub(crate) tokens: Vec<TheirToken>,
}

#[derive(Deserialize)]
pub(crate) struct TheirKey {
    pub(crate) kid: String,
    pub(crate) alg: String,
    pub(crate) jwk: Value,
    pub(crate) pem: Option<String>,
    pub(crate) pkcs1: Option<String>,
    private: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct TheirToken {
    /// The library that made it.
    pub(crate) by: String,
    pub(crate) kid: String,
    pub(crate) token: String,
}

pub(crate) fn fixtures() -> Fixtures {
    serde_json::from_str(include_str!("../fixtures/tokens/tokens.json")).unwrap()
}

/// One key of each algorithm. Signing with the longer RSA keys is slow.
pub(crate) fn one_of_each() -> impl Iterator<Item = TheirKey> {
    fixtures().keys.into_iter().filter(|key| !key.kid.starts_with("rs256-"))
}

impl TheirKey {
    pub(crate) fn of(kid: &str) -> Self {
        fixtures().keys.into_iter().find(|key| key.kid == kid).unwrap()
    }

    pub(crate) fn key(&self) -> Key {
        Key::from_jwk(&self.jwk).unwrap()
    }

    /// A policy with this key alone.
    pub(crate) fn policy(&self) -> TokenPolicy {
        policy(vec![self.key()])
    }

    /// The signature of a message, in base64url.
    pub(crate) fn sign(&self, message: &str) -> String {
        let private = self.private.as_ref().map(|der| STANDARD.decode(der).unwrap());
        let (key, algorithm) = match (self.alg.as_str(), private) {
            ("RS256", Some(der)) => (EncodingKey::from_rsa_der(&der), Algorithm::RS256),
            ("ES256", Some(der)) => (EncodingKey::from_ec_der(&der), Algorithm::ES256),
            ("EdDSA", Some(der)) => (EncodingKey::from_ed_der(&der), Algorithm::EdDSA),
            (alg, _) => {
                let secret = URL_SAFE_NO_PAD.decode(self.jwk["k"].as_str().unwrap()).unwrap();
                (EncodingKey::from_secret(&secret), alg.parse().unwrap())
            }
        };
        crypto::sign(message.as_bytes(), &key, algorithm).unwrap()
    }

    /// A token of any two texts.
    pub(crate) fn token_of(&self, header: &str, claims: &str) -> String {
        let message = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        format!("{message}.{}", self.sign(&message))
    }

    /// An honest token with other members in its header.
    pub(crate) fn token_with(&self, header: &Value) -> String {
        let mut all = json!({"alg": self.alg});
        let members = header.as_object().unwrap().clone();
        all.as_object_mut().unwrap().extend(members);
        self.token_of(&all.to_string(), &claims().to_string())
    }
}

/// The policy that the tokens of the fixtures were made for.
pub(crate) fn policy(keys: Vec<Key>) -> TokenPolicy {
    TokenPolicy {
        issuer: Some("https://id.example.com".to_owned()),
        audience: Some("roomcast".to_owned()),
        ..TokenPolicy::new(keys)
    }
}

pub(crate) fn claims() -> Value {
    json!({"sub": "ada", "iss": "https://id.example.com", "aud": "roomcast", "exp": NOW.seconds() + 60})
}

pub(crate) fn verdict(policy: &TokenPolicy, token: &str) -> Result<Grant, Distrust> {
    verify(policy, token, NOW)
}

/// The user whom a policy lets in.
pub(crate) fn user(policy: &TokenPolicy, token: &str) -> Result<String, Distrust> {
    verdict(policy, token).map(|grant| grant.user)
}
