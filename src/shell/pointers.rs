//! Asking pointer objects for the sessions of aggregates, and teaching them.
//!
//! What an isolate has seen it remembers for a while, so that busy aggregates cost no request each time. Which
//! object remembers what is `ingest`'s business.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use futures::stream::{self, StreamExt};
use serde::de::DeserializeOwned;
use serde::Serialize;
use worker::{Env, Headers, Method, Result};

use super::environment::now;
use super::objects::{call, unexpected};
use crate::hop::lesson::Lesson;
use crate::hop::{FIND, LEARN};
use crate::ingest::dispatch::{Learned, Pointers};
use crate::ingest::event::Aggregate;
use crate::ingest::pointer;
use crate::limits::{CACHED_POINTERS, POINTER_CACHE_MS, ROOMS_AT_ONCE, UNKNOWN_POINTER_MS};
use crate::protocol::cost::{self, Cost};
use crate::protocol::ids::{SessionId, TenantName};
use crate::protocol::time::Timestamp;

/// The binding of the pointers.
const POINTER: &str = "POINTER";

thread_local! {
    /// What this isolate has seen, and when: also that an aggregate has no session.
    static SEEN: RefCell<HashMap<String, (Option<SessionId>, Timestamp)>> = RefCell::default();
}

/// The sessions that earlier events of these aggregates named, and what asking took. `Err` when an object
/// did not answer.
pub(super) async fn find(
    env: &Env,
    tenant: &TenantName,
    aggregates: Vec<Aggregate>,
) -> Result<(Pointers, Cost)> {
    let (mut found, mut unseen) = (Pointers::new(), BTreeMap::<String, Vec<_>>::new());
    for aggregate in aggregates {
        let name = pointer::name(&aggregate);
        match seen(tenant, &name) {
            Seen::Session(session) => drop(found.insert(aggregate, session)),
            Seen::NoSession => {}
            Seen::Never => {
                unseen.entry(pointer::object(tenant, &name)).or_default().push((name, aggregate));
            }
        }
    }
    let asked = stream::iter(unseen).map(|(object, aggregates)| async move {
        let names: Vec<&String> = aggregates.iter().map(|(name, _)| name).collect();
        let answer = ask::<_, Vec<Option<SessionId>>>(env, &object, FIND, &names).await;
        (aggregates, answer)
    });
    let asked: Vec<_> = asked.buffered(ROOMS_AT_ONCE).collect().await;
    let mut spent = Cost::default();
    for (aggregates, answer) in asked {
        let (sessions, cost) = answer?;
        spent += cost;
        for ((name, aggregate), session) in aggregates.into_iter().zip(sessions) {
            see(tenant, &name, session.clone());
            found.extend(session.map(|session| (aggregate, session)));
        }
    }
    Ok((found, spent))
}

/// Teaches sessions to the objects that do not know them. Returns what it took; `Err` when one did not answer.
pub(super) async fn learn(env: &Env, tenant: &TenantName, learned: &[Learned]) -> Result<Cost> {
    let mut lessons = BTreeMap::<String, Vec<Lesson>>::new();
    for Learned { aggregate, session, occurred } in learned {
        let name = pointer::name(aggregate);
        if !matches!(seen(tenant, &name), Seen::Session(seen) if seen == *session) {
            // A clock that runs ahead must not make a pointer that nothing can change.
            let at = (*occurred).min(now());
            let lesson = Lesson { name, session: session.clone(), at };
            lessons.entry(pointer::object(tenant, &lesson.name)).or_default().push(lesson);
        }
    }
    let taught = stream::iter(lessons).map(|(object, lessons)| async move {
        let answer = ask::<_, Vec<SessionId>>(env, &object, LEARN, &lessons).await;
        (lessons, answer)
    });
    let taught: Vec<_> = taught.buffered(ROOMS_AT_ONCE).collect().await;
    let mut spent = Cost::default();
    for (lessons, answer) in taught {
        let (sessions, cost) = answer?;
        spent += cost;
        for (lesson, session) in lessons.into_iter().zip(sessions) {
            see(tenant, &lesson.name, Some(session));
        }
    }
    Ok(spent)
}

/// What a pointer object answers, and what it took.
async fn ask<Q: Serialize, A: DeserializeOwned>(
    env: &Env,
    object: &str,
    path: &str,
    question: &Q,
) -> Result<(A, Cost)> {
    let body = Some(serde_json::to_string(question)?);
    let mut response = call(env, POINTER, object, Method::Post, path, Headers::new(), body).await?;
    if response.status_code() != 200 {
        return Err(unexpected(response.status_code()));
    }
    let said = response.headers().get(cost::HEADER).ok().flatten();
    let cost = Cost::from_header(said.as_deref()) + Cost { requests: 1, ..Cost::default() };
    Ok((response.json().await?, cost))
}

/// What this isolate knows of an aggregate.
enum Seen {
    Session(SessionId),
    NoSession,
    Never,
}

fn seen(tenant: &TenantName, name: &str) -> Seen {
    SEEN.with_borrow(|seen| match seen.get(&key(tenant, name)) {
        Some((Some(session), at)) if now().ms_since(*at) < POINTER_CACHE_MS => {
            Seen::Session(session.clone())
        }
        Some((None, at)) if now().ms_since(*at) < UNKNOWN_POINTER_MS => Seen::NoSession,
        _ => Seen::Never,
    })
}

fn see(tenant: &TenantName, name: &str, session: Option<SessionId>) {
    SEEN.with_borrow_mut(|seen| {
        if seen.len() >= CACHED_POINTERS {
            seen.clear();
        }
        seen.insert(key(tenant, name), (session, now()));
    });
}

fn key(tenant: &TenantName, name: &str) -> String {
    format!("{tenant}/{name}")
}
