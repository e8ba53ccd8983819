//! Limits that docs/protocol.md names with a number.

use roomcast::limits::{FRAME_BYTES, POST_BYTES, POST_EVENTS};
use serde_json::json;

use super::asking::{same, Found};
use super::subject::{event, Subject, CONNECTIONS};
use super::watcher::{Opening, Watcher};

pub(super) async fn long_frame(subject: &Subject) -> Found {
    let session = subject.session()?;
    let (mut watcher, _) = subject.watch(&session, None).await?;
    let frame = json!({"type": "ping", "pad": "x".repeat(FRAME_BYTES)}).to_string();
    watcher.send(&frame).await?;
    same("the close", &watcher.closed().await?.0, &1009)
}

pub(super) async fn events(subject: &Subject) -> Found {
    let session = subject.session()?;
    let events: Vec<_> =
        (0..=POST_EVENTS).map(|number| event(&number.to_string(), &session)).collect();
    let answer = subject.post(&events).await?;
    same("the refusal", &(answer.status, answer.code()), &(413, "too_large"))
}

pub(super) async fn bytes(subject: &Subject) -> Found {
    let long = event(&"x".repeat(POST_BYTES), &subject.session()?);
    let answer = subject.post(&[long]).await?;
    same("the refusal", &(answer.status, answer.code()), &(413, "too_large"))
}

pub(super) async fn connections(subject: &Subject) -> Found {
    let session = subject.session()?;
    let token = subject.token_for(&subject.fresh("user"), &session)?;
    let opening = Opening { token: Some(&token), ..Opening::default() };
    let mut held: Vec<Watcher> = Vec::new();
    for _ in 0..CONNECTIONS {
        held.push(subject.open(&session, &opening).await?.greeted()?.0);
    }
    let (code, reason) = subject.open(&session, &opening).await?.closed()?;
    same("the close", &(code, reason.as_str()), &(4413, "user_full"))?;
    drop(held);
    Ok(())
}
