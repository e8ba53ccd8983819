//! What has happened, over HTTP: pages of the log; and what frames say about when and why.

use reqwest::Client as Http;
use roomcast::protocol::time::Timestamp;
use serde_json::{json, Value};

use crate::support::clock::now;
use crate::support::events::{event, renames};
use crate::support::publisher::answer;
use crate::support::server::Server;
use crate::support::token::{token, Token};
use crate::support::worker_config::ORIGIN;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async fn log(server: &Server, token: &Token, query: &str) -> (u16, Value) {
    let url = server.url(&format!("/api/sessions/s-1/log?{query}"));
    let response = Http::new().get(url).bearer_auth(token.text()).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

fn seqs(page: &Value) -> Vec<u64> {
    let updates = page["updates"].as_array().unwrap();
    updates.iter().map(|update| update["seq"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_read_page_by_page_also_after_an_eviction() {
    let server = Server::start().await;
    for burst in renames("e", "s-1", 25).chunks(10) {
        server.publisher().post(burst).await;
    }
    let reader = token("s-1");
    let (status, first) = log(&server, &reader, "limit=10").await;
    assert_eq!((status, seqs(&first)), (200, (1..=10).collect()));
    assert_eq!(
        (&first["first"], &first["head"], &first["next"]),
        (&json!(1), &json!(25), &json!(11))
    );
    server.evict("demo/s-1").await;
    let (_, rest) = log(&server, &reader, "from=11").await;
    assert_eq!((seqs(&rest), &rest["next"]), ((11..=25).collect(), &Value::Null));
    assert_eq!(rest["epoch"], first["epoch"]);
    let (_, some) = log(&server, &reader, "from=20&to=22").await;
    assert_eq!((seqs(&some), &some["next"]), (vec![20, 21, 22], &Value::Null));
    let mut member = server.client("s-1").open().await;
    assert_eq!(member.next_frame().await["updates"][0], rest["updates"][14], "the same encoding");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_watch_may_not_read_the_log_and_a_bad_range_is_explained() {
    let server = Server::start().await;
    server.publisher().post(&renames("e", "s-1", 1)).await;
    let (status, problem) = log(&server, &token("s-2"), "").await;
    assert_eq!((status, &problem["code"]), (403, &json!("session_refused")));
    for bad in ["from=x", "from=3&to=2", "limit=0", "limit=1001", "to=-1"] {
        let (status, problem) = log(&server, &token("s-1"), bad).await;
        assert_eq!((status, &problem["code"]), (400, &json!("bad_range")), "{bad}");
    }
    let url = server.url("/api/sessions/s-1/log");
    let asked = Http::new().get(&url).bearer_auth(token("s-1").text()).header("origin", ORIGIN);
    let response = asked.send().await.unwrap();
    assert_eq!(response.headers()["access-control-allow-origin"], ORIGIN);
    assert_eq!(response.headers()["cache-control"], "private, no-cache");
    let posted = Http::new().post(&url).send().await.unwrap();
    assert_eq!(answer(posted).await.status, 405);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_says_when_it_was_sent_and_an_update_to_which_trace_it_belongs() {
    let server = Server::start().await;
    let mut client = server.client("s-1").open().await;
    let renamed = |id: &str| event(id, "session.renamed", "Session/s-1", json!({"title": id}));
    let mut own = renamed("e-2");
    own["metadata"] = json!({"traceparent": TRACE.replace("-01", "-00")});
    let began = now();
    let body = json!([renamed("e-1"), own]).to_string();
    let posted = server.publisher().signed(body).header("traceparent", TRACE).send().await;
    assert_eq!(posted.unwrap().status(), 202);
    let both = client.next_frame().await;
    let traces = [&both["updates"][0]["traceparent"], &both["updates"][1]["traceparent"]];
    assert_eq!(traces, [TRACE, &TRACE.replace("-01", "-00")]);
    let sent_at =
        |frame: &Value| Timestamp::from_rfc3339(frame["sentAt"].as_str().unwrap()).unwrap();
    let untraced = server.publisher().signed(renamed("e-3").to_string());
    assert_eq!(untraced.header("traceparent", "00-0-0-00").send().await.unwrap().status(), 202);
    let alone = client.next_frame().await;
    assert_eq!((&alone["seq"], alone.get("traceparent")), (&json!(3), None));
    for frame in [&both, &alone] {
        assert!((began..=now()).contains(&sent_at(frame)), "{frame}");
    }
    let (_, page) = log(&server, &token("s-1"), "").await;
    assert_eq!(page["updates"][0]["traceparent"], TRACE);
    assert_eq!(page["updates"][0].get("sentAt"), None, "it was not sent then");
}
