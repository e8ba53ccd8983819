//! Dashboards of four teams, with the client code that the teams printed: `tests/seeds/`. Its README says what runs.

use std::fs;
use std::time::Duration;

use serde_json::{json, Value};
use tokio::process::Command;

use crate::support::browser::chromium;
use crate::support::checkout;
use crate::support::program::{assert_passed, end_within, start};
use crate::support::server::Server;
use crate::support::worker_config::{ORIGIN, TOKEN_SECRET, WEBHOOK_SECRET};

/// The longest time on a slow machine under load.
const TIME: Duration = Duration::from_mins(3);

/// Events that the tenant may post in a second: more than any check posts but the one that exceeds it.
const EVENTS_PER_SECOND: u64 = 2_000;

/// Runs the checks of one seed, of which there must be at least so many.
async fn check(seed: &str, at_least: usize) {
    let small = small();
    let server = Server::start_with(|setup| {
        setup.document()["presets"] =
            json!(["sessions", "admin", "projects", "stats", "tasks", small]);
        setup.limit("events_per_second", &json!(EVENTS_PER_SECOND));
    })
    .await;
    let mut command = Command::new(checkout("node_modules/.bin/node"));
    command.arg(checkout("tests/seeds/run.js"));
    command.args(["--url", &server.url(""), "--origin", ORIGIN, "--seed", seed]);
    command.env("DEMO_TOKEN_SECRET", TOKEN_SECRET).env("DEMO_WEBHOOK_SECRET", WEBHOOK_SECRET);
    command.env("CHROMIUM", chromium());
    let ran = end_within(TIME, start(&mut command)).await;
    assert_passed(&ran, at_least);
}

/// The dashboard of tasks once more, for few clients, so that checks can fill its rooms, and with new tasks acknowledged.
fn small() -> Value {
    let text = fs::read_to_string(checkout("presets/tasks.json")).expect("the document");
    let mut document: Value = serde_json::from_str(&text).expect("a document");
    document["name"] = json!("tasks-small");
    document["paths"] =
        json!([{"path": "/small/socket.io", "serves": "socket_io", "topics": ["global"]}]);
    document["room"] = json!({"clients": 3});
    let emits = &mut document["socket_io"]["emits"];
    emits[0]["clients"] = json!(2);
    let sprint = "project:{projectId}:task*";
    let joins = json!({"on": "join_sprint", "do": "subscribe", "topic": sprint, "ttl_s": 2});
    emits.as_array_mut().expect("a list").push(joins);
    document["events"][0]["acknowledged"] = json!({"attempts": 3, "timeout_ms": 500});
    document
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_admin_dashboard_works_with_its_own_client() {
    check("001", 15).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_projects_dashboard_works_with_its_own_client() {
    check("002", 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stats_dashboard_works_with_its_own_client() {
    check("004", 11).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tasks_dashboard_works_with_its_own_client() {
    check("003", 21).await;
}
