//! Hooks: a tenant's backend is told that somebody begins to look at a session, and that nobody does any more.

use std::time::Duration;

use reqwest::Method;
use roomcast::hop::OCCUPANCY;
use serde_json::{json, Value};
use tokio::time::Instant;

use crate::support::client::Client;
use crate::support::receiver::{Arrived, Receiver, HOOK_SECRET};
use crate::support::server::Server;

const URL: &str = "https://hooks.test.example/roomcast";

/// How long a room has to be empty.
const DEBOUNCE: Duration = Duration::from_secs(10);

/// The tenant `demo` with hooks, and a line in the log for each call of an object.
async fn hooked(receiver: &Receiver) -> Server {
    let outbound = receiver.address();
    Server::start_with(|setup| {
        setup.outbound = Some(outbound);
        setup.counted = true;
        setup.document()["hooks"] = json!({"url": URL, "secret": HOOK_SECRET});
    })
    .await
}

async fn leave(server: &Server, client: Client) {
    let left = server.log().events("connection.closed").len();
    client.close(1000, "").await;
    server.log().wait_for("connection.closed", left + 1).await;
}

fn kinds(hooks: &[Arrived]) -> Vec<&str> {
    hooks.iter().map(|hook| hook.body["type"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_is_told_when_somebody_begins_to_look_and_when_nobody_does_any_more() {
    let mut receiver = Receiver::start().await;
    let server = hooked(&receiver).await;
    let client = server.client("s-1").open().await;
    let occupied = receiver.hooks(1).await.remove(0);
    assert_eq!(occupied.body["type"], "room.occupied");
    assert_eq!(occupied.body["data"], json!({"tenant": "demo", "session": "s-1"}));
    // A page that is loaded again, and a second one.
    leave(&server, client).await;
    let client = server.client("s-1").open().await;
    let second = server.client("s-1").open().await;
    leave(&server, second).await;
    leave(&server, client).await;
    let since = Instant::now();
    server.evict("demo/s-1").await;
    let hooks = receiver.hooks(2).await;
    assert!(since.elapsed() + Duration::from_secs(1) > DEBOUNCE, "{:?}", since.elapsed());
    assert_eq!(kinds(&hooks), ["room.occupied", "room.vacated"], "and nothing in between");
    assert_ne!(hooks[0].id, hooks[1].id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hook_outlives_a_receiver_that_fails_and_a_crash() {
    let mut receiver = Receiver::start().await;
    let mut server = hooked(&receiver).await;
    receiver.answer(500);
    let client = server.client("s-1").open().await;
    let failed = receiver.hooks(1).await.remove(0);
    let line = server.log().wait("hook.failed", |line| line["status"] == 500).await;
    assert_eq!((&line["id"], &line["room"]), (&json!(failed.id), &json!("demo/s-1")));
    assert_eq!(line["givenUp"], false);
    server.kill_9();
    receiver.answer(204);
    drop(client);
    server.restart().await;
    let hooks = receiver.hooks(2).await;
    assert_eq!((&hooks[1].id, &hooks[1].body), (&failed.id, &failed.body), "the same hook again");
    // Nobody has come back since the crash: the room finds that out when it wakes.
    let vacated = receiver.late(|hook| hook.body["type"] == "room.vacated").await;
    assert_eq!(vacated.body["data"]["session"], "s-1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_gone_is_not_asked_again() {
    let mut receiver = Receiver::start().await;
    let server = hooked(&receiver).await;
    receiver.answer(410);
    let client = server.client("s-1").open().await;
    server.log().wait("hook.failed", |line| line["givenUp"] == true).await;
    receiver.answer(302);
    leave(&server, client).await;
    let line = server.log().wait("hook.failed", |line| line["status"] == 302).await;
    assert_eq!(line["givenUp"], false, "a redirect is not followed");
    assert_eq!(kinds(&receiver.hooks(2).await), ["room.occupied", "room.vacated"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_without_hooks_is_told_nothing_and_can_have_them_later() {
    let mut receiver = Receiver::start().await;
    let server = Server::start_with(|setup| {
        setup.outbound = Some(receiver.address());
        setup.counted = true;
    })
    .await;
    let calls = || {
        let calls = server.log().events("object.called");
        calls.iter().filter(|line| line["path"] == OCCUPANCY).count()
    };
    leave(&server, server.client("s-1").open().await).await;
    let _there = server.client("s-1").open().await;
    assert_eq!(calls(), 0);
    let shown = server.admin(Method::GET, "/admin/tenants/demo").send().await.unwrap();
    let mut shown: Value = shown.json().await.unwrap();
    shown["hooks"] = json!({"url": URL, "secret": HOOK_SECRET});
    let stored = server.put_tenant("demo", &shown).await;
    let text = stored.text().await.unwrap();
    assert!(text.contains(URL) && !text.contains(HOOK_SECRET), "{text}");
    assert_eq!(kinds(&receiver.hooks(1).await), ["room.occupied"]);
    assert_eq!(calls(), 1);
}
