//! The operator's console: only the admin token opens it, and it shows what rooms report of themselves while their tenant is watched.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use reqwest::{Client as Http, Method, Response};
use roomcast::hop::{REPORT, UPDATES};
use roomcast::limits::{CONSOLE_ATTEMPTS, CONSOLE_MS};
use roomcast::protocol::time::Timestamp;
use serde_json::{json, Value};

use crate::support::browser::Page;
use crate::support::client::Client;
use crate::support::clock::now;
use crate::support::connecting::{Carrier, Connecting};
use crate::support::events::{renamed, renames};
use crate::support::server::Server;
use crate::support::token::token;
use crate::support::worker_config::{document, ADMIN_TOKEN, ORIGIN, TOKEN_SECRET};

/// Rows that a room writes when it begins, for which its first post is answered.
const BEGIN_ROWS: u64 = 3;

const LIVE: &str = "/admin/console/live";

fn encoded(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(token)
}

fn console(server: &Server) -> Connecting {
    server.client("console").at(LIVE).with_token(Some(encoded(ADMIN_TOKEN)))
}

async fn watch(server: &Server, tenant: &str) -> Response {
    let watch = server.admin(Method::POST, &format!("/admin/tenants/{tenant}/watch"));
    watch.send().await.unwrap()
}

async fn get(server: &Server, path: &str) -> (u16, Value) {
    let answer = server.admin(Method::GET, path).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// A console that reads reports one after the other, however many come at once.
struct Watcher {
    console: Client,
    /// Updates that were read.
    read: usize,
}

impl Watcher {
    async fn open(server: &Server) -> Self {
        Self { console: console(server).open().await, read: 0 }
    }

    /// The next report of a room.
    async fn report(&mut self, name: &str) -> Value {
        loop {
            let mut unread = self.console.seen.updates.iter().skip(self.read);
            if let Some(update) = unread.next() {
                self.read += 1;
                assert_eq!(update["updateType"], "room");
                if update["data"]["name"] == name {
                    return update["data"].clone();
                }
            } else {
                self.console.updates_until(self.console.seen.seq() + 1).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_admin_token_opens_the_console() {
    let server = Server::start().await;
    for token in [encoded("wrong"), encoded(TOKEN_SECRET), ADMIN_TOKEN.to_owned()] {
        let refused = console(&server).with_token(Some(token)).closed().await;
        assert_eq!(refused, (4401, "token_invalid".to_owned()));
    }
    let users = console(&server).with_token(Some(token("console").text()));
    assert_eq!(users.closed().await, (4401, "token_invalid".to_owned()));
    for carrier in [Carrier::Cookie, Carrier::Query] {
        let refused = console(&server).in_the(carrier).closed().await;
        assert_eq!(refused, (4401, "token_missing".to_owned()), "{carrier:?}");
    }
    for page in [ORIGIN, "https://evil.test", "null"] {
        let refused = console(&server).on_page_of(page).closed().await;
        assert_eq!(refused, (4403, "origin_refused".to_owned()), "{page}");
    }
    let declined = console(&server).plain().with_token(Some("wrong".to_owned())).declined().await;
    assert_eq!((declined.status, &declined.body["code"]), (401, &json!("admin_refused")));
    let line = |line: &Value| line["session"] == LIVE && line["reason"] == "token_invalid";
    let line = server.log().wait("connection.refused", line).await;
    assert_eq!((&line["tenant"], &line["status"]), (&json!(""), &json!(401)));
    assert!(server.rooms().is_empty(), "nobody has reached the console's room");
    let opened = console(&server).on_page_of(&server.url("")).open().await;
    assert_eq!(opened.hello["sessionId"], "console");
    let expires = Timestamp::from_rfc3339(opened.hello["expiresAt"].as_str().unwrap()).unwrap();
    assert!(expires.ms_since(now()) <= CONSOLE_MS && expires > now());
    console(&server).plain().with_token(Some(ADMIN_TOKEN.to_owned())).open().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_is_no_tenants() {
    let server = Server::start().await;
    let below = console(&server).at(&format!("/t/demo{LIVE}")).declined().await;
    assert_eq!(below.status, 404);
    for method in [Method::POST, Method::DELETE] {
        let answer = Http::new().request(method, server.url(LIVE)).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["allow"]),
            (405, &"GET, HEAD".parse().unwrap())
        );
    }
    assert_eq!(Http::new().get(server.url(LIVE)).send().await.unwrap().status(), 426);
    let shut = Server::start_with(|setup| {
        setup.tenants.clear();
        setup.unset("ADMIN_TOKEN");
    })
    .await;
    let refused = console(&shut).closed().await;
    assert_eq!(refused, (4401, "token_invalid".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_are_counted_where_addresses_are_known() {
    let server = Server::start_with(|setup| setup.set("ADDRESS_HEADER", "x-address")).await;
    let attempt = |address: &str| console(&server).with_token(Some(encoded("wrong"))).from(address);
    for _ in 0..CONSOLE_ATTEMPTS {
        assert_eq!(attempt("192.0.2.1").closed().await.0, 4401);
    }
    let exceeded = console(&server).from("192.0.2.1").closed().await;
    assert_eq!(exceeded.1, "attempts_exceeded", "although the token is right");
    console(&server).from("192.0.2.2").open().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watched_tenants_rooms_report_and_others_do_not() {
    let server = Server::start_with(|setup| {
        let mut other = document(&[]);
        other["webhooks"][0]["secret"] = json!("whsec_enp6enp6enp6enp6enp6enp6enp6enp6");
        setup.tenants.push(("other".to_owned(), other));
        setup.counted = true;
    })
    .await;
    let reports = || {
        let calls = server.log().events("object.called");
        calls.iter().filter(|line| line["path"] == REPORT).count()
    };
    let publisher = server.publisher();
    let mut watcher = Watcher::open(&server).await;
    publisher.post(&renames("a", "s-0", 3)).await;
    let answer = watch(&server, "demo").await;
    assert_eq!(answer.status(), 200);
    let until = answer.json::<Value>().await.unwrap()["until"].as_u64().unwrap();
    assert!(until > now().plus_ms(80_000).0 && until <= now().plus_ms(90_000).0);
    let _there = [server.client("s-1").open().await, server.client("s-1").open().await];
    let plain = server.client("s-1").plain().open().await;
    let joined = watcher.report("s-1").await;
    assert_eq!(joined["did"]["turns"]["joined"], 1, "it reports at once");
    assert_eq!(joined["did"]["rowsWritten"], BEGIN_ROWS + 1, "and the alarm of its sweep");
    let mut posted = 0;
    let mut written = 0;
    for number in 0..5 {
        let answer = publisher.post(&renames(&format!("e-{number}"), "s-1", 4)).await;
        (posted, written) = (posted + 4, written + answer.cost.rows_written);
    }
    let (mut events, mut rows, mut frames, mut bytes) = (0, 0, 0, 0);
    let mut last = Value::Null;
    while events < posted {
        last = watcher.report("s-1").await;
        let did = &last["did"];
        let amount = |name: &str| did[name].as_u64().unwrap();
        events += amount("events");
        frames += amount("frames");
        bytes += amount("bytes");
        // An alarm that goes off meanwhile sets the next, which no post pays for.
        rows += amount("rowsWritten") - did["turns"]["alarm"].as_u64().unwrap();
        assert!(last["since"].as_u64() < last["at"].as_u64());
    }
    assert_eq!((&last["tenant"], &last["document"]), (&json!("demo"), &json!("-")));
    assert_eq!((events, rows + BEGIN_ROWS), (posted, written), "as the posts were answered");
    assert!(frames >= 2 * 5 + 20, "two greetings and states, and what was posted: {frames}");
    assert!(bytes > 100 * frames, "{bytes} bytes in {frames} frames");
    let members = &last["room"]["members"];
    assert_eq!(
        (&members["all"], &members["v1"], &members["plain"]),
        (&json!(3), &json!(2), &json!(1))
    );
    assert_eq!(last["room"]["head"], posted);
    assert_eq!(last["room"]["alarm"]["why"], "sweep");
    drop(plain);
    assert!(!watcher.console.seen.updates.iter().any(|update| update["data"]["name"] == "s-0"));
    assert_eq!(reports(), 0, "no room was asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_nobody_watches_says_nothing() {
    let server = Server::start_with(|setup| setup.counted = true).await;
    let _there = server.client("s-1").open().await;
    server.publisher().post(&renames("a", "s-1", 3)).await;
    let reached = |line: &Value| line["class"] == "Room" && line["path"] == UPDATES;
    let calls = server.log().events("object.called");
    assert_eq!(calls.iter().filter(|line| reached(line)).count(), 1, "the post, and no report");
    assert_eq!(server.rooms().len(), 1, "the console has no room yet");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rooms_of_a_tenant_are_listed_and_asked() {
    let server = Server::start_with(|setup| setup.presets(r#"["sessions", "stats"]"#)).await;
    let publisher = server.publisher();
    let task = json!({"event_id": "t-1", "event_type": "task.created", "aggregate_type": "Task",
        "aggregate_id": "t", "occurred_at": "2026-01-07T10:00:00Z", "payload": {}});
    publisher.post(&[renamed("e-1", "s-2"), renamed("e-2", "s-1"), task]).await;
    let path = "/admin/tenants/demo/rooms";
    // Rooms tell their tenant after they have answered.
    while get(&server, path).await.1["rooms"].as_array().unwrap().len() < 3 {}
    let all = json!({"rooms": ["s-1", "s-2", "stats/all"], "next": null});
    assert_eq!(get(&server, path).await, (200, all));
    let first = json!({"rooms": ["s-1", "s-2"], "next": "s-2"});
    assert_eq!(get(&server, &format!("{path}?limit=2")).await, (200, first));
    let rest = json!({"rooms": ["stats/all"], "next": null});
    assert_eq!(get(&server, &format!("{path}?limit=2&after=s-2")).await, (200, rest));
    for bad in ["limit=0", "limit=1001", "limit=x", "after=a/b/c", "after=*"] {
        let (status, problem) = get(&server, &format!("{path}?{bad}")).await;
        assert_eq!((status, &problem["code"]), (422, &json!("malformed")), "{bad}");
    }
    assert_eq!(get(&server, "/admin/tenants/nobody/rooms").await.0, 404);
    assert_eq!(watch(&server, "nobody").await.status(), 404);
    let (status, shown) = get(&server, &format!("{path}/stats/all")).await;
    assert_eq!(
        (status, &shown["name"], &shown["document"]),
        (200, &json!("stats/all"), &json!("stats"))
    );
    assert_eq!((&shown["room"]["head"], &shown["room"]["members"]["all"]), (&json!(1), &json!(0)));
    for none in ["s-9", "stats/s-9", "a/b/c", "..%2Fother%2Fs-1", "*"] {
        assert_eq!(get(&server, &format!("{path}/{none}")).await.0, 404, "{none}");
    }
    let three = get(&server, path).await.1["rooms"].as_array().unwrap().len();
    assert_eq!(three, 3, "asking begins no room");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_shows_the_token_again_and_stays() {
    let server = Server::start().await;
    let mut watcher = console(&server).open().await;
    watcher.send(&json!({"type": "auth.refresh", "ref": "1", "token": encoded(ADMIN_TOKEN)})).await;
    assert_eq!(watcher.next_frame().await["type"], "auth.refreshed");
    watcher.ping().await;
    server.evict("#console").await;
    server.log().wait("room.restored", |line| line["room"] == "#console").await;
    watcher.ping().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_was_evicted_reports_as_soon_as_somebody_posts() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let mut watcher = Watcher::open(&server).await;
    publisher.post_one(renamed("e-1", "s-1")).await;
    watch(&server, "demo").await;
    server.evict("demo/s-1").await;
    publisher.post_one(renamed("e-2", "s-1")).await;
    // If it came soon after the one before, it waits in a window, which has a report of its own.
    let (mut events, mut rows) = (0, 0);
    loop {
        let came = watcher.report("s-1").await;
        let amount = |name: &str| came["did"][name].as_u64().unwrap();
        (events, rows) = (events + amount("events"), rows + amount("rowsRead"));
        if came["room"]["head"] == 2 {
            break;
        }
    }
    assert_eq!(events, 1, "the one before was not reported");
    assert!(rows > 0, "it has read its log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_what_rooms_report() {
    let server = Server::start().await;
    server.publisher().post(&renames("a", "s-1", 3)).await;
    let mut page = Page::open(&server.url("/console"));
    page.wait_for_text("main", "Admin token").await;
    page.tell(json!({"cmd": "fill", "selector": "#admin-token", "text": ADMIN_TOKEN})).await;
    page.tell(json!({"cmd": "click", "selector": ".primary"})).await;
    page.wait_for_phase("live").await;
    // There is only one tenant, so it is watched.
    page.wait_for_text("tbody", "has not reported").await;
    server.publisher().post(&renames("b", "s-1", 4)).await;
    page.wait_for_text("tbody", "now").await;
    page.tell(json!({"cmd": "click", "selector": "tbody .name"})).await;
    page.wait_for_text("tbody", "Why it is awake").await;
    page.wait_for_text("tbody code", ":7").await;
    let findings = page.tell(json!({"cmd": "axe"})).await;
    assert_eq!(findings["findings"], json!([]));
    let shown = page.read().await;
    assert_eq!(shown["errors"], json!([]));
    let address = shown["address"].as_str().unwrap();
    assert!(address.ends_with("/console?tenant=demo"), "{address}");
    page.tell(json!({"cmd": "reload"})).await;
    page.wait_for_text("tbody", "s-1").await;
    page.quit().await;
}
