//! Topics and audiences over the wire: who is sent what, live, after an eviction, on return and over HTTP.

use reqwest::Client as Http;
use serde_json::{json, Value};

use crate::support::client::Client;
use crate::support::events::event;
use crate::support::server::Server;
use crate::support::token::{token, Token};
use crate::support::worker_config::document;

/// An event map with a topic, and with a row that only some may see.
const PRESET: &str = r#"{
  "name": "board",
  "session": { "aggregate": "Board", "field": "board_id" },
  "events": [
    { "on": "card.moved", "emit": "card", "key": "card:{card}", "topic": "project:{project}",
      "data": { "card": "card", "project": "project" } },
    { "on": "budget.set", "emit": "budget", "key": "budget", "data": { "amount": "amount" },
      "needs": { "users": "owner", "permissions": ["audit"] } }
  ]
}"#;

async fn server() -> Server {
    Server::start_with(|setup| setup.presets(PRESET)).await
}

fn moved(id: &str, project: u64) -> Value {
    event(id, "card.moved", "Board/b-1", json!({"card": id, "project": project}))
}

fn budget(id: &str, owner: &str) -> Value {
    event(id, "budget.set", "Board/b-1", json!({"amount": id, "owner": owner}))
}

async fn watch(server: &Server, token: &Token, query: &str) -> Client {
    let client = server.client("b-1").with_token(Some(token.text())).asking(query);
    client.open().await
}

