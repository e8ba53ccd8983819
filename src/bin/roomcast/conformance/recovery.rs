//! Recovery: what a client gets that comes back, and what becomes of an event that is posted again.

use roomcast::protocol::ids::SessionId;
use serde_json::Value;

use super::asking::{is_kind, list, number, same, text, updates, Found};
use super::subject::{event, Subject};
use super::watcher::position;
use super::wire::{publish, show};

/// A session of which a client has seen two events, its position then, and three events that it has missed.
struct Missed {
    session: SessionId,
    epoch: String,
    position: String,
    events: Vec<Value>,
    numbers: Vec<u64>,
}

async fn have_missed(subject: &Subject) -> Result<Missed, String> {
    let session = subject.session()?;
    let (mut watcher, greeting) = subject.watch(&session, None).await?;
    let epoch = text(&greeting, "epoch")?.to_owned();
    let seen = [event(&subject.fresh("e"), &session), event(&subject.fresh("e"), &session)];
    publish(subject, &seen).await?;
    let seen = watcher.updates(2).await?;
    let last = number(seen.last().unwrap_or(&Value::Null), "seq")?;
    drop(watcher);
    let events: Vec<_> = (0..3).map(|_| event(&subject.fresh("e"), &session)).collect();
    let numbers = publish(subject, &events).await?;
    Ok(Missed { position: format!("{epoch}:{last}"), session, epoch, events, numbers })
}

pub(super) async fn missed(subject: &Subject) -> Found {
    let Missed { session, position, events, numbers, .. } = have_missed(subject).await?;
    let (mut watcher, greeting) = subject.watch(&session, Some(&position)).await?;
    same("`recovery`", &text(&greeting, "recovery")?, &"replayed")?;
    same("`seq`", &Some(number(&greeting, "seq")?), &numbers.last().copied())?;
    show(&watcher.updates(3).await?, &events, &numbers)?;
    watcher.is_quiet().await
}

pub(super) async fn nothing_missed(subject: &Subject) -> Found {
    let Missed { session, epoch, numbers, .. } = have_missed(subject).await?;
    let head = format!("{epoch}:{}", numbers.last().copied().unwrap_or_default());
    let (mut watcher, greeting) = subject.watch(&session, Some(&head)).await?;
    same("`recovery`", &text(&greeting, "recovery")?, &"replayed")?;
    same("the position of the room", &position(&greeting)?, &head)?;
    watcher.is_quiet().await
}

pub(super) async fn within(subject: &Subject) -> Found {
    let Missed { session, epoch, events, numbers, .. } = have_missed(subject).await?;
    for seen in 0..events.len() {
        let (Some(events), Some(numbers)) = (events.get(seen..), numbers.get(seen..)) else {
            break;
        };
        let before = numbers.first().copied().unwrap_or(1) - 1;
        let (mut watcher, _) = subject.watch(&session, Some(&format!("{epoch}:{before}"))).await?;
        show(&watcher.updates(events.len()).await?, events, numbers)?;
    }
    Ok(())
}

pub(super) async fn snapshot(subject: &Subject) -> Found {
    let Missed { session, events, numbers, .. } = have_missed(subject).await?;
    let (mut watcher, greeting) = subject.watch(&session, None).await?;
    same("`recovery`", &text(&greeting, "recovery")?, &"snapshot")?;
    is_state(&watcher.frame().await?, &events, &numbers)?;
    // All events have one key, so the next update is the state and one more.
    let more = [event(&subject.fresh("e"), &session)];
    let numbers = publish(subject, &more).await?;
    show(&watcher.updates(1).await?, &more, &numbers)
}

/// The state is that after all of these events, which have one key.
fn is_state(state: &Value, events: &[Value], numbers: &[u64]) -> Found {
    is_kind(state, "dashboard.state")?;
    same("`seq` of the state", &Some(number(state, "seq")?), &numbers.last().copied())?;
    let last = |list: &[Value]| list.last().cloned().into_iter().collect::<Vec<_>>();
    let number: Vec<_> = numbers.last().copied().into_iter().collect();
    show(&updates(state)?, &last(events), &number)
}

pub(super) async fn other_epoch(subject: &Subject) -> Found {
    let Missed { session, events, numbers, .. } = have_missed(subject).await?;
    let (mut watcher, greeting) = subject.watch(&session, Some("00000000deadbeef:1")).await?;
    same("`recovery`", &text(&greeting, "recovery")?, &"snapshot")?;
    is_state(&watcher.frame().await?, &events, &numbers)
}

pub(super) async fn again(subject: &Subject) -> Found {
    let Missed { session, events, numbers, .. } = have_missed(subject).await?;
    let (mut watcher, greeting) = subject.watch(&session, None).await?;
    is_kind(&watcher.frame().await?, "dashboard.state")?;
    let answer = subject.post(&events).await?;
    same("the status of the post", &answer.status, &202)?;
    let results = list(&answer.body, "/results");
    for (result, seq) in results.iter().zip(&numbers) {
        same("`status`", &text(result, "status")?, &"duplicate")?;
        same("`seq`", &number(result, "seq")?, seq)?;
    }
    same("the number of results", &results.len(), &events.len())?;
    watcher.is_quiet().await?;
    let (_, later) = subject.watch(&session, None).await?;
    same("the position of the room", &position(&later)?, &position(&greeting)?)
}

pub(super) async fn asked_state(subject: &Subject) -> Found {
    let Missed { session, position, events, numbers, .. } = have_missed(subject).await?;
    let (mut watcher, _) = subject.watch(&session, Some(&position)).await?;
    watcher.updates(3).await?;
    watcher.send(r#"{"type":"request.state"}"#).await?;
    is_state(&watcher.frame().await?, &events, &numbers)
}
