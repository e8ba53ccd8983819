//! What HTTP requires of every answer: methods, headers, media types (RFC 9110, RFC 6750).

use reqwest::{Client, RequestBuilder};
use roomcast::protocol::media::ACCEPTED;
use serde_json::{json, Value};

use crate::support::events::created;
use crate::support::publisher::answer;
use crate::support::raw::{ask, Raw};
use crate::support::server::Server;
use crate::support::token::{token, Token};

const STATE: &str = "/api/sessions/s-1/state";
const LIVE: &str = "/api/sessions/s-1/live";

/// The headers of a WebSocket client, without `Upgrade`.
const HANDSHAKE: &str = "connection: upgrade
    sec-websocket-version: 13
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";

fn bearer(token: &Token) -> String {
    format!("authorization: Bearer {}", token.text())
}

async fn get(server: &Server, path: &str, headers: &str) -> Raw {
    ask(server, &format!("GET {path} HTTP/1.1\n{headers}")).await
}

fn code(raw: &Raw) -> Value {
    serde_json::from_str::<Value>(&raw.body).unwrap()["code"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_is_answered_like_its_get_without_the_body() {
    let server = Server::start().await;
    server.publisher().post_one(created("e-1", "s-1")).await;
    let good = bearer(&token("s-1"));
    for (path, headers, status) in [
        (STATE, good.as_str(), 200),
        (STATE, &format!("{good}\nif-none-match: *"), 304),
        (STATE, "", 401),
        (STATE, &format!("{good}\norigin: https://evil.test"), 403),
        (LIVE, &good, 426),
        ("/healthz", "", 200),
        ("/", "", 200),
        ("/", "if-none-match: *", 304),
        ("/dashboard/stats", "", 200),
        ("/dashboard/stats", "if-none-match: *", 304),
        ("/dashboard/nothing", "", 404),
        ("/api/events", "", 405),
        ("/nothing", "", 404),
    ] {
        let get = get(&server, path, headers).await;
        let head = ask(&server, &format!("HEAD {path} HTTP/1.1\n{headers}")).await;
        assert_eq!((get.status(), head.status()), (status, status), "{path} {headers}");
        assert_eq!(get.headers(), head.headers(), "{path} {headers}");
        assert_eq!(head.body, "", "{path} {headers}");
        assert_eq!(get.body.is_empty(), status == 304, "{path} {headers}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_request_gets_a_challenge() {
    let server = Server::start().await;
    for (authorization, code, challenge) in [
        (String::new(), "token_missing", r#"Bearer realm="roomcast""#),
        ("authorization: Basic YTpi".to_owned(), "token_missing", r#"Bearer realm="roomcast""#),
        (
            "authorization: Bearer a.b.c".to_owned(),
            "token_invalid",
            r#"Bearer realm="roomcast", error="invalid_token""#,
        ),
        (
            bearer(&token("s-1").ends_in(-61)),
            "token_expired",
            r#"Bearer realm="roomcast", error="invalid_token""#,
        ),
        (
            bearer(&token("s-2")),
            "session_refused",
            r#"Bearer realm="roomcast", error="insufficient_scope""#,
        ),
    ] {
        let state = get(&server, STATE, &authorization).await;
        let upgrade = format!("{authorization}\nupgrade: websocket\n{HANDSHAKE}");
        let upgrade = get(&server, LIVE, upgrade.trim()).await;
        for refused in [state, upgrade] {
            assert_eq!(self::code(&refused), code, "{refused:?}");
            assert_eq!(refused.header("www-authenticate"), Some(challenge), "{refused:?}");
            assert_eq!(refused.header("cache-control"), Some("no-store"), "{refused:?}");
        }
    }
    let origin = format!("{}\norigin: https://evil.test", bearer(&token("s-1")));
    let refused = get(&server, STATE, &origin).await;
    assert_eq!((refused.status(), refused.header("www-authenticate")), (403, None));
    let unsigned = server.publisher().unsigned().send().await.unwrap();
    assert_eq!(unsigned.status(), 401);
    assert_eq!(unsigned.headers()["www-authenticate"], "StandardWebhooks realm=\"roomcast\"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_may_be_cached_only_privately_and_never_if_the_address_has_a_token() {
    let server = Server::start().await;
    let good = bearer(&token("s-1"));
    let with_query = format!("{STATE}?token={}", token("s-1").text());
    let cookie =
        format!("cookie: roomcast_token={}\norigin: {}", token("s-1").text(), server.url(""));
    for (path, headers, caching) in [
        (STATE, good.as_str(), "private, no-cache"),
        (STATE, &cookie, "private, no-cache"),
        (STATE, &format!("{good}\nif-none-match: *"), "private, no-cache"),
        (&with_query, "", "no-store"),
        (&with_query, &good, "no-store"),
        (&with_query, "if-none-match: *", "no-store"),
    ] {
        let state = get(&server, path, headers).await;
        assert!(matches!(state.status(), 200 | 304), "{state:?}");
        assert_eq!(state.header("cache-control"), Some(caching), "{path} {headers}");
        assert_eq!(state.header("vary"), Some("origin"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_none_match_with_a_star_matches_any_state() {
    let server = Server::start().await;
    let good = bearer(&token("s-1"));
    for (known, status) in [("*", 304), (" * ", 304), ("\"*\"", 200), ("\"x\"", 200), ("", 200)] {
        let state = get(&server, STATE, &format!("{good}\nif-none-match: {known}")).await;
        assert_eq!(state.status(), status, "{known:?}");
        assert!(state.header("etag").is_some());
    }
    // A reader that is not allowed does not learn whether there is a state.
    assert_eq!(get(&server, STATE, "if-none-match: *").await.status(), 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_get_that_asks_for_a_websocket_and_nothing_else_upgrades() {
    let server = Server::start().await;
    let good = bearer(&token("s-1"));
    for (method, upgrade, status) in [
        ("GET", "websocket", 101),
        ("GET", "WebSocket", 101),
        ("GET", "websocket, foo", 426),
        ("GET", "foo, websocket", 426),
        ("GET", "foo\nupgrade: websocket", 426),
        ("GET", "websocket/13", 426),
        ("GET", "h2c", 426),
        ("GET", "", 426),
        ("HEAD", "websocket", 426),
        ("POST", "websocket", 405),
    ] {
        let length = if method == "POST" { "content-length: 0" } else { "x: x" };
        let lines =
            format!("{method} {LIVE} HTTP/1.1\n{good}\n{length}\nupgrade: {upgrade}\n{HANDSHAKE}");
        // The server does not close an upgraded connection, so `ask` reads only its head.
        let answer = ask(&server, &lines).await;
        assert_eq!(answer.status(), status, "{method} {upgrade:?}");
    }
    // Roomcast's 426 is about the protocol. The runtime has a 426 of its own about the version.
    let old = HANDSHAKE.replace("13", "12");
    let old = get(&server, LIVE, &format!("{good}\nupgrade: websocket\n{old}")).await;
    assert_eq!((old.status(), old.header("sec-websocket-version")), (426, Some("13")));
}

async fn refused(request: RequestBuilder, header: &str) -> (u16, Value, Option<String>) {
    let response = request.send().await.unwrap();
    let hint = response.headers().get(header).map(|value| value.to_str().unwrap().to_owned());
    let answer = answer(response).await;
    (answer.status, answer.body["code"].clone(), hint)
}

/// A signed request, so that only its headers can be wrong.
fn posted(server: &Server, headers: &[(&str, &str)]) -> RequestBuilder {
    let body = json!([created("e-1", "s-1")]).to_string();
    let signed = server.publisher().signed(body).build().unwrap();
    let mut own = signed.headers().clone();
    own.remove("content-type");
    let request = Client::new().post(signed.url().clone()).headers(own);
    let request = request.body(signed.body().unwrap().as_bytes().unwrap().to_vec());
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_of_another_type_or_encoding_is_refused_with_what_is_accepted() {
    let server = Server::start().await;
    for content_type in ["application/x-www-form-urlencoded", "text/plain", "application/xml"] {
        let post = posted(&server, &[("content-type", content_type)]);
        let wanted = (415, json!("unsupported_media_type"), Some(ACCEPTED.to_owned()));
        assert_eq!(refused(post, "accept-post").await, wanted, "{content_type}");
    }
    for encoding in ["gzip", "br", "identity, gzip"] {
        let json = ("content-type", "application/json");
        let post = posted(&server, &[json, ("content-encoding", encoding)]);
        let wanted = (415, json!("unsupported_encoding"), Some("identity".to_owned()));
        assert_eq!(refused(post, "accept-encoding").await, wanted, "{encoding}");
    }
    // The signature is not checked before that.
    let unsigned = server.publisher().unsigned().header("content-encoding", "gzip").body("{}");
    assert_eq!(refused(unsigned, "accept-encoding").await.0, 415);
    assert!(server.rooms().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_is_accepted_under_every_json_type_and_without_one() {
    let server = Server::start().await;
    for headers in [
        vec![],
        vec![("content-type", "application/json; charset=utf-8")],
        vec![("content-type", "Application/Vnd.Example+JSON")],
        vec![("content-type", "application/json"), ("content-encoding", "identity")],
    ] {
        let answer = posted(&server, &headers).send().await.unwrap();
        assert_eq!(answer.status(), 202, "{headers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dot_or_two_dots_are_not_a_session() {
    let server = Server::start().await;
    let all = bearer(&token("*"));
    for session in ["..", ".", "%2e%2e", "%2E", ".%2e"] {
        let state = get(&server, &format!("/api/sessions/{session}/state"), &all).await;
        assert_eq!((state.status(), code(&state)), (400, json!("bad_session")), "{session}");
    }
    for session in ["..", "."] {
        let answer = server.publisher().try_post(&[created("e-1", session)]).await;
        let reason = answer.body["errors"][0]["reason"].as_str().unwrap();
        assert!(reason.contains("neither . nor .."), "{reason}");
    }
    assert!(server.rooms().is_empty());
}
