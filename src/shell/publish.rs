//! Publishing: a body of events becomes updates, which their rooms store and send.
//!
//! Does not know how the body came, or who believed it: a post brings one, and a queue could. Until everything in it is
//! known to be well formed, nothing of it is applied. From there on it is safe to repeat: what was applied is
//! answered `duplicate`.

use futures::stream::{self, StreamExt};
use futures::FutureExt as _;
use worker::Env;

use super::objects;
use super::pointers;
use crate::config::Tenant;
use crate::hop::delivery::Delivered;
use crate::ingest::dispatch::{Batch, Delivery, Dispatch, Pointers};
use crate::ingest::envelope::{decode, Rejected};
use crate::limits::ROOMS_AT_ONCE;
use crate::protocol::cost::Cost;
use crate::protocol::ids::RoomName;
use crate::protocol::results::{EventResult, Outcome};
use crate::protocol::time::Timestamp;
use crate::room::publish::Posted;

/// All events of a body have an outcome that lasts.
pub(super) struct Published {
    /// One for each event, in order.
    pub(super) results: Vec<EventResult>,
    /// What it took.
    pub(super) cost: Cost,
}

/// Why a body, or a part of it, is not published.
pub(super) enum Unpublished {
    /// It cannot be: nothing of it was applied.
    Rejected(Rejected),
    /// A room or a pointer did not answer. To be repeated as a whole; the results say how far it came.
    RoomFailed(Vec<EventResult>),
    /// A room cannot tell whether it is a repeat. To be signed anew, then repeated as a whole.
    Stale(Vec<EventResult>),
}

/// Publishes the events of a body that was signed then.
pub(super) async fn publish(
    body: &[u8],
    signed: Timestamp,
    tenant: &Tenant,
    env: &Env,
) -> Result<Published, Unpublished> {
    let events = decode(body).map_err(Unpublished::Rejected)?;
    let batch = Batch::new(&tenant.preset, events);
    let batch = batch.map_err(|errors| Unpublished::Rejected(Rejected::Malformed(errors)))?;
    let (found, mut cost) = look_up(&batch, tenant, env).await?;
    let mut dispatch = batch.dispatch(&found).map_err(Unpublished::Rejected)?;
    cost += learn(&dispatch, tenant, env).await?;
    let delivered = deliver(&mut dispatch, signed, tenant, env).await;
    cost += delivered.cost;
    let results = dispatch.results;
    let failed = |result: &EventResult| matches!(result.outcome, Outcome::Failed { .. });
    if delivered.stale {
        Err(Unpublished::Stale(results))
    } else if results.iter().any(failed) {
        Err(Unpublished::RoomFailed(results))
    } else {
        Ok(Published { results, cost })
    }
}

async fn look_up(
    batch: &Batch<'_>,
    tenant: &Tenant,
    env: &Env,
) -> Result<(Pointers, Cost), Unpublished> {
    let unresolved = batch.unresolved();
    if unresolved.is_empty() {
        return Ok(<_>::default());
    }
    // Boxed, as few requests get here: what is compiled for all others is smaller.
    let found = pointers::find(env, &tenant.name, unresolved).boxed_local().await;
    found.map_err(|_| Unpublished::RoomFailed(Vec::new()))
}

/// Pointers are learned before anything is delivered: if that fails the request is repeated, while
/// a pointer that is missing later would lose events.
async fn learn(dispatch: &Dispatch, tenant: &Tenant, env: &Env) -> Result<Cost, Unpublished> {
    if dispatch.learn.is_empty() {
        return Ok(Cost::default());
    }
    let learned = pointers::learn(env, &tenant.name, &dispatch.learn).boxed_local().await;
    learned.map_err(|_| Unpublished::RoomFailed(dispatch.results.clone()))
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
