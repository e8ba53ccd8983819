//! Signatures of backends: Standard Webhooks 1.0.0, symmetric (`v1`, HMAC-SHA256).
//!
//! The raw body is verified before anything parses it. A repeated request is not refused here: events have
//! ids of their own, and repeating a request has to be safe.

use std::fmt;

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::secret::Secret;
use crate::limits::SIGNATURE_TOLERANCE_S;
use crate::protocol::codes::ProblemCode;
use crate::protocol::time::Timestamp;

/// The header `WWW-Authenticate` of a 401, which must name a scheme (RFC 9110, section 15.5.2). No scheme is
/// registered for signed webhooks, and a client ignores a scheme that it does not know.
pub const CHALLENGE: &str = r#"StandardWebhooks realm="roomcast""#;

/// The prefix of every signing secret.
const SECRET_PREFIX: &str = "whsec_";

/// A tenant's signing secrets. All of them are active, so that one can replace another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSecrets(Vec<Secret>);

impl WebhookSecrets {
    /// The secrets in `text`, separated by blanks: `whsec_` and the base64 of 24 to 64 bytes.
    ///
    /// # Errors
    /// What a secret must look like; never the text itself.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let secrets: Option<Vec<_>> = text.split_whitespace().map(secret).collect();
        secrets
            .filter(|secrets| !secrets.is_empty())
            .map(Self)
            .ok_or("must be whsec_ followed by the base64 of 24 to 64 bytes")
    }
}

fn secret(text: &str) -> Option<Secret> {
    let key = STANDARD.decode(text.strip_prefix(SECRET_PREFIX)?).ok()?;
    (24..=64).contains(&key.len()).then(|| Secret::new(key))
}

