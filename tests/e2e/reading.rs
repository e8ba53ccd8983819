//! The state over HTTP, which a page may fetch instead of watching.

use std::collections::BTreeMap;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{json, Value};

use crate::support::events::{completed, created, cycle_created, message, renamed};
use crate::support::server::Server;
use crate::support::token::token;
use crate::support::worker_config::ORIGIN;

fn state(server: &Server, method: Method) -> RequestBuilder {
    let request = Client::new().request(method, server.url("/api/sessions/s-1/state"));
    request.bearer_auth(token("s-1").text())
}

/// The state after these updates, by the rules of the preset, written here a second time.
fn folded(tail: &[Value]) -> Vec<Value> {
    let mut kept: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for update in tail {
        let (kind, data) = (update["updateType"].as_str().unwrap(), &update["data"]);
        let (key, keep) = match kind {
            "conversation.message" => (kind.to_owned(), 50),
            "component.started" | "component.completed" => {
                (format!("component {} {}", data["cycleId"], data["componentType"]), 1)
            }
            _ => (format!("{kind} {}", data["cycleId"]), 1),
        };
        let list = kept.entry(key).or_default();
        list.push(update);
        list.drain(..list.len().saturating_sub(keep));
    }
    let mut updates: Vec<Value> = kept.into_values().flatten().cloned().collect();
    updates.sort_by_key(|update| update["seq"].as_u64());
    updates
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reader_gets_the_folded_tail_as_the_state() {
    let mut server = Server::start().await;
    let publisher = server.publisher();
    let mut client = server.client("s-1").open().await;
    publisher.post(&[cycle_created("c-1", "s-1", "c-1"), cycle_created("c-2", "s-1", "c-2")]).await;
    for number in 0..80 {
        let (cycle, component) =
            (["c-1", "c-2"][number % 2], ["objectives", "tradeoffs"][number / 2 % 2]);
        let said = message(&format!("m-{number}"), "s-1", "…");
        publisher.post(&[completed(&format!("d-{number}"), cycle, component), said]).await;
    }
    client.updates_until(162).await;
    let wanted = folded(&client.seen.updates);
    assert_eq!(wanted.len(), 2 + 4 + 50);
    for restarted in [false, true] {
        if restarted {
            server.restart().await;
        }
        let body: Value = state(&server, Method::GET).send().await.unwrap().json().await.unwrap();
        assert_eq!((&body["type"], &body["seq"]), (&json!("dashboard.state"), &json!(162)));
        assert_eq!(body["updates"], json!(wanted));
        let mut reader = server.client("s-1").open().await;
        assert_eq!(reader.hello["recovery"], "snapshot");
        assert_eq!(reader.next_frame().await, body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_has_its_position_as_an_etag_and_is_not_sent_twice() {
    let server = Server::start().await;
    server.publisher().post_one(created("e-1", "s-1")).await;
    let first = state(&server, Method::GET).send().await.unwrap();
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(
        (first.status().as_u16(), &first.headers()["content-type"]),
        (200, &"application/json".parse().unwrap())
    );
    let body: Value = first.json().await.unwrap();
    assert_eq!(tag, format!("\"{}:{}\"", body["epoch"].as_str().unwrap(), body["seq"]));
    let again = |known: String| state(&server, Method::GET).header("if-none-match", known).send();
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}")] {
        let again = again(known).await.unwrap();
        assert_eq!(
            (again.status().as_u16(), again.headers()["etag"].to_str().unwrap()),
            (304, &*tag)
        );
        assert_eq!(again.bytes().await.unwrap().len(), 0);
    }
    server.publisher().post_one(renamed("e-2", "s-1")).await;
    let changed = again(tag).await.unwrap();
    assert_eq!(changed.status(), 200);
    assert_eq!(changed.json::<Value>().await.unwrap()["seq"], 2);
}

/// Bytes of the database of an object that has stored nothing.
const EMPTY: u64 = 4_096;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_of_a_room_without_updates_is_empty() {
    let server = Server::start().await;
    let body: Value = state(&server, Method::GET).send().await.unwrap().json().await.unwrap();
    assert_eq!((&body["seq"], &body["updates"]), (&json!(0), &json!([])));
    // A room begins with its first client or event; a read does not begin it.
    assert_eq!(body["epoch"], "0000000000000000");
    assert_eq!(server.bytes_stored(), EMPTY, "only what the platform itself stores for an object");
    let begun = server.client("s-1").open().await;
    assert_ne!(begun.hello["epoch"], body["epoch"]);
    assert!(server.bytes_stored() > EMPTY);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_an_allowed_origin_may_read_the_state_and_others_may_not() {
    let server = Server::start().await;
    let of = |method, origin: &'static str| state(&server, method).header("origin", origin).send();
    for method in [Method::GET, Method::OPTIONS] {
        let allowed = of(method.clone(), ORIGIN).await.unwrap();
        assert!(allowed.status().is_success());
        assert_eq!(allowed.headers()["access-control-allow-origin"], ORIGIN);
        assert_eq!(allowed.headers()["vary"], "origin");
        let other = of(method, "https://evil.test").await.unwrap();
        assert!(!other.headers().contains_key("access-control-allow-origin"));
    }
    let preflight = of(Method::OPTIONS, ORIGIN).await.unwrap();
    let headers = preflight.headers()["access-control-allow-headers"].to_str().unwrap().to_owned();
    assert!(headers.contains("authorization") && headers.contains("if-none-match"));
    // A page of another origin can also read a refusal, whose code says what to do.
    let refused = Client::new().get(server.url("/api/sessions/s-1/state")).header("origin", ORIGIN);
    let refused = refused.send().await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["www-authenticate"]),
        (401, &"Bearer realm=\"roomcast\"".parse().unwrap())
    );
    assert_eq!(refused.headers()["access-control-allow-origin"], ORIGIN);
    assert_eq!(of(Method::GET, "https://evil.test").await.unwrap().status(), 403);
}