/// The ids of the events of a frame's updates. The frame may itself be an update.
fn ids(frame: &Value) -> Vec<&str> {
    let list = frame["updates"].as_array();
    let list = list.map_or_else(|| std::slice::from_ref(frame), Vec::as_slice);
    let id = |data: &'_ Value| data["card"].as_str().or(data["amount"].as_str()).map(str::len);
    assert!(list.iter().all(|update| id(&update["data"]).is_some()), "{frame}");
    list.iter()
        .filter_map(|update| {
            let data = &update["data"];
            data["card"].as_str().or(data["amount"].as_str())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_sent_the_topics_that_it_asks_for_also_after_an_eviction() {
    let server = server().await;
    let publisher = server.publisher();
    let mut seven = watch(&server, &token("b-1"), "topics=project:7").await;
    publisher.post(&[moved("e-1", 7), moved("e-2", 8)]).await;
    assert_eq!(ids(&seven.next_frame().await), ["e-1"]);
    seven.send(&json!({"type": "subscribe", "topics": ["project:8"], "ref": "1"})).await;
    let answer = seven.next_frame().await;
    assert_eq!((&answer["type"], &answer["ref"]), (&json!("subscribed"), &json!("1")));
    assert_eq!(
        (ids(&answer), &answer["topics"]),
        (vec!["e-2"], &json!(["project:7", "project:8"]))
    );
    seven.send(&json!({"type": "unsubscribe", "topics": ["project:7"]})).await;
    assert_eq!(seven.next_frame().await, json!({"type": "unsubscribed", "topics": ["project:8"]}));
    server.evict("demo/b-1").await;
    publisher.post(&[moved("e-3", 7), moved("e-4", 8)]).await;
    let frame = seven.next_frame().await;
    assert_eq!((ids(&frame), &frame["prev"]), (vec!["e-4"], &json!(2)));
    assert_eq!(frame["updates"][0]["topic"], "project:8");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_reaches_only_its_audience() {
    let server = server().await;
    let publisher = server.publisher();
    let mut owner = watch(&server, &token("b-1").of("ada"), "").await;
    let mut auditor = watch(&server, &token("b-1").of("bob").permitted(&["audit"]), "").await;
    let mut other = watch(&server, &token("b-1").of("eve"), "").await;
    publisher.post(&[budget("e-1", "ada")]).await;
    let mut named = moved("e-2", 7);
    named["metadata"] = json!({"audience": {"users": ["eve"]}});
    publisher.post(&[named]).await;
    publisher.post(&[moved("e-3", 7)]).await;
    for (client, expected) in [
        (&mut owner, vec!["e-1", "e-3"]),
        (&mut auditor, vec!["e-1", "e-3"]),
        (&mut other, vec!["e-2", "e-3"]),
    ] {
        for id in expected {
            assert_eq!(ids(&client.next_frame().await), [id]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_comes_back_for_other_topics_gets_what_it_missed_and_what_is_new() {
    let mut server = server().await;
    let mut client = watch(&server, &token("b-1"), "topics=project:7").await;
    server.publisher().post(&[moved("e-1", 7), moved("e-2", 8)]).await;
    client.next_frame().await;
    let seen = client.seen;
    server.publisher().post(&[moved("e-3", 7), moved("e-4", 8)]).await;
    server.restart().await;
    let back = server.client("b-1").after(seen);
    let back = back.asking("topics=project:7,project:8&resume_topics=project:7");
    let mut back = back.open().await;
    assert_eq!(back.hello["recovery"], "replayed");
    assert_eq!(ids(&back.next_frame().await), ["e-3"]);
    let added = back.next_frame().await;
    assert_eq!((added["type"].as_str(), ids(&added)), (Some("subscribed"), vec!["e-2", "e-4"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_with_a_pace_is_sent_the_latest_of_each_key_and_misses_nothing_on_return() {
    let server = server().await;
    let publisher = server.publisher();
    let card = |id: &str| event(id, "card.moved", "Board/b-1", json!({"card": "c", "project": 7}));
    let mut client = watch(&server, &token("b-1"), "pace=60000").await;
    client.seen = client.seen.of_a_part();
    publisher.post(&[card("e-1")]).await;
    client.next_frame().await;
    let seen = client.seen.clone();
    for id in ["e-2", "e-3", "e-4"] {
        publisher.post(&[card(id)]).await;
    }
    client.send(&json!({"type": "pace", "ms": 0, "ref": "1"})).await;
    let frame = client.next_frame().await;
    assert_eq!((ids(&frame), &frame["prev"], &frame["seq"]), (vec!["c"], &json!(1), &json!(4)));
    assert_eq!(client.next_frame().await, json!({"type": "paced", "ref": "1", "ms": 0}));
    let mut back = server.client("b-1").after(seen).asking("pace=1000").open().await;
    assert_eq!(ids(&back.next_frame().await), ["c", "c", "c"]);
    assert_eq!(back.hello["recovery"], "replayed");
    let refused = server.client("b-1").asking("pace=60001").closed().await;
    assert_eq!(refused, (4400, "bad_pace".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_that_the_token_does_not_allow_or_that_are_malformed_are_refused() {
    let server = server().await;
    let narrow = token("b-1").about(&["project:7"]);
    let ask = |query: &str| server.client("b-1").with_token(Some(narrow.text())).asking(query);
    assert_eq!(ask("topics=project:8").closed().await, (4403, "topic_refused".to_owned()));
    assert_eq!(ask("topics=a*b").closed().await, (4400, "bad_topics".to_owned()));
    let mut client = ask("").open().await;
    client.send(&json!({"type": "subscribe", "topics": ["project:*"]})).await;
    assert_eq!(client.next_frame().await["code"], "topic_refused");
    server.publisher().post(&[moved("e-1", 8), moved("e-2", 7)]).await;
    assert_eq!(ids(&client.next_frame().await), ["e-2"], "without a list it gets what it may");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_over_http_is_what_the_reader_sees_and_so_is_its_tag() {
    let server = server().await;
    server.publisher().post(&[moved("e-1", 7), moved("e-2", 8), budget("e-3", "ada")]).await;
    let read = async |user: &str, query: &str, known: &str| {
        let request = Http::new().get(server.url(&format!("/api/sessions/b-1/state?{query}")));
        let request = request.bearer_auth(token("b-1").of(user).text());
        let answer = request.header("if-none-match", known).send().await.unwrap();
        let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
        let (status, body) = (answer.status().as_u16(), answer.bytes().await.unwrap());
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let cards = if status == 200 { ids(&body).join(" ") } else { String::new() };
        (status, tag, cards)
    };
    let (_, seven, cards) = read("eve", "topics=project:7", "").await;
    assert_eq!(cards, "e-1");
    assert_eq!(read("ada", "topics=project:7", &seven).await.2, "e-1 e-3");
    assert_eq!(read("eve", "", "").await.2, "e-1 e-2");
    server.publisher().post(&[moved("e-4", 8), budget("e-5", "ada")]).await;
    assert_eq!(
        read("eve", "topics=project:7", &seven).await.0,
        304,
        "nothing that it sees changed"
    );
    server.publisher().post(&[moved("e-6", 7)]).await;
    assert_eq!(read("eve", "topics=project:7", &seven).await.2, "e-1 e-6");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preset_that_is_wrong_is_named_with_what_is_wrong() {
    let wrong = PRESET.replace("\"card:{card}\"", "\"card:{id}\"");
    let server = Server::start().await;
    let mut document = document(&[]);
    document["presets"] = json!([serde_json::from_str::<Value>(&wrong).unwrap()]);
    let answer = server.put_tenant("demo", &document).await;
    assert_eq!(answer.status(), 422);
    let problem: Value = answer.json().await.unwrap();
    let fault = &problem["faults"][0];
    assert_eq!(fault["place"], "presets[0].events[0].key");
    assert!(fault["reason"].as_str().unwrap().contains("`id`"), "{fault}");
}
