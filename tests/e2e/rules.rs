//! What a tenant tells its rooms: that it is suspended, and for how long they are kept.

use std::time::Duration;

use reqwest::Method;
use roomcast::hop::{BEGUN, END, ENDED, RULE};
use serde_json::{json, Value};
use tokio::time::{sleep, Instant};

use crate::support::client::Client;
use crate::support::clock::now;
use crate::support::disk::{alter, make_alarms_due};
use crate::support::events::{created, renamed};
use crate::support::publisher::Publisher;
use crate::support::server::{databases, Server};
use crate::support::token::token;
use crate::support::worker_config::document;

const OTHER_WEBHOOK: &str = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6";

/// In how short a time connections are closed once the answer of the admin API is there.
const SOON: Duration = Duration::from_secs(2);

/// How long a change of the document may take, with room for a slow machine.
const EVERYWHERE: Duration = Duration::from_secs(40);

/// How long it may take until whoever came in by an old copy is closed, with room for a slow machine.
const ONCE_MORE: Duration = Duration::from_secs(70);

const DAY_MS: u64 = 24 * 3_600_000;

/// The tenants `demo` and `acme`, and a line in the log for each call of an object.
async fn two_tenants() -> Server {
    Server::start_with(|setup| {
        let mut acme = document(&[]);
        acme["webhooks"][0]["secret"] = json!(OTHER_WEBHOOK);
        setup.tenants.push(("acme".to_owned(), acme));
        setup.counted = true;
    })
    .await
}

/// Changes a field of the document of `demo`.
async fn change(server: &Server, field: &str, value: Value) {
    let shown = server.admin(Method::GET, "/admin/tenants/demo").send().await.unwrap();
    let mut shown: Value = shown.json().await.unwrap();
    shown[field] = value;
    assert_eq!(server.put_tenant("demo", &shown).await.status(), 200);
}

/// How often objects of a class were called at a path.
fn calls(server: &Server, class: &str, path: &str) -> usize {
    let calls = server.log().events("object.called");
    calls.iter().filter(|line| line["class"] == class && line["path"] == path).count()
}

/// Waits until they were called so often.
async fn called(server: &Server, class: &str, path: &str, times: usize) {
    let since = Instant::now();
    while calls(server, class, path) < times {
        assert!(since.elapsed() < EVERYWHERE, "{class} is not called {times} times at {path}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn expect_suspended(client: &mut Client) {
    assert_eq!(client.expect_close().await, (4403, "tenant_suspended".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspending_a_tenant_closes_its_connections_at_once_and_nobody_elses() {
    let server = two_tenants().await;
    let sessions: Vec<String> = (1..=25).map(|number| format!("s-{number:02}")).collect();
    let events: Vec<Value> =
        sessions.iter().map(|session| created(&format!("e-{session}"), session)).collect();
    server.publisher().post(&events).await;
    called(&server, "Tenant", BEGUN, sessions.len()).await;
    let mut first = server.client("s-01").open().await;
    let mut last = server.client("s-25").plain().open().await;
    let of_acme = token("s-01").between("roomcast", "roomcast:acme").text();
    let mut other = server.client("s-01").of("acme").with_token(Some(of_acme)).open().await;
    server.evict("demo/s-25").await;
    change(&server, "access", json!("suspended")).await;
    let since = Instant::now();
    first.next_frame().await;
    expect_suspended(&mut first).await;
    while last.try_frame().await.is_ok() {}
    assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
    let line = |code: u64| move |line: &Value| line["code"] == code && line["room"] == "demo/s-25";
    server.log().wait("connection.closed", line(4403)).await;
    assert_eq!(calls(&server, "Room", RULE), sessions.len(), "each room is told");
    other.ping().await;

    change(&server, "access", json!("open")).await;
    let mut back = loop {
        match server.client("s-01").try_open().await {
            Ok(client) => break client,
            Err(_) => assert!(since.elapsed() < EVERYWHERE, "the tenant is still refused"),
        }
        sleep(Duration::from_millis(500)).await;
    };
    assert_eq!(back.next_frame().await["updates"][0]["data"]["title"], "Session s-01");
    server.publisher().post_one(renamed("e-26", "s-01")).await;
    back.next_frame().await;
    assert_eq!(calls(&server, "Room", RULE), sessions.len(), "there is nothing more to tell");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_in_by_an_old_copy_of_the_document_is_closed_as_well() {
    let server = Server::start().await;
    let mut before = server.client("s-1").open().await;
    change(&server, "access", json!("suspended")).await;
    let since = Instant::now();
    expect_suspended(&mut before).await;
    // The front Worker asks for the document again after 12 s.
    let mut late = server.client("s-1").open().await;
    // A room that begins is told at once.
    let mut anew = server.client("s-2").open().await;
    expect_suspended(&mut anew).await;
    late.patience = ONCE_MORE;
    expect_suspended(&mut late).await;
    assert!(since.elapsed() > Duration::from_secs(30), "when no copy is that old any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_says_for_how_many_days_rooms_are_kept() {
    let server = Server::start().await;
    change(&server, "retention_days", json!(7)).await;
    let shown = server.admin(Method::GET, "/admin/tenants/demo").send().await.unwrap();
    let mut shown: Value = shown.json().await.unwrap();
    assert_eq!(shown["retention_days"], 7);
    shown["retention_days"] = json!(366);
    let refused = server.put_tenant("demo", &shown).await;
    assert_eq!(refused.status(), 422);
    let refused: Value = refused.json().await.unwrap();
    let reason = "must be a whole number from 1 to 365";
    assert_eq!(refused["faults"], json!([{"place": "retention_days", "reason": reason}]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_rooms_end_when_their_tenant_says_so_and_it_forgets_their_names() {
    let mut server = two_tenants().await;
    server.publisher().post(&[created("e-1", "s-1"), created("e-2", "s-2")]).await;
    let acme = Publisher::new(&server.url("/t/acme"));
    let body = json!([created("e-1", "s-1")]).to_string();
    assert_eq!(acme.signed_with(OTHER_WEBHOOK, now(), body).send().await.unwrap().status(), 202);
    called(&server, "Tenant", BEGUN, 3).await;
    change(&server, "retention_days", json!(1)).await;
    called(&server, "Room", RULE, 2).await;
    for session in ["s-1", "s-2"] {
        let mut client = server.client(session).open().await;
        client.next_frame().await;
        client.close(1000, "").await;
    }
    server.log().wait_for("connection.closed", 2).await;
    server.kill_9();
    let rooms = server.storage().join("room");
    let two_days_ago = now().0 - 2 * DAY_MS;
    alter(&databases(&rooms), &format!("UPDATE room SET at = {two_days_ago} WHERE id >= 0")).await;
    make_alarms_due(&rooms).await;
    server.restart().await;
    for room in ["demo/s-1", "demo/s-2"] {
        server.log().wait("room.ended", |line| line["room"] == room).await;
    }
    server.log().wait("room.restored", |line| line["room"] == "acme/s-1").await;
    called(&server, "Tenant", ENDED, 2).await;
    // A room that begins anew is known again.
    server.publisher().post_one(created("e-3", "s-2")).await;
    called(&server, "Tenant", BEGUN, 4).await;
    let deleted = server.admin(Method::DELETE, "/admin/tenants/demo").send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    server.log().wait("room.ended", |line| line["room"] == "demo/s-2").await;
    assert_eq!(calls(&server, "Room", END), 1, "the other name is forgotten");
    let ended = server.log().events("room.ended");
    assert!(ended.iter().all(|line| line["room"] != "acme/s-1"), "30 days have not passed");
}
