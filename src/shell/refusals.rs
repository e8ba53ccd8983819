//! Refusals that this isolate has logged, counted for the meters of their tenants.
//!
//! They are gathered for [`REFUSALS_EVERY_MS`], so that an attacker who is refused a thousand times causes one request to the tenant's
//! object. Requests that name no tenant are only in the log: there is no ledger for them. An isolate that ends before loses what it has
//! gathered.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::time::Duration;

use worker::{Context, Delay, Env};

use super::environment::{deployment, now};
use super::objects;
use crate::limits::REFUSALS_EVERY_MS;
use crate::metering::ledger::Entry;
use crate::protocol::details::Counts;
use crate::protocol::ids::TenantName;
use crate::protocol::time::Timestamp;
use crate::record::Line;

thread_local! {
    static COUNTED: RefCell<Vec<(String, Counts)>> = RefCell::default();
    /// When telling began that is under way. The request that was to wait for it may have been cancelled.
    static TELLING: Cell<Option<Timestamp>> = const { Cell::new(None) };
}

/// A line is logged. If it is a refusal of a tenant's request, it counts.
pub(super) fn count(line: &Line<'_>) {
    let (Line::Refused { tenant, reason, .. } | Line::PostRefused { tenant, reason, .. }) = line
    else {
        return;
    };
    if !tenant.is_empty() {
        COUNTED.with_borrow_mut(|counted| count_in(counted, tenant, reason));
    }
}

fn count_in(counted: &mut Vec<(String, Counts)>, tenant: &str, reason: &str) {
    if let Some((_, counts)) = counted.iter_mut().find(|(name, _)| name == tenant) {
        return counts.count(reason, 1);
    }
    let mut counts = Counts::default();
    counts.count(reason, 1);
    counted.push((tenant.to_owned(), counts));
}

/// Tells the meters what was counted, after the answer of a request.
pub(super) fn tell_later(env: &Env, context: &Context) {
    if let Some(telling) = telling(env) {
        context.wait_until(telling);
    }
}

/// What tells the meters, if there is something to tell and nobody is about to.
pub(super) fn telling(env: &Env) -> Option<impl Future<Output = ()> + 'static> {
    if COUNTED.with_borrow(Vec::is_empty) {
        return None;
    }
    if !deployment(env).is_ok_and(|deployment| deployment.metering) {
        COUNTED.take();
        return None;
    }
    let waited = TELLING.get().map(|since| now().ms_since(since));
    if waited.is_some_and(|ms| ms < 2 * REFUSALS_EVERY_MS) {
        return None;
    }
    TELLING.set(Some(now()));
    let env = env.clone();
    Some(async move {
        Delay::from(Duration::from_millis(REFUSALS_EVERY_MS)).await;
        TELLING.set(None);
        for (tenant, counts) in COUNTED.take() {
            let Ok(tenant) = tenant.parse::<TenantName>() else { continue };
            objects::meter(&env, &tenant, &Entry::Refusals(counts)).await;
        }
    })
}
