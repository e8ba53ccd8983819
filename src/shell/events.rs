//! `POST /api/events`: verify, decode, dispatch, answer.
//!
//! Until everything in a request is known to be well formed, nothing of it is applied. From there
//! on it is safe to repeat: what was applied is answered `duplicate`.

use futures::stream::{self, StreamExt};
use futures::FutureExt as _;
use worker::{Env, Request, Response, Result};

use super::environment::now;
use super::objects;
use super::pointers;
use super::record::{write, Line};
use super::{answer, body};
use crate::auth::webhook::{self, verify, Distrust, SignedHeaders};
use crate::config::Tenant;
use crate::hop::delivery::Delivered;
use crate::ingest::dispatch::{Batch, Delivery, Dispatch, Pointers};
use crate::ingest::envelope::{decode, Rejected};
use crate::limits::{POST_BYTES, POST_EVENTS, POST_STORED_BYTES, ROOMS_AT_ONCE};
use crate::protocol::codes::{ProblemCode, Refusal};
use crate::protocol::cost::{self, Cost};
use crate::protocol::ids::RoomName;
use crate::protocol::media::{self, Unsupported};
use crate::protocol::problem::{Malformed, Problem, CHALLENGE};
use crate::protocol::results::{EventResult, Outcome, Results};
use crate::protocol::time::Timestamp;
use crate::room::publish::Posted;

/// `POST /api/events`
pub(super) async fn post(request: Request, tenant: &Tenant, env: &Env) -> Result<Response> {
    match publish(request, tenant, env).await {
        Ok((results, cost)) => {
            let mut response = answer::json(202, &Results { results })?;
            response.headers_mut().set(cost::HEADER, &cost.to_string())?;
            Ok(response)
        }
        Err(problem) => {
            let (tenant, status) = (tenant.name.as_str(), problem.status);
            write(&Line::PostRefused { tenant, status, reason: &problem.code });
            answer::problem(&problem)
        }
    }
}

async fn publish(
    mut request: Request,
    tenant: &Tenant,
    env: &Env,
) -> Result<(Vec<EventResult>, Cost), Problem> {
    let body = body::read(&mut request).await?;
    check_media(&request)?;
    let signed = check_signature(&request, tenant, &body)?;
    let events = decode(&body).map_err(rejected)?;
    let batch = Batch::new(&tenant.preset, events).map_err(malformed)?;
    let (found, mut cost) = look_up(&batch, tenant, env).await?;
    let mut dispatch = batch.dispatch(&found).map_err(rejected)?;
    cost += learn(&dispatch, tenant, env).await?;
    let delivered = deliver(&mut dispatch, signed, tenant, env).await;
    cost += delivered.cost;
    let failed = |result: &EventResult| matches!(result.outcome, Outcome::Failed { .. });
    if delivered.stale {
        return Err(too_old(dispatch.results));
    }
    if dispatch.results.iter().any(failed) {
        return Err(room_failed(dispatch.results));
    }
    Ok((dispatch.results, cost))
}

/// What the body is not is said before anything is computed over it; but it has been read: see above.
fn check_media(request: &Request) -> Result<(), Problem> {
    let header = |name| request.headers().get(name).ok().flatten();
    media::check(header("content-type").as_deref(), header("content-encoding").as_deref())
        .map_err(Unsupported::problem)
}

fn check_signature(request: &Request, tenant: &Tenant, body: &[u8]) -> Result<Timestamp, Problem> {
    let header = |name| request.headers().get(name).ok().flatten();
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let signature = header("webhook-signature");
    let headers = SignedHeaders {
        id: id.as_deref(),
        timestamp: timestamp.as_deref(),
        signature: signature.as_deref(),
    };
    verify(&tenant.webhooks, headers, body, now()).map_err(distrusted)
}

async fn look_up(
    batch: &Batch<'_>,
    tenant: &Tenant,
    env: &Env,
) -> Result<(Pointers, Cost), Problem> {
    let unresolved = batch.unresolved();
    if unresolved.is_empty() {
        return Ok(<_>::default());
    }
    // Boxed, as few requests get here: what is compiled for all others is smaller.
    let found = pointers::find(env, &tenant.name, unresolved).boxed_local().await;
    found.map_err(|_| room_failed(Vec::new()))
}

/// Pointers are learned before anything is delivered: if that fails the request is repeated, while
/// a pointer that is missing later would lose events.
async fn learn(dispatch: &Dispatch, tenant: &Tenant, env: &Env) -> Result<Cost, Problem> {
    if dispatch.learn.is_empty() {
        return Ok(Cost::default());
    }
    let learned = pointers::learn(env, &tenant.name, &dispatch.learn).boxed_local().await;
    learned.map_err(|_| room_failed(dispatch.results.clone()))
}

/// What came of delivering.
#[derive(Default)]
struct DeliveredAll {
    cost: Cost,
    /// A room could not tell whether the request is a repeat.
    stale: bool,
}

/// Hands every room its updates, which were signed then.
async fn deliver(
    dispatch: &mut Dispatch,
    signed: Timestamp,
    tenant: &Tenant,
    env: &Env,
) -> DeliveredAll {
    let deliveries = std::mem::take(&mut dispatch.deliveries);
    let answers = stream::iter(deliveries).map(|delivery| async move {
        let room = RoomName { tenant: tenant.name.clone(), session: delivery.session.clone() };
        let delivered = objects::deliver(env, &room, signed, &delivery.updates).await;
        (delivery, delivered)
    });
    let answers: Vec<_> = answers.buffered(ROOMS_AT_ONCE).collect().await;
    let mut all = DeliveredAll::default();
    for (delivery, answer) in answers {
        let Some(Delivered { outcomes, cost }) = answer else { continue };
        all.cost += cost;
        all.stale |= outcomes.contains(&Posted::Stale);
        note(&mut dispatch.results, &delivery, &outcomes);
    }
    all
}

fn note(results: &mut [EventResult], delivery: &Delivery, outcomes: &[Posted]) {
    for (index, posted) in delivery.indexes.iter().zip(outcomes) {
        if let Some(result) = results.get_mut(*index) {
            let session = delivery.session.clone();
            result.outcome = match *posted {
                Posted::Accepted(seq) => Outcome::Accepted { session, seq },
                Posted::Duplicate(seq) => Outcome::Duplicate { session, seq },
                Posted::Superseded(seq) => Outcome::Superseded { session, seq },
                Posted::Stale => Outcome::Failed { session: Some(session) },
            };
        }
    }
}

fn distrusted(distrust: Distrust) -> Problem {
    let problem = Problem::new(distrust.code(), distrust.to_string());
    problem.with_header(CHALLENGE, webhook::CHALLENGE)
}

fn rejected(rejected: Rejected) -> Problem {
    match rejected {
        Rejected::TooLarge => too_large(),
        Rejected::Malformed(errors) => malformed(errors),
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
