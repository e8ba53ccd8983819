//! Every dashboard in Chromium, fed to the end of its example: it shows the whole of it, moves by nothing, and axe finds nothing, light
//! and dark, from left to right and from right to left, on a phone and on a wall.
//!
//! The screenshots are in `target/pages/`, for people to look at.

use std::fs;

use serde_json::{json, Value};

use crate::pages::example;
use crate::support::browser::Page;
use crate::support::checkout;
use crate::support::server::Server;
use crate::support::token::token;

const DOCUMENTS: &str = "sessions admin projects stats tasks";

/// Widths and heights: a phone, a desk, a wall.
const SIZES: [(&str, u32, u32); 3] =
    [("phone", 390, 844), ("desk", 1_280, 900), ("wall", 3_840, 2_160)];

/// How much the parts of a page may move by themselves over a whole feed, as browsers count it. They call a tenth good for one page load. What
/// is left is the rows of lists that others leave.
const SHIFT: f64 = 0.02;

/// A dashboard, the name of its example, and what it shows at the end of it.
struct Dashboard {
    page: &'static str,
    example: &'static str,
    shows: &'static [&'static str],
}

async fn server() -> Server {
    Server::start_with(|setup| {
        setup.presets(DOCUMENTS);
        setup.limit("connections_per_user", &Value::Null);
    })
    .await
}

async fn open(server: &Server, page: &str) -> Page {
    let token = token("*").text();
    let mut page = Page::open(&server.url(&format!("/dashboard/{page}#token={token}")));
    page.wait_for_phase("live").await;
    page
}

async fn fed_to_its_end(dashboard: Dashboard) {
    let server = server().await;
    let mut page = open(&server, dashboard.page).await;
    let name = dashboard.page.split('?').next().unwrap_or_default();
    inspect(&mut page, &format!("{name}-empty")).await;
    for events in example(dashboard.example).chunks(5) {
        server.publisher().post(events).await;
    }
    for text in dashboard.shows {
        page.wait_for_text("main", text).await;
    }
    let shown = page.read().await;
    assert_eq!((&shown["errors"], &shown["network"]), (&json!([]), &json!([])));
    let shifted = shown["shifted"].as_f64();
    println!("{name} moved by {shifted:?}: {}", shown["moved"]);
    let still = shifted.is_some_and(|shift| shift <= SHIFT);
    assert!(still, "moved by {shifted:?}: {}", shown["moved"]);
    inspect(&mut page, name).await;
    page.quit().await;
}

/// Looks at a page in all its forms.
async fn inspect(page: &mut Page, name: &str) {
    let folder = checkout("target/pages");
    fs::create_dir_all(&folder).expect("a folder for the screenshots");
    for (scheme, direction) in [("light", "ltr"), ("dark", "rtl")] {
        page.tell(json!({"cmd": "media", "scheme": scheme})).await;
        page.tell(json!({"cmd": "direction", "dir": direction})).await;
        for (device, width, height) in SIZES {
            page.tell(json!({"cmd": "size", "width": width, "height": height})).await;
            let file = folder.join(format!("{name}-{device}-{scheme}-{direction}.png"));
            page.tell(json!({"cmd": "screenshot", "path": file})).await;
            let wide = page.tell(json!({"cmd": "overflow"})).await;
            assert_eq!(wide["pixels"], 0, "{name} is wider than a {device}");
        }
        page.tell(json!({"cmd": "size", "width": 1_280, "height": 900})).await;
        let found = page.tell(json!({"cmd": "axe"})).await;
        assert_eq!(found["findings"], json!([]), "{name}, {scheme}");
    }
    page.tell(json!({"cmd": "media", "scheme": "light"})).await;
    page.tell(json!({"cmd": "direction", "dir": "ltr"})).await;
    page.tell(json!({"cmd": "forget-shifts"})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_is_shown_to_its_end() {
    fed_to_its_end(Dashboard {
        page: "session?session=demo-session",
        example: "decision-session",
        shows: &["Bäckerei Kranz & Mori: to the Wiehre, in two steps"],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ingestions_are_shown_to_their_end() {
    fed_to_its_end(Dashboard { page: "ingestion", example: "admin", shows: &[] }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn projects_are_shown_to_their_end() {
    fed_to_its_end(Dashboard { page: "projects", example: "projects", shows: &["Atlas Billing"] })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_are_shown_to_their_end() {
    fed_to_its_end(Dashboard {
        page: "tasks",
        example: "tasks",
        shows: &["Split invoices by cost centre"],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_are_shown_to_their_end() {
    fed_to_its_end(Dashboard { page: "stats", example: "stats", shows: &[] }).await;
}
