//! Stripe's scheme: HMAC-SHA256 over `t.body`, in `stripe-signature: t=<seconds>,v1=<hex>`.
//!
//! While a secret is rolled, Stripe sends one `v1` per active secret. Other versions (`v0`) are for tests and are not
//! looked at.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::hex::digest;
use super::{whole_seconds, Distrust, WebhookSecret, WebhookSecrets};
use crate::protocol::post::Scheme;

/// What the header says.
struct Header<'h> {
    /// The time, as it is signed.
    time: &'h str,
    seconds: i64,
    digests: Vec<[u8; 32]>,
}

/// Verifies a body with the secrets of Stripe's scheme. Returns when it was signed, in seconds since 1970.
pub(super) fn verify(
    secrets: &WebhookSecrets,
    header: Option<&str>,
    body: &[u8],
) -> Result<i64, Distrust> {
    let header = header.and_then(read).ok_or(Distrust::Missing(Scheme::Stripe))?;
    let signed = secrets.iter().any(|secret| {
        let WebhookSecret::Stripe(secret) = secret else { return false };
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.bytes()) else { return false };
        let mac = mac.chain_update(header.time).chain_update(".").chain_update(body);
        // `verify_slice` compares in constant time.
        header.digests.iter().any(|one| mac.clone().verify_slice(one).is_ok())
    });
    signed.then_some(header.seconds).ok_or(Distrust::Invalid(Scheme::Stripe))
}

/// Reads the header. `None` unless it has exactly one time and at least one signature.
fn read(header: &str) -> Option<Header<'_>> {
    let (mut times, mut digests) = (Vec::new(), Vec::new());
    for item in header.split(',') {
        match item.trim().split_once('=')? {
            ("t", time) => times.push(time),
            ("v1", hex) => digests.push(digest(hex)?),
            _ => {}
        }
    }
    let [time] = times[..] else { return None };
    let header = Header { time, seconds: whole_seconds(time)?, digests };
    Some(header).filter(|header| !header.digests.is_empty())
}
