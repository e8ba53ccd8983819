//! The scenarios of seed 001 that only the operator sees, by the names that its specification gives them. What its clients
//! see is in `tests/seeds/`.

use serde_json::{json, Value};

use crate::support::client::Client;
use crate::support::connecting::Connecting;
use crate::support::events::event;
use crate::support::server::Server;
use crate::support::worker_config::ORIGIN;

const ROOM: &str = "demo/all";

async fn server() -> Server {
    Server::start_with(|setup| setup.presets("admin")).await
}

fn dashboard(server: &Server) -> Connecting {
    server.client("all").at("/admin/ws/dashboard").plain().with_token(None).on_page_of(ORIGIN)
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

fn progress(number: u64) -> Value {
    let payload = json!({"current_file": format!("{number}.sql"), "status": "parsing",
        "files_processed": number, "nodes_created": number});
    event(&format!("p-{number}"), "ingestion.progress", "Ingestion/i-1", payload)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_error_handling() {
    let server = server().await;
    let client = dashboard(&server).open().await;
    drop(client);
    let line = server.log().wait("connection.closed", |line| line["room"] == ROOM).await;
    assert_eq!((&line["code"], line["client"].is_string()), (&json!(1006), true));
    let again = dashboard(&server).open().await;
    assert_eq!(again.hello["type"], "connection_ack", "and it can connect again at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_disconnection() {
    let server = server().await;
    let mut client = dashboard(&server).open().await;
    next(&mut client, "stats_update").await;
    client.close(1000, "").await;
    let line = server.log().wait("connection.closed", |line| line["room"] == ROOM).await;
    assert_eq!(line["code"], 1000);
    let mark = server.log().mark();
    server.evict(ROOM).await;
    server.publisher().post(&[progress(1)]).await;
    server.restored(mark, ROOM, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_cleanup_on_limit() {
    let document =
        include_str!("../../presets/admin.json").replace("\"clients\": 500", "\"clients\": 2");
    let server = Server::start_with(|setup| setup.presets(&document)).await;
    let mut oldest = dashboard(&server).open().await;
    let second = dashboard(&server).open().await;
    let third = dashboard(&server).open().await;
    assert_eq!(third.hello["type"], "connection_ack", "the new connection is accepted");
    let notice = next(&mut oldest, "error").await;
    assert_eq!(notice["data"]["errorType"], "replaced");
    let line = server.log().wait("connection.closed", |line| line["code"] == 4409).await;
    assert_eq!(line["room"], ROOM);
    drop(second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn origin_validation() {
    let server = server().await;
    let foreign = "https://evil.test";
    assert_eq!(dashboard(&server).on_page_of(foreign).declined().await.status, 403);
    let line = server.log().wait("connection.refused", |_| true).await;
    assert_eq!((&line["reason"], &line["origin"]), (&json!("origin_refused"), &json!(foreign)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_validation() {
    let server = server().await;
    let mut client = dashboard(&server).open().await;
    let invalid = event("e-1", "query.completed", "Query/q-1", json!({"query_type": "search"}));
    let valid = json!({"query_type": "search", "latency_ms": 12});
    let valid = event("e-2", "query.completed", "Query/q-2", valid);
    server.publisher().post(&[invalid, valid]).await;
    assert_eq!(next(&mut client, "query_complete").await["data"]["latencyMs"], 12);
    let line = server.log().wait("events.skipped", |_| true).await;
    let detail = "payload.latency_ms: is required by query.completed";
    assert_eq!((&line["events"], &line["detail"]), (&json!(1), &json!(detail)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rate_limiting_broadcasts() {
    let server = server().await;
    let mut client = dashboard(&server).open().await;
    server.publisher().post(&(0..50).map(progress).collect::<Vec<_>>()).await;
    let payload = json!({"error_type": "ParseError", "severity": "critical"});
    server.publisher().post(&[event("e-1", "system.error", "System/s", payload)]).await;
    let mut came = 0;
    loop {
        let frame = client.next_frame().await;
        came += usize::from(frame["type"] == "ingestion_progress");
        if frame["type"] == "error" {
            break;
        }
    }
    assert!(came <= 2, "{came} of 50 came before the critical event, which did not wait");
    let line = server.log().wait("room.conflated", |_| true).await;
    assert!(line["updates"].as_u64().is_some_and(|updates| updates > 40), "{line}");
}
