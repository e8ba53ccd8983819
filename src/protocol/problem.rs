//! Problem documents (RFC 9457): the form of every HTTP error.
//!
//! A problem says what is wrong and how to fix it. It never contains a secret, a stack trace, or the text of a platform
//! error.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

#[cfg(not(target_arch = "wasm32"))]
use super::codes::EventFault;
use super::codes::{ProblemCode, Refusal};
use super::results::EventResult;

/// The media type of problem documents.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The type of all problems. The `code` distinguishes them.
const KIND: &str = "about:blank";

/// The header in which a 401 names an authentication scheme, as it must (RFC 9110, section 15.5.2).
pub const CHALLENGE: &str = "www-authenticate";

/// The header that says when to come back (RFC 9110, section 10.2.3).
pub const RETRY_AFTER: &str = "retry-after";

/// One error over HTTP: `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Problem {
    /// Always `about:blank`: the `code` distinguishes problems.
    #[serde(rename = "type")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(extend("const" = KIND)))]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong and how to fix it.
    pub detail: String,
    /// The stable code, for programs.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "ProblemCode"))]
    pub code: String,
    /// In a 422: what is wrong with which event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Malformed>,
    /// In a 422 or 409 of the admin API: what is wrong with the document of a tenant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Faulty>,
    /// In a 503, or a 401 from a room: what became of each event so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<EventResult>,
    /// Headers of the answer that its status needs. They are not in the body.
    #[serde(skip)]
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
}

/// What is wrong with one event of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    not(target_arch = "wasm32"),
    derive(schemars::JsonSchema),
    schemars(rename = "MalformedEvent")
)]
pub struct Malformed {
    /// The event's place in the request, from 0.
    pub index: usize,
    /// The field, as a path such as `payload.cycle_id`; empty for the event as a whole.
    pub field: String,
    /// What is wrong with it. For people.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "EventFault"))]
    pub reason: String,
}

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema), schemars(rename = "Fault"))]
pub struct Faulty {
    /// Where, as a path such as `tokens.keys[0].secret`; empty for the whole document.
    pub place: String,
    /// What, and how to mend it.
    pub reason: String,
}

impl Problem {
    /// A problem without lists.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self::of(code.status(), code.code(), detail.into())
    }

    fn of(status: u16, code: &'static str, detail: String) -> Self {
        Self {
            kind: KIND.to_owned(),
            title: title(status).to_owned(),
            status,
            detail,
            code: code.to_owned(),
            errors: Vec::new(),
            faults: Vec::new(),
            results: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Says after how many seconds to come back.
    #[must_use]
    pub fn with_retry(self, seconds: u64) -> Self {
        self.with_header(RETRY_AFTER, seconds.to_string())
    }

    /// Adds what is wrong with a document: places and reasons.
    #[must_use]
    pub fn with_faults(mut self, faults: impl Iterator<Item = (String, String)>) -> Self {
        self.faults = faults.map(|(place, reason)| Faulty { place, reason }).collect();
        self
    }

    /// The problem of a refused request or upgrade.
    pub fn refusal(refusal: Refusal) -> Self {
        let headers = refusal.challenge().map(|challenge| (CHALLENGE, challenge.into()));
        let headers = headers.into_iter().collect();
        Self { headers, ..Self::of(refusal.status(), refusal.code(), refusal.detail().to_owned()) }
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
        409 => "Conflict",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_not_in_the_body() {
        let problem = Problem::refusal(Refusal::TokenMissing);
        assert_eq!(problem.headers, [(CHALLENGE, "Bearer realm=\"roomcast\"".into())]);
        let text = serde_json::to_string(&problem).unwrap();
        assert!(!text.contains("realm") && !text.contains("header"), "{text}");
    }

    #[test]
    fn every_status_of_a_problem_has_a_title_of_its_own() {
        let problems = ProblemCode::ALL.iter().map(|code| code.status());
        let statuses = problems.chain(Refusal::ALL.iter().map(|refusal| refusal.status()));
        for status in statuses.filter(|status| *status != 500) {
            assert_ne!(title(status), title(500), "{status}");
        }
    }
}
