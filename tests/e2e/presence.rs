//! Presence and signals over the wire: who is here, and what clients tell each other.

use std::fs;

use reqwest::{Client as Http, Response};
use serde_json::{json, Value};

use crate::support::checkout;
use crate::support::client::Client;
use crate::support::events::event;
use crate::support::server::Server;
use crate::support::token::token;
use crate::support::worker_config::ORIGIN;

/// A document of which one path has no presence, and one lets anyone look.
const LOUNGE: &str = r#"{
  "name": "lounge",
  "session": { "aggregate": "Board", "field": "board_id" },
  "presence": true,
  "signals": true,
  "paths": [
    { "path": "/lounge/{session}/live", "serves": "live" },
    { "path": "/lounge/{session}/quiet", "serves": "live", "presence": false, "signals": false },
    { "path": "/lounge/{session}/open", "serves": "live", "access": "anonymous" },
    { "path": "/lounge/{session}/here", "serves": "presence" }
  ],
  "events": [
    { "on": "card.moved", "emit": "card", "key": "card:{card}", "topic": "project:{project}",
      "data": { "card": "card", "project": "project" } }
  ]
}"#;

async fn server() -> Server {
    Server::start_with(|setup| setup.presets(&format!("[{LOUNGE}, \"sessions\"]"))).await
}

/// The same, where each object of a room takes one member.
async fn in_a_tree() -> Server {
    Server::start_with(|setup| {
        setup.presets(&format!("[{LOUNGE}, \"sessions\"]"));
        setup.limit("spread_above", &json!(1));
    })
    .await
}

async fn enter(server: &Server, user: &str) -> Client {
    let token = token("b-1").of(user).text();
    server.client("b-1").with_token(Some(token)).asking("").open().await
}

/// The next frame of this type.
async fn next(client: &mut Client, kind: &str) -> Value {
    loop {
        let frame = client.next_frame().await;
        if frame["type"] == kind {
            return frame;
        }
    }
}

/// Reads changes until so many persons are here and this one shows that, and returns the last.
async fn until(client: &mut Client, count: u64, changed: &Value) -> Value {
    loop {
        let frame = next(client, "presence.changed").await;
        if frame["count"] == count && frame["changed"] == *changed {
            return frame;
        }
    }
}

async fn read(server: &Server, path: &str, tag: Option<&str>) -> Response {
    let request = Http::new().get(server.url(path)).bearer_auth(token("b-1").of("backend").text());
    let request = match tag {
        Some(tag) => request.header("if-none-match", tag),
        None => request,
    };
    request.send().await.unwrap()
}

