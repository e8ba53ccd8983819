//! Questions and lessons for pointer objects.
//!
//! An isolate caches their answers for a while, so that a busy aggregate does not cost a request for each event. `ingest`
//! decides which object remembers which aggregate.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use futures::stream::{self, StreamExt};
use worker::{Env, Result};

use super::environment::now;
use super::objects;
use crate::hop::lesson::{Answer, Lesson};
use crate::hop::{FIND, LEARN};
use crate::ingest::dispatch::{Learned, Pointers};
use crate::ingest::pointer;
use crate::limits::{CACHED_POINTERS, POINTER_CACHE_MS, ROOMS_AT_ONCE, UNKNOWN_POINTER_MS};
use crate::preset::event::Aggregate;
use crate::protocol::cost::Cost;
use crate::protocol::ids::{SessionId, TenantName};
use crate::protocol::time::Timestamp;

thread_local! {
    /// The answers that this isolate has seen, with their times. `None`: the aggregate has no session.
    static SEEN: RefCell<HashMap<TenantName, Seen>> = RefCell::default();
}

/// The answers about a tenant's aggregates. Each tenant has its own, so that none can push out those of another.
type Seen = HashMap<String, (Option<SessionId>, Timestamp)>;

/// The sessions that earlier events of these aggregates named, and the cost. `Err` if an object did not answer.
pub(super) async fn find(
    env: &Env,
    tenant: &TenantName,
    aggregates: Vec<Aggregate>,
) -> Result<(Pointers, Cost)> {
    let (mut found, mut unseen) = (Pointers::new(), BTreeMap::<String, Vec<_>>::new());
    for aggregate in aggregates {
        let name = pointer::name(&aggregate);
        match seen(tenant, &name) {
            Cached::Session(session) => drop(found.insert(aggregate, session)),
            Cached::NoSession => {}
            Cached::Never => {
                unseen.entry(pointer::object(tenant, &name)).or_default().push((name, aggregate));
            }
        }
    }
    let questions = unseen.iter().map(|(object, aggregates)| {
        let names: Vec<&String> = aggregates.iter().map(|(name, _)| name).collect();
        (object.as_str(), serde_json::to_string(&names))
    });
    let (answers, spent) = ask_all(env, FIND, questions.collect()).await?;
    for (aggregates, sessions) in unseen.into_values().zip(answers) {
        for ((name, aggregate), session) in aggregates.into_iter().zip(sessions) {
            see(tenant, &name, session.clone());
            found.extend(session.map(|session| (aggregate, session)));
        }
    }
    Ok((found, spent))
}

/// Tells the objects which sessions events have named. Returns the cost. `Err` if an object did not answer.
pub(super) async fn learn(env: &Env, tenant: &TenantName, learned: &[Learned]) -> Result<Cost> {
    let mut lessons = BTreeMap::<String, Vec<Lesson>>::new();
    for Learned { aggregate, session, occurred } in learned {
        let name = pointer::name(aggregate);
        if !matches!(seen(tenant, &name), Cached::Session(seen) if seen == *session) {
            // An event from the future would otherwise win over all events until then.
            let at = (*occurred).min(now());
            let lesson = Lesson { name, session: session.clone(), at };
            lessons.entry(pointer::object(tenant, &lesson.name)).or_default().push(lesson);
        }
    }
    let questions = lessons.iter();
    let questions =
        questions.map(|(object, lessons)| (object.as_str(), serde_json::to_string(lessons)));
    let (answers, spent) = ask_all(env, LEARN, questions.collect()).await?;
    for (lesson, session) in lessons.values().flatten().zip(answers.into_iter().flatten()) {
        see(tenant, &lesson.name, session);
    }
    Ok(spent)
}

/// The answers of several pointer objects, in order, and the cost.
async fn ask_all(
    env: &Env,
    path: &str,
    questions: Vec<(&str, serde_json::Result<String>)>,
) -> Result<(Vec<Vec<Option<SessionId>>>, Cost)> {
    let asked = stream::iter(questions).map(|(object, question)| async move {
        objects::ask_pointer(env, object, path, &question.ok()?).await
    });
    let asked: Vec<Option<Answer>> = asked.buffered(ROOMS_AT_ONCE).collect().await;
    let (mut answers, mut spent) = (Vec::new(), Cost::default());
    for answer in asked {
        let Answer { sessions, cost } = answer.ok_or("a pointer did not answer")?;
        answers.push(sessions);
        spent += cost;
    }
    Ok((answers, spent))
}

/// What the cache says of an aggregate.
enum Cached {
    Session(SessionId),
    NoSession,
    Never,
}

fn seen(tenant: &TenantName, name: &str) -> Cached {
    SEEN.with_borrow(|seen| match seen.get(tenant).and_then(|seen| seen.get(name)) {
        Some((Some(session), at)) if now().ms_since(*at) < POINTER_CACHE_MS => {
            Cached::Session(session.clone())
        }
        Some((None, at)) if now().ms_since(*at) < UNKNOWN_POINTER_MS => Cached::NoSession,
        _ => Cached::Never,
    })
}

fn see(tenant: &TenantName, name: &str, session: Option<SessionId>) {
    SEEN.with_borrow_mut(|seen| {
        let seen = seen.entry(tenant.clone()).or_default();
        if seen.len() >= CACHED_POINTERS {
            seen.clear();
        }
        seen.insert(name.to_owned(), (session, now()));
    });
}
