//! Public keys from their numbers, with the checks that are the same for PEM and JWK.

use p256::ecdsa::VerifyingKey as P256Key;
use rsa::{BigUint, RsaPublicKey};

use super::fault::KeyFault;
use super::Material;
use crate::auth::ed25519::PublicKey;

/// The bits that the modulus of an RSA key may have. RFC 7518, section 3.3, wants at least 2048.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=4_096;

/// An RSA key of a modulus and an exponent, both with the highest byte first.
pub(super) fn rs256(modulus: &[u8], exponent: &[u8]) -> Result<Material, KeyFault> {
    let (n, e) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
    if !RSA_BITS.contains(&n.bits()) {
        return Err(KeyFault::RsaBits);
    }
    let odd = |bytes: &[u8]| bytes.last().is_some_and(|byte| byte % 2 == 1);
    if !odd(modulus) || !odd(exponent) {
        return Err(KeyFault::Weak);
    }
    // Refuses an exponent of 1, which would make every text its own signature.
    RsaPublicKey::new(n, e).map(Material::Rs256).map_err(|_| KeyFault::Weak)
}

/// A key on P-256, of the point as SEC 1 writes it.
pub(super) fn es256(point: &[u8]) -> Result<Material, KeyFault> {
    P256Key::from_sec1_bytes(point).map(Material::Es256).map_err(|_| KeyFault::Weak)
}

/// An Ed25519 key. Points of small order are refused: anyone can sign for them.
pub(super) fn ed25519(point: &[u8]) -> Result<Material, KeyFault> {
    PublicKey::from_bytes(point).map(Material::EdDsa).ok_or(KeyFault::Weak)
}
