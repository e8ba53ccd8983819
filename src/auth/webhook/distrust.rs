//! Why a post is not trusted, and what its sender is told.

use std::fmt;

use crate::protocol::codes::ProblemCode;
use crate::protocol::post::Scheme;

/// The header `WWW-Authenticate` of a 401, which must name a scheme (RFC 9110, section 15.5.2). No scheme is
/// registered for signed webhooks, and a client ignores a scheme that it does not know.
pub const CHALLENGE: &str = r#"StandardWebhooks realm="roomcast""#;

/// Why a signature is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// A header of the scheme is missing or not well formed.
    Missing(Scheme),
    /// No listed signature was made with an active secret of the scheme over this body.
    Invalid(Scheme),
    /// The headers are of more than one scheme.
    Mixed,
    /// The signature does not cover the attributes in the headers, or covers some that are not there.
    Untied,
    /// It was signed too long ago, or in the future.
    Stale,
}

impl Distrust {
    /// The code in the problem document.
    pub fn code(self) -> ProblemCode {
        match self {
            Self::Missing(_) => ProblemCode::SignatureMissing,
            Self::Invalid(_) | Self::Mixed | Self::Untied => ProblemCode::SignatureInvalid,
            Self::Stale => ProblemCode::SignatureStale,
        }
    }
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing(Scheme::Standard) => {
                "Sign the request as in Standard Webhooks: webhook-id (without a dot), \
                 webhook-timestamp (whole seconds, in digits alone) and webhook-signature are needed."
            }
            Self::Missing(Scheme::GitHub) => {
                "x-hub-signature-256 must be sha256= and 64 hexadecimal digits."
            }
            Self::Missing(Scheme::Stripe) => {
                "stripe-signature must have one t= (whole seconds) and a v1=, with commas between them."
            }
            Self::Invalid(Scheme::Standard) => {
                "No signature matches. Sign `id.timestamp.body` with this tenant's whsec_ secret, or with the \
                 private key of its whpk_ key, over the body exactly as it is sent."
            }
            Self::Invalid(Scheme::GitHub | Scheme::Stripe) => {
                "No signature matches. The tenant needs the secret of this webhook, and the body must arrive \
                 exactly as it was sent."
            }
            Self::Mixed => "The request has signatures of several schemes. Send those of one.",
            Self::Untied => {
                "The attributes of a CloudEvent in binary mode are headers, which no signature covers: webhook-id \
                 must be ce_sha256_ and their hash (docs/sources.md). Structured mode needs no such id."
            }
            Self::Stale => "The timestamp is over five minutes from this clock. Sign again.",
        })
    }
}
