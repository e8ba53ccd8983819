//! Decides what an answer to a request means: done, send it again, or give up, and what to tell the user.
//!
//! Only the status, `Retry-After` and the body count; nothing here sends or waits.

use std::time::Duration;

use roomcast::deployment::failure::Failure;
use roomcast::limits::LISTED_ERRORS;
use roomcast::protocol::codes::ProblemCode;
use roomcast::protocol::problem::Problem;
use roomcast::protocol::results::{EventResult, Outcome, Results};

use super::batch::Batch;

/// What to do after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Each event of the request has been dealt with.
    Done(Vec<EventResult>),
    /// The same request may succeed later.
    Again {
        /// What to tell the user meanwhile, and how to fail after the last attempt.
        failure: Failure,
        /// The shortest pause before the next attempt: the answer's `Retry-After`.
        not_before: Duration,
    },
    /// The same request would fail again.
    Final(Refused),
}

/// Why a request is not sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// What to tell the user.
    pub(crate) failure: Failure,
    /// What the server said, if it said it in its own words.
    pub(crate) problem: Option<Problem>,
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        refused.failure
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self { failure, problem: None }
    }
}

/// An answer as received.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'a> {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The header `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// The body.
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    /// Judges the answer to `batch`, which was signed with the setting `secret_name`.
    pub(crate) fn judge(&self, batch: &Batch, secret_name: &str) -> Verdict {
        if (200..300).contains(&self.status) {
            return self.taken(batch);
        }
        let problem: Option<Problem> = serde_json::from_slice(self.body).ok();
        let code = problem.as_ref().map_or("", |problem| problem.code.as_str());
        let failure = Failure::Refused(refusal(self.status, problem.as_ref(), batch, secret_name));
        // A misconfigured server answers 503, but waiting does not configure it.
        if matches!(self.status, 408 | 429 | 500..) && code != ProblemCode::Misconfigured.code() {
            let not_before = Duration::from_secs(self.retry_after.unwrap_or(0));
            return Verdict::Again { failure, not_before };
        }
        Verdict::Final(Refused { failure, problem })
    }

    fn taken(&self, batch: &Batch) -> Verdict {
        let results = serde_json::from_slice(self.body).map(|Results { results }| results);
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed { .. });
        let unanswered = |result: &EventResult| result.rooms().any(|room| failed(&room.outcome));
        match results {
            Ok(results) if results.len() != batch.lines.len() => {
                Verdict::Final(strange(self.status).into())
            }
            Ok(results) if results.iter().any(unanswered) => Verdict::Again {
                failure: Failure::Refused("a room did not answer".to_owned()),
                not_before: Duration::ZERO,
            },
            Ok(results) => Verdict::Done(results),
            Err(_) => Verdict::Final(strange(self.status).into()),
        }
    }
}

fn strange(status: u16) -> Failure {
    let what = format!("the server answered {status}, but not with a result for each event");
    Failure::Refused(format!("{what}. Does --url lead to a Roomcast server?"))
}

fn refusal(status: u16, problem: Option<&Problem>, batch: &Batch, secret_name: &str) -> String {
    let Some(problem) = problem else {
        return format!("the server answered {status}. Does --url lead to a Roomcast server?");
    };
    let Problem { code, detail, .. } = problem;
    let mut text = format!("the server answered {status} {code}: {detail}");
    if let Some(hint) = hint(code, secret_name) {
        text = format!("{text} {hint}");
    }
    for error in &problem.errors {
        let line = batch.lines.get(error.index).copied().unwrap_or_default();
        text = format!("{text}\n  line {line}: {}: {}", error.field, error.reason);
    }
    if problem.errors.len() >= LISTED_ERRORS {
        text = format!("{text}\n  There may be more: at most {LISTED_ERRORS} are listed.");
    }
    text
}

fn hint(code: &str, secret_name: &str) -> Option<String> {
    const INVALID: &str = ProblemCode::SignatureInvalid.code();
    const STALE: &str = ProblemCode::SignatureStale.code();
    match code {
        INVALID => Some(format!("{secret_name} must be the one the server has.")),
        STALE => Some("Is the clock of this machine right?".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
