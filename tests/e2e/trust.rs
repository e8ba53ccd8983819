//! Trust over time: tokens end, are renewed and revoked, and issuers change their keys.

use std::time::Duration;

use reqwest::Method;
use roomcast::protocol::time::Timestamp;
use serde_json::{json, Value};
use tokio::time::{sleep, Instant};

use crate::support::clock::now;
use crate::support::connecting::Connecting;
use crate::support::issuer::Issuer;
use crate::support::publisher::signature;
use crate::support::server::Server;
use crate::support::token::{token, Token};
use crate::support::worker_config::WEBHOOK_SECRET;

/// How soon a connection is closed whose token ends or is revoked, with room for a slow machine.
const SOON: Duration = Duration::from_secs(5);

fn with(server: &Server, session: &str, token: &Token) -> Connecting {
    server.client(session).with_token(Some(token.text()))
}

/// Posts a revocation, signed like events.
pub(crate) async fn revoke(server: &Server, order: Value) -> (u16, Value) {
    let body = order.to_string();
    let mut request = reqwest::Client::new().post(server.url("/api/revocations"));
    for (name, value) in signature(WEBHOOK_SECRET, now(), body.as_bytes()) {
        request = request.header(name, value);
    }
    let answer =
        request.header("content-type", "application/json").body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_ends_when_its_token_does() {
    let server = Server::start().await;
    // The leeway of 60 s is part of the grant.
    let mut client = with(&server, "s-1", &token("s-1").ends_in(-52)).open().await;
    let end = client.hello["expiresAt"].as_str().map(|text| Timestamp::from_rfc3339(text).unwrap());
    assert_eq!(client.expect_close().await, (4401, "token_expired".to_owned()));
    let late = now().0.abs_diff(end.unwrap().0);
    assert!(u128::from(late) < SOON.as_millis(), "{late} ms from its end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_token_takes_the_place_of_the_old_one() {
    let server = Server::start().await;
    // It counts for 60 s after its end, and a client is told 60 to 70 s before that.
    let old = token("s-1").about(&["a", "b"]).ends_in(15);
    let mut client = with(&server, "s-1", &old).open().await;
    let expiring = client.next_frame().await;
    assert_eq!(expiring["type"], "auth.expiring");
    assert_eq!(expiring["expiresAt"], client.hello["expiresAt"]);
    let new = token("s-1").about(&["a"]).ends_in(600).text();
    client.send(&json!({"type": "auth.refresh", "token": new, "ref": "1"})).await;
    let refreshed = client.next_frame().await;
    assert_eq!((&refreshed["type"], &refreshed["ref"]), (&json!("auth.refreshed"), &json!("1")));
    assert_eq!(refreshed["topics"], json!(["a"]), "{refreshed}");
    client.send(&json!({"type": "subscribe", "topics": ["b"], "ref": "2"})).await;
    assert_eq!(client.next_frame().await["code"], "topic_refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_another_user_or_of_another_tenant_renews_nothing() {
    let server = Server::start().await;
    for wrong in [
        token("s-1").of("mallory"),
        token("s-1").between("roomcast", "roomcast:acme"),
        token("s-2"),
        token("s-1").signed_with("another key that has 32 bytes .."),
    ] {
        let mut client = server.client("s-1").open().await;
        client.send(&json!({"type": "auth.refresh", "token": wrong.text()})).await;
        let frame = client.next_frame().await;
        assert_eq!((&frame["type"], &frame["code"]), (&json!("error"), &json!("refresh_refused")));
        client.ping().await;
    }
    assert!(!server.log().text().contains("eyJ"), "no token is in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_user_is_closed_within_a_second_and_refused_from_then_on() {
    let server = Server::start().await;
    let before = token("s-1").text();
    let mut ada = server.client("s-1").with_token(Some(before.clone())).open().await;
    let mut elsewhere = server.client("s-2").open().await;
    let mut bob = with(&server, "s-1", &token("s-1").of("bob")).open().await;
    let start = Instant::now();
    let (status, told) = revoke(&server, json!({"user": "ada"})).await;
    assert_eq!((status, &told["silent"]), (200, &json!(0)), "{told}");
    assert_eq!(ada.expect_close().await, (4401, "token_revoked".to_owned()));
    assert_eq!(elsewhere.expect_close().await.1, "token_revoked");
    assert!(start.elapsed() < SOON);
    bob.ping().await;
    let again = server.client("s-1").with_token(Some(before));
    assert_eq!(again.closed().await, (4401, "token_revoked".to_owned()));
    let line = server.log().wait("user.revoked", |line| line["user"] == "ada").await;
    assert_eq!(line["closed"], 2);
    // A token that is issued afterwards counts.
    sleep(Duration::from_millis(1_100)).await;
    server.client("s-1").with_token(Some(token("s-1").text())).open().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_token_or_one_session_of_a_user_can_be_revoked_alone() {
    let server = Server::start().await;
    let mut one = with(&server, "s-1", &token("s-1").with_id("t-1")).open().await;
    let mut other = with(&server, "s-1", &token("s-1").with_id("t-2")).open().await;
    let mut elsewhere = with(&server, "s-2", &token("s-2").with_id("t-3")).open().await;
    assert_eq!(revoke(&server, json!({"user": "ada", "token": "t-1"})).await.0, 200);
    assert_eq!(one.expect_close().await.1, "token_revoked");
    other.ping().await;
    let order = json!({"user": "ada", "session": "s-2"});
    let admin = server.admin(Method::POST, "/admin/tenants/demo/revocations").json(&order);
    assert_eq!(admin.send().await.unwrap().status(), 200);
    assert_eq!(elsewhere.expect_close().await.1, "token_revoked");
    other.ping().await;
    let refresh = token("s-1").with_id("t-1").text();
    other.send(&json!({"type": "auth.refresh", "token": refresh})).await;
    assert_eq!(other.next_frame().await["code"], "refresh_refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_signed_order_revokes() {
    let server = Server::start().await;
    let mut ada = server.client("s-1").open().await;
    let post = |body: &str| {
        let request = reqwest::Client::new().post(server.url("/api/revocations"));
        request.header("content-type", "application/json").body(body.to_owned())
    };
    let answer = post(r#"{"user": "ada"}"#).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let (status, problem) = revoke(&server, json!({"user": "ada", "all": true})).await;
    assert_eq!((status, &problem["code"]), (422, &json!("malformed")));
    ada.ping().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keys_of_an_issuer_are_fetched_and_a_new_one_is_found() {
    let issuer = Issuer::start().await;
    let outbound = issuer.address();
    let server = Server::start_with(|setup| {
        setup.outbound = Some(outbound);
        setup.document()["tokens"]["keys"] = json!([{"jwks": "https://id.test.example/keys"}]);
    })
    .await;
    let client = |kid: &str| server.client("s-1").with_token(Some(Issuer::token(kid, "s-1")));
    client("k-1").open().await;
    assert_eq!(client("k-2").closed().await, (4401, "token_invalid".to_owned()));
    assert_eq!(issuer.fetched(), 1, "not again within the cool-down");
    let mine = server.client("s-1").closed().await;
    assert_eq!(
        mine,
        (4401, "token_invalid".to_owned()),
        "the old key is no longer in the document"
    );
}
