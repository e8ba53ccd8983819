//! The algorithms that tokens are signed with (RFC 7518, section 3; RFC 8037; RFC 9864).
//!
//! Names only. A key has exactly one algorithm; `key` computes with it.

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC with SHA-256
    Hs256,
    /// HMAC with SHA-384
    Hs384,
    /// HMAC with SHA-512
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256
    Rs256,
    /// ECDSA on P-256 with SHA-256
    Es256,
    /// Ed25519
    EdDsa,
}

impl Algorithm {
    /// The algorithm of an `alg`. Names are exact. Ed25519 has two: `EdDSA`, and `Ed25519` since RFC 9864.
    pub fn named(alg: &str) -> Option<Self> {
        Some(match alg {
            "HS256" => Self::Hs256,
            "HS384" => Self::Hs384,
            "HS512" => Self::Hs512,
            "RS256" => Self::Rs256,
            "ES256" => Self::Es256,
            "EdDSA" | "Ed25519" => Self::EdDsa,
            _ => return None,
        })
    }

    /// Its `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The fewest bytes that a secret may have: as many as the hash (RFC 7518, section 3.2). `None` for algorithms with
    /// public keys.
    pub fn least_secret_bytes(self) -> Option<usize> {
        match self {
            Self::Hs256 => Some(32),
            Self::Hs384 => Some(48),
            Self::Hs512 => Some(64),
            Self::Rs256 | Self::Es256 | Self::EdDsa => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_exact_and_none_is_not_one() {
        for name in ["HS256", "HS384", "HS512", "RS256", "ES256", "EdDSA"] {
            assert_eq!(Algorithm::named(name).unwrap().name(), name);
        }
        assert_eq!(Algorithm::named("Ed25519"), Some(Algorithm::EdDsa));
        for name in ["none", "None", "hs256", "HS256 ", "RS384", "PS256", "ES384", "Ed448", ""] {
            assert_eq!(Algorithm::named(name), None, "{name:?}");
        }
    }
}
