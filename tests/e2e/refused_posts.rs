//! Posts that are not signed well, too large, or malformed: none of their events is applied.

use roomcast::limits::{POST_BYTES, POST_EVENTS};
use roomcast::protocol::time::Timestamp;
use serde_json::{json, Value};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::clock::now;
use crate::support::events::{created, event, renames};
use crate::support::publisher::{answer, signature, Answer, Publisher};
use crate::support::server::Server;
use crate::support::worker_config::WEBHOOK_SECRET;
use crate::support::WAIT;

async fn refused(request: reqwest::RequestBuilder) -> (u16, Value) {
    let Answer { status, body, .. } = answer(request.send().await.unwrap()).await;
    (status, body["code"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_without_a_valid_recent_signature_is_not_read() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let body = json!([created("e-1", "s-1")]).to_string();
    let other = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6";
    let at = |seconds: i64| {
        let then = u64::try_from(now().seconds() + seconds).unwrap() * 1_000;
        publisher.signed_with(WEBHOOK_SECRET, Timestamp(then), body.clone())
    };
    let written = |timestamp: String| {
        let request = publisher.unsigned().header("webhook-timestamp", timestamp).body("{}");
        request.header("webhook-id", "msg_1").header("webhook-signature", "v1,AAAA")
    };
    let refusals = [
        (written(now().seconds().to_string()), "signature_invalid"),
        (written(format!("+{}", now().seconds())), "signature_missing"),
        (written(format!("0{}", now().seconds())), "signature_missing"),
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
    let server = Server::start_with(|setup| {
        let both = [other, WEBHOOK_SECRET];
        let signer = |secret| json!({"scheme": "standard", "secret": secret});
        setup.document()["webhooks"] = both.map(signer).into_iter().collect();
    })
    .await;
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
    for bytes in [POST_BYTES + 1, 300_000] {
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

/// The sockets buffer only some megabytes. A server that answered before it has read a longer body would close the
/// connection while the client still sends, and the client might never see the answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_many_times_too_large_is_also_answered() {
    let server = Server::start().await;
    let post_often = |publisher: Publisher| async move {
        for _ in 0..20 {
            let refused = refused(publisher.signed(" ".repeat(5_000_000))).await;
            assert_eq!(refused, (413, json!("too_large")));
        }
    };
    let backends = [(); 6].map(|()| tokio::spawn(post_often(server.publisher())));
    for backend in backends {
        backend.await.unwrap();
    }
}

/// Posts a body without its length.
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
async fn a_body_without_a_length_is_measured_as_it_is_read() {
    let server = Server::start().await;
    let body = json!([created("e-1", "s-1")]).to_string();
    assert!(post_in_chunks(&server, &body).await.contains(" 202 "));
    let long = format!("{body}{}", " ".repeat(POST_BYTES));
    assert!(post_in_chunks(&server, &long).await.contains(" 413 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_of_a_request_with_a_malformed_event_is_applied() {
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
