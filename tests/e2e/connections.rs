//! Frames of clients, how connections end, and how a busy room gathers updates into bursts.

use roomcast::limits::FRAME_BYTES;
use serde_json::{json, Value};

use crate::support::client::{Client, PING};
use crate::support::events::{created, renamed, renames};
use crate::support::server::Server;

/// A frame of so many bytes, which is well formed but of an unknown type.
fn padded(bytes: usize) -> String {
    let frame = r#"{"type":"nonsense","pad":""}"#;
    let pad = "x".repeat(bytes - frame.len());
    format!(r#"{{"type":"nonsense","pad":"{pad}"}}"#)
}

async fn expect_error(client: &mut Client, code: &str, reference: &Value) {
    let error = client.next_frame().await;
    assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!(code)));
    assert_eq!((&error["ref"], &error["retryable"]), (reference, &json!(false)), "{error}");
    assert!(error["message"].is_string() && error["timestamp"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_asks_for_the_state_gets_it() {
    let server = Server::start().await;
    let mut client = server.client("s-1").open().await;
    client.send(&json!({"type": "request.state"})).await;
    assert_eq!(client.next_frame().await["updates"], json!([]));
    let events = [created("e-1", "s-1"), renamed("e-2", "s-1"), renamed("e-3", "s-1")];
    server.publisher().post(&events).await;
    client.updates_until(3).await;
    client.send(&json!({"type": "request.state", "ref": "1", "unknown": 7})).await;
    let state = client.next_frame().await;
    assert_eq!((&state["type"], &state["seq"]), (&json!("dashboard.state"), &json!(3)));
    let seqs: Vec<_> = client.seen.state.iter().map(|update| update["seq"].clone()).collect();
    assert_eq!(seqs, [1, 3]);
    // The tail continues after the state.
    server.publisher().post_one(renamed("e-4", "s-1")).await;
    client.updates_until(4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ack_is_remembered_across_an_eviction() {
    let server = Server::start().await;
    let mut client = server.client("s-1").open().await;
    server.publisher().post(&renames("e", "s-1", 3)).await;
    client.updates_until(3).await;
    client.send(&json!({"type": "ack", "seq": 2})).await;
    // An ack is not answered. But frames are read in order, so after this answer the ack has been read.
    client.send(&json!({"type": "ping", "ref": "reaches the room"})).await;
    assert_eq!(client.next_frame().await, json!({"type": "pong"}));
    server.evict("demo/s-1").await;
    client.close(1000, "").await;
    let closed = server.log().wait("connection.closed", |_| true).await;
    assert_eq!((&closed["acked"], &closed["code"]), (&json!(2), &json!(1000)));
    server.log().wait("room.restored", |line| line["clients"] == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_frame_is_answered_with_an_error_and_the_connection_stays_open() {
    let server = Server::start().await;
    for client in [server.client("s-1"), server.client("s-1").plain()] {
        let mut client = client.open().await;
        let faults = [
            ("nonsense".to_owned(), "bad_frame", json!(null)),
            ("[]".to_owned(), "bad_frame", json!(null)),
            (r#"{"ref":"1"}"#.to_owned(), "bad_frame", json!("1")),
            (r#"{"type":7,"ref":"2"}"#.to_owned(), "bad_frame", json!("2")),
            (r#"{"type":"ack","ref":"3"}"#.to_owned(), "bad_frame", json!("3")),
            (r#"{"type":"ack","seq":-1,"ref":"4"}"#.to_owned(), "bad_frame", json!("4")),
            (r#"{"type":"ack","seq":1,"ref":"5"}"#.to_owned(), "bad_position", json!("5")),
            (r#"{"type":"join","ref":"6"}"#.to_owned(), "unknown_type", json!("6")),
            (json!({"type": "ping", "ref": "x".repeat(65)}).to_string(), "bad_frame", json!(null)),
            (json!({"type": "ping", "ref": 7}).to_string(), "bad_frame", json!(null)),
            (padded(FRAME_BYTES), "unknown_type", json!(null)),
        ];
        for (frame, code, reference) in faults {
            client.send_text(&frame).await;
            expect_error(&mut client, code, &reference).await;
        }
        client.send_binary(FRAME_BYTES).await;
        expect_error(&mut client, "bad_frame", &json!(null)).await;
        client.ping().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_above_the_limit_closes_the_connection() {
    let server = Server::start().await;
    // The limit is in bytes, not in characters.
    let texts = [padded(FRAME_BYTES + 1), "ä".repeat(FRAME_BYTES / 2 + 1), padded(1_000_000)];
    for text in texts {
        let mut client = server.client("s-1").open().await;
        client.send_text(&text).await;
        assert_eq!(client.expect_close().await, (1009, "frame_too_big".to_owned()));
    }
    let mut client = server.client("s-1").plain().open().await;
    client.send_binary(FRAME_BYTES + 1).await;
    assert_eq!(client.expect_close().await.0, 1009);
    server.log().wait_for("connection.closed", 4).await;
    // Each client has left only once: the end of its connection, which comes later, is not logged again.
    let mut other = server.client("s-1").open().await;
    other.ping().await;
    let left = server.log().events("connection.closed");
    assert_eq!(left.iter().map(|line| &line["code"]).collect::<Vec<_>>(), [1009; 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_was_closed_has_left_even_if_it_never_answers_the_close() {
    let server = Server::start().await;
    let mut deaf = server.client("s-1").open().await;
    deaf.send_binary(FRAME_BYTES + 1).await;
    server.log().wait_for("connection.closed", 1).await;
    let mark = server.log().mark();
    server.evict("demo/s-1").await;
    server.publisher().post_one(created("e-1", "s-1")).await;
    server.restored(mark, "demo/s-1", 0).await;
    assert_eq!(deaf.expect_close().await.0, 1009);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ping_is_answered_without_waking_the_room() {
    let server = Server::start().await;
    let mut client = server.client("s-1").open().await;
    let mut plain = server.client("s-1").plain().open().await;
    server.publisher().post_one(created("e-1", "s-1")).await;
    client.updates_until(1).await;
    assert_eq!(plain.next_frame().await["seq"], 1);
    server.evict("demo/s-1").await;
    let mark = server.log().mark();
    for _ in 0..20 {
        client.ping().await;
        plain.ping().await;
    }
    assert!(server.log().events_since(mark, "room.restored").is_empty());
    // Any other text wakes the room, and is also answered.
    client.send_text(&PING.replace(':', ": ")).await;
    assert_eq!(client.next_frame().await, json!({"type": "pong"}));
    server.restored(mark, "demo/s-1", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clients_close_is_answered_with_its_own_code() {
    let server = Server::start().await;
    for code in [1000, 1001, 4321] {
        let client = server.client("s-1").open().await;
        assert_eq!(client.close(code, "bye").await.0, code);
        server.log().wait("connection.closed", |line| line["code"] == code).await;
    }
    let client = server.client("s-1").open().await;
    assert_eq!(client.close_with(None).await.0, 1000);
    server.log().wait("connection.closed", |line| line["code"] == 1005).await;
    // A code that must not be sent is answered with a protocol error.
    for code in [0, 999, 1004, 5000, 65_535] {
        let client = server.client("s-1").open().await;
        assert_eq!(client.close(code, "").await.0, 1002, "{code}");
    }
    // A close is also answered if the room is out of memory.
    let client = server.client("s-2").open().await;
    server.evict("demo/s-2").await;
    assert_eq!(client.close(4000, "").await.0, 4000);
    server.log().wait("connection.closed", |line| line["room"] == "demo/s-2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_whose_connection_is_lost_has_left() {
    let server = Server::start().await;
    drop(server.client("s-1").open().await);
    let closed = server.log().wait("connection.closed", |_| true).await;
    assert_eq!((&closed["code"], &closed["user"]), (&json!(1006), &json!("ada")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_room_gathers_updates_into_bursts() {
    const CLIENTS: usize = 50;
    const BACKENDS: usize = 10;
    const POSTS: usize = 20;
    let server = Server::start().await;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(server.client("s-1").open().await);
    }
    let publisher = server.publisher();
    let backends: Vec<_> = (0..BACKENDS)
        .map(|backend| {
            let publisher = publisher.clone();
            tokio::spawn(async move {
                let (mut rows, mut seqs) = (0, Vec::new());
                for event in renames(&format!("b-{backend}"), "s-1", POSTS) {
                    let answer = publisher.post_one(event).await;
                    rows += answer.cost.rows_written;
                    seqs.extend(answer.results("seq"));
                }
                (rows, seqs)
            })
        })
        .collect();
    let (mut rows, mut seqs) = (0, Vec::new());
    for backend in backends {
        let (its_rows, its_seqs) = backend.await.unwrap();
        // The events of one backend keep their order.
        assert!(its_seqs.is_sorted_by_key(Value::as_u64));
        rows += its_rows;
        seqs.extend(its_seqs.iter().filter_map(Value::as_u64));
    }
    seqs.sort_unstable();
    let all = (BACKENDS * POSTS) as u64;
    assert_eq!(seqs, (1..=all).collect::<Vec<_>>());
    assert!(rows < all, "{rows} rows for {all} posts");
    let first = clients[0].updates_until(all).await;
    for client in &mut clients[1..] {
        assert!(client.updates_until(all).await == first);
    }
}
