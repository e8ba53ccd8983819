//! Whoever is not counted does not get in: seats that fail, and the rate limiting binding, with which no object counts attempts.

use serde_json::{json, Value};

use crate::support::clock::now;
use crate::support::connecting::Connecting;
use crate::support::publisher::signature;
use crate::support::server::Server;
use crate::support::token::token;
use crate::support::worker_config::{Setup, WEBHOOK_SECRET};

const HOME: &str = "192.0.2.7";
const ELSEWHERE: &str = "192.0.2.8";

/// A server that believes `x-address`, and logs each call of an object.
async fn server(change: impl FnOnce(&mut Setup)) -> Server {
    Server::start_with(|setup| {
        setup.set("ADDRESS_HEADER", "X-Address");
        setup.counted = true;
        change(setup);
    })
    .await
}

fn ada(server: &Server, address: &str) -> Connecting {
    server.client("s-1").from(address)
}

/// How often objects of a class were called at a path.
async fn calls(server: &Server, class: &str, path: &str) -> usize {
    // A line that is written later shows that the log is complete.
    let mark = server.log().mark();
    server.client("s-end").with_token(None).closed().await;
    server.log().wait_since(mark, "connection.refused", |line| line["session"] == "s-end").await;
    let events = server.log().events("object.called");
    let called = |line: &&Value| {
        line["class"] == class && line["path"].as_str().is_some_and(|at| at.ends_with(path))
    };
    events.iter().filter(called).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_rate_limiting_binding_no_object_counts_attempts() {
    let server = server(|setup| {
        setup.limit("attempts_per_minute", &json!(1_000));
        setup.limiter = Some("return { success: times <= 3 };");
    })
    .await;
    ada(&server, HOME).open().await;
    ada(&server, HOME).with_token(Some("a.b.c".to_owned())).closed().await;
    // Always in another room: an isolate remembers for a moment that she may go into one.
    server.client("s-2").from(HOME).open().await;
    let fourth = ada(&server, HOME).plain().declined().await;
    assert_eq!((fourth.status, &fourth.body["code"]), (429, &json!("attempts_exceeded")));
    assert_eq!(fourth.retry_s, Some(60));
    assert_eq!(ada(&server, HOME).closed().await, (4529, "attempts_exceeded".to_owned()));
    server.client("s-3").from(ELSEWHERE).open().await;
    assert_eq!(calls(&server, "Seat", "/attempt").await, 0);
    let within = calls(&server, "Seat", "/take").await;
    assert_eq!(within, 3, "only of those that were within the limit");
    let keys = server.log().events("limiter.asked");
    assert_eq!(
        keys[0]["key"],
        format!("demo/{HOME}"),
        "tenants do not share an address's attempts"
    );
}

/// Clients are refused as by a room that fails, and reach no room.
async fn expect_failed(server: &Server, why: &str) {
    let refused = ada(server, HOME).plain().declined().await;
    assert_eq!((refused.status, &refused.body["code"]), (503, &json!("room_failed")), "{why}");
    assert_eq!(ada(server, HOME).closed().await, (4503, "room_failed".to_owned()));
    assert_eq!(calls(server, "Room", "/live").await, 0, "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_that_the_binding_cannot_count_are_refused() {
    for broken in ["throw new Error('no limiter');", "return {};"] {
        let server = server(|setup| setup.limiter = Some(broken)).await;
        expect_failed(&server, broken).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_in_whose_seat_fails() {
    let of_user = "path.endsWith('/take') && seat.includes('/u/')";
    for (failing, limit, value) in [
        ("path.endsWith('/attempt')", "attempts_per_minute", json!(5)),
        (of_user, "connections_per_user", json!(5)),
        // It would also know of revocations.
        (of_user, "connections_per_user", Value::Null),
        ("path.endsWith('/take') && seat.includes('/a/')", "connections_per_address", json!(5)),
    ] {
        let server = server(|setup| {
            setup.seats_fail = Some(failing);
            setup.limit(limit, &value);
        })
        .await;
        expect_failed(&server, failing).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reads_or_renews_a_token_while_it_is_not_known_whether_it_was_revoked() {
    let server = server(|setup| setup.seats_fail = Some("path.endsWith('/is-revoked')")).await;
    let mut client = server.client("s-1").open().await;
    let read = reqwest::Client::new().get(server.url("/api/sessions/s-1/state"));
    let read = read.bearer_auth(token("s-1").text()).send().await.unwrap();
    assert_eq!(read.status(), 503);
    assert_eq!(read.json::<Value>().await.unwrap()["code"], "room_failed");
    client.send(&json!({"type": "auth.refresh", "token": token("s-1").text()})).await;
    let frame = client.next_frame().await;
    assert_eq!(frame["type"], "error", "{frame}");
    client.ping().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_that_is_not_stored_is_not_confirmed() {
    let server = server(|setup| setup.seats_fail = Some("path.endsWith('/revoke-user')")).await;
    let mut client = server.client("s-1").open().await;
    let order = r#"{"user":"ada"}"#;
    let post = reqwest::Client::new().post(server.url("/api/revocations")).body(order);
    let post = post.header("content-type", "application/json");
    let headers = signature(WEBHOOK_SECRET, now(), order.as_bytes());
    let post = headers.into_iter().fold(post, |post, (name, value)| post.header(name, value));
    let refused = post.send().await.unwrap();
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "room_failed");
    client.ping().await;
}
