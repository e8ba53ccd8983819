//! The pages in Chromium: what readers see of a feed, of other readers, of a server that goes, and of a token that is missing or ends.

use std::fs;

use serde_json::{json, Value};

use crate::support::browser::Page;
use crate::support::checkout;
use crate::support::events::{created, renamed};
use crate::support::server::Server;
use crate::support::token::token;

const SESSION: &str = "demo-session";

/// The events of a file of `examples/`.
pub(crate) fn example(name: &str) -> Vec<Value> {
    let text =
        fs::read_to_string(checkout(&format!("examples/{name}.jsonl"))).expect("the example");
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).expect("an event")).collect()
}

fn address(server: &Server, session: &str, user: &str) -> String {
    let token = token(session).of(user).text();
    server.url(&format!("/dashboard/session?session={session}#token={token}"))
}

async fn open(server: &Server, session: &str) -> Page {
    let mut page = Page::open(&address(server, session, "ada"));
    page.wait_for_phase("live").await;
    page
}

/// Checks that the page shows the example without errors, and that nobody can read the token in its address.
fn assert_shows_the_example(shown: &Value) {
    assert_eq!((&shown["phase"], &shown["errors"]), (&json!("live"), &json!([])));
    assert_eq!(shown["heading"], "Bäckerei Kranz & Mori: to the Wiehre, in two steps");
    assert!(!shown["address"].as_str().unwrap().contains("token"));
}

