//! Documents over the wire: their paths, frames, tallies, refreshes and capacity, in the built Worker.

use reqwest::Client as Http;
use serde_json::{json, Value};

use crate::support::client::Client;
use crate::support::connecting::{Carrier, Connecting};
use crate::support::events::event;
use crate::support::server::Server;
use crate::support::token::token;
use crate::support::worker_config::ORIGIN;

/// A board with a tally, open to pages of allowed origins, for two viewers.
const BOARD: &str = r#"{
  "name": "board",
  "session": { "aggregate": "Board", "field": "board_id" },
  "invalid": "skip",
  "room": { "clients": 2, "when_full": "close_oldest_idle" },
  "paths": [
    { "path": "/boards/{session}/live", "serves": "live", "access": "anonymous" },
    { "path": "/boards/{session}/state", "serves": "state" },
    { "path": "/boards/{session}/count", "serves": { "latest": "count", "body": { "cards": "@data" } }, "access": "anonymous" }
  ],
  "wire": {
    "greeting": { "op": "hello", "board": "@session" },
    "update": { "op": "@type", "d": "@data", "at": "@now" },
    "first": ["count"],
    "notice": { "op": "bye", "why": "@reason" },
    "refresh": { "every_ms": 1000, "types": ["count"] }
  },
  "events": [
    { "on": "card.moved", "emit": "moved", "key": "card:{card}", "data": { "card": "card", "to": "to" } }
  ],
  "tallies": [
    { "emit": "count", "key": "count", "entity": "card",
      "events": { "card.moved": { "bucket": { "from": "to" } } },
      "data": { "todo": { "count": "todo" }, "done": { "count": "done" } } }
  ]
}"#;

