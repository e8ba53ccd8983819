//! Signatures of backends: who posted a body, and when it was signed.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`secrets`] | a tenant's secrets, each of one scheme |
//! | [`standard`] | Standard Webhooks 1.0.0: with a shared secret (`v1`), or with a private key (`v1a`) |
//! | [`attributes`] | ties the headers of a `CloudEvent` to a signature of Standard Webhooks |
//! | `github`, `stripe` | the schemes of GitHub and Stripe |
//! | [`distrust`] | why a post is not trusted |
//!
//! The headers of a post decide its scheme, a post with headers of several is refused, and only secrets of that scheme are
//! tried. The raw body is verified before anything parses it. A repeated request is not refused here: events have ids of
//! their own, and repeating a request has to be safe.
//!
//! What protects against somebody who captured a request and sends it again: with Standard Webhooks and Stripe, the time of
//! signing is signed, and a room remembers the ids of events for longer than a signature is valid. GitHub signs no time.
//! There the id of an event is a hash of the body, so a repeat is a duplicate while the room remembers it; after that it
//! is taken again. A document whose rows have `"order": "occurred_at"` makes that harmless, because the time is in the
//! body: the repeat is superseded by what came after it, or shows what is shown anyway.

pub mod attributes;
pub mod distrust;
mod github;
mod hex;
pub mod secrets;
pub mod standard;
mod stripe;

pub use distrust::{Distrust, CHALLENGE};
pub use secrets::{WebhookSecret, WebhookSecrets};
pub use standard::sign;

use crate::limits::SIGNATURE_TOLERANCE_S;
use crate::protocol::post::{PostHeaders, Scheme};
use crate::protocol::time::Timestamp;

/// A post whose signature is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// The scheme.
    pub scheme: Scheme,
    /// When it was signed, by the sender's clock. GitHub signs no time: then it is when the post arrived.
    pub at: Timestamp,
}

/// Verifies that `body` was signed with one of the secrets of the scheme that the headers are of, at most five minutes
/// before or after `now`.
///
/// # Errors
/// [`Distrust`] says which check failed.
pub fn verify(
    secrets: &WebhookSecrets,
    headers: &PostHeaders<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<Signed, Distrust> {
    let scheme = headers.scheme().map_err(|_| Distrust::Mixed)?;
    let at = match scheme {
        Scheme::Standard => fresh(standard::verify(secrets, headers, body)?, now)?,
        Scheme::Stripe => fresh(stripe::verify(secrets, headers.stripe, body)?, now)?,
        Scheme::GitHub => {
            github::verify(secrets, headers.github.signature, body)?;
            now
        }
    };
    Ok(Signed { scheme, at })
}

/// The time of signing, if it is near enough. It is looked at last, so that only a sender with a secret learns of it.
fn fresh(seconds: i64, now: Timestamp) -> Result<Timestamp, Distrust> {
    if now.seconds().abs_diff(seconds) > SIGNATURE_TOLERANCE_S.unsigned_abs() {
        return Err(Distrust::Stale);
    }
    Ok(Timestamp(u64::try_from(seconds).unwrap_or_default().saturating_mul(1_000)))
}

/// Reads a timestamp. Each time has exactly one accepted spelling, because a sign or a leading zero would change
/// the signed text without changing the time.
fn whole_seconds(text: &str) -> Option<i64> {
    let padded = text.len() > 1 && text.starts_with('0');
    let digits = !padded && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests;