/// What the panels show. The feed is what a page has seen happen, so pages that came at different times have different ones.
fn panels(shown: &Value) -> Value {
    let mut panels = shown["panels"].clone();
    panels.as_object_mut().expect("panels").remove("Activity").expect("the feed");
    panels
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_every_event_once_across_a_kill_in_the_middle() {
    let mut server = Server::start().await;
    let publisher = server.publisher();
    let mut page = open(&server, SESSION).await;
    let events = example("decision-session");
    let (before, after) = events.split_at(events.len() / 2);
    for event in before {
        publisher.post_one(event.clone()).await;
    }
    page.wait_for_updates(before.len()).await;
    server.kill_9();
    page.tell(json!({"cmd": "wait-status", "status": "waiting"})).await;
    server.restart().await;
    // The page may not be connected again when the first of these are posted.
    for event in after {
        publisher.post_safely(std::slice::from_ref(event)).await;
    }
    page.wait_for_updates(events.len()).await;
    page.wait_for_phase("live").await;
    let shown = page.read().await;
    assert_eq!(shown["seqs"], json!((1..=events.len()).collect::<Vec<_>>()));
    assert_shows_the_example(&shown);
    page.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_opened_late_shows_the_same_as_one_that_saw_every_update() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let mut early = open(&server, SESSION).await;
    let events = example("decision-session");
    let (before, after) = events.split_at(events.len() / 2);
    publisher.post(before).await;
    let mut late = open(&server, SESSION).await;
    for event in after {
        publisher.post_one(event.clone()).await;
    }
    early.wait_for_updates(events.len()).await;
    late.wait_for_updates(after.len()).await;
    let (early_shown, late_shown) = (early.read().await, late.read().await);
    assert_eq!(late_shown["seqs"], json!((before.len() + 1..=events.len()).collect::<Vec<_>>()));
    assert_eq!(late_shown["snapshots"], 1);
    assert_shows_the_example(&late_shown);
    assert_eq!(panels(&late_shown), panels(&early_shown));
    early.quit().await;
    late.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_was_offline_catches_up() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let mut page = open(&server, "s-1").await;
    publisher.post_one(created("e-1", "s-1")).await;
    page.wait_for_updates(1).await;
    page.tell(json!({"cmd": "offline"})).await;
    page.tell(json!({"cmd": "wait-status", "status": "waiting"})).await;
    for id in ["e-2", "e-3"] {
        publisher.post_one(renamed(id, "s-1")).await;
    }
    page.tell(json!({"cmd": "online"})).await;
    page.wait_for_updates(3).await;
    page.wait_for_text("h1", "e-3").await;
    assert_eq!(page.read().await["seqs"], json!([1, 2, 3]));
    page.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_readers_see_the_same_change_and_each_other() {
    let server = Server::start().await;
    let mut ada = open(&server, "s-1").await;
    let mut ben = Page::open(&address(&server, "s-1", "ben"));
    ben.wait_for_phase("live").await;
    server.publisher().post_one(renamed("e-1", "s-1")).await;
    for page in [&mut ada, &mut ben] {
        page.wait_for_text("h1", "e-1").await;
    }
    ada.wait_for_text("main", "ben").await;
    ben.wait_for_text("main", "ada").await;
    ben.quit().await;
    ada.tell(json!({"cmd": "wait-no-text", "selector": "main", "text": "ben"})).await;
    ada.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_ten_attempts_the_page_says_that_it_is_offline_until_the_reader_tries_again() {
    let mut server = Server::start().await;
    let mut page = Page::open_with(&address(&server, "s-1", "ada"), &[("CLOCK", "stands")]);
    page.wait_for_phase("live").await;
    server.publisher().post_one(renamed("e-1", "s-1")).await;
    page.wait_for_text("h1", "e-1").await;
    server.kill_9();
    page.wait_for_phase("waiting").await;
    for _ in 0..10 {
        // The longest pause of the ladder. What comes of the attempt takes the browser's own time.
        page.tell(json!({"cmd": "advance", "ms": 31_000})).await;
        page.tell(json!({"cmd": "wait-attempt-over"})).await;
    }
    page.wait_for_phase("failed").await;
    let shown = page.read().await;
    assert_eq!((&shown["status"], &shown["heading"]), (&json!("offline"), &json!("e-1")));
    assert!(shown["notice"].as_str().unwrap().contains("ten attempts"), "{shown}");
    page.tell(json!({"cmd": "advance", "ms": 300_000})).await;
    assert_eq!(page.read().await["phase"], "failed", "it tries no more");
    server.restart().await;
    page.tell(json!({"cmd": "click", "selector": "[role=alert] button"})).await;
    page.wait_for_phase("live").await;
    page.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_without_a_good_token_asks_for_one_and_goes_on_with_it() {
    let server = Server::start().await;
    server.publisher().post_one(created("e-1", "s-1")).await;
    let mut page = Page::open(&server.url("/dashboard/session?session=s-1"));
    page.wait_for_text("main", "Token").await;
    for (given, said) in
        [("no token", "joined by dots"), (&token("s-2").text(), "does not give access")]
    {
        give(&mut page, given).await;
        page.wait_for_text("[role=alert]", said).await;
    }
    give(&mut page, &token("s-1").text()).await;
    page.wait_for_text("h1", "Session s-1").await;
    let shown = page.read().await;
    assert_eq!((&shown["phase"], &shown["notice"]), (&json!("live"), &json!("")));
    page.tell(json!({"cmd": "reload"})).await;
    page.wait_for_text("h1", "Session s-1").await;
    page.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_whose_token_ends_keeps_its_view_and_goes_on_with_another() {
    let server = Server::start().await;
    server.publisher().post_one(created("e-1", "s-1")).await;
    let mut page = Page::open(&server.url("/dashboard/session?session=s-1"));
    page.wait_for_text("main", "Token").await;
    // A token counts for a minute after its end.
    give(&mut page, &token("s-1").ends_in(-50).text()).await;
    page.wait_for_text("h1", "Session s-1").await;
    page.wait_for_text("main", "Continue with a new token").await;
    server.publisher().post_one(renamed("e-2", "s-1")).await;
    give(&mut page, &token("s-1").text()).await;
    page.wait_for_text("h1", "e-2").await;
    assert_eq!(page.read().await["seqs"], json!([2]), "it was a replay, not the state");
    page.quit().await;
}

async fn give(page: &mut Page, token: &str) {
    page.tell(json!({"cmd": "fill", "selector": "textarea[name=token]", "text": token})).await;
    page.tell(json!({"cmd": "click", "selector": "button[type=submit]"})).await;
}