async fn leave(server: &Server, client: Client) {
    let left = server.log().events("connection.closed").len();
    drop(client);
    server.log().wait_for("connection.closed", left + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_users_with_three_tabs_see_each_other_come_and_go() {
    Box::pin(come_and_go(server().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_users_with_three_tabs_at_relays_see_each_other_come_and_go() {
    Box::pin(come_and_go(in_a_tree().await)).await;
}

async fn come_and_go(server: Server) {
    let mut ada = enter(&server, "ada").await;
    let state = next(&mut ada, "presence.state").await;
    assert_eq!(state, json!({"type": "presence.state", "count": 1, "users": [{"user": "ada"}]}));
    let mut first = enter(&server, "bob").await;
    let users = json!([{"user": "ada"}, {"user": "bob"}]);
    assert_eq!(next(&mut first, "presence.state").await["users"], users);
    let joined = next(&mut ada, "presence.changed").await;
    let bob = json!([{"user": "bob"}]);
    assert_eq!((&joined["joined"], &joined["count"]), (&bob, &json!(2)));
    let mut second = enter(&server, "bob").await;
    second.send(&json!({"type": "presence.set", "data": {"page": "日本"}})).await;
    let shown = json!([{"user": "bob", "data": {"page": "日本"}}]);
    until(&mut ada, 2, &shown).await;
    leave(&server, first).await;
    // What follows shows that he is still here.
    second.send(&json!({"type": "presence.set", "data": null})).await;
    until(&mut ada, 2, &bob).await;
    leave(&server, second).await;
    let left = next(&mut ada, "presence.changed").await;
    assert_eq!((&left["left"], &left["count"]), (&json!(["bob"]), &json!(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presence_and_what_is_shown_survive_hibernation() {
    let server = server().await;
    let (mut ada, mut bob) = (enter(&server, "ada").await, enter(&server, "bob").await);
    bob.send(&json!({"type": "presence.set", "data": {"n": 1.5}})).await;
    let shown = json!([{"user": "bob", "data": {"n": 1.5}}]);
    until(&mut ada, 2, &shown).await;
    let mark = server.log().mark();
    server.evict("demo/b-1").await;
    // The room comes back for a backend that reads.
    let here: Value = read(&server, "/api/sessions/b-1/presence", None).await.json().await.unwrap();
    let users = json!([{"user": "ada"}, {"user": "bob", "data": {"n": 1.5}}]);
    assert_eq!(here, json!({"count": 2, "users": users}));
    server.restored(mark, "demo/b-1", 2).await;
    server.evict("demo/b-1").await;
    let mut cyn = enter(&server, "cyn").await;
    assert_eq!(next(&mut cyn, "presence.state").await["users"][1], shown[0]);
    let joined = next(&mut ada, "presence.changed").await;
    assert_eq!(joined["joined"], json!([{"user": "cyn"}]), "only who is new");
    server.evict("demo/b-1").await;
    leave(&server, bob).await;
    assert_eq!(next(&mut ada, "presence.changed").await["left"], json!(["bob"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_reads_who_is_here_and_begins_no_room() {
    let server = server().await;
    for path in ["/api/sessions/b-1/presence", "/lounge/b-1/here"] {
        let nobody = read(&server, path, None).await;
        assert_eq!(nobody.status(), 200, "{path}");
        assert_eq!(nobody.json::<Value>().await.unwrap(), json!({"count": 0, "users": []}));
    }
    assert_eq!(server.bytes_stored(), 4_096, "only what the platform itself stores for an object");
    let mut ada = enter(&server, "ada").await;
    next(&mut ada, "presence.state").await;
    let here = read(&server, "/lounge/b-1/here", None).await;
    let tag = here.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(
        here.json::<Value>().await.unwrap(),
        json!({"count": 1, "users": [{"user": "ada"}]})
    );
    let again = read(&server, "/lounge/b-1/here", Some(&tag)).await;
    assert_eq!((again.status().as_u16(), again.bytes().await.unwrap().len()), (304, 0));
    ada.send(&json!({"type": "presence.set", "data": 1})).await;
    ada.ping().await;
    let changed = read(&server, "/lounge/b-1/here", Some(&tag)).await;
    assert_eq!(changed.json::<Value>().await.unwrap()["users"][0]["data"], 1);
    for (session, token, status, code) in [
        ("b-1", None, 401, "token_missing"),
        ("b-2", Some(token("b-1").text()), 403, "session_refused"),
    ] {
        let request = Http::new().get(server.url(&format!("/api/sessions/{session}/presence")));
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let refused = request.send().await.unwrap();
        assert_eq!(refused.status(), status);
        assert_eq!(refused.json::<Value>().await.unwrap()["code"], code);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_presence_is_off_nobody_is_seen_and_a_backend_is_told_why() {
    let text = fs::read_to_string(checkout("presets/sessions.json")).expect("the document");
    let mut document: Value = serde_json::from_str(&text).expect("JSON");
    document["name"] = json!("quiet");
    // It has presence at one path.
    document["paths"] = json!([]);
    let server = Server::start_with(|setup| setup.presets(&document.to_string())).await;
    let answer = read(&server, "/api/sessions/b-1/presence", None).await;
    assert_eq!(answer.status(), 404);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], "not_found");
    assert!(problem["detail"].as_str().unwrap().contains("`presence`"), "{problem}");
    let mut ada = enter(&server, "ada").await;
    for frame in [
        json!({"type": "presence.set", "data": 1, "ref": "1"}),
        json!({"type": "presence.get", "ref": "1"}),
        json!({"type": "signal", "data": 1, "ref": "1"}),
    ] {
        ada.send(&frame).await;
        let error = ada.next_frame().await;
        assert_eq!((&error["code"], &error["ref"]), (&json!("not_allowed"), &json!("1")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_may_say_otherwise_than_its_document() {
    Box::pin(say_otherwise(server().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_may_say_otherwise_than_its_document_also_at_relays() {
    Box::pin(say_otherwise(in_a_tree().await)).await;
}

async fn say_otherwise(server: Server) {
    let at = |path: &str| server.client("b-1").at(path).plain();
    let mut live = at("/lounge/b-1/live").open().await;
    next(&mut live, "presence.state").await;
    let mut quiet = at("/lounge/b-1/quiet").open().await;
    quiet.send(&json!({"type": "presence.get"})).await;
    assert_eq!(quiet.next_frame().await["code"], "not_allowed", "and nothing before");
    let mut nobody = at("/lounge/b-1/open").with_token(None).on_page_of(ORIGIN).open().await;
    let state = next(&mut nobody, "presence.state").await;
    assert_eq!(state["users"], json!([{"user": "ada"}]), "it is not counted itself");
    nobody.send(&json!({"type": "signal", "data": "hello"})).await;
    let signal = next(&mut live, "signal").await;
    assert_eq!((&signal["data"], signal.get("user")), (&json!("hello"), None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_reaches_who_sees_its_topic_also_after_an_eviction() {
    Box::pin(signal(server().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_reaches_who_sees_its_topic_at_any_relay_also_after_an_eviction() {
    Box::pin(signal(in_a_tree().await)).await;
}

async fn signal(server: Server) {
    let watch = |user: &'static str, topics: &'static str| {
        let token = token("b-1").of(user).text();
        server.client("b-1").with_token(Some(token)).asking(topics)
    };
    let mut ada = watch("ada", "").open().await;
    let mut bob = watch("bob", "topics=project:7").open().await;
    let mut cyn = watch("cyn", "topics=project:8").open().await;
    server.evict("demo/b-1").await;
    let cursor = json!({"x": 3, "y": 4});
    ada.send(&json!({"type": "signal", "topic": "project:7", "data": cursor})).await;
    let signal = next(&mut bob, "signal").await;
    assert_eq!(
        signal,
        json!({"type": "signal", "topic": "project:7", "user": "ada",
        "clientId": ada.hello["clientId"], "data": cursor})
    );
    // What comes next shows that it has not come to the others.
    let moved = event("e-1", "card.moved", "Board/b-1", json!({"card": "c", "project": 8}));
    server.publisher().post_one(moved).await;
    for client in [&mut ada, &mut cyn] {
        loop {
            let frame = client.next_frame().await;
            assert_ne!(frame["type"], "signal");
            if frame["type"] == "dashboard.update" {
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_presence_nor_signals_are_part_of_the_log_or_the_state() {
    Box::pin(leave_no_trace(server().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_presence_nor_signals_are_part_of_the_log_of_a_tree() {
    Box::pin(leave_no_trace(in_a_tree().await)).await;
}

async fn leave_no_trace(server: Server) {
    let mut ada = enter(&server, "ada").await;
    for number in 0..5 {
        let data = json!({"n": number, "x": "x".repeat(900)});
        ada.send(&json!({"type": "presence.set", "data": data})).await;
        ada.send(&json!({"type": "signal", "data": number})).await;
    }
    // The room answers frames in order.
    ada.send(&json!({"type": "request.state"})).await;
    let state = next(&mut ada, "dashboard.state").await;
    assert_eq!((&state["seq"], &state["updates"]), (&json!(0), &json!([])));
    let mut late = enter(&server, "late").await;
    assert_eq!((&late.hello["seq"], &late.hello["recovery"]), (&json!(0), &json!("none")));
    let seen = next(&mut late, "presence.state").await;
    assert_eq!(seen["users"][0]["user"], "ada");
}

/// Reads until a client has been told of so many persons.
async fn until_told(client: &mut Client, count: u64) -> Value {
    loop {
        let frame = client.next_frame().await;
        let is_about = frame["type"].as_str().is_some_and(|kind| kind.starts_with("presence."));
        if is_about && frame["count"] == count {
            return frame;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presence_over_relays_survives_the_hibernation_of_any_object() {
    let server = in_a_tree().await;
    let (mut ada, mut bob) = (enter(&server, "ada").await, enter(&server, "bob").await);
    bob.send(&json!({"type": "presence.set", "data": {"n": 1.5}})).await;
    let shown = json!([{"user": "bob", "data": {"n": 1.5}}]);
    until(&mut ada, 2, &shown).await;
    until(&mut bob, 2, &shown).await;
    let users = json!([{"user": "ada"}, {"user": "bob", "data": {"n": 1.5}}]);
    for object in ["demo/b-1", "demo/b-1#any.0", "demo/b-1"] {
        server.evict(object).await;
        let here = read(&server, "/api/sessions/b-1/presence", None).await;
        assert_eq!(here.json::<Value>().await.unwrap(), json!({"count": 2, "users": users}));
    }
    let mut cyn = enter(&server, "cyn").await;
    for client in [&mut ada, &mut bob, &mut cyn] {
        until_told(client, 3).await;
    }
    server.evict("demo/b-1#any.0").await;
    leave(&server, bob).await;
    for client in [&mut ada, &mut cyn] {
        until_told(client, 2).await;
    }
    let here: Value = read(&server, "/api/sessions/b-1/presence", None).await.json().await.unwrap();
    assert_eq!(here["users"], json!([{"user": "ada"}, {"user": "cyn"}]));
}
