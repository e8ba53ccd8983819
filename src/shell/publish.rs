//! Publishes a body of events: they become updates, which rooms store and send.
//!
//! Does not know where the body comes from or how it was verified: it may come from a post or from a queue. If any event in
//! it is malformed, nothing is applied. After that check it is safe to repeat the whole body: events that were applied are
//! answered `duplicate`.

use futures::stream::{self, StreamExt};
use futures::FutureExt as _;
use worker::Env;

use super::objects;
use super::pointers;
use super::record::{write, Line};
use super::tenants;
use super::throttle::{self, Throttled};
use crate::hop::delivery::{Charge, Delivered, Docket};
use crate::ingest::dispatch::{Batch, Delivery, Dispatch, Pointers};
use crate::ingest::envelope::Rejected;
use crate::ingest::source::Source;
use crate::limits::ROOMS_AT_ONCE;
use crate::protocol::cost::Cost;
use crate::protocol::results::{EventResult, Outcome};
use crate::protocol::time::Timestamp;
use crate::protocol::trace::TraceParent;
use crate::room::publish::Posted;
use crate::tenant::Tenant;

/// The outcome of each event of a body. It does not change when the body is repeated.
pub(super) struct Published {
    /// One for each event, in order.
    pub(super) results: Vec<EventResult>,
    /// What publishing cost.
    pub(super) cost: Cost,
}

/// Why a body, or a part of it, was not published.
pub(super) enum Unpublished {
    /// The body is wrong. Nothing was applied.
    Rejected(Rejected),
    /// A room or a pointer did not answer. The sender has to repeat the whole body. The results say which events were applied.
    RoomFailed(Vec<EventResult>),
    /// There are too many events; there is room after so many milliseconds. Nothing was applied.
    Exceeded(u64),
    /// A room cannot tell whether the body is a repeat. The sender has to sign it again and repeat the whole body.
    Stale(Vec<EventResult>),
}

