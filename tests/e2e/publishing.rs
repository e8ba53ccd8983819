//! Posted events: what becomes of them, what is refused, what it costs, where they go.

use roomcast::limits::{CHECKPOINT_BURSTS, POST_BYTES, POST_EVENTS};
use serde_json::{json, Value};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::clock::now;
use crate::support::events::{completed, created, cycle_created, event, message, renamed, renames};
use crate::support::publisher::{answer, signature, Answer};
use crate::support::server::Server;
use crate::support::worker_config::WEBHOOK_SECRET;
use crate::support::WAIT;

async fn refused(request: reqwest::RequestBuilder) -> (u16, Value) {
    let Answer { status, body, .. } = answer(request.send().await.unwrap()).await;
    (status, body["code"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_is_answered_with_what_became_of_it_in_order() {
    let server = Server::start().await;
    let publisher = server.publisher();
    publisher.post_one(created("e-1", "s-1")).await;
    let unknown = event("e-3", "invoice.paid", "Session/s-1", json!({}));
    let nowhere = completed("e-4", "c-nowhere", "objectives");
    let events =
        [created("e-1", "s-1"), renamed("e-2", "s-1"), unknown, nowhere, renamed("e-2", "s-1")];
    let answer = publisher.post(&events).await;
    assert_eq!(
        answer.body,
        json!({"results": [
            {"eventId": "e-1", "status": "duplicate", "session": "s-1", "seq": 1},
            {"eventId": "e-2", "status": "accepted", "session": "s-1", "seq": 2},
            {"eventId": "e-3", "status": "ignored", "reason": "unknown_event_type"},
            {"eventId": "e-4", "status": "ignored", "reason": "no_session"},
            {"eventId": "e-2", "status": "duplicate", "session": "s-1", "seq": 2},
        ]})
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_may_be_about_several_sessions() {
    let server = Server::start().await;
    let (mut one, mut two) = (server.client("s-1").open().await, server.client("s-2").open().await);
    let events = [
        created("e-1", "s-1"),
        created("e-2", "s-2"),
        renamed("e-3", "s-1"),
        created("e-1", "s-2"),
    ];
    let answer = server.publisher().post(&events).await;
    assert_eq!(answer.results("session"), ["s-1", "s-2", "s-1", "s-2"]);
    assert_eq!(answer.results("seq"), [1, 1, 2, 2]);
    // An event id counts within its session.
    assert_eq!(answer.results("status"), ["accepted"; 4]);
    one.updates_until(2).await;
    two.updates_until(2).await;
    let many: Vec<String> = (0..40).map(|number| format!("many-{number}")).collect();
    let events: Vec<Value> = many.iter().rev().map(|session| created("e-1", session)).collect();
    let answer = server.publisher().post(&events).await;
    assert!(answer.results("session").iter().eq(many.iter().rev()));
    assert_eq!(answer.results("seq"), [1; 40]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_repeated_after_a_restart_is_a_duplicate_with_its_first_seq() {
    let mut server = Server::start().await;
    let events = renames("e", "s-1", 5);
    server.publisher().post(&events).await;
    server.publisher().post_one(renamed("f-1", "s-1")).await;
    server.restart().await;
    let answer = server.publisher().post(&events).await;
    assert_eq!(answer.results("status"), ["duplicate"; 5]);
    assert_eq!(
        (answer.results("seq"), answer.rows),
        (vec![json!(1), json!(2), json!(3), json!(4), json!(5)], 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_signed_by_the_backend_just_now_is_not_read() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let body = json!([created("e-1", "s-1")]).to_string();
    let other = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6";
    let at = |seconds: i64| {
        let then = u64::try_from(now().seconds() + seconds).unwrap() * 1_000;
        publisher.signed_with(
            WEBHOOK_SECRET,
            roomcast::protocol::time::Timestamp(then),
            body.clone(),
        )
    };
    let refusals = [
        (publisher.unsigned().body(body.clone()), "signature_missing"),
        (publisher.unsigned(), "signature_missing"),
        (publisher.signed_with(other, now(), body.clone()), "signature_invalid"),
        (publisher.signed(body.clone()).body(body.replace("e-1", "e-2")), "signature_invalid"),
        (at(-310), "signature_stale"),
        (at(310), "signature_stale"),
    ];
    for (request, code) in refusals {
        assert_eq!(refused(request).await, (401, json!(code)));
        let logged = |line: &Value| line["reason"] == code && line["status"] == 401;
        server.log().wait("post.refused", logged).await;
    }
    assert!(server.rooms().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_secrets_are_active_at_once() {
    let other = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6";
    let both = format!("{other} {WEBHOOK_SECRET}");
    let server = Server::start_with(|variables| variables.set("DEMO_WEBHOOK_SECRET", &both)).await;
    let publisher = server.publisher();
    for (id, secret) in [("e-1", other), ("e-2", WEBHOOK_SECRET)] {
        let body = created(id, "s-1").to_string();
        let response = publisher.signed_with(secret, now(), body).send().await.unwrap();
        assert_eq!(response.status(), 202);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_bytes_or_events_are_refused_as_too_large() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let padded = |bytes: usize| {
        let body = json!([created("e-1", "s-1")]).to_string();
        format!("{body}{}", " ".repeat(bytes - body.len()))
    };
    for bytes in [POST_BYTES + 1, 5_000_000] {
        assert_eq!(refused(publisher.signed(padded(bytes))).await, (413, json!("too_large")));
    }
    let many = publisher.try_post(&renames("e", "s-1", POST_EVENTS + 1)).await;
    assert_eq!((many.status, &many.body["code"]), (413, &json!("too_large")));
    assert!(server.rooms().is_empty());
    let most = publisher.signed(padded(POST_BYTES)).send().await.unwrap();
    assert_eq!(most.status(), 202);
    let most = publisher.post(&renames("e", "s-2", POST_EVENTS)).await;
    assert_eq!(most.results("seq").last(), Some(&json!(POST_EVENTS)));
}

/// Posts a body that does not say in advance how long it is.
async fn post_in_chunks(server: &Server, body: &str) -> String {
    let address = server.url("");
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    let mut head =
        "POST /api/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n".to_owned();
    for (name, value) in signature(WEBHOOK_SECRET, now(), body.as_bytes()) {
        head += &[name, ": ", &value, "\r\n"].concat();
    }
    stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).await.unwrap();
    for chunk in body.as_bytes().chunks(10_000) {
        let text = [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
        stream.write_all(&text).await.unwrap();
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    timeout(WAIT, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_a_length_is_measured_as_it_comes() {
    let server = Server::start().await;
    let body = json!([created("e-1", "s-1")]).to_string();
    assert!(post_in_chunks(&server, &body).await.contains(" 202 "));
    let long = format!("{body}{}", " ".repeat(POST_BYTES));
    assert!(post_in_chunks(&server, &long).await.contains(" 413 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_request_with_a_malformed_event_nothing_is_applied() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let mut untyped = created("e-2", "s-1");
    untyped["event_type"] = json!(7);
    let untitled = event("e-3", "session.renamed", "Session/s-1", json!({}));
    let cases = [
        (untyped, "event_type"),
        (untitled, "payload.title"),
        (event("e-4", "session.created", "Session/a b", json!({"title": "t"})), "aggregate_id"),
        (json!("no object"), ""),
    ];
    for (bad, field) in cases {
        let answer = publisher.try_post(&[created("e-1", "s-1"), bad.clone()]).await;
        assert_eq!((answer.status, &answer.body["code"]), (422, &json!("malformed")), "{bad}");
        let errors = &answer.body["errors"];
        assert_eq!(
            (&errors[0]["index"], &errors[0]["field"]),
            (&json!(1), &json!(field)),
            "{errors}"
        );
        assert!(errors[0]["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    }
    assert!(server.rooms().is_empty());
    assert_eq!(publisher.post_one(created("e-1", "s-1")).await.results("status"), ["accepted"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_names_no_session_goes_where_an_earlier_one_of_its_aggregate_went() {
    let mut server = Server::start().await;
    let publisher = server.publisher();
    // Within one request, in a later one, and after everything in memory is gone.
    let events = [cycle_created("e-1", "s-1", "c-1"), completed("e-2", "c-1", "objectives")];
    assert_eq!(publisher.post(&events).await.results("session"), ["s-1"; 2]);
    let later = publisher.post_one(completed("e-3", "c-1", "alternatives")).await;
    assert_eq!(
        (later.results("session"), later.results("seq")),
        (vec![json!("s-1")], vec![json!(3)])
    );
    server.restart().await;
    let later = publisher.post_safely(&[completed("e-4", "c-1", "consequences")]).await;
    assert_eq!(
        (later.results("session"), later.results("seq")),
        (vec![json!("s-1")], vec![json!(4)])
    );
    // The latest event that names a session counts.
    publisher.post_one(cycle_created("e-5", "s-2", "c-1")).await;
    let moved = publisher.post_one(completed("e-6", "c-1", "tradeoffs")).await;
    assert_eq!(moved.results("session"), ["s-2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lone_event_costs_one_row_and_so_do_a_hundred_together() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let mut rows = 0;
    for event in renames("e", "s-1", 130) {
        rows += publisher.post_one(event).await.rows;
    }
    let checkpoints = 130 / usize::try_from(CHECKPOINT_BURSTS).unwrap();
    // One row more is what a room has to remember of itself.
    assert_eq!(rows, 130 + checkpoints + 1);
    assert_eq!(publisher.post(&renames("f", "s-1", 100)).await.rows, 1);
    assert_eq!(publisher.post(&renames("f", "s-1", 100)).await.rows, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_is_the_first_hundred_characters_and_never_all_of_a_longer_text() {
    let server = Server::start().await;
    let mut client = server.client("s-1").open().await;
    let long = "ä€😀".repeat(40);
    for (id, content) in [("e-1", "short"), ("e-2", &long)] {
        server.publisher().post_one(message(id, "s-1", content)).await;
    }
    let updates = client.updates_until(2).await;
    let preview =
        |update: &Value| update["data"]["message"]["contentPreview"].as_str().unwrap().to_owned();
    assert_eq!(preview(&updates[0]), "short");
    assert_eq!(preview(&updates[1]), long.chars().take(100).collect::<String>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_comes_out_as_it_went_in() {
    let server = Server::start().await;
    let mut client = server.client("s-1").open().await;
    let scores =
        r#"{"b":1,"a":-0.5,"😀 \"\\\u0000\u2028":[true,null,{"z":1,"y":9007199254740993}]}"#;
    let scores: Value = serde_json::from_str(scores).unwrap();
    let payload = json!({"session_id": "s-1", "cycle_id": "é/ %", "scores": scores});
    let id = "😀".repeat(128);
    let sent = event(&id, "dq_scores.computed", &format!("Cycle/{id}"), payload);
    let answer = server.publisher().post_one(sent).await;
    assert_eq!(answer.results("eventId"), [json!(id)]);
    let data = client.next_frame().await["data"].clone();
    // As text: the order of the fields is the backend's as well.
    assert_eq!(data["scores"].to_string(), scores.to_string());
    assert_eq!(data["cycleId"], "é/ %");
    // Numbers that are longer when written out make a row that is longer than the post.
    let many = format!("[{}1e15]", "1e15,".repeat(45_000));
    let long = created("e-2", "s-1").to_string().replace("session.created", "dq_scores.computed");
    let fields = format!(r#""cycle_id":"c-1","scores":{many},"title""#);
    let body = long.replace(r#""title""#, &fields);
    let response = server.publisher().signed(body).send().await.unwrap();
    assert_eq!(response.status(), 202);
    let scores = client.next_frame().await["data"]["scores"].clone();
    assert_eq!(scores.as_array().map(Vec::len), Some(45_001));
}
