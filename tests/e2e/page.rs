//! The dashboard's page in Chromium: what it shows, and that it connects again by itself.

use std::fs;

use serde_json::{json, Value};

use crate::support::browser::Page;
use crate::support::checkout;
use crate::support::events::{created, event, renamed};
use crate::support::server::Server;
use crate::support::token::token;

const SESSION: &str = "demo-session";

fn example() -> Vec<Value> {
    let file = checkout("examples/decision-session.jsonl");
    let text = fs::read_to_string(file).expect("the example");
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).expect("an event")).collect()
}

fn open(server: &Server, session: &str) -> Page {
    let token = token(session).text();
    Page::open(&server.url(&format!("/?session={session}#token={token}")))
}

async fn live(page: &mut Page) {
    page.tell(json!({"cmd": "wait-status", "status": "live"})).await;
}

async fn applied(page: &mut Page, count: usize) {
    page.tell(json!({"cmd": "wait-applied", "count": count})).await;
}

/// Checks that the page shows the whole example, however it received it.
fn assert_shows_the_example(shown: &Value) {
    assert_eq!((&shown["status"], &shown["errors"]), (&json!("live"), &json!([])));
    assert!(shown["title"].as_str().is_some_and(|title| !title.is_empty()));
    for list in ["cycles", "components", "messages"] {
        assert!(shown[list].as_array().is_some_and(|list| !list.is_empty()), "{list}: {shown}");
    }
    // The token is not in the address, which the server and people near the screen can see.
    assert!(!shown["address"].as_str().unwrap().contains("token"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_every_event_once_across_a_kill_in_the_middle() {
    let mut server = Server::start().await;
    let publisher = server.publisher();
    let mut page = open(&server, SESSION);
    live(&mut page).await;
    let events = example();
    let (before, after) = events.split_at(events.len() / 2);
    for event in before {
        publisher.post_one(event.clone()).await;
    }
    applied(&mut page, before.len()).await;
    server.kill_9();
    page.tell(json!({"cmd": "wait-status", "status": "reconnecting"})).await;
    server.restart().await;
    // The page may not be connected again when the first of these are posted.
    for event in after {
        publisher.post_safely(std::slice::from_ref(event)).await;
    }
    applied(&mut page, events.len()).await;
    live(&mut page).await;
    let shown = page.read().await;
    assert_eq!(shown["applied"], json!((1..=events.len()).collect::<Vec<_>>()));
    assert_eq!(shown["snapshots"], 0);
    assert_shows_the_example(&shown);
    page.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_opened_late_shows_the_same_as_one_that_saw_every_update() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let mut early = open(&server, SESSION);
    live(&mut early).await;
    let events = example();
    let (before, after) = events.split_at(events.len() / 2);
    publisher.post(before).await;
    let mut late = open(&server, SESSION);
    live(&mut late).await;
    for event in after {
        publisher.post_one(event.clone()).await;
    }
    applied(&mut early, events.len()).await;
    applied(&mut late, after.len()).await;
    let (early_shown, mut late_shown) = (early.read().await, late.read().await);
    assert_eq!(late_shown["applied"], json!((before.len() + 1..=events.len()).collect::<Vec<_>>()));
    assert_eq!(late_shown["snapshots"], 1);
    assert_shows_the_example(&late_shown);
    for only_here in ["applied", "snapshots", "count"] {
        late_shown[only_here] = early_shown[only_here].clone();
    }
    assert_eq!(late_shown, early_shown);
    early.quit().await;
    late.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_was_offline_catches_up() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let mut page = open(&server, "s-1");
    live(&mut page).await;
    publisher.post_one(created("e-1", "s-1")).await;
    applied(&mut page, 1).await;
    page.tell(json!({"cmd": "offline"})).await;
    page.tell(json!({"cmd": "wait-status", "status": "reconnecting"})).await;
    for id in ["e-2", "e-3"] {
        publisher.post_one(renamed(id, "s-1")).await;
    }
    page.tell(json!({"cmd": "online"})).await;
    applied(&mut page, 3).await;
    page.tell(json!({"cmd": "wait-text", "selector": "#title", "text": "e-3"})).await;
    assert_eq!(page.read().await["applied"], json!([1, 2, 3]));
    page.quit().await;
}

/// The plain page shows the frames of any path, as its own client would get them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plain_page_shows_the_frames_of_a_document() {
    let server = Server::start_with(|setup| setup.presets("projects")).await;
    let say = "%7B%22action%22%3A%22subscribe%22%2C%22projectId%22%3A%22p-1%22%7D";
    let token = token("all").text();
    let address = format!("/watch?path=/ws/projects&say={say}#token={token}");
    let mut page = Page::open(&server.url(&address));
    let wait = |text: &str| json!({"cmd": "wait-text", "selector": "main", "text": text});
    page.tell(wait("\"projectId\": \"p-1\"")).await;
    let status = json!({"story_id": "6-5", "status": "done", "project_id": "p-1"});
    let changed = event("e-1", "story.status.changed", "Story/6-5", status);
    server.publisher().post_one(changed).await;
    page.tell(wait("story.status.changed")).await;
    page.tell(wait("\"status\": \"done\"")).await;
    page.quit().await;
}
