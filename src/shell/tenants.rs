//! The tenant of a request: an isolate's copies of the documents, and questions to the tenants' objects.
//!
//! [`crate::tenant::freshness`] decides for how long a copy is used. Names without a tenant are kept apart, so that strangers
//! cannot push a tenant out.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use worker::{Context, Env};

use super::environment::now;
use super::objects;
use crate::config::Deployment;
use crate::hop::directory::{Answer as Listed, Question as Ask};
use crate::hop::tenant::{Copied, Copy, Known};
use crate::hop::DOCUMENT;
use crate::limits::{ASKED_AGAIN_MS, TENANT_FRESH_MS, UNKNOWN_TENANTS, UNKNOWN_TENANT_MS};
use crate::protocol::codes::Refusal;
use crate::protocol::ids::TenantName;
use crate::protocol::time::Timestamp;
use crate::tenant::document::parse;
use crate::tenant::freshness::{freshness, Freshness};
use crate::tenant::site::Named;
use crate::tenant::{Access, Tenant};

/// A copy of a document.
#[derive(Clone)]
struct Used {
    tenant: Rc<Tenant>,
    version: String,
    /// When it was last compared with the tenant's object.
    checked: Timestamp,
    /// When a key was last asked for that it does not have.
    asked: Option<Timestamp>,
    /// Until when the operator watches the tenant.
    watched: Option<Timestamp>,
    /// Milliseconds from one burst of a room to the next, if the tenant is over its budget and wants to save.
    slowed: Option<u32>,
}

thread_local! {
    static COPIES: RefCell<HashMap<TenantName, Used>> = RefCell::default();
    /// Names that no tenant has, and when this was found.
    static UNKNOWN: RefCell<HashMap<TenantName, Timestamp>> = RefCell::default();
    /// Whose host names these are, and when this was found.
    static HOSTS: RefCell<HashMap<String, (TenantName, Timestamp)>> = RefCell::default();
    /// Host names that no tenant has, and when this was found.
    static UNKNOWN_HOSTS: RefCell<HashMap<String, Timestamp>> = RefCell::default();
}

/// The tenant that a request names.
pub(super) async fn find(
    named: Named,
    deployment: &Deployment,
    env: &Env,
    context: &Context,
) -> Result<Rc<Tenant>, Refusal> {
    let tenant = match named {
        Named::Tenant(name) => get(name, env, context).await?,
        Named::Host(host) => match owner(host, env).await {
            Some(name) => get(name, env, context).await?,
            None => by_default(deployment, env, context).await?,
        },
        Named::Nobody => return Err(Refusal::TenantUnknown),
    };
    match tenant.access {
        Access::Open => Ok(tenant),
        Access::Suspended => Err(Refusal::TenantSuspended),
    }
}

/// The default tenant. A deployment that is new has none yet, so clients are told to come back.
async fn by_default(
    deployment: &Deployment,
    env: &Env,
    context: &Context,
) -> Result<Rc<Tenant>, Refusal> {
    let name = deployment.default_tenant.clone().ok_or(Refusal::TenantUnknown)?;
    get(name, env, context).await.map_err(|refusal| match refusal {
        Refusal::TenantUnknown => Refusal::RoomFailed,
        other => other,
    })
}

/// The tenant whose host name this is. While the directory does not answer, it is the last one that was known.
async fn owner(host: String, env: &Env) -> Option<TenantName> {
    let known = HOSTS.with_borrow(|hosts| hosts.get(&host).cloned());
    let unknown = UNKNOWN_HOSTS.with_borrow(|unknown| unknown.get(&host).copied());
    let (at, known) = match (known, unknown) {
        (Some((tenant, at)), _) => (Some(at), Some(tenant)),
        (None, at) => (at, None),
    };
    if at.is_some_and(|at| now().ms_since(at) < TENANT_FRESH_MS) {
        return known;
    }
    let asked = now();
    match objects::directory(env, &Ask::Host { host: host.clone() }).await {
        Some(Listed::Owner { tenant }) => {
            remember(host, tenant.as_ref(), asked);
            tenant
        }
        _ => known,
    }
}

fn remember(host: String, tenant: Option<&TenantName>, at: Timestamp) {
    let Some(tenant) = tenant else {
        HOSTS.with_borrow_mut(|hosts| hosts.remove(&host));
        UNKNOWN_HOSTS.with_borrow_mut(|unknown| {
            forget_if_full(unknown);
            unknown.insert(host, at);
        });
        return;
    };
    HOSTS.with_borrow_mut(|hosts| hosts.insert(host, (tenant.clone(), at)));
}