async fn server() -> Server {
    let presets = format!(r#"["sessions", {BOARD}]"#);
    Server::start_with(|setup| setup.presets(&presets)).await
}

fn moved(id: &str, card: &str, to: &str) -> Value {
    event(id, "card.moved", "Board/b-1", json!({"card": card, "to": to}))
}

fn connecting(server: &Server) -> Connecting {
    server.client("b-1").at("/boards/b-1/live").plain()
}

async fn page(server: &Server) -> Client {
    connecting(server).with_token(None).on_page_of(ORIGIN).open().await
}

/// The next frame that is not sent again.
async fn next(client: &mut Client, op: &str) -> Value {
    loop {
        let frame = client.next_frame().await;
        if frame["op"] == op {
            return frame;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_without_a_token_sees_a_document_in_its_own_frames() {
    let server = server().await;
    let mut page = page(&server).await;
    assert_eq!(page.hello, json!({"op": "hello", "board": "b-1"}));
    let first = page.next_frame().await;
    assert_eq!((&first["op"], &first["d"]), (&json!("count"), &json!({"todo": 0, "done": 0})));
    server.publisher().post(&[moved("e-1", "c-1", "todo"), moved("e-2", "c-2", "todo")]).await;
    assert_eq!(next(&mut page, "moved").await["d"], json!({"card": "c-1", "to": "todo"}));
    server.evict("demo/board/b-1").await;
    server.publisher().post(&[moved("e-3", "c-1", "done")]).await;
    loop {
        let frame = next(&mut page, "count").await;
        if frame["d"] == json!({"todo": 1, "done": 1}) {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_is_sent_again_every_second_also_by_a_room_that_was_evicted() {
    let server = server().await;
    let mut page = page(&server).await;
    server.publisher().post(&[moved("e-1", "c-1", "todo")]).await;
    next(&mut page, "moved").await;
    let one = next(&mut page, "count").await;
    server.evict("demo/board/b-1").await;
    let other = next(&mut page, "count").await;
    let third = next(&mut page, "count").await;
    assert_eq!((&other["d"], &third["d"]), (&one["d"], &one["d"]));
    let times = [&one["at"], &other["at"], &third["at"]].map(|at| at.as_str().unwrap().to_owned());
    assert!(times.is_sorted_by(|before, after| before < after), "{times:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_pages_of_allowed_origins_and_holders_of_tokens_get_in() {
    let server = server().await;
    let bare = || connecting(&server).with_token(None);
    for connecting in [bare(), bare().on_page_of("https://evil.test")] {
        let declined = connecting.declined().await;
        assert_eq!((declined.status, &declined.body["code"]), (403, &json!("origin_refused")));
    }
    let wrong = bare().on_page_of(ORIGIN).with_token(Some("x".into())).declined().await;
    assert_eq!((wrong.status, &wrong.body["code"]), (401, &json!("token_invalid")));
    let other = connecting(&server).with_token(Some(token("b-2").text())).declined().await;
    assert_eq!((other.status, &other.body["code"]), (403, &json!("session_refused")));
    let v1 = server.client("b-1").at("/boards/b-1/live").in_the(Carrier::Query).open().await;
    assert_eq!(
        (&v1.hello["type"], v1.protocol.as_deref()),
        (&json!("connected"), Some("roomcast.v1"))
    );
    let upgrade = reqwest::get(server.url("/boards/b-1/live")).await.unwrap();
    assert_eq!(upgrade.status(), 426);
    let posted = Http::new().post(server.url("/boards/b-1/live")).send().await.unwrap();
    assert_eq!(
        (posted.status().as_u16(), posted.headers()["allow"].to_str().unwrap()),
        (405, "GET, HEAD")
    );
    assert_eq!(reqwest::get(server.url("/boards/b-1")).await.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tally_can_be_read_over_http() {
    let server = server().await;
    let read = async |known: &str| {
        let request = Http::new().get(server.url("/boards/b-1/count"));
        let answer = request.header("if-none-match", known).send().await.unwrap();
        let (status, tag) = (answer.status().as_u16(), answer.headers()["etag"].clone());
        (status, tag.to_str().unwrap().to_owned(), answer.json::<Value>().await.unwrap_or_default())
    };
    assert_eq!(
        read("").await.2,
        json!({"cards": {"todo": 0, "done": 0}}),
        "before the first event"
    );
    server.publisher().post(&[moved("e-1", "c-1", "done")]).await;
    let (status, tag, body) = read("").await;
    assert_eq!((status, body), (200, json!({"cards": {"todo": 0, "done": 1}})));
    assert_eq!(read(&tag).await.0, 304);
    server.publisher().post(&[moved("e-2", "c-2", "done")]).await;
    assert_eq!(read(&tag).await.0, 200);
    let elsewhere =
        Http::new().get(server.url("/boards/b-1/count?topics=other")).send().await.unwrap();
    assert_eq!(elsewhere.status(), 200, "the count has no topic");
    let foreign = Http::new().get(server.url("/boards/b-1/count"));
    let foreign = foreign.header("origin", "https://evil.test").send().await.unwrap();
    assert_eq!(foreign.status(), 403);
    let state = Http::new().get(server.url("/boards/b-1/state"));
    assert_eq!(state.send().await.unwrap().status(), 401, "this path needs a token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_answered_for_each_document_that_takes_it_and_may_be_skipped_by_one() {
    let server = server().await;
    let answer = server.publisher().post(&[moved("e-1", "c-1", "todo")]).await;
    let result = &answer.body["results"][0];
    assert_eq!(
        (&result["preset"], &result["status"], &result["seq"]),
        (&json!("board"), &json!("accepted"), &json!(1))
    );
    let wrong = event("e-2", "card.moved", "Board/b-1", json!({"card": "c-1"}));
    let answer = server.publisher().post(&[wrong, moved("e-3", "c-1", "done")]).await;
    let results = &answer.body["results"];
    assert_eq!(
        (&results[0]["status"], &results[0]["reason"]),
        (&json!("ignored"), &json!("invalid"))
    );
    assert_eq!(results[0]["detail"], "payload.to: is required by card.moved");
    assert_eq!(results[1]["status"], "accepted");
    let line = server.log().wait("events.skipped", |_| true).await;
    assert_eq!((&line["events"], &line["tenant"]), (&json!(1), &json!("demo")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_room_tells_the_one_it_closes() {
    let server = server().await;
    let mut first = page(&server).await;
    let second = page(&server).await;
    let third = page(&server).await;
    assert_eq!(next(&mut first, "bye").await, json!({"op": "bye", "why": "replaced"}));
    let ended = loop {
        if let Err(ended) = first.try_frame().await {
            break ended;
        }
    };
    assert_eq!(ended, (4409, "replaced".to_owned()));
    let line = server.log().wait("connection.closed", |line| line["code"] == 4409).await;
    assert_eq!(line["room"], "demo/board/b-1");
    drop((second, third));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_with_everything_at_its_limit_is_kept_with_its_connection() {
    let server = server().await;
    // A token of nearly 8 KiB, a subscription of nearly 4 KiB, and a character beyond Latin-1.
    let names: Vec<String> = (0..250).map(|number| format!("topic-{number:03}-日")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let permissions: Vec<String> = (0..100).map(|number| format!("permission-{number}")).collect();
    let permissions: Vec<&str> = permissions.iter().map(String::as_str).collect();
    let token = token("b-1").of("日本").about(&names).permitted(&permissions);
    let list: Vec<_> = names.iter().take(230).copied().collect();
    let list = list.join(",").replace('日', "%E6%97%A5");
    let connecting = connecting(&server).with_token(Some(token.text()));
    let mut client = connecting.asking(&format!("topics={list}")).open().await;
    server.evict("demo/board/b-1").await;
    server.publisher().post(&[moved("e-1", "c-1", "todo")]).await;
    assert_eq!(next(&mut client, "moved").await["d"]["card"], "c-1");
    assert_eq!(server.log().events("room.failed"), Vec::<Value>::new());
}

/// Four rows for one event: a request of 500 events becomes 2,000 updates.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_of_500_events_that_become_four_updates_each_is_answered() {
    let row = |number: usize| json!({"on": "tick", "emit": format!("t-{number}"), "key": format!("k-{number}"), "data": {}});
    let rows: Vec<Value> = (0..4).map(row).collect();
    let document = json!({"name": "ticks", "session": "all", "events": rows}).to_string();
    let server = Server::start_with(|setup| setup.presets(&document)).await;
    let ticks = |range: std::ops::Range<usize>| -> Vec<Value> {
        range.map(|number| event(&format!("e-{number}"), "tick", "T/t", json!({}))).collect()
    };
    let answer = server.publisher().post(&ticks(0..500)).await;
    let seqs = answer.results("seq");
    assert_eq!((seqs.len(), &seqs[1], &seqs[499]), (500, &json!(5), &json!(1997)));
    let again = server.publisher().post(&ticks(0..500)).await;
    assert_eq!(again.results("seq"), seqs, "repeats change nothing");
}
