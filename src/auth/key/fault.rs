//! What can be wrong with a key. Each text follows the name of a setting or a path, and never shows a value.

use std::fmt;

use crate::limits::{KEY_BYTES, KID_CHARS};

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFault {
    /// A secret has fewer bytes than its algorithm yields.
    SecretTooShort {
        /// The fewest bytes that it may have.
        least: usize,
    },
    /// The algorithm has public keys.
    NoSecrets,
    /// The `kid` is empty or too long.
    Kid,
    /// The text is too long to be a key.
    TooLong,
    /// The text is not a public key in PEM.
    Pem,
    /// A certificate instead of its key.
    Certificate,
    /// A private key, or a JWK with private parts.
    Private,
    /// The text is not a JWK.
    Jwk,
    /// A member of the JWK is missing, or is not what its kind of key has there.
    Member(&'static str),
    /// A kind of key that no supported algorithm has.
    Kind,
    /// The JWK says that it is for something else than verifying signatures.
    Purpose,
    /// The `alg` is not supported, or is of another kind of key.
    Algorithm,
    /// An RSA key that is too short or too long.
    RsaBits,
    /// The numbers or the point make no public key.
    Weak,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SecretTooShort { least } => write!(f, "must have at least {least} bytes"),
            Self::Kid => write!(f, "has a `kid` without 1 to {KID_CHARS} characters"),
            Self::TooLong => write!(f, "has over {KEY_BYTES} bytes"),
            Self::Member(name) => {
                write!(f, "is a JWK whose `{name}` is missing or is not right for its kind")
            }
            other => f.write_str(other.words()),
        }
    }
}

impl KeyFault {
    fn words(self) -> &'static str {
        match self {
            Self::NoSecrets => "has an algorithm for public keys; HS256, HS384 and HS512 take a secret",
            Self::Pem => "is not a public key in PEM, which begins with -----BEGIN PUBLIC KEY-----",
            Self::Certificate => "is a certificate; give the public key that is in it",
            Self::Private => "has private parts; give the public key only",
            Self::Jwk => "is not a JWK: an object with `kty`, whose other members are as in RFC 7517",
            Self::Kind => "must be an RSA key, or one on the curve P-256 or Ed25519, or a secret",
            Self::Purpose => "has a `use` or `key_ops` that is not for verifying signatures",
            Self::Algorithm => "has an `alg` that its kind of key does not have here: RSA has RS256, P-256 ES256, Ed25519 EdDSA, and a secret HS256, HS384 or HS512",
            Self::RsaBits => "must have 2048 to 4096 bits, as it is an RSA key",
            Self::SecretTooShort { .. } | Self::Kid | Self::TooLong | Self::Member(_) | Self::Weak => {
                "is not a public key: its numbers do not fit together"
            }
        }
    }
}

impl std::error::Error for KeyFault {}
