//! How many events a tenant posts, and a room takes, in a second.
//!
//! Nothing of a request is applied if one of them is over its limit. What a tenant may post is charged after its signature
//! was verified, so that strangers cannot use it up; before that, an isolate that knows that there is nothing left says so
//! and does no work. Without limits nobody is asked.

use std::cell::RefCell;
use std::collections::HashMap;

use futures::stream::{self, StreamExt as _};
use worker::Env;

use super::environment::now;
use super::objects;
use crate::hop::seat::{Attempted, Borrow, Lent, Reserve};
use crate::hop::{BORROW, RESERVE};
use crate::ingest::dispatch::Delivery;
use crate::limits::{BORROWERS, ROOMS_AT_ONCE};
use crate::protocol::codes::ProblemCode;
use crate::protocol::ids::TenantName;
use crate::protocol::problem::Problem;
use crate::quota::name::of_events;
use crate::quota::rate::retry_after_s;
use crate::quota::slices::{Borrower, Use};
use crate::tenant::Tenant;

thread_local! {
    /// What this isolate has borrowed of each tenant's events.
    static BORROWED: RefCell<HashMap<TenantName, Borrower>> = RefCell::default();
}

/// Why events are not taken.
#[derive(Debug, Clone, Copy)]
pub(super) enum Throttled {
    /// There are too many. There is room after so many milliseconds.
    Exceeded(u64),
    /// Whoever counts them did not answer.
    Unanswered,
}

/// Refuses a request of a tenant that can post nothing at the moment. Anyone may have sent it, so it charges nothing.
pub(super) fn look(tenant: &Tenant) -> Result<(), Problem> {
    if tenant.limits.events_per_second.is_none() {
        return Ok(());
    }
    match with(&tenant.name, |borrower| borrower.dry_ms(now())) {
        0 => Ok(()),
        ms => Err(exceeded(ms)),
    }
}

/// Charges the tenant for events that it has signed.
pub(super) async fn charge(events: usize, tenant: &Tenant, env: &Env) -> Result<(), Throttled> {
    let Some(limit) = tenant.limits.events_per_second else { return Ok(()) };
    let asked = now();
    let used = with(&tenant.name, |borrower| borrower.take(events as u64, asked));
    let Use::Borrow(wish) = used else { return Ok(()) };
    let (seat, needed) = (of_events(&tenant.name), wish.needed);
    let borrow = Borrow { wish, limit };
    let lent = objects::ask_seat(env, &seat, BORROW, &borrow).await;
    match lent.ok_or(Throttled::Unanswered)? {
        Lent::Lent(loan) => {
            with(&tenant.name, |borrower| borrower.borrowed(loan, needed, asked));
            Ok(())
        }
        Lent::Refused { retry_ms, dry_ms } => {
            with(&tenant.name, |borrower| borrower.refused(dry_ms, now()));
            Err(Throttled::Exceeded(retry_ms))
        }
    }
}

/// Reserves room for the events of a request in each of its rooms.
pub(super) async fn reserve(
    deliveries: &[Delivery],
    limit: u32,
    tenant: &Tenant,
    env: &Env,
) -> Result<(), Throttled> {
    let reserved = deliveries.iter().map(|delivery| async move {
        let room = tenant.presets.room(&tenant.name, delivery.preset, &delivery.session);
        let reserve = Reserve { events: delivery.events(), limit };
        objects::ask_room(env, &room.to_string(), RESERVE, &reserve).await
    });
    let reserved: Vec<Option<Attempted>> =
        stream::iter(reserved).buffered(ROOMS_AT_ONCE).collect().await;
    let mut longest = None;
    for answer in reserved {
        let Attempted { retry_ms } = answer.ok_or(Throttled::Unanswered)?;
        longest = longest.max(retry_ms);
    }
    longest.map_or(Ok(()), |ms| Err(Throttled::Exceeded(ms)))
}

/// The answer to a request with too many events.
pub(super) fn exceeded(ms: u64) -> Problem {
    let detail = "The tenant or a room gets more events than it may in a second. Nothing of the request was applied. \
                  Send it again after the time in Retry-After.";
    Problem::new(ProblemCode::EventsExceeded, detail).with_retry(retry_after_s(ms))
}

fn with<T>(tenant: &TenantName, act: impl FnOnce(&mut Borrower) -> T) -> T {
    BORROWED.with_borrow_mut(|borrowed| {
        if borrowed.len() >= BORROWERS && !borrowed.contains_key(tenant) {
            borrowed.clear();
        }
        act(borrowed.entry(tenant.clone()).or_default())
    })
}
