//! Presence and signals in the frames of a document, as its wire describes them.

use std::collections::BTreeSet;

use reqwest::Client as Http;
use serde_json::{json, Value};

use crate::support::client::Client;
use crate::support::server::Server;
use crate::support::token::token;

/// A document whose frames have no name of Roomcast's own.
const LOBBY: &str = r#"{
  "name": "lobby",
  "session": { "aggregate": "Table", "field": "table_id" },
  "presence": true,
  "signals": true,
  "paths": [
    { "path": "/lobby/{session}/live", "serves": "live" },
    { "path": "/lobby/{session}/here", "serves": "presence" }
  ],
  "wire": {
    "greeting": { "op": "hello", "tab": "@client" },
    "update": { "op": "@type", "d": "@data" },
    "presence": { "op": "here", "says": "@type", "n": "@count", "all": "@users", "in": "@joined", "out": "@left",
      "now": "@changed", "part": "@sample", "re": "@ref" },
    "signal": { "op": "hint", "of": "@topic", "from": "@user", "tab": "@client", "d": "@data" },
    "accepts": [
      { "when": { "op": "me" }, "do": "set_presence", "data": "mood" },
      { "when": { "op": "who" }, "do": "get_presence", "ref": "id" },
      { "when": { "op": "typing" }, "do": "signal", "topic": "chair:{chair}", "data": "keys" }
    ]
  },
  "events": [
    { "on": "card.dealt", "emit": "dealt", "key": "card:{card}", "data": { "card": "card" } }
  ]
}"#;

/// As many persons as are listed by name.
const LISTED: usize = 200;

/// A crowd of which a part is listed.
const CROWD: usize = 250;

async fn server() -> Server {
    Server::start_with(|setup| setup.presets(&format!("[\"sessions\", {LOBBY}]"))).await
}

async fn enter(server: &Server, user: &str) -> Client {
    let token = token("t-1").of(user).text();
    let client = server.client("t-1").at("/lobby/t-1/live").plain().with_token(Some(token));
    client.asking("topics=chair:7").open().await
}

/// The next frames of a client, which are all that it is sent.
async fn expect(client: &mut Client, frames: &[Value]) {
    for frame in frames {
        assert_eq!(client.next_frame().await, *frame);
    }
}

fn state(users: &Value) -> Value {
    let count = users.as_array().unwrap().len();
    json!({"op": "here", "says": "presence.state", "n": count, "all": users})
}

fn changed(count: usize, joined: &Value, left: &Value, now: &Value) -> Value {
    json!({"op": "here", "says": "presence.changed", "n": count, "in": joined, "out": left,
        "now": now})
}

