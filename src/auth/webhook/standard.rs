//! Standard Webhooks 1.0.0: `id.timestamp.body`, signed with a shared secret (`v1`, HMAC-SHA256) or with the private key of
//! a public one (`v1a`, Ed25519).
//!
//! One right signature of those that a header lists is enough, so that a sender can replace its secret while it signs
//! with both.

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::attributes::are_tied;
use super::{whole_seconds, Distrust, WebhookSecret, WebhookSecrets};
use crate::auth::ed25519::PublicKey;
use crate::auth::secret::Secret;
use crate::limits::KEY_CHECKS;
use crate::protocol::post::{PostHeaders, Scheme};
use crate::protocol::time::Timestamp;

/// Verifies a body with the secrets of this scheme. Returns when it was signed, in seconds since 1970.
pub(super) fn verify(
    secrets: &WebhookSecrets,
    headers: &PostHeaders<'_>,
    body: &[u8],
) -> Result<i64, Distrust> {
    let missing = Distrust::Missing(Scheme::Standard);
    let (Some(id), Some(timestamp), Some(signatures)) =
        (headers.id, headers.timestamp, headers.signature)
    else {
        return Err(missing);
    };
    let seconds = whole_seconds(timestamp).ok_or(missing)?;
    if id.is_empty() || id.contains('.') {
        return Err(missing);
    }
    let head = format!("{id}.{timestamp}.");
    let signed = has_mac(secrets, &head, body, signatures)
        || has_key_signature(secrets, &head, body, signatures);
    if !signed {
        return Err(Distrust::Invalid(Scheme::Standard));
    }
    are_tied(headers, id).then_some(seconds).ok_or(Distrust::Untied)
}

/// The signatures of one version in the header.
fn listed<'s>(signatures: &'s str, version: &'static str) -> impl Iterator<Item = Vec<u8>> + 's {
    let of_version = move |one: &'s str| STANDARD.decode(one.strip_prefix(version)?).ok();
    signatures.split(' ').filter_map(of_version)
}

/// Whether a listed MAC was made with one of the secrets.
fn has_mac(secrets: &WebhookSecrets, head: &str, body: &[u8], signatures: &str) -> bool {
    let listed: Vec<_> = listed(signatures, "v1,").collect();
    let mut macs = secrets.iter().filter_map(|secret| match secret {
        WebhookSecret::Standard(secret) => mac(secret, head, body),
        _ => None,
    });
    // `verify_slice` compares the whole length in constant time: an empty signature fails.
    let is_right = |mac: Hmac<Sha256>| {
        listed.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
    };
    !listed.is_empty() && macs.any(is_right)
}

/// Whether a listed signature was made with the private key of one of the public keys. Checking one takes much longer
/// than a MAC, and nobody has been authenticated yet: only the first few are tried.
fn has_key_signature(secrets: &WebhookSecrets, head: &str, body: &[u8], signatures: &str) -> bool {
    let keys: Vec<&PublicKey> = secrets
        .iter()
        .filter_map(|secret| match secret {
            WebhookSecret::StandardKey(key) => Some(key),
            _ => None,
        })
        .collect();
    if keys.is_empty() {
        return false;
    }
    let listed: Vec<_> = listed(signatures, "v1a,").take(KEY_CHECKS).collect();
    if listed.is_empty() {
        return false;
    }
    let message = [head.as_bytes(), body].concat();
    let pairs = listed.iter().flat_map(|signature| keys.iter().map(move |key| (key, signature)));
    pairs.take(KEY_CHECKS).any(|(key, signature)| key.verify(&message, signature))
}

/// The value of `webhook-signature` for `body`: `v1,<base64>`, made with the first secret of this scheme. For backends
/// and the command line.
pub fn sign(secrets: &WebhookSecrets, id: &str, now: Timestamp, body: &[u8]) -> String {
    let head = format!("{id}.{}.", now.seconds());
    let mut macs = secrets.iter().filter_map(|secret| match secret {
        WebhookSecret::Standard(secret) => mac(secret, &head, body),
        _ => None,
    });
    let bytes = macs.next().map(|mac| mac.finalize().into_bytes());
    format!("v1,{}", bytes.map(|bytes| STANDARD.encode(bytes)).unwrap_or_default())
}

/// The MAC of a request. HMAC takes keys of any length, so this is never `None`.
fn mac(secret: &Secret, head: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).ok()?;
    Some(mac.chain_update(head).chain_update(body))
}
