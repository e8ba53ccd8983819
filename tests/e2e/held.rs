//! Clients that hold connections open: they never answer a close, never finish a body, or close with a code that must
//! not be sent. The server ends such connections by itself.

use std::time::Duration;

use roomcast::limits::{BODY_MS, POST_BYTES, REFUSED_CLOSE_MS};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{timeout, Instant};

use crate::support::server::Server;
use crate::support::token::token;
use crate::support::WAIT;

/// Close frames without a reason, with these codes: the last four bytes of a connection.
const PROTOCOL_ERROR: [u8; 4] = [0x88, 2, 0x03, 0xea];
const NORMAL: [u8; 4] = [0x88, 2, 0x03, 0xe8];

/// A raw connection: it sends the bytes of a test, and answers nothing.
struct Raw(TcpStream);

impl Raw {
    async fn connect(server: &Server) -> Self {
        let address = server.url("");
        Self(TcpStream::connect(address.trim_start_matches("http://")).await.unwrap())
    }

    /// Asks for an upgrade to the session `s-1`, with additional headers.
    async fn upgrade(server: &Server, headers: &str) -> Self {
        let mut raw = Self::connect(server).await;
        let head = format!(
            "GET /api/sessions/s-1/live HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             sec-websocket-protocol: roomcast.v1\r\n{headers}\r\n"
        );
        raw.send(head.as_bytes()).await;
        raw
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Reads up to and including `end`.
    async fn read_until(&mut self, end: &[u8]) -> Vec<u8> {
        let mut read = Vec::new();
        while !read.ends_with(end) {
            read.push(timeout(WAIT, self.0.read_u8()).await.unwrap().unwrap());
        }
        read
    }

    /// Reads until the server ends the connection, which it has to do within `patience`.
    async fn read_to_end(&mut self, patience: Duration) -> Vec<u8> {
        let mut read = Vec::new();
        let ended = timeout(patience, self.0.read_to_end(&mut read)).await;
        let text = String::from_utf8_lossy(&read);
        ended.unwrap_or_else(|_| panic!("still open after {patience:?}: {text}")).unwrap();
        read
    }
}

fn within(limit_ms: u64) -> Duration {
    Duration::from_millis(limit_ms) + Duration::from_secs(3)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_refused_client_that_never_answers_the_close_is_cut_off() {
    let server = Server::start().await;
    let mut admitted = server.client("s-1").open().await;
    let mut deaf = Raw::upgrade(&server, "").await;
    deaf.read_until(b"token_missing").await;
    let began = Instant::now();
    let rest = deaf.read_to_end(within(REFUSED_CLOSE_MS.into())).await;
    assert!(rest.is_empty(), "{rest:?}");
    assert!(
        began.elapsed() > Duration::from_millis(u64::from(REFUSED_CLOSE_MS) / 2),
        "{:?}",
        began.elapsed()
    );
    admitted.ping().await;
    server.client("s-1").open().await.ping().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_never_ends_is_answered_with_408_and_the_connection_ends() {
    let server = Server::start().await;
    let chunked = |bytes: usize| {
        let body = " ".repeat(bytes);
        format!("transfer-encoding: chunked\r\n\r\n{bytes:x}\r\n{body}\r\n")
    };
    let announced =
        |bytes: usize, sent: usize| format!("content-length: {bytes}\r\n\r\n{}", " ".repeat(sent));
    let bodies = [
        chunked(1),
        chunked(POST_BYTES + 1),
        announced(2, 1),
        announced(POST_BYTES, 0),
        announced(POST_BYTES + 2, POST_BYTES + 1),
    ];
    let mut held = Vec::new();
    for body in bodies {
        let mut raw = Raw::connect(&server).await;
        raw.send(format!("POST /api/events HTTP/1.1\r\nhost: x\r\n{body}").as_bytes()).await;
        held.push(raw);
    }
    for mut raw in held {
        let answer = raw.read_to_end(within(BODY_MS)).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout"), "{answer}");
        assert!(answer.contains(r#""code":"body_late""#), "{answer}");
        server.log().wait("post.refused", |line| line["reason"] == "body_late").await;
    }
    assert!(server.rooms().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_with_a_code_that_must_not_be_sent_is_answered_and_the_connection_ends() {
    let server = Server::start().await;
    let bearer = format!("authorization: Bearer {}\r\n", token("s-1").text());
    let close = |code: u16| {
        let [high, low] = code.to_be_bytes();
        vec![0x88, 0x82, 0, 0, 0, 0, high, low]
    };
    let wrong = [0, 999, 1004, 1006, 1015, 1016, 2999, 5000, 65535].map(close);
    let wrong = wrong.into_iter().map(|frame| (frame, PROTOCOL_ERROR));
    // The platform reports these two in the same way.
    let absent = [vec![0x88, 0x80, 0, 0, 0, 0], close(1005)].map(|frame| (frame, NORMAL));
    for (frame, answer) in wrong.chain(absent) {
        let mut raw = Raw::upgrade(&server, &bearer).await;
        raw.read_until(br#""recovery":"none"}"#).await;
        raw.send(&frame).await;
        let end = raw.read_to_end(Duration::from_secs(10)).await;
        assert_eq!(end, answer, "after {frame:?}");
    }
    let mark = server.log().mark();
    server.evict("demo/s-1").await;
    server.client("s-1").open().await;
    server.restored(mark, "demo/s-1", 0).await;
}
