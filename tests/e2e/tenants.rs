//! Tenants: made, read, changed and deleted over the admin API, and kept apart from each other.

use std::time::Duration;

use reqwest::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use reqwest::{Client, Method, Response};
use roomcast::limits::{CACHED_POINTERS, POST_EVENTS};
use serde_json::{json, Value};
use tokio::time::{sleep, Instant};

use crate::support::clock::now;
use crate::support::events::{completed, created, cycle_created, renamed};
use crate::support::publisher::Publisher;
use crate::support::server::Server;
use crate::support::token::{token, Token};
use crate::support::worker_config::{document, ADMIN_TOKEN, TOKEN_SECRET, WEBHOOK_SECRET};

const OTHER_WEBHOOK: &str = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6";

/// How long a change may take, with room for a slow machine.
const EVERYWHERE: Duration = Duration::from_secs(40);

/// A tenant that shares its token key with `demo`.
fn acme() -> Value {
    let mut acme = document(&[]);
    acme["webhooks"][0]["secret"] = json!(OTHER_WEBHOOK);
    acme
}

fn of(tenant: &str, session: &str) -> Token {
    token(session).between("roomcast", &format!("roomcast:{tenant}"))
}

fn tag(response: &Response) -> String {
    response.headers()[ETAG].to_str().unwrap().to_owned()
}