/// Publishes the events of a body that a source signed at `signed`, in a request that belongs to a trace.
pub(super) async fn publish(
    (source, trace): (&Source<'_>, Option<TraceParent>),
    body: &[u8],
    signed: Timestamp,
    tenant: &Tenant,
    env: &Env,
) -> Result<Published, Unpublished> {
    let events = source.decode(body, signed, trace.as_ref()).map_err(Unpublished::Rejected)?;
    throttle::charge(events.len(), tenant, env).await?;
    let batch = Batch::new(&tenant.presets, events);
    let batch = batch.map_err(|errors| Unpublished::Rejected(Rejected::Malformed(errors)))?;
    let (found, mut cost) = look_up(&batch, tenant, env).await?;
    let mut dispatch = batch.dispatch(&found).map_err(Unpublished::Rejected)?;
    let limit = reserve(&dispatch, tenant, env).await?;
    record_skipped(&dispatch.results, tenant);
    cost += learn(&dispatch, tenant, env).await?;
    let delivered = deliver(&mut dispatch, (limit, signed), tenant, env).await;
    if let Some(retry_ms) = delivered.retry_ms {
        return Err(Unpublished::Exceeded(retry_ms));
    }
    cost += delivered.cost;
    let results = dispatch.results;
    let failed = |result: &EventResult| {
        result.rooms().any(|room| matches!(room.outcome, Outcome::Failed { .. }))
    };
    if delivered.stale {
        Err(Unpublished::Stale(results))
    } else if results.iter().any(failed) {
        Err(Unpublished::RoomFailed(results))
    } else {
        Ok(Published { results, cost })
    }
}

impl From<Throttled> for Unpublished {
    fn from(throttled: Throttled) -> Self {
        match throttled {
            Throttled::Exceeded(retry_ms) => Self::Exceeded(retry_ms),
            Throttled::Unanswered => Self::RoomFailed(Vec::new()),
        }
    }
}

/// Reserves room for the events, if something else than a single room would have to be undone. Returns the limit that the room
/// still has to look at.
async fn reserve(
    dispatch: &Dispatch,
    tenant: &Tenant,
    env: &Env,
) -> Result<Option<u32>, Unpublished> {
    let limit = tenant.limits.room_events_per_second;
    let alone = dispatch.deliveries.len() < 2 && dispatch.learn.is_empty();
    let Some(limit) = limit.filter(|_| !alone) else { return Ok(limit) };
    throttle::reserve(&dispatch.deliveries, limit, tenant, env).await?;
    Ok(None)
}

/// Logs how many events were skipped because they lack what their document needs.
fn record_skipped(results: &[EventResult], tenant: &Tenant) {
    let rooms = results.iter().flat_map(EventResult::rooms);
    let mut skipped = rooms.filter_map(|room| match &room.outcome {
        Outcome::Ignored { detail: Some(detail), .. } => Some(detail),
        _ => None,
    });
    if let Some(detail) = skipped.next() {
        let events = 1 + skipped.count();
        write(&Line::Skipped { tenant: tenant.name.as_str(), events, detail });
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
    // Boxed, because few requests get here: the code for all others is smaller.
    let found = pointers::find(env, &tenant.name, unresolved).boxed_local().await;
    found.map_err(|_| Unpublished::RoomFailed(Vec::new()))
}

/// Lessons come before deliveries: if a lesson fails, the sender repeats everything. A missing pointer would lose later
/// events.
async fn learn(dispatch: &Dispatch, tenant: &Tenant, env: &Env) -> Result<Cost, Unpublished> {
    if dispatch.learn.is_empty() {
        return Ok(Cost::default());
    }
    let learned = pointers::learn(env, &tenant.name, &dispatch.learn).boxed_local().await;
    learned.map_err(|_| Unpublished::RoomFailed(dispatch.results.clone()))
}

/// The outcome of all deliveries.
#[derive(Default)]
struct DeliveredAll {
    cost: Cost,
    /// A room could not tell whether the request is a repeat.
    stale: bool,
    /// The only room gets more events than it may, and has applied nothing.
    retry_ms: Option<u64>,
}

/// Delivers to each room its updates.
async fn deliver(
    dispatch: &mut Dispatch,
    (limit, signed): (Option<u32>, Timestamp),
    tenant: &Tenant,
    env: &Env,
) -> DeliveredAll {
    let deliveries = std::mem::take(&mut dispatch.deliveries);
    let (watched, pace_ms) = (tenants::watched(&tenant.name), tenants::slowed(&tenant.name));
    let docket = Docket { signed, watched, pace_ms };
    let answers = stream::iter(deliveries).map(|delivery| async move {
        let room = tenant.presets.room(&tenant.name, delivery.preset, &delivery.session);
        let charge = limit.map(|limit| Charge { events: delivery.events(), limit });
        let (room, sent) = (room.to_string(), (charge, docket));
        let delivered = objects::deliver(env, &room, sent, &delivery.updates).await;
        (delivery, delivered)
    });
    let answers: Vec<_> = answers.buffered(ROOMS_AT_ONCE).collect().await;
    let mut all = DeliveredAll::default();
    for (delivery, answer) in answers {
        let Some(Delivered { outcomes, cost, retry_ms }) = answer else { continue };
        all.cost += cost;
        all.retry_ms = all.retry_ms.max(retry_ms);
        all.stale |= outcomes.contains(&Posted::Stale);
        note(&mut dispatch.results, &delivery, &outcomes);
    }
    all
}

fn note(results: &mut [EventResult], delivery: &Delivery, outcomes: &[Posted]) {
    let slots = delivery.slots.iter().zip(outcomes);
    for (slot, posted) in slots.filter_map(|(slot, posted)| Some(((*slot)?, posted))) {
        let result = results.get_mut(slot.event).and_then(|result| result.room_mut(slot.room));
        if let Some(result) = result {
            // It is there until the room has answered.
            let session = match &mut result.outcome {
                Outcome::Failed { session } => session.take(),
                _ => None,
            };
            let session = session.unwrap_or_else(|| delivery.session.clone());
            result.outcome = match *posted {
                Posted::Accepted(seq) => Outcome::Accepted { session, seq },
                Posted::Duplicate(seq) => Outcome::Duplicate { session, seq },
                Posted::Superseded(seq) => Outcome::Superseded { session, seq },
                Posted::Stale => Outcome::Failed { session: Some(session) },
            };
        }
    }
}
