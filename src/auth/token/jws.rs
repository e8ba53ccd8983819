//! The compact form of a JWS (RFC 7515, section 7.1): three parts, of which the first says how the others are signed.
//!
//! Reads and checks no signature. Texts that only some readers accept are refused: padding, blanks, bits that mean
//! nothing, a member of the header that is there twice.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::auth::algorithm::Algorithm;
use crate::auth::key::{is_kid, Key};
use crate::limits::TOKEN_BYTES;
use crate::protocol::json;

/// A token whose form is right.
pub(super) struct Jws<'t> {
    /// The algorithm that the header names; `None` if it is not one of ours.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) kid: Option<String>,
    /// What is signed: the header and the payload as written.
    pub(super) signed: &'t [u8],
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: Option<IgnoredAny>,
}

/// Reads a member that is there, even if it is null: a `crit` of null is still a `crit`.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl<'t> Jws<'t> {
    pub(super) fn parse(token: &'t str) -> Option<Self> {
        if token.len() > TOKEN_BYTES {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        // A fourth part leaves a dot in the payload, which is no base64.
        let (header, payload) = signed.split_once('.')?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let header = decode(header)?;
        // A list of the same values is no header.
        let object = header.trim_ascii_start().starts_with(b"{");
        let header: Header = json::read(&header).ok().filter(|_| object)?;
        let understood = header.crit.is_none()
            && header.typ.as_deref().is_none_or(is_token)
            && header.kid.as_deref().is_none_or(is_kid);
        if !understood {
            return None;
        }
        Some(Self {
            algorithm: Algorithm::named(&header.alg),
            kid: header.kid,
            signed: signed.as_bytes(),
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    /// The `kid`, if none of the keys has it and a new key could be the right one.
    pub(super) fn unknown(&self, keys: &[Key]) -> Option<String> {
        self.algorithm?;
        let known = |kid: &String| keys.iter().any(|key| key.kid() == Some(kid));
        self.kid.clone().filter(|kid| !known(kid))
    }
}

/// Whether a `typ` is that of a token, or of an access token (RFC 9068). A token of another type, such as a logout token,
/// was made for something else (RFC 8725, section 3.11). The type is a media type, whose `application/` may be left out.
fn is_token(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
}