async fn problem(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn get(server: &Server, path: &str) -> Response {
    server.admin(Method::GET, path).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_admin_token_opens_the_admin_api() {
    let server = Server::start().await;
    for (method, path) in [
        (Method::GET, "/admin/tenants"),
        (Method::GET, "/admin/tenants/demo"),
        (Method::PUT, "/admin/tenants/demo"),
        (Method::DELETE, "/admin/tenants/demo"),
        (Method::POST, "/admin/tenants/demo/reseal"),
    ] {
        for token in
            [None, Some("wrong"), Some(ADMIN_TOKEN.trim_start_matches('a')), Some(TOKEN_SECRET)]
        {
            let mut request = Client::new().request(method.clone(), server.url(path));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let answer = request.send().await.unwrap();
            assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
            let (status, problem) = problem(answer).await;
            assert_eq!((status, &problem["code"]), (401, &json!("admin_refused")), "{path}");
        }
    }
    let line = server.log().wait("admin.refused", |line| line["path"] == "/admin/tenants").await;
    assert_eq!((&line["status"], &line["method"]), (&json!(401), &json!("GET")));
    assert_eq!(get(&server, "/admin/tenants/demo").await.status(), 200);

    let shut = Server::start_with(|setup| {
        setup.tenants.clear();
        setup.unset("ADMIN_TOKEN");
    })
    .await;
    let (status, problem) = problem(get(&shut, "/admin/tenants").await).await;
    assert_eq!(status, 401);
    assert!(problem["detail"].as_str().unwrap().contains("ADMIN_TOKEN"), "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_comes_back_without_its_secrets_and_can_be_sent_back() {
    let server = Server::start().await;
    let answer = get(&server, "/admin/tenants/demo").await;
    let version = tag(&answer);
    let text = answer.text().await.unwrap();
    assert!(!text.contains(TOKEN_SECRET) && !text.contains("whsec_"), "{text}");
    let mut shown: Value = serde_json::from_str(&text).unwrap();
    shown["origins"] = json!(["https://new.example.com"]);
    let put = server.admin(Method::PUT, "/admin/tenants/demo").json(&shown);
    let stale = put.try_clone().unwrap().header(IF_MATCH, "\"0123456789abcdef\"");
    assert_eq!(problem(stale.send().await.unwrap()).await.0, 412);
    let new = put.try_clone().unwrap().header(IF_NONE_MATCH, "*");
    assert_eq!(problem(new.send().await.unwrap()).await.0, 412);
    let changed = put.header(IF_MATCH, &version).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    assert_ne!(tag(&changed), version);
    server.publisher().post_one(created("e-1", "s-1")).await;
    for file in stored(&server, "tenant") {
        assert!(!file.contains(TOKEN_SECRET) && !file.contains(WEBHOOK_SECRET), "not sealed");
    }
    let log = server.log().text();
    assert!(!log.contains(TOKEN_SECRET) && !log.contains(WEBHOOK_SECRET));
}

/// Everything that is stored of the objects of a class, as text.
fn stored(server: &Server, class: &str) -> Vec<String> {
    let files = std::fs::read_dir(server.storage().join(class)).unwrap();
    let text = |path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let found: Vec<_> = files.map(|file| text(file.unwrap().path())).collect();
    assert!(found.iter().any(|text| text.contains("sealed:a:")), "nothing is stored");
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_document_is_refused_by_place_and_the_old_one_stays() {
    let server = Server::start().await;
    let mut wrong = document(&["nope"]);
    wrong["tokens"]["keys"] = json!([{"alg": "HS256", "secret": "hunter2"}]);
    let (status, problem) = problem(server.put_tenant("demo", &wrong).await).await;
    assert_eq!((status, &problem["code"]), (422, &json!("malformed")));
    let faults = problem["faults"].as_array().unwrap();
    assert_eq!(faults[0]["place"], "origins[0]");
    assert!(faults[1]["place"].as_str().unwrap().starts_with("tokens.keys"), "{problem}");
    assert!(!problem.to_string().contains("hunter2"));
    let put = server.admin(Method::PUT, "/admin/tenants/demo").body("{\n{hunter2");
    let (status, problem) = self::problem(put.send().await.unwrap()).await;
    assert_eq!(status, 422);
    assert!(!problem.to_string().contains("hunter2"));
    server.client("s-1").open().await;
    server.publisher().post_one(created("e-1", "s-1")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_takes_effect_within_half_a_minute() {
    let server = Server::start().await;
    server.client("s-1").open().await;
    let mut changed = document(&[]);
    changed["tokens"]["keys"][0]["secret"] = json!("another key that has 32 bytes ..");
    let start = Instant::now();
    assert_eq!(server.put_tenant("demo", &changed).await.status(), 200);
    while server.client("s-1").try_open().await.is_ok() {
        assert!(start.elapsed() < EVERYWHERE, "the old key still counts");
        sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_have_rooms_tokens_and_signatures_of_their_own() {
    let server = Server::start_with(|setup| setup.tenants.push(("acme".to_owned(), acme()))).await;
    let theirs = |text: Token| server.client("s-1").of("acme").with_token(Some(text.text()));
    let mut acme_client = theirs(of("acme", "s-1")).open().await;
    let mut demo_client = server.client("s-1").open().await;
    // The same key, and still no token of one is good for the other.
    assert_eq!(theirs(token("s-1")).closed().await, (4401, "token_invalid".to_owned()));
    let ours = server.client("s-1").with_token(Some(of("acme", "s-1").text()));
    assert_eq!(ours.closed().await, (4401, "token_invalid".to_owned()));
    let publisher = Publisher::new(&server.url("/t/acme"));
    let body = json!([created("e-1", "s-1")]).to_string();
    let foreign = publisher.signed(body.clone()).send().await.unwrap();
    assert_eq!(problem(foreign).await.1["code"], "signature_invalid");
    let theirs = publisher.signed_with(OTHER_WEBHOOK, now(), body).send().await.unwrap();
    assert_eq!(theirs.status(), 202);
    server.publisher().post_one(created("e-2", "s-1")).await;
    assert_eq!(acme_client.next_frame().await["seq"], 1);
    assert_eq!(demo_client.next_frame().await["seq"], 1);
    let rooms = server.log().events("connection.accepted");
    let rooms: Vec<_> = rooms.iter().map(|line| line["room"].as_str().unwrap()).collect();
    assert_eq!(rooms, ["acme/s-1", "demo/s-1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_one_tenant_may_have_is_refused_to_another() {
    let server = Server::start().await;
    let (status, refused) = problem(server.put_tenant("acme", &document(&[])).await).await;
    assert_eq!((status, &refused["code"]), (409, &json!("conflict")));
    assert_eq!(refused["faults"][0]["place"], "webhooks[0]");
    let mut same_audience = acme();
    same_audience["tokens"]["audience"] = json!("roomcast:demo");
    let (status, refused) = problem(server.put_tenant("acme", &same_audience).await).await;
    assert_eq!((status, &refused["faults"][0]["place"]), (409, &json!("tokens.keys[0]")));
    let mut host = acme();
    host["hosts"] = json!(["live.acme.test"]);
    assert_eq!(server.put_tenant("acme", &host).await.status(), 201);
    let mut other = host.clone();
    other["webhooks"][0]["secret"] = json!("whsec_eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5");
    let (status, refused) = problem(server.put_tenant("other", &other).await).await;
    assert_eq!((status, &refused["faults"][0]["place"]), (409, &json!("hosts[0]")));
    assert_eq!(problem(get(&server, "/admin/tenants/other").await).await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_found_by_path_by_host_and_by_default() {
    let server = Server::start_with(|setup| {
        setup.set("TENANT_HOST_SUFFIX", ".rooms.test");
        let mut acme = acme();
        acme["hosts"] = json!(["live.acme.test"]);
        setup.tenants.push(("acme".to_owned(), acme));
    })
    .await;
    let state = |path: &str, host: &str, tenant: &str| {
        let request = Client::new().get(server.url(path)).header("host", host);
        let request = request.bearer_auth(of(tenant, "s-1").text());
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let path = "/api/sessions/s-1/state";
    assert_eq!(state(path, "any.test", "demo").await, 200);
    assert_eq!(state(path, "acme.rooms.test", "acme").await, 200);
    assert_eq!(state(path, "live.acme.test:8443", "acme").await, 200);
    assert_eq!(state(path, "LIVE.acme.test", "demo").await, 401);
    assert_eq!(state(&format!("/t/acme{path}"), "demo.rooms.test", "acme").await, 200);
    for nobody in ["/t/nobody", "/t/Acme", "/t/acme%20", "/t/"] {
        assert_eq!(state(&format!("{nobody}{path}"), "any.test", "acme").await, 404, "{nobody}");
    }
    assert_eq!(state(path, "nobody.rooms.test", "demo").await, 404);
    let stranger = server.client("s-1").of("nobody");
    assert_eq!(stranger.closed().await, (4404, "tenant_unknown".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_tenant_is_refused() {
    let server = Server::start_with(|setup| {
        setup.document()["access"] = json!("suspended");
    })
    .await;
    assert_eq!(server.client("s-1").closed().await, (4403, "tenant_suspended".to_owned()));
    let answer = server.publisher().try_post(&[created("e-1", "s-1")]).await;
    assert_eq!((answer.status, &answer.body["code"]), (403, &json!("tenant_suspended")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_are_listed_in_pages() {
    let server = Server::start().await;
    for number in 0..101_u8 {
        let mut document = document(&[]);
        let secret = json!(format!("whsec_{}", "ab".repeat(14) + &format!("{number:04}")));
        document["webhooks"][0]["secret"] = secret;
        let answer = server.put_tenant(&format!("t-{number:03}"), &document).await;
        assert_eq!(answer.status(), 201, "{:?}", answer.text().await);
    }
    let first: Value = get(&server, "/admin/tenants").await.json().await.unwrap();
    assert_eq!(first["tenants"].as_array().unwrap().len(), 100);
    assert_eq!((&first["tenants"][0], &first["next"]), (&json!("demo"), &json!("t-098")));
    let rest: Value = get(&server, "/admin/tenants?after=t-098").await.json().await.unwrap();
    assert_eq!(rest, json!({"tenants": ["t-099", "t-100"], "next": null}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_a_tenant_closes_its_connections_and_deletes_its_rooms() {
    let server = Server::start_with(|setup| setup.tenants.push(("acme".to_owned(), acme()))).await;
    let theirs = server.client("s-1").of("acme").with_token(Some(of("acme", "s-1").text()));
    let mut watching = theirs.open().await;
    let mut bystander = server.client("s-1").open().await;
    let publisher = Publisher::new(&server.url("/t/acme"));
    for session in ["s-1", "s-2"] {
        let body = json!([created(&format!("e-{session}"), session)]).to_string();
        let sent = publisher.signed_with(OTHER_WEBHOOK, now(), body).send().await.unwrap();
        assert_eq!(sent.status(), 202);
    }
    watching.next_frame().await;
    let start = Instant::now();
    while !stored(&server, "tenant").iter().any(|text| text.contains("acme/s-2")) {
        assert!(start.elapsed() < EVERYWHERE, "the tenant does not know the room");
        sleep(Duration::from_millis(50)).await;
    }
    let deleted = server.admin(Method::DELETE, "/admin/tenants/acme").send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    assert_eq!(watching.expect_close().await, (4404, "tenant_unknown".to_owned()));
    for session in ["acme/s-1", "acme/s-2"] {
        server.log().wait("room.ended", |line| line["room"] == session).await;
    }
    assert_eq!(get(&server, "/admin/tenants/acme").await.status(), 404);
    let again = problem(server.put_tenant("acme", &acme()).await).await;
    assert_eq!((again.0, &again.1["code"]), (409, &json!("conflict")));
    server.publisher().post_one(renamed("e-9", "s-1")).await;
    bystander.next_frame().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_sealing_key_replaces_the_old_one_step_by_step() {
    let mut server = Server::start().await;
    let (old, new) = (
        "a:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "b:YWJjZGVmZ2hpamFiY2RlZmdoaWphYmNkZWZnaGlqYWI=",
    );
    server.restart_with(&[("SEALING_KEYS", &format!("{new} {old}"))]).await;
    server.client("s-1").open().await;
    let resealed = server.admin(Method::POST, "/admin/tenants/demo/reseal").send().await.unwrap();
    assert_eq!(resealed.status(), 200, "{:?}", resealed.text().await);
    server.restart_with(&[("SEALING_KEYS", new)]).await;
    server.client("s-1").open().await;
    server.restart_with(&[("SEALING_KEYS", old)]).await;
    assert_eq!(server.client("s-1").closed().await.0, 4503, "the old key opens nothing any more");
}

/// A backend posts events of so many aggregates that each of them is new in the cache of an isolate.
async fn fill_cache(publisher: &Publisher, secret: &str, prefix: &str) {
    for first in (0..=CACHED_POINTERS).step_by(POST_EVENTS) {
        let event =
            |number| completed(&format!("{prefix}-{number}"), &format!("{prefix}-{number}"), "x");
        let events: Vec<Value> = (first..first + POST_EVENTS).map(event).collect();
        let body = serde_json::to_string(&events).unwrap();
        let answer = publisher.signed_with(secret, now(), body).send().await.unwrap();
        assert_eq!(answer.status(), 202);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_tenant_pushes_what_is_known_of_another_out_of_a_cache() {
    let server = Server::start_with(|setup| setup.tenants.push(("acme".to_owned(), acme()))).await;
    let (demo, other) = (server.publisher(), Publisher::new(&server.url("/t/acme")));
    demo.post_one(cycle_created("e-1", "s-1", "c-1")).await;
    let requests = |id: &'static str| {
        let event = completed(id, "c-1", "objectives");
        let demo = demo.clone();
        async move { demo.post_one(event).await.cost.requests }
    };
    assert_eq!(requests("e-2").await, 1, "the pointer is not asked: its session is known");
    fill_cache(&other, OTHER_WEBHOOK, "a").await;
    assert_eq!(requests("e-3").await, 1);
    fill_cache(&demo, WEBHOOK_SECRET, "d").await;
    assert_eq!(requests("e-4").await, 2, "a tenant's own events do push it out");
}
