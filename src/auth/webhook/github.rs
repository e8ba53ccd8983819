//! GitHub's scheme: HMAC-SHA256 over the raw body, in `x-hub-signature-256: sha256=<hex>`.
//!
//! Nothing else is signed, neither a time nor the headers that name the event. `ingest` therefore takes nothing from those
//! headers that the body does not confirm.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::hex::digest;
use super::{Distrust, WebhookSecret, WebhookSecrets};
use crate::protocol::post::Scheme;

/// Verifies a body with the secrets of GitHub's scheme.
pub(super) fn verify(
    secrets: &WebhookSecrets,
    signature: Option<&str>,
    body: &[u8],
) -> Result<(), Distrust> {
    let signature = signature.and_then(|text| digest(text.strip_prefix("sha256=")?));
    let signature = signature.ok_or(Distrust::Missing(Scheme::GitHub))?;
    let signed = secrets.iter().any(|secret| {
        let WebhookSecret::GitHub(secret) = secret else { return false };
        let mac = Hmac::<Sha256>::new_from_slice(secret.bytes());
        // `verify_slice` compares in constant time.
        mac.is_ok_and(|mac| mac.chain_update(body).verify_slice(&signature).is_ok())
    });
    signed.then_some(()).ok_or(Distrust::Invalid(Scheme::GitHub))
}
