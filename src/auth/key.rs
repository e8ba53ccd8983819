//! Keys that tokens are signed with. A key is parsed once, and is then ready to verify.
//!
//! A key has one algorithm, and the kind of the key decides which. Only secrets can sign: no private key is read
//! or kept. Does not know tokens.

mod fault;
mod jwk;
mod pem;
mod public;

use std::fmt;

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::VerifyingKey as P256Key;
use rsa::{Pkcs1v15Sign, RsaPublicKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::algorithm::Algorithm;
use crate::auth::ed25519::PublicKey;
use crate::limits::KID_CHARS;

pub use fault::KeyFault;

/// A key that verifies tokens; if it is a secret, it signs them too.
#[derive(Clone)]
pub struct Key {
    kid: Option<String>,
    material: Material,
}

/// What a key computes with. HMAC has already taken in the secret.
#[derive(Clone)]
enum Material {
    Hs256(Hmac<Sha256>),
    Hs384(Hmac<Sha384>),
    Hs512(Hmac<Sha512>),
    Rs256(RsaPublicKey),
    Es256(P256Key),
    EdDsa(PublicKey),
}

impl Key {
    /// A shared secret: 32, 48 or 64 bytes at least, as many as the algorithm yields.
    ///
    /// # Errors
    /// The secret is too short, or the algorithm has public keys.
    pub fn shared(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyFault> {
        let least = algorithm.least_secret_bytes().ok_or(KeyFault::NoSecrets)?;
        if secret.len() < least {
            return Err(KeyFault::SecretTooShort { least });
        }
        let material = match algorithm {
            Algorithm::Hs256 => Material::Hs256(keyed(secret, least)?),
            Algorithm::Hs384 => Material::Hs384(keyed(secret, least)?),
            Algorithm::Hs512 => Material::Hs512(keyed(secret, least)?),
            Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa => {
                return Err(KeyFault::NoSecrets)
            }
        };
        Ok(Self { kid: None, material })
    }

    /// A public key in PEM: `PUBLIC KEY` (RFC 5280) or `RSA PUBLIC KEY` (RFC 8017). RSA makes it RS256, P-256 ES256, and
    /// Ed25519 `EdDSA`.
    ///
    /// # Errors
    /// [`KeyFault`] says what is wrong with it.
    pub fn from_pem(text: &str) -> Result<Self, KeyFault> {
        Ok(Self { kid: None, material: pem::material(text)? })
    }

    /// A JWK (RFC 7517): `RSA`, `EC` with `P-256`, `OKP` with `Ed25519`, or `oct`. Its `alg` has to suit its kind; an `oct`
    /// without one is HS256. It keeps its `kid`.
    ///
    /// # Errors
    /// [`KeyFault`] says what is wrong with it. A JWK with private parts is refused.
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyFault> {
        jwk::key(jwk)
    }

    /// The same key with this `kid`.
    ///
    /// # Errors
    /// The `kid` is empty or too long.
    pub fn named(self, kid: &str) -> Result<Self, KeyFault> {
        if !is_kid(kid) {
            return Err(KeyFault::Kid);
        }
        Ok(Self { kid: Some(kid.to_owned()), ..self })
    }

    /// The name by which tokens choose it. A key without one is tried for every token of its algorithm.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Hs256(_) => Algorithm::Hs256,
            Material::Hs384(_) => Algorithm::Hs384,
            Material::Hs512(_) => Algorithm::Hs512,
            Material::Rs256(_) => Algorithm::Rs256,
            Material::Es256(_) => Algorithm::Es256,
            Material::EdDsa(_) => Algorithm::EdDsa,
        }
    }

    /// Whether the key is a secret, which can also sign.
    pub fn is_secret(&self) -> bool {
        self.algorithm().least_secret_bytes().is_some()
    }

    /// Whether the holder of the key signed this message. Secrets are compared in constant time.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Hs256(mac) => matches(mac, message, signature),
            Material::Hs384(mac) => matches(mac, message, signature),
            Material::Hs512(mac) => matches(mac, message, signature),
            _ => self.verifies_public(message, signature),
        }
    }

    /// The same for the holders of private keys. Of its own, so that V8 does not compile it for who uses secrets.
    #[inline(never)]
    fn verifies_public(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Rs256(key) => {
                let hash = Sha256::digest(message);
                key.verify(Pkcs1v15Sign::new::<Sha256>(), &hash, signature).is_ok()
            }
            Material::Es256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Material::EdDsa(key) => key.verify(message, signature),
            Material::Hs256(_) | Material::Hs384(_) | Material::Hs512(_) => false,
        }
    }

    /// The signature of a message; `None` if the key is not a secret.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match &self.material {
            Material::Hs256(mac) => Some(signature(mac, message)),
            Material::Hs384(mac) => Some(signature(mac, message)),
            Material::Hs512(mac) => Some(signature(mac, message)),
            Material::Rs256(_) | Material::Es256(_) | Material::EdDsa(_) => None,
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Key");
        shown.field("kid", &self.kid).field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}

/// Whether a text can be a `kid`.
pub(super) fn is_kid(text: &str) -> bool {
    (1..=KID_CHARS).contains(&text.chars().count())
}

/// HMAC takes keys of any length, so this never fails.
fn keyed<M: Mac + KeyInit>(secret: &[u8], least: usize) -> Result<M, KeyFault> {
    <M as Mac>::new_from_slice(secret).map_err(|_| KeyFault::SecretTooShort { least })
}

fn matches<M: Mac + Clone>(mac: &M, message: &[u8], signature: &[u8]) -> bool {
    mac.clone().chain_update(message).verify_slice(signature).is_ok()
}

fn signature<M: Mac + Clone>(mac: &M, message: &[u8]) -> Vec<u8> {
    mac.clone().chain_update(message).finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests;
