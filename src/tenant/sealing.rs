//! Encrypts secrets for storage: AES-256-GCM, with keys that can be replaced.
//!
//! A sealed text names its key, so that texts sealed with older keys can be opened until they are sealed anew. It can be
//! opened only for the place for which it was sealed, so that whoever can write to the storage cannot move a secret to
//! another tenant. Random numbers are arguments.

use std::fmt;

use aes_gcm::aead::{Aead as _, KeyInit, Payload};
use aes_gcm::Aes256Gcm;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use base64::Engine as _;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::auth::secret::Secret;

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// Bytes of a nonce (NIST SP 800-38D). Each sealed text has a random one of its own. A deployment seals far fewer than
/// the 2^32 texts for which random nonces are safe.
pub const NONCE_BYTES: usize = 12;

/// Characters of a fingerprint: 64 bits.
const FINGERPRINT_CHARS: usize = 16;

/// The start of every sealed text.
const PREFIX: &str = "sealed:";

/// A key and its name.
#[derive(Debug, Clone)]
struct SealingKey {
    id: String,
    key: Secret,
}

/// The keys of a deployment. The first seals, all open.
#[derive(Debug, Clone)]
pub struct SealingKeys {
    newest: SealingKey,
    older: Vec<SealingKey>,
}

/// A stored secret cannot be opened: its key is no longer among the keys, or it was tampered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CannotOpen;

impl fmt::Display for CannotOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stored secret cannot be opened with the sealing keys")
    }
}

impl std::error::Error for CannotOpen {}

