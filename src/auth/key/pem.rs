//! Public keys in PEM (RFC 7468): `PUBLIC KEY`, which says its kind, and `RSA PUBLIC KEY`.
//!
//! Lines may have any length, as people paste keys into JSON. Certificates and private keys are told apart, so that
//! the error can say so.

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use rsa::pkcs1::RsaPublicKey as RsaNumbers;
use rsa::pkcs8::spki::SubjectPublicKeyInfoRef;
use rsa::pkcs8::ObjectIdentifier;

use super::fault::KeyFault;
use super::{public, Material};
use crate::limits::KEY_BYTES;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

pub(super) fn material(text: &str) -> Result<Material, KeyFault> {
    if text.len() > KEY_BYTES {
        return Err(KeyFault::TooLong);
    }
    let (label, der) = armor(text).ok_or(KeyFault::Pem)?;
    match label {
        "PUBLIC KEY" => of_any_kind(&der?),
        "RSA PUBLIC KEY" => rsa(&der?),
        "CERTIFICATE" => Err(KeyFault::Certificate),
        private if private.ends_with("PRIVATE KEY") => Err(KeyFault::Private),
        _ => Err(KeyFault::Pem),
    }
}

/// The label, and what is within. Nothing may stand around it.
fn armor(text: &str) -> Option<(&str, Result<Vec<u8>, KeyFault>)> {
    let (label, rest) = text.trim().strip_prefix("-----BEGIN ")?.split_once("-----")?;
    let (body, end) = rest.split_once("-----END ")?;
    if end.strip_suffix("-----")? != label {
        return None;
    }
    let base64: String = body.split_ascii_whitespace().collect();
    Some((label, STANDARD.decode(base64).map_err(|_| KeyFault::Pem)))
}

fn of_any_kind(der: &[u8]) -> Result<Material, KeyFault> {
    let info = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| KeyFault::Pem)?;
    let key = info.subject_public_key.as_bytes().ok_or(KeyFault::Pem)?;
    match info.algorithm.oid {
        RSA => rsa(key),
        EC if info.algorithm.parameters_oid() == Ok(P256) => public::es256(key),
        ED25519 => public::ed25519(key),
        _ => Err(KeyFault::Kind),
    }
}

fn rsa(der: &[u8]) -> Result<Material, KeyFault> {
    let numbers = RsaNumbers::try_from(der).map_err(|_| KeyFault::Pem)?;
    public::rs256(numbers.modulus.as_bytes(), numbers.public_exponent.as_bytes())
}