/// The three headers of a signed request.
#[derive(Debug, Clone, Copy, Default)]
pub struct SignedHeaders<'a> {
    /// `webhook-id`
    pub id: Option<&'a str>,
    /// `webhook-timestamp`, in seconds since 1970: only digits, without a leading zero
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`: a list of `v1,<base64>`, separated by blanks
    pub signature: Option<&'a str>,
}

/// Why a signature is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// A header is missing or not well formed.
    Missing,
    /// No listed signature was made with an active secret over this body.
    Invalid,
    /// It was signed too long ago, or in the future.
    Stale,
}

impl Distrust {
    /// The code in the problem document.
    pub fn code(self) -> ProblemCode {
        match self {
            Self::Missing => ProblemCode::SignatureMissing,
            Self::Invalid => ProblemCode::SignatureInvalid,
            Self::Stale => ProblemCode::SignatureStale,
        }
    }
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => {
                "Sign the request as in Standard Webhooks: webhook-id (without a dot), \
                 webhook-timestamp (whole seconds, in digits alone) and webhook-signature are needed."
            }
            Self::Invalid => {
                "No signature matches. Sign `id.timestamp.body` with this tenant's whsec_ secret, \
                 over the body exactly as it is sent."
            }
            Self::Stale => "The timestamp is over five minutes from this clock. Sign again.",
        })
    }
}

/// Verifies that `body` was signed with one of the secrets, at most five minutes before or after `now`. Returns
/// the time of signing, by the sender's clock.
///
/// # Errors
/// [`Distrust`] says which check failed.
pub fn verify(
    secrets: &WebhookSecrets,
    headers: SignedHeaders<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<Timestamp, Distrust> {
    let (Some(id), Some(timestamp), Some(signatures)) =
        (headers.id, headers.timestamp, headers.signature)
    else {
        return Err(Distrust::Missing);
    };
    let seconds = whole_seconds(timestamp).ok_or(Distrust::Missing)?;
    if id.is_empty() || id.contains('.') {
        return Err(Distrust::Missing);
    }
    if !matches_any(secrets, id, timestamp, body, signatures) {
        return Err(Distrust::Invalid);
    }
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

fn matches_any(
    secrets: &WebhookSecrets,
    id: &str,
    timestamp: &str,
    body: &[u8],
    signatures: &str,
) -> bool {
    let listed: Vec<Vec<u8>> = signatures
        .split(' ')
        .filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok())
        .collect();
    secrets.0.iter().filter_map(|secret| mac(secret, id, timestamp, body)).any(|mac| {
        // `verify_slice` compares the whole length in constant time: an empty signature fails.
        listed.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
    })
}

/// The value of `webhook-signature` for `body`: `v1,<base64>`, made with the first secret. For backends and
/// the command line.
pub fn sign(secrets: &WebhookSecrets, id: &str, now: Timestamp, body: &[u8]) -> String {
    let timestamp = now.seconds().to_string();
    let mac = secrets.0.first().and_then(|secret| mac(secret, id, &timestamp, body));
    let bytes = mac.map(|mac| mac.finalize().into_bytes());
    format!("v1,{}", bytes.map(|bytes| STANDARD.encode(bytes)).unwrap_or_default())
}

/// The MAC of a request. HMAC takes keys of any length, so this is never `None`.
fn mac(secret: &Secret, id: &str, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_780_000_000);
    const OLD: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
    const NEW: &str = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6";

    fn secrets(text: &str) -> WebhookSecrets {
        WebhookSecrets::parse(text).unwrap()
    }

    fn verdict(active: &str, signature: &str, at: i64, body: &[u8]) -> Result<(), Distrust> {
        let timestamp = at.to_string();
        let headers = SignedHeaders {
            id: Some("msg_1"),
            timestamp: Some(&timestamp),
            signature: Some(signature),
        };
        verify(&secrets(active), headers, body, NOW).map(|_| ())
    }

    #[test]
    fn a_signature_of_the_reference_library_is_accepted() {
        let theirs = standardwebhooks::Webhook::new(OLD).unwrap();
        let signature = theirs.sign("msg_1", NOW.seconds(), b"{}").unwrap();
        assert_eq!(verdict(OLD, &signature, NOW.seconds(), b"{}"), Ok(()));
        assert_eq!(signature, sign(&secrets(OLD), "msg_1", NOW, b"{}"));
    }

    #[test]
    fn one_listed_signature_by_one_active_secret_is_enough() {
        let by_old = sign(&secrets(OLD), "msg_1", NOW, b"{}");
        let both = format!("{NEW} {OLD}");
        assert_eq!(
            verdict(&both, &format!("v1a,AAAA v1,AAAA {by_old}"), NOW.seconds(), b"{}"),
            Ok(())
        );
        assert_eq!(verdict(NEW, &by_old, NOW.seconds(), b"{}"), Err(Distrust::Invalid));
    }

    #[test]
    fn a_changed_body_id_or_time_is_invalid() {
        let signature = sign(&secrets(OLD), "msg_1", NOW, b"{}");
        assert_eq!(verdict(OLD, &signature, NOW.seconds(), b"{ }"), Err(Distrust::Invalid));
        assert_eq!(verdict(OLD, &signature, NOW.seconds() + 1, b"{}"), Err(Distrust::Invalid));
        let other = sign(&secrets(OLD), "msg_2", NOW, b"{}");
        assert_eq!(verdict(OLD, &other, NOW.seconds(), b"{}"), Err(Distrust::Invalid));
    }

    #[test]
    fn an_empty_or_cut_signature_is_invalid() {
        let signature = sign(&secrets(OLD), "msg_1", NOW, b"{}");
        let (head, tail) = signature.split_at(10);
        for bad in ["v1,", "", "v1", ",", head, tail] {
            assert_eq!(verdict(OLD, bad, NOW.seconds(), b"{}"), Err(Distrust::Invalid), "{bad:?}");
        }
    }

    #[test]
    fn clocks_may_differ_by_five_minutes() {
        for (offset, want) in [
            (300, Ok(())),
            (-300, Ok(())),
            (301, Err(Distrust::Stale)),
            (-301, Err(Distrust::Stale)),
        ] {
            let at = NOW.seconds() + offset;
            let then = Timestamp(u64::try_from(at).unwrap() * 1_000);
            let signature = sign(&secrets(OLD), "msg_1", then, b"{}");
            assert_eq!(verdict(OLD, &signature, at, b"{}"), want, "{offset}");
        }
    }

    #[test]
    fn a_malformed_header_counts_as_missing() {
        let full = SignedHeaders { id: Some("m"), timestamp: Some("1"), signature: Some("v1,x") };
        for headers in [
            SignedHeaders { id: None, ..full },
            SignedHeaders { id: Some("a.b"), ..full },
            SignedHeaders { id: Some(""), ..full },
            SignedHeaders { timestamp: None, ..full },
            SignedHeaders { timestamp: Some("1.5"), ..full },
            SignedHeaders { timestamp: Some("now"), ..full },
            SignedHeaders { timestamp: Some(""), ..full },
            SignedHeaders { timestamp: Some("99999999999999999999"), ..full },
            SignedHeaders { signature: None, ..full },
        ] {
            assert_eq!(verify(&secrets(OLD), headers, b"", NOW), Err(Distrust::Missing));
        }
    }

    /// Each timestamp is signed exactly as it is sent, so that only its spelling can be wrong.
    #[test]
    fn a_timestamp_has_exactly_one_accepted_spelling() {
        let seconds = NOW.seconds();
        let verdict = |timestamp: String| {
            let mac = mac(&Secret::new(*b"012345678901234567890123"), "msg_1", &timestamp, b"{}");
            let signature = format!("v1,{}", STANDARD.encode(mac.unwrap().finalize().into_bytes()));
            let headers = SignedHeaders {
                id: Some("msg_1"),
                timestamp: Some(&timestamp),
                signature: Some(&signature),
            };
            let secret = STANDARD.encode("012345678901234567890123");
            verify(&secrets(&format!("whsec_{secret}")), headers, b"{}", NOW)
        };
        assert_eq!(verdict(seconds.to_string()), Ok(NOW), "when it was signed");
        assert_eq!(verdict("0".to_owned()), Err(Distrust::Stale));
        for written in [
            format!("+{seconds}"),
            format!("-{seconds}"),
            format!("0{seconds}"),
            format!(" {seconds}"),
            format!("{seconds} "),
            format!("{seconds}.0"),
            "1e9".to_owned(),
            "00".to_owned(),
            "-0".to_owned(),
            "١٧".to_owned(),
        ] {
            assert_eq!(verdict(written.clone()), Err(Distrust::Missing), "{written:?}");
        }
    }

    #[test]
    fn a_malformed_secret_is_refused_without_being_repeated() {
        for text in ["", "  ", "hunter2", "whsec_", "whsec_%%%", "whsec_c2hvcnQ="] {
            let message = WebhookSecrets::parse(text).unwrap_err();
            assert!(message.starts_with("must be whsec_"), "{text:?}");
        }
        assert!(!format!("{:?}", secrets(OLD)).contains("MDEy"));
    }
}
