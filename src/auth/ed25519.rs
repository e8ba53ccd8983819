//! Ed25519 (RFC 8032): checks signatures that were made with a private key.
//!
//! The one file that names the crate. Tokens and posts both come here. Strict: each signature and each key has one accepted spelling, and a key of small
//! order is refused, because anybody can sign for it. Signs nothing.

use ed25519_dalek::{Signature, VerifyingKey};

/// A public key that is good for checking signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// The key with these bytes. `None` if they are not the only spelling of a point, or the point has a small order.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?;
        let canonical = key.to_edwards().compress().to_bytes() == bytes;
        (canonical && !key.is_weak()).then_some(Self(key))
    }

    /// Whether this is the signature of `message` by the holder of the private key.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order of the group, little-endian.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<_> = hex.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
        digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
    }

    fn key() -> PublicKey {
        let key = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
        PublicKey::from_bytes(&bytes(key)).unwrap()
    }

    /// Test 3 of RFC 8032, section 7.1.
    fn signature() -> Vec<u8> {
        bytes(
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        )
    }

    #[test]
    fn a_signature_of_the_rfc_is_right_for_its_message_only() {
        assert!(key().verify(&[0xaf, 0x82], &signature()));
        assert!(!key().verify(&[0xaf, 0x83], &signature()));
        assert!(!key().verify(&[], &signature()));
    }

    #[test]
    fn a_signature_of_another_length_or_with_a_changed_bit_is_wrong() {
        let right = signature();
        for length in [0, 1, 32, 63] {
            assert!(!key().verify(&[0xaf, 0x82], &right[..length]));
        }
        assert!(!key().verify(&[0xaf, 0x82], &[right.clone(), vec![0]].concat()));
        for bit in 0..512 {
            let mut wrong = right.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(!key().verify(&[0xaf, 0x82], &wrong), "bit {bit}");
        }
    }

    #[test]
    fn a_second_spelling_of_a_signature_is_wrong() {
        let mut other = signature();
        let mut carry = 0;
        for (byte, order) in other[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            *byte = u8::try_from(sum & 0xff).unwrap();
            carry = sum >> 8;
        }
        assert_eq!(carry, 0);
        assert!(!key().verify(&[0xaf, 0x82], &other));
    }

    #[test]
    fn a_weak_or_malformed_key_is_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signed_identity = identity;
        signed_identity[31] = 0x80;
        let mut minus_one = [0xff; 32];
        (minus_one[0], minus_one[31]) = (0xec, 0x7f);
        let mut beyond = [0xff; 32];
        (beyond[0], beyond[31]) = (0xee, 0x7f);
        let mut no_point = [0; 32];
        no_point[0] = 2;
        let of_order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
        let weak = [[0; 32], identity, signed_identity, minus_one, beyond, no_point, [0xff; 32]];
        for key in weak.map(Vec::from).into_iter().chain([bytes(of_order_8)]) {
            assert_eq!(PublicKey::from_bytes(&key), None, "{key:?}");
        }
        for length in [0, 31, 33, 64] {
            assert_eq!(PublicKey::from_bytes(&vec![9; length]), None);
        }
    }
}
