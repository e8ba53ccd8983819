//! Problem documents (RFC 9457): how every HTTP error looks.
//!
//! A problem says what is wrong and how to mend it. It never carries a secret, a stack, or the
//! text of a platform error.

use serde::{Deserialize, Serialize};

use super::codes::Refusal;
use super::results::EventResult;

/// The media type of problem documents.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// One error over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Always `about:blank`: the `code` is what tells problems apart.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong and how to mend it.
    pub detail: String,
    /// Stable, for programs.
    pub code: String,
    /// 422: what is wrong with which event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Malformed>,
    /// 503: what became of each event so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<EventResult>,
}

/// What is wrong with one event of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Malformed {
    /// The event's place in the request, from 0.
    pub index: usize,
    /// The field, as a path such as `payload.cycle_id`.
    pub field: String,
    /// What it should be.
    pub reason: String,
}

impl Problem {
    /// A problem without lists.
    pub fn new(status: u16, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: title(status).to_owned(),
            status,
            detail: detail.into(),
            code: code.to_owned(),
            errors: Vec::new(),
            results: Vec::new(),
        }
    }

    /// A refused upgrade or read.
    pub fn refusal(refusal: Refusal) -> Self {
        Self::new(refusal.status(), refusal.code(), refusal.detail())
    }
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}
