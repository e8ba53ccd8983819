//! A backend that has only curl and openssl: the example of `docs/backends.md`, unchanged.

use std::fs;

use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::checkout;
use crate::support::program::run;
use crate::support::server::Server;
use crate::support::worker_config::WEBHOOK_SECRET;

/// The page's only block of bash.
fn example() -> String {
    let page = fs::read_to_string(checkout("docs/backends.md")).expect("the page");
    let (_, block) = page.split_once("```bash").expect("a block of bash");
    let (_, block) = block.split_once('\n').expect("its first line");
    let (block, rest) = block.split_once("```").expect("its end");
    assert!(!rest.contains("```bash"), "which of the blocks is the example?");
    block.to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_of_the_documentation_publishes_an_event() {
    let server = Server::start().await;
    let mut client = server.client("demo-session").open().await;
    let folder = TempDir::new().unwrap();
    let settings = format!("DEMO_WEBHOOK_SECRET=\"{WEBHOOK_SECRET}\"\n");
    fs::write(folder.path().join(".dev.vars"), settings).unwrap();
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &example()]);
    bash.current_dir(folder.path()).env("ROOMCAST_URL", server.url(""));
    let ran = run(&mut bash).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.starts_with("HTTP/1.1 202"), "{ran:?}");
    assert!(ran.stdout.contains(r#""status":"accepted""#), "{ran:?}");
    assert_eq!(client.next_frame().await["data"], json!({"title": "Renamed by curl"}));
}
