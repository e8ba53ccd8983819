//! `POST /api/events`: reads the request, verifies its signature, publishes its events and answers.
//!
//! Does not know what publishing is: see `publish`.

use web_sys::Request;
use worker::{Env, Result};

use super::answer;
use super::body::read_body;
use super::environment::now;
use super::headers::{all, Headers};
use super::publish::{publish, Published, Unpublished};
use super::record::{write, Line};
use super::throttle;
use crate::auth::webhook::{self, verify, Distrust};
use crate::ingest::envelope::Rejected;
use crate::ingest::source::Source;
use crate::limits::{POST_BYTES, POST_EVENTS, POST_STORED_BYTES};
use crate::protocol::codes::{ProblemCode, Refusal};
use crate::protocol::cost;
use crate::protocol::media::{self, Unsupported};
use crate::protocol::post::{self, PostHeaders, Scheme};
use crate::protocol::problem::{Malformed, Problem, CHALLENGE};
use crate::protocol::results::{EventResult, Results};
use crate::protocol::time::Timestamp;
use crate::protocol::trace::TraceParent;
use crate::tenant::Tenant;

/// `POST /api/events`
pub(super) async fn post(
    request: &Request,
    tenant: &Tenant,
    env: &Env,
) -> Result<web_sys::Response> {
    match take(request, tenant, env).await {
        Ok(Published { results, cost }) => {
            answer::json_with_header(202, &Results { results }, cost::HEADER, &cost.to_string())
        }
        Err(problem) => {
            let (tenant, status) = (tenant.name.as_str(), problem.status);
            write(&Line::PostRefused { tenant, status, reason: &problem.code });
            Ok(answer::problem(&problem)?.into())
        }
    }
}

/// Reads the body first, whatever is wrong with the request: a sender that is cut off while it sends never sees the
/// answer.
async fn take(request: &Request, tenant: &Tenant, env: &Env) -> Result<Published, Problem> {
    let body = read_body(request).await?;
    let read = Headers::of(request, post::NAMES);
    let mut headers = PostHeaders::of(read.values());
    let more = headers.more().map(|prefix| all(request, prefix));
    if let Some(lines) = &more {
        headers = headers.with(lines);
    }
    throttle::look(tenant)?;
    media::check(headers.content_type, headers.content_encoding).map_err(Unsupported::problem)?;
    let signed = verify(&tenant.webhooks, &headers, &body, now()).map_err(distrusted)?;
    let source = Source::of(&headers, signed.scheme);
    let trace = headers.trace.and_then(TraceParent::parse);
    publish((&source, trace), &body, signed.at, tenant, env).await.map_err(unpublished)
}

/// The body of another signed request, and when it was signed. Only Standard Webhooks signs requests that are not events.
pub(super) async fn signed_body(
    request: &Request,
    tenant: &Tenant,
) -> Result<(Vec<u8>, Timestamp), Problem> {
    let body = read_body(request).await?;
    let read = Headers::of(request, post::NAMES);
    let headers = PostHeaders::of(read.values());
    media::check(headers.content_type, headers.content_encoding).map_err(Unsupported::problem)?;
    let signed = verify(&tenant.webhooks, &headers, &body, now()).map_err(distrusted)?;
    match signed.scheme {
        Scheme::Standard => Ok((body, signed.at)),
        Scheme::GitHub | Scheme::Stripe => Err(distrusted(Distrust::Invalid(Scheme::Standard))),
    }
}

fn distrusted(distrust: Distrust) -> Problem {
    let problem = Problem::new(distrust.code(), distrust.to_string());
    problem.with_header(CHALLENGE, webhook::CHALLENGE)
}

/// The problem of events that were not published.
pub(super) fn unpublished(unpublished: Unpublished) -> Problem {
    match unpublished {
        Unpublished::Rejected(Rejected::TooLarge) => too_large(),
        Unpublished::Rejected(Rejected::Malformed(errors)) => malformed(errors),
        Unpublished::Exceeded(retry_ms) => throttle::exceeded(retry_ms),
        Unpublished::RoomFailed(results) => room_failed(results),
        Unpublished::Stale(results) => too_old(results),
    }
}

fn malformed(errors: Vec<Malformed>) -> Problem {
    let detail =
        "Nothing of the request was applied. Mend the events in `errors` and send it again.";
    Problem { errors, ..Problem::new(ProblemCode::Malformed, detail) }
}

pub(super) fn too_large() -> Problem {
    let detail = format!(
        "A request may have {POST_BYTES} bytes and {POST_EVENTS} events, and its updates may have \
         {POST_STORED_BYTES} bytes as they are stored. Send several smaller ones."
    );
    Problem::new(ProblemCode::TooLarge, detail)
}

fn too_old(results: Vec<EventResult>) -> Problem {
    let detail =
        "A room has taken so much since this was signed that it cannot tell whether it is a \
                  repeat. Sign the whole request again: what was applied is a duplicate.";
    let problem = Problem { results, ..Problem::new(ProblemCode::SignatureStale, detail) };
    problem.with_header(CHALLENGE, webhook::CHALLENGE)
}

fn room_failed(results: Vec<EventResult>) -> Problem {
    let detail =
        "A room did not answer. Repeat the whole request: what was applied is a duplicate.";
    let detail = detail.to_owned();
    Problem { detail, results, ..Problem::refusal(Refusal::RoomFailed) }
}