/// What a backend is told, which knows no wire.
async fn read(server: &Server) -> Value {
    let request = Http::new().get(server.url("/lobby/t-1/here"));
    let answer = request.bearer_auth(token("t-1").of("backend").text()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_users_with_three_tabs_come_change_and_go_in_the_frames_of_their_document() {
    let server = server().await;
    let (ada, bob, none) = (json!({"user": "ada"}), json!({"user": "bob"}), json!([]));
    let busy = json!({"user": "bob", "data": {"mood": "日本", "n": 1.50}});
    let mut alone = enter(&server, "ada").await;
    expect(&mut alone, &[state(&json!([ada]))]).await;
    let mut first = enter(&server, "bob").await;
    expect(&mut first, &[state(&json!([ada, bob]))]).await;
    expect(&mut alone, &[changed(2, &json!([bob]), &none, &none)]).await;
    let mut second = enter(&server, "bob").await;
    expect(&mut second, &[state(&json!([ada, bob]))]).await;
    second.send(&json!({"op": "me", "mood": busy["data"]})).await;
    for client in [&mut alone, &mut first, &mut second] {
        expect(client, &[changed(2, &none, &none, &json!([busy]))]).await;
    }
    assert_eq!(read(&server).await, json!({"count": 2, "users": [ada, busy]}));
    drop(first);
    server.log().wait_for("connection.closed", 1).await;
    second.send(&json!({"op": "who", "id": "q-1"})).await;
    let mut answer = state(&json!([ada, busy]));
    answer["re"] = json!("q-1");
    expect(&mut second, &[answer]).await;
    second.send(&json!({"op": "me", "mood": null})).await;
    let plain = changed(2, &none, &none, &json!([bob]));
    expect(&mut second, std::slice::from_ref(&plain)).await;
    drop(second);
    expect(&mut alone, &[plain, changed(1, &none, &json!(["bob"]), &none)]).await;
    assert_eq!(read(&server).await, json!({"count": 1, "users": [ada]}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_comes_in_the_frame_of_the_document_to_all_others_in_its_topic() {
    let server = server().await;
    let mut ada = enter(&server, "ada").await;
    let mut bob = enter(&server, "bob").await;
    expect(&mut bob, &[state(&json!([{"user": "ada"}, {"user": "bob"}]))]).await;
    for (chair, keys) in [("8", json!("not seen")), ("7", json!([1, null, {"a": "\u{2028}"}]))] {
        ada.send(&json!({"op": "typing", "chair": chair, "keys": keys})).await;
    }
    let hint = json!({"op": "hint", "of": "chair:7", "from": "ada", "tab": ada.hello["tab"],
        "d": [1, null, {"a": "\u{2028}"}]});
    expect(&mut bob, &[hint]).await;
    // Nothing of it came to her who sent it.
    expect(&mut ada, &[state(&json!([{"user": "ada"}]))]).await;
    let came = changed(2, &json!([{"user": "bob"}]), &json!([]), &json!([]));
    expect(&mut ada, &[came]).await;
    ada.send(&json!({"op": "who"})).await;
    expect(&mut ada, &[state(&json!([{"user": "ada"}, {"user": "bob"}]))]).await;
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("user-{number:03}")).collect()
}

fn people(count: usize) -> Value {
    names(count).iter().map(|user| json!({"user": user})).collect()
}

/// Reads until so many are here, and returns the frames.
async fn until(client: &mut Client, count: usize) -> Vec<Value> {
    let mut frames = vec![client.next_frame().await];
    while frames.last().unwrap()["n"] != count {
        frames.push(client.next_frame().await);
    }
    frames
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up_to_two_hundred_persons_are_listed_and_a_larger_crowd_is_counted_and_sampled() {
    let server = server().await;
    let names = names(CROWD);
    let mut watcher = enter(&server, &names[0]).await;
    expect(&mut watcher, &[state(&people(1))]).await;
    let mut listed = Vec::new();
    for user in &names[1..LISTED] {
        listed.push(enter(&server, user).await);
    }
    let mut joined = Vec::new();
    for frame in until(&mut watcher, LISTED).await {
        assert_eq!((&frame["out"], &frame["now"]), (&json!([]), &json!([])));
        joined.extend(frame["in"].as_array().unwrap().clone());
    }
    assert_eq!(Value::from(joined), Value::from(people(LISTED).as_array().unwrap()[1..].to_vec()));
    assert_eq!(read(&server).await, json!({"count": LISTED, "users": people(LISTED)}));
    let mut crowd = Vec::new();
    for user in &names[LISTED..] {
        crowd.push(enter(&server, user).await);
    }
    let counted: Vec<_> = until(&mut watcher, CROWD).await;
    let counts: BTreeSet<_> = counted.iter().map(|it| it["n"].as_u64().unwrap()).collect();
    assert_eq!(counts.len(), counted.len(), "only if there are more");
    for frame in &counted {
        let of = json!({"op": "here", "says": "presence.changed", "n": frame["n"], "part": true});
        assert_eq!(*frame, of);
    }
    let mut sample = state(&people(LISTED));
    (sample["n"], sample["part"]) = (json!(CROWD), json!(true));
    watcher.send(&json!({"op": "who"})).await;
    expect(&mut watcher, &[sample]).await;
    let here = json!({"count": CROWD, "users": people(LISTED), "sample": true});
    assert_eq!(read(&server).await, here);
    drop(crowd);
    let last = until(&mut watcher, LISTED).await.pop().unwrap();
    assert_eq!(last, state(&people(LISTED)), "a list again");
}