impl SealingKeys {
    /// Reads `<name>:<base64 of 32 bytes>`, several separated by blanks, the newest first.
    ///
    /// # Errors
    /// What the text must look like; never the text itself.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const WANTED: &str =
            "must be <name>:<base64 of 32 random bytes>; older keys may follow after a blank";
        let keys: Option<Vec<SealingKey>> = text.split_whitespace().map(key).collect();
        let mut keys = keys.ok_or(WANTED)?.into_iter();
        let newest = keys.next().ok_or(WANTED)?;
        let older: Vec<_> = keys.collect();
        if older.iter().any(|key| key.id == newest.id) {
            return Err("names a key twice");
        }
        Ok(Self { newest, older })
    }

    /// Encrypts a text for a place.
    ///
    /// # Errors
    /// The text is longer than AES-GCM can encrypt, which is 64 GB.
    pub fn seal(
        &self,
        text: &str,
        place: &str,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<String, CannotOpen> {
        let payload = Payload { msg: text.as_bytes(), aad: place.as_bytes() };
        let sealed = cipher(&self.newest)?.encrypt(&nonce.into(), payload);
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed.map_err(|_| CannotOpen)?);
        Ok(format!("{PREFIX}{}:{}", self.newest.id, URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Decrypts a text that was sealed for this place.
    ///
    /// # Errors
    /// [`CannotOpen`]
    pub fn open(&self, sealed: &str, place: &str) -> Result<String, CannotOpen> {
        let (id, bytes) = parts(sealed).ok_or(CannotOpen)?;
        let key = self.all().find(|key| key.id == id).ok_or(CannotOpen)?;
        let bytes = URL_SAFE_NO_PAD.decode(bytes).map_err(|_| CannotOpen)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(CannotOpen)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        let text = cipher(key)?.decrypt(&(*nonce).into(), payload);
        String::from_utf8(text.map_err(|_| CannotOpen)?).map_err(|_| CannotOpen)
    }

    /// A name for a secret that tells nothing about it, by the newest key.
    pub fn fingerprint(&self, secret: &str) -> String {
        fingerprint(&self.newest, secret)
    }

    /// The names of a secret by all keys, the newest first.
    pub fn fingerprints<'k>(&'k self, secret: &'k str) -> impl Iterator<Item = String> + 'k {
        self.all().map(move |key| fingerprint(key, secret))
    }

    fn all(&self) -> impl Iterator<Item = &SealingKey> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

/// The name of the key and the bytes of a sealed text.
fn parts(sealed: &str) -> Option<(&str, &str)> {
    sealed.strip_prefix(PREFIX)?.split_once(':')
}

fn key(text: &str) -> Option<SealingKey> {
    let (id, key) = text.split_once(':')?;
    let named = !id.is_empty() && id.len() <= 32 && id.bytes().all(|byte| byte.is_ascii_graphic());
    let bytes = STANDARD.decode(key).or_else(|_| URL_SAFE_NO_PAD.decode(key)).ok()?;
    (named && bytes.len() == KEY_BYTES)
        .then(|| SealingKey { id: id.to_owned(), key: Secret::new(bytes) })
}

fn cipher(key: &SealingKey) -> Result<Aes256Gcm, CannotOpen> {
    Aes256Gcm::new_from_slice(key.key.bytes()).map_err(|_| CannotOpen)
}

/// The key of a fingerprint is derived from the sealing key, so that one is never used for two purposes.
fn fingerprint(key: &SealingKey, secret: &str) -> String {
    let derived = mac(key.key.bytes(), b"roomcast fingerprint");
    let name = mac(&derived, secret.as_bytes());
    let digit = |half: u8| char::from_digit(half.into(), 16);
    let digits = name.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).flatten();
    digits.take(FINGERPRINT_CHARS).collect()
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length, so the error cannot happen.
    let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const OLD: &str = "a:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    const NEW: &str = "b:YWJjZGVmZ2hpamFiY2RlZmdoaWphYmNkZWZnaGlqYWI=";

    fn keys(text: &str) -> SealingKeys {
        SealingKeys::parse(text).unwrap()
    }

    /// A key for tests of what is sealed.
    pub(in crate::tenant) fn a_key() -> SealingKeys {
        keys(OLD)
    }

    #[test]
    fn a_sealed_text_opens_for_its_place_only() {
        let keys = keys(OLD);
        let sealed = keys.seal("hunter2", "acme webhooks[0]", [7; NONCE_BYTES]).unwrap();
        assert!(sealed.starts_with("sealed:a:") && !sealed.contains("hunter2"));
        assert_eq!(keys.open(&sealed, "acme webhooks[0]").unwrap(), "hunter2");
        assert_eq!(keys.open(&sealed, "evil webhooks[0]"), Err(CannotOpen));
        let mut tampered = sealed.clone();
        tampered.replace_range(sealed.len() - 1.., "A");
        for bad in [tampered.as_str(), "sealed:a:", "sealed:b:AAAA", "hunter2", ""] {
            assert_eq!(keys.open(bad, "acme webhooks[0]"), Err(CannotOpen), "{bad}");
        }
    }

    #[test]
    fn a_new_key_seals_and_the_old_one_still_opens() {
        let sealed = keys(OLD).seal("hunter2", "acme", [7; NONCE_BYTES]).unwrap();
        let both = keys(&format!("{NEW} {OLD}"));
        assert_eq!(both.open(&sealed, "acme").unwrap(), "hunter2");
        let anew = both.seal("hunter2", "acme", [8; NONCE_BYTES]).unwrap();
        assert_eq!(keys(NEW).open(&anew, "acme").unwrap(), "hunter2");
        assert_eq!(keys(NEW).open(&sealed, "acme"), Err(CannotOpen));
    }

    #[test]
    fn a_fingerprint_depends_on_the_key_and_the_secret() {
        let both = keys(&format!("{NEW} {OLD}"));
        let all: Vec<_> = both.fingerprints("hunter2").collect();
        assert_eq!(all, [both.fingerprint("hunter2"), keys(OLD).fingerprint("hunter2")]);
        assert_ne!(both.fingerprint("hunter2"), both.fingerprint("hunter3"));
        assert_eq!(all[0].len(), FINGERPRINT_CHARS);
    }

    #[test]
    fn a_malformed_key_is_refused_without_showing_it() {
        let twice = format!("{OLD} {OLD}");
        for bad in ["", "a", "a:hunter2", ":MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", &twice] {
            let error = SealingKeys::parse(bad).unwrap_err();
            assert!(!error.contains("hunter2"), "{bad}");
        }
        assert!(!format!("{:?}", keys(OLD)).contains("MDEy"));
    }
}
