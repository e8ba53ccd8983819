//! The wire: what clients are sent, and what becomes of a post.

use serde_json::{json, Value};

use super::asking::{at, holds, is_kind, list, number, same, text, Found};
use super::subject::{event, Subject};
use super::watcher::{Opening, Watcher};

pub(super) async fn health(subject: &Subject) -> Found {
    let url = format!("{}/healthz", subject.base).parse();
    let url = url.map_err(|error| format!("the address: {error}"))?;
    same("the status", &subject.get(url).await?.status, &200)
}

pub(super) async fn greeting(subject: &Subject) -> Found {
    let session = subject.session()?;
    let (_watcher, greeting) = subject.watch(&session, None).await?;
    same("`sessionId`", &text(&greeting, "sessionId")?, &session.as_str())?;
    for field in ["clientId", "timestamp", "expiresAt"] {
        text(&greeting, field)?;
    }
    let epoch = text(&greeting, "epoch")?;
    let is_hex =
        epoch.len() == 16 && epoch.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    holds(is_hex, || format!("`epoch` is {epoch}, not 16 lower-case hex digits"))?;
    same("`seq` of a room without updates", &number(&greeting, "seq")?, &0)?;
    same("`recovery`", &text(&greeting, "recovery")?, &"none")
}

pub(super) async fn pong(subject: &Subject) -> Found {
    let session = subject.session()?;
    let (mut watcher, _) = subject.watch(&session, None).await?;
    watcher.send(r#"{"type":"ping"}"#).await?;
    same("the answer", &watcher.frame().await?, &json!({"type": "pong"}))
}

pub(super) async fn unknown_frame(subject: &Subject) -> Found {
    let session = subject.session()?;
    let (mut watcher, _) = subject.watch(&session, None).await?;
    watcher.send(r#"{"type":"no.such.frame","ref":"7"}"#).await?;
    let error = watcher.frame().await?;
    is_kind(&error, "error")?;
    same("`code`", &text(&error, "code")?, &"unknown_type")?;
    same("`ref`", &text(&error, "ref")?, &"7")?;
    watcher.send(r#"{"type":"ping"}"#).await?;
    is_kind(&watcher.frame().await?, "pong")
}

/// Posts one event of a session and returns its number.
pub(super) async fn publish(subject: &Subject, events: &[Value]) -> Result<Vec<u64>, String> {
    let answer = subject.post(events).await?;
    same("the status of the post", &answer.status, &202)?;
    let results = list(&answer.body, "/results");
    same("the number of results", &results.len(), &events.len())?;
    let number_of = |(result, event): (&Value, &Value)| {
        same("`eventId`", at(result, "/eventId"), at(event, "/event_id"))?;
        same("`status`", &text(result, "status")?, &"accepted")?;
        number(result, "seq")
    };
    results.iter().zip(events).map(number_of).collect()
}

/// The updates that come show these events, with these numbers.
pub(super) fn show(updates: &[Value], events: &[Value], numbers: &[u64]) -> Found {
    let titles = |list: &[Value], place: &str| -> Vec<Value> {
        list.iter().map(|one| at(one, place).clone()).collect()
    };
    let (shown, posted) = (titles(updates, "/data/title"), titles(events, "/payload/title"));
    same("what the updates show", &shown, &posted)?;
    let seqs = updates.iter().map(|update| number(update, "seq")).collect::<Result<Vec<_>, _>>()?;
    same("the numbers of the updates", &seqs.as_slice(), &numbers)
}

pub(super) async fn accepted(subject: &Subject) -> Found {
    let session = subject.session()?;
    let (mut watcher, _) = subject.watch(&session, None).await?;
    let events = [event(&subject.fresh("e"), &session)];
    let numbers = publish(subject, &events).await?;
    same("the first number of a room", &numbers, &vec![1])?;
    show(&watcher.updates(1).await?, &events, &numbers)
}

pub(super) async fn order(subject: &Subject) -> Found {
    let session = subject.session()?;
    let (mut watcher, _) = subject.watch(&session, None).await?;
    let events: Vec<_> = (0..5).map(|_| event(&subject.fresh("e"), &session)).collect();
    let numbers = publish(subject, &events).await?;
    same("the numbers", &numbers, &vec![1, 2, 3, 4, 5])?;
    show(&watcher.updates(5).await?, &events, &numbers)
}

pub(super) async fn everyone(subject: &Subject) -> Found {
    let (session, other) = (subject.session()?, subject.session()?);
    let (mut ada, _) = subject.watch(&session, None).await?;
    let (mut bob, _) = subject.watch(&session, None).await?;
    let (mut stranger, _) = subject.watch(&other, None).await?;
    let events = [event(&subject.fresh("e"), &session)];
    let numbers = publish(subject, &events).await?;
    show(&ada.updates(1).await?, &events, &numbers)?;
    show(&bob.updates(1).await?, &events, &numbers)?;
    stranger.is_quiet().await
}

pub(super) async fn plain(subject: &Subject) -> Found {
    let session = subject.session()?;
    let token = subject.token(&session)?;
    let opening = Opening { token: Some(&token), plain: true, ..Opening::default() };
    let (mut watcher, greeting): (Watcher, Value) =
        subject.open(&session, &opening).await?.greeted()?;
    is_kind(&greeting, "connected")?;
    let events: Vec<_> = (0..2).map(|_| event(&subject.fresh("e"), &session)).collect();
    publish(subject, &events).await?;
    for event in &events {
        let frame = watcher.frame().await?;
        is_kind(&frame, "dashboard.update")?;
        same("the title", at(&frame, "/data/title"), at(event, "/payload/title"))?;
    }
    Ok(())
}
