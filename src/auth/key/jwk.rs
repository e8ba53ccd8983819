//! Keys as JSON: JWK (RFC 7517; RFC 7518, section 6; RFC 8037).
//!
//! Members that do not describe a key, such as certificates, are ignored.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use serde::de::IgnoredAny;
use serde::Deserialize;
use serde_json::Value;

use super::fault::KeyFault;
use super::{public, Key};
use crate::auth::algorithm::Algorithm;
use crate::limits::KEY_BYTES;

/// Bytes of a coordinate of P-256, which are written in full.
const COORDINATE_BYTES: usize = 32;

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    k: Option<String>,
    d: Option<IgnoredAny>,
    p: Option<IgnoredAny>,
    q: Option<IgnoredAny>,
    oth: Option<IgnoredAny>,
}

pub(super) fn key(value: &Value) -> Result<Key, KeyFault> {
    // What serde says about a wrong member may show its value.
    let jwk = Jwk::deserialize(value).map_err(|_| KeyFault::Jwk)?;
    let private = [&jwk.d, &jwk.p, &jwk.q, &jwk.oth];
    if private.iter().any(|part| part.is_some()) {
        return Err(KeyFault::Private);
    }
    if !jwk.verifies() {
        return Err(KeyFault::Purpose);
    }
    let key = jwk.unnamed()?;
    match &jwk.kid {
        Some(kid) => key.named(kid),
        None => Ok(key),
    }
}

impl Jwk {
    fn verifies(&self) -> bool {
        let operations = self.key_ops.as_ref();
        self.purpose.as_ref().is_none_or(|purpose| purpose == "sig")
            && operations.is_none_or(|all| all.iter().any(|one| one == "verify"))
    }

    fn unnamed(&self) -> Result<Key, KeyFault> {
        let material = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => {
                public::rs256(&number("n", self.n.as_ref())?, &number("e", self.e.as_ref())?)?
            }
            ("EC", Some("P-256")) => public::es256(&self.point()?)?,
            ("OKP", Some("Ed25519")) => public::ed25519(&number("x", self.x.as_ref())?)?,
            ("oct", _) => return Key::shared(self.algorithm()?, &number("k", self.k.as_ref())?),
            _ => return Err(KeyFault::Kind),
        };
        let key = Key { kid: None, material };
        let alg = self.alg.as_deref();
        if alg.is_some_and(|alg| Algorithm::named(alg) != Some(key.algorithm())) {
            return Err(KeyFault::Algorithm);
        }
        Ok(key)
    }

    /// The algorithm of a secret.
    fn algorithm(&self) -> Result<Algorithm, KeyFault> {
        let Some(alg) = &self.alg else { return Ok(Algorithm::Hs256) };
        let algorithm = Algorithm::named(alg).ok_or(KeyFault::Algorithm)?;
        algorithm.least_secret_bytes().map(|_| algorithm).ok_or(KeyFault::Algorithm)
    }

    /// The point as SEC 1 writes it without compression.
    fn point(&self) -> Result<Vec<u8>, KeyFault> {
        let mut point = vec![4];
        for (name, text) in [("x", &self.x), ("y", &self.y)] {
            let coordinate = number(name, text.as_ref())?;
            if coordinate.len() != COORDINATE_BYTES {
                return Err(KeyFault::Member(name));
            }
            point.extend(coordinate);
        }
        Ok(point)
    }
}

fn number(name: &'static str, text: Option<&String>) -> Result<Vec<u8>, KeyFault> {
    let text = text.ok_or(KeyFault::Member(name))?;
    if text.len() > KEY_BYTES {
        return Err(KeyFault::TooLong);
    }
    URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyFault::Member(name))
}