async fn get(name: TenantName, env: &Env, context: &Context) -> Result<Rc<Tenant>, Refusal> {
    let copy = COPIES.with_borrow(|copies| copies.get(&name).cloned());
    let Some(copy) = copy else { return ask(name, (None, None), env).await };
    match freshness(copy.checked, now()) {
        Freshness::Fresh => {}
        Freshness::Aging => {
            // Only the first request of those that come meanwhile asks.
            check(&name, now());
            let (env, checked) = (env.clone(), copy.checked);
            context.wait_until(async move {
                let asked = ask(name.clone(), (Some(copy.version), None), &env).await;
                if matches!(asked, Err(Refusal::RoomFailed)) {
                    check(&name, checked);
                }
            });
        }
        Freshness::Stale => return ask(name, (Some(copy.version), None), env).await,
    }
    Ok(copy.tenant)
}

/// Asks the tenant's object whether the copy is still right.
async fn ask(
    name: TenantName,
    (version, kid): (Option<String>, Option<String>),
    env: &Env,
) -> Result<Rc<Tenant>, Refusal> {
    if version.is_none() && is_unknown(&name) {
        return Err(Refusal::TenantUnknown);
    }
    let asked = now();
    let known = Known { version, kid };
    let answer = objects::ask_tenant(env, &name, DOCUMENT, &known).await;
    let Copied { copy, watched, slowed } = answer.ok_or(Refusal::RoomFailed)?;
    match copy {
        Copy::Unchanged => {
            check(&name, asked);
            watch(&name, watched);
            slow(&name, slowed);
            let copy = COPIES.with_borrow(|copies| copies.get(&name).cloned());
            copy.map(|copy| copy.tenant).ok_or(Refusal::RoomFailed)
        }
        Copy::Changed { version, document, keys } => {
            // Only documents that can be read are stored.
            let described = parse(name.clone(), document).map_err(|_| Refusal::RoomFailed)?;
            let tenant = Rc::new(described.with_keys(&keys));
            let (used, checked) = (tenant.clone(), asked);
            let mut copied = Used { tenant: used, version, checked, asked: None, watched, slowed };
            COPIES.with_borrow_mut(|copies| {
                if let Some(before) = copies.get(&name) {
                    copied.asked = before.asked;
                    copied.watched = copied.watched.max(before.watched);
                }
                copies.insert(name, copied);
            });
            Ok(tenant)
        }
        Copy::Unknown => {
            COPIES.with_borrow_mut(|copies| copies.remove(&name));
            UNKNOWN.with_borrow_mut(|unknown| {
                forget_if_full(unknown);
                unknown.insert(name, asked);
            });
            Err(Refusal::TenantUnknown)
        }
    }
}

/// The tenant with a key that a token names, if the issuer has such a key by now. Asks at most once in [`ASKED_AGAIN_MS`], as
/// anyone can name a key.
pub(super) async fn with_key(tenant: &Tenant, kid: String, env: &Env) -> Option<Rc<Tenant>> {
    let due = COPIES.with_borrow_mut(|copies| {
        let copy = copies.get_mut(&tenant.name)?;
        let due = copy.asked.is_none_or(|asked| now().ms_since(asked) >= ASKED_AGAIN_MS);
        copy.asked = if due { Some(now()) } else { copy.asked };
        due.then(|| copy.version.clone())
    });
    ask(tenant.name.clone(), (Some(due?), Some(kid)), env).await.ok()
}

/// Notes when a copy was last compared.
fn check(name: &TenantName, at: Timestamp) {
    COPIES.with_borrow_mut(|copies| {
        if let Some(copy) = copies.get_mut(name) {
            copy.checked = at;
        }
    });
}

/// Notes until when the operator watches the tenant. The latest time counts: an answer that was on its way when the operator
/// began to watch does not know it yet.
pub(super) fn watch(name: &TenantName, until: Option<Timestamp>) {
    COPIES.with_borrow_mut(|copies| {
        if let Some(copy) = copies.get_mut(name) {
            copy.watched = copy.watched.max(until);
        }
    });
}

/// Until when the operator watches the tenant, if that is so.
pub(super) fn watched(name: &TenantName) -> Option<Timestamp> {
    let watched = COPIES.with_borrow(|copies| copies.get(name)?.watched);
    watched.filter(|until| *until > now())
}

/// Notes whether the tenant is slowed down. The tenant's object knows it, so each of its answers counts.
fn slow(name: &TenantName, pace_ms: Option<u32>) {
    COPIES.with_borrow_mut(|copies| {
        if let Some(copy) = copies.get_mut(name) {
            copy.slowed = pace_ms;
        }
    });
}

/// Milliseconds from one burst of a room to the next, if the tenant is over its budget and wants to save. As old as the copy of its
/// document.
pub(super) fn slowed(name: &TenantName) -> Option<u32> {
    COPIES.with_borrow(|copies| copies.get(name)?.slowed)
}

fn is_unknown(name: &TenantName) -> bool {
    let found = UNKNOWN.with_borrow(|unknown| unknown.get(name).copied());
    found.is_some_and(|at| now().ms_since(at) < UNKNOWN_TENANT_MS)
}

fn forget_if_full<K, V>(names: &mut HashMap<K, V>) {
    if names.len() >= UNKNOWN_TENANTS {
        names.clear();
    }
}
