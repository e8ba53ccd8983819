//! Clients that are not let in, and how they learn it: by a status and a problem document, or by a close code where a
//! browser cannot read a status.

use reqwest::{Client, Method, Response};
use roomcast::limits::LOG_TEXT_BYTES;
use serde_json::{json, Value};

use crate::support::connecting::{Carrier, Connecting};
use crate::support::events::created;
use crate::support::server::Server;
use crate::support::token::token;
use crate::support::worker_config::{document, Setup, ORIGIN};

const OTHER_KEY: &str = "another key that has 32 bytes ..";
const EVIL: &str = "https://app.example.com.evil.test";

/// A row of the table of refusals: code, status, close code, and what is wrong with the request.
type Row = (&'static str, u16, u16, fn(Connecting) -> Connecting);

/// The refusals that one request can show. `bad_session` needs another path, `room_full` needs 10,000 clients (the
/// room's own tests show it), and `room_failed` is tested below.
const REFUSALS: [Row; 10] = [
    ("bad_position", 400, 4400, |ok| ok.resume("nonsense")),
    ("token_missing", 401, 4401, |ok| ok.with_token(None)),
    ("token_invalid", 401, 4401, |ok| ok.with_token(Some("a.b.c".to_owned()))),
    ("token_invalid", 401, 4401, |ok| {
        ok.with_token(Some(token("s-1").signed_with(OTHER_KEY).text()))
    }),
    ("token_invalid", 401, 4401, |ok| ok.with_token(Some("x".repeat(8 * 1024 + 1)))),
    ("token_expired", 401, 4401, |ok| ok.with_token(Some(token("s-1").ends_in(-61).text()))),
    ("origin_refused", 403, 4403, |ok| ok.on_page_of(EVIL)),
    ("origin_refused", 403, 4403, |ok| ok.on_page_of("null")),
    ("session_refused", 403, 4403, |ok| ok.with_token(Some(token("s-10").text()))),
    ("session_refused", 403, 4403, |ok| ok.with_token(Some(token("t-*").text()))),
];

async fn check_refusal(connecting: [Connecting; 2], code: &str, status: u16, close: u16) {
    let [plain, v1] = connecting;
    let declined = plain.declined().await;
    assert_eq!((declined.status, &declined.body["code"]), (status, &json!(code)));
    assert_eq!(declined.body["status"], status);
    assert_eq!(declined.media_type, "application/problem+json", "{code}");
    let ended = v1.closed().await;
    assert_eq!(ended, (close, code.to_owned()));
}

async fn get(server: &Server, path: &str) -> Response {
    reqwest::get(server.url(path)).await.unwrap()
}

async fn code_of(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert_eq!((&problem["type"], &problem["status"]), (&json!("about:blank"), &json!(status)));
    (status, problem["code"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_is_a_status_for_plain_clients_and_a_close_code_for_v1() {
    let server = Server::start().await;
    for (code, status, close, wrong) in REFUSALS {
        let ok = server.client("s-1");
        check_refusal([wrong(ok.clone().plain()), wrong(ok)], code, status, close).await;
    }
    for session in ["a%2Fb", "a%20b", "%C3%A4", "a*", &"a".repeat(129)] {
        let bad = server.client(session);
        check_refusal([bad.clone().plain(), bad], "bad_session", 400, 4400).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_requests_reach_no_room_and_leave_one_log_line_without_the_token() {
    let server = Server::start().await;
    let marker = token("s-10").text();
    let signature = marker.rsplit('.').next().unwrap();
    for (_, _, _, wrong) in REFUSALS {
        wrong(server.client("s-1").plain()).declined().await;
        wrong(server.client("s-1")).closed().await;
    }
    let refused = server.client("s-1").with_token(Some(marker.clone())).in_the(Carrier::Query);
    refused.plain().in_the(Carrier::Query).on_page_of(ORIGIN).declined().await;
    // The log is complete when it has a line that was caused later.
    server.client("s-last").with_token(None).closed().await;
    server.log().wait("connection.refused", |line| line["session"] == "s-last").await;
    let lines = server.log().events("connection.refused");
    assert_eq!(lines.len(), 2 * REFUSALS.len() + 2);
    for (pair, (code, status, ..)) in lines.chunks(2).zip(REFUSALS) {
        for line in pair {
            assert_eq!((&line["reason"], &line["status"]), (&json!(code), &json!(status)));
        }
    }
    assert_eq!(
        lines[2 * REFUSALS.len()],
        json!({"event": "connection.refused", "tenant": "demo", "session": "s-1",
            "origin": ORIGIN, "status": 403, "reason": "session_refused"})
    );
    assert!(!server.log().text().contains(signature));
    assert!(server.log().events("room.restored").is_empty());
    assert!(server.rooms().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_line_is_short_and_shows_the_session_that_was_requested() {
    let server = Server::start().await;
    let path = |session: &str| format!("/api/sessions/{session}/state");
    get(&server, &path(&"x".repeat(60_000))).await;
    get(&server, &path("a%0A%1B%5B2J%E2%80%AE%E2%80%A8b")).await;
    let shown = |line: &Value| line["session"] == r"a\u{a}\u{1b}[2J\u{202e}\u{2028}b";
    server.log().wait("connection.refused", shown).await;
    let long = &server.log().events("connection.refused")[0];
    assert_eq!(long["session"], json!(format!("{}…", "x".repeat(LOG_TEXT_BYTES))));
    assert!(long.to_string().len() < 2_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_accepted_in_each_of_four_places_and_the_first_one_wins() {
    let server = Server::start().await;
    for carrier in [Carrier::Authorization, Carrier::Subprotocol, Carrier::Query] {
        let client = server.client("s-1").in_the(carrier).open().await;
        // The server chooses the subprotocol next to the token, and never the token.
        assert_eq!(client.protocol.as_deref(), Some("roomcast.v1"), "{carrier:?}");
    }
    let cookie = server.client("s-1").in_the(Carrier::Cookie);
    cookie.clone().on_page_of(ORIGIN).open().await;
    for plain in [Carrier::Authorization, Carrier::Query] {
        let client = server.client("s-1").plain().in_the(plain).open().await;
        assert_eq!(client.protocol, None);
    }
    // One token may be valid for several sessions.
    server.client("s-1").with_token(Some(token("s-*").text())).open().await;
    let url = server.url(&format!("/api/sessions/s-1/state?token={}", token("s-1").text()));
    let both = Client::new().get(&url).bearer_auth("a.b.c").send().await.unwrap();
    assert_eq!(code_of(both).await, (401, json!("token_invalid")));
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_origin_is_allowed_for_tokens_and_not_for_cookies() {
    let server = Server::start().await;
    server.client("s-1").open().await;
    server.client("s-1").on_page_of(ORIGIN).open().await;
    let cookie = server.client("s-1").in_the(Carrier::Cookie);
    let plain = server.client("s-1").plain().in_the(Carrier::Cookie);
    check_refusal([plain, cookie], "origin_refused", 403, 4403).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn issuer_and_audience_are_checked_if_they_are_configured() {
    let server = Server::start_with(|setup| {
        let tokens = &mut setup.document()["tokens"];
        tokens["issuer"] = json!("https://issuer.test");
        tokens["audience"] = json!("roomcast");
    })
    .await;
    let with = |issuer, audience| {
        let token = token("s-1").between(issuer, audience).text();
        server.client("s-1").with_token(Some(token))
    };
    with("https://issuer.test", "roomcast").open().await;
    for wrong in [
        with("https://other.test", "roomcast"),
        with("https://issuer.test", "other"),
        server.client("s-1"),
    ] {
        let ended = wrong.closed().await;
        assert_eq!(ended, (4401, "token_invalid".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_with_an_audience_is_refused_if_none_is_configured() {
    let server =
        Server::start_with(|setup| setup.document()["tokens"]["audience"] = Value::Null).await;
    let theirs = token("s-1").between("roomcast", "another service").text();
    let theirs = server.client("s-1").with_token(Some(theirs));
    check_refusal([theirs.clone().plain(), theirs], "token_invalid", 401, 4401).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_default_tenant_may_be_any() {
    let server = Server::start_with(|setup| {
        setup.set("DEFAULT_TENANT", "acme-eu");
        let mut document = document(&[]);
        document["tokens"]["keys"][0]["secret"] = json!(OTHER_KEY);
        document["webhooks"][0]["secret"] = json!("whsec_enp6enp6enp6enp6enp6enp6enp6enp6");
        setup.tenants = vec![("acme-eu".to_owned(), document)];
    })
    .await;
    let theirs = token("s-1").signed_with(OTHER_KEY).between("roomcast", "roomcast:acme-eu").text();
    server.client("s-1").with_token(Some(theirs)).open().await;
    let ended = server.client("s-1").closed().await;
    assert_eq!(ended.0, 4401);
    let accepted = server.log().events("connection.accepted");
    assert_eq!(accepted[0]["room"], "acme-eu/s-1");
    let unsigned = server.publisher().try_post(&[created("e-1", "s-1")]).await;
    assert_eq!(unsigned.body["code"], "signature_invalid");
}

/// Damages the files of all rooms, as a bad disk would.
fn break_rooms(server: &Server, harm: fn(Vec<u8>) -> Vec<u8>) {
    for database in server.rooms() {
        let bytes = std::fs::read(&database).unwrap();
        std::fs::write(&database, harm(bytes)).unwrap();
        for log in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{log}", database.display()));
        }
    }
}

/// Damages a row so that the room cannot read it, although the runtime can.
fn break_row(mut bytes: Vec<u8>) -> Vec<u8> {
    let row = b"[{\"key\":\"session:created\"";
    let at = bytes.windows(row.len()).position(|window| window == row).expect("the row of e-1");
    bytes[at] = b'!';
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_fails_closes_its_clients() {
    let server = Server::start().await;
    let mut client = server.client("s-1").open().await;
    server.publisher().post_one(created("e-1", "s-1")).await;
    assert_eq!(client.next_frame().await["seq"], 1);
    server.evict("demo/s-1").await;
    break_rooms(&server, break_row);
    let answer = server.publisher().try_post(&[created("e-2", "s-1")]).await;
    assert_eq!((answer.status, &answer.body["code"]), (503, &json!("room_failed")));
    assert_eq!(client.expect_close().await, (4503, "room_failed".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_a_room_that_fails_may_connect_again() {
    let mut server = Server::start().await;
    server.publisher().post_one(created("e-1", "s-1")).await;
    server.kill_9();
    break_rooms(&server, |_| b"no database".repeat(1_000));
    server.restart().await;
    let broken = server.client("s-1");
    check_refusal([broken.clone().plain(), broken], "room_failed", 503, 4503).await;
    let answer = server.publisher().try_post(&[created("e-2", "s-1"), created("e-3", "s-2")]).await;
    assert_eq!((answer.status, &answer.body["code"]), (503, &json!("room_failed")));
    assert_eq!(answer.results("status"), ["failed", "accepted"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_path_is_404_and_a_wrong_method_is_405_with_the_right_ones() {
    let server = Server::start().await;
    for path in
        ["/nothing", "/api", "/api/sessions/s-1", "/api/sessions/s-1/live/x", "/api/events/"]
    {
        assert_eq!(code_of(get(&server, path).await).await, (404, json!("not_found")), "{path}");
    }
    let wrong = [
        (Method::GET, "/api/events", "POST"),
        (Method::POST, "/api/sessions/s-1/live", "GET, HEAD"),
        (Method::DELETE, "/api/sessions/s-1/state", "GET, HEAD, OPTIONS"),
        (Method::POST, "/healthz", "GET, HEAD"),
        (Method::POST, "/", "GET, HEAD"),
    ];
    for (method, path, allow) in wrong {
        let request = Client::new().request(method, server.url(path));
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["allow"], allow, "{path}");
        assert_eq!(code_of(response).await, (405, json!("method_not_allowed")), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_does_not_upgrade_is_answered_with_426() {
    let server = Server::start().await;
    let response = get(&server, "/api/sessions/s-1/live").await;
    assert_eq!(code_of(response).await, (426, json!("upgrade_required")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn healthz_says_whether_the_settings_are_usable_and_never_what_they_are() {
    let server = Server::start().await;
    let response = get(&server, "/healthz").await;
    assert_eq!(response.status(), 200);
    let health: Value = response.json().await.unwrap();
    assert_eq!(health, json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}));

    let broken = |change: fn(&mut Setup)| {
        Server::start_with(move |setup| {
            setup.tenants.clear();
            change(setup);
        })
    };
    let server = broken(|setup| setup.unset("SEALING_KEYS")).await;
    let problem: Value = get(&server, "/healthz").await.json().await.unwrap();
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.starts_with("SEALING_KEYS is not set"), "{detail}");

    let server = broken(|setup| setup.set("ADMIN_TOKEN", "hunter2")).await;
    for path in ["/healthz", "/api/sessions/s-1/state"] {
        let response = get(&server, path).await;
        assert_eq!(response.status(), 503);
        let text = response.text().await.unwrap();
        assert!(text.contains("ADMIN_TOKEN must have") && !text.contains("hunter2"), "{text}");
    }
    let declined = server.client("s-1").declined().await;
    assert_eq!((declined.status, &declined.body["code"]), (503, &json!("misconfigured")));
    assert!(!server.log().text().contains("hunter2"));
}
