//! What readers choose in the pages, in Chromium: which project to follow, one token for all dashboards, any document by its path.

use serde_json::{json, Value};

use crate::pages::example;
use crate::support::browser::Page;
use crate::support::server::Server;
use crate::support::token::token;

async fn fed(document: &str) -> Server {
    let server = Server::start_with(|setup| {
        setup.presets("sessions admin projects stats tasks");
    })
    .await;
    server.publisher().post(&example(document)).await;
    server
}

fn panel<'a>(shown: &'a Value, name: &str) -> &'a str {
    shown["panels"][name].as_str().unwrap_or_default()
}

async fn click(page: &mut Page, selector: &str) {
    page.tell(json!({"cmd": "click", "selector": selector})).await;
}

async fn fill(page: &mut Page, selector: &str, text: &str) {
    page.tell(json!({"cmd": "fill", "selector": selector, "text": text})).await;
}

async fn without(page: &mut Page, selector: &str, text: &str) {
    page.tell(json!({"cmd": "wait-no-text", "selector": selector, "text": text})).await;
}

/// The button that follows a project.
const HARBOR: &str = ".choices li:has-text('Harbor Pilot') button";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_follows_one_project_and_then_all_again() {
    let server = fed("projects").await;
    let grant = token("all").text();
    let mut page = Page::open(&server.url(&format!("/dashboard/projects#token={grant}")));
    page.wait_for_text(".board", "Atlas Billing").await;
    click(&mut page, HARBOR).await;
    without(&mut page, ".board", "Atlas Billing").await;
    let shown = page.read().await;
    assert!(panel(&shown, "Stories").contains("Harbor Pilot"), "{shown}");
    assert!(shown["address"].as_str().unwrap().ends_with("?project=harbor-pilot-app"), "{shown}");
    // Nothing is sent of the others, and the address says so again after a reload.
    page.tell(json!({"cmd": "reload"})).await;
    page.wait_for_text(".board", "Harbor Pilot").await;
    assert!(!panel(&page.read().await, "Stories").contains("Atlas Billing"));
    click(&mut page, ".choices li:first-child button").await;
    page.wait_for_text(".board", "Atlas Billing").await;
    assert_eq!(page.read().await["errors"], json!([]));
    page.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_what_their_token_allows_and_is_told_what_it_does_not() {
    let server = fed("projects").await;
    let grant = token("all").about(&["project:atlas-billing"]).text();
    let mut page = Page::open(&server.url(&format!("/dashboard/projects#token={grant}")));
    page.wait_for_text(".board", "Atlas Billing").await;
    fill(&mut page, "#project-id", "harbor-pilot-app").await;
    page.tell(json!({"cmd": "press", "key": "Enter"})).await;
    page.wait_for_text(".chooser", "does not give access to one of the topics").await;
    page.wait_for_text(".board", "Atlas Billing").await;
    assert!(!panel(&page.read().await, "Stories").contains("arbor"));
    page.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_start_page_asks_once_for_one_token_and_shows_what_each_feed_says() {
    let server = fed("tasks").await;
    server.publisher().post(&example("admin")).await;
    let mut page = Page::open(&server.url("/"));
    // Anyone may watch this one.
    page.wait_for_text(".card", "parsing, 24 of 28 files").await;
    fill(&mut page, "textarea[name=token]", &token("*").text()).await;
    click(&mut page, "button[type=submit]").await;
    page.wait_for_text(".card", "Warn before a usage file is older than a day").await;
    without(&mut page, ".card", "Needs a token").await;
    without(&mut page, "main", "The token stays in this tab").await;
    let axe = page.tell(json!({"cmd": "axe"})).await;
    assert_eq!(axe["findings"], json!([]));
    click(&mut page, ".card:has-text('Tasks') h2 a").await;
    page.wait_for_text(".board", "Warn before a usage file is older than a day").await;
    page.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_document_is_watched_by_its_path_and_a_path_that_is_not_there_is_said() {
    let server = fed("admin").await;
    let mut page = Page::open(&server.url("/dashboard/watch?path=/admin/ws/dashboard"));
    page.wait_for_text("details", "\"currentFile\": \"pos/V022__partition_receipts_by_month.sql\"")
        .await;
    let axe = page.tell(json!({"cmd": "axe"})).await;
    assert_eq!((&axe["findings"], &page.read().await["errors"]), (&json!([]), &json!([])));
    page.tell(json!({"cmd": "go", "url": server.url("/dashboard/watch?path=/ws/tasks")})).await;
    page.wait_for_text("main", "Token").await;
    fill(&mut page, "textarea[name=token]", &token("tasks").text()).await;
    click(&mut page, "button[type=submit]").await;
    page.wait_for_text("main", "with a token").await;
    page.tell(json!({"cmd": "go", "url": server.url("/dashboard/watch?path=/no/such")})).await;
    page.wait_for_text("[role=alert]", "nothing at this path").await;
    page.quit().await;
}
