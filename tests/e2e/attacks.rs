//! The corpus in `tests/attacks/`: attacks that must not get in, and an innocent client that must not be disturbed.
//! Its README says what a case is and how to add one.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::checkout;
use crate::support::program::{end_within, start};
use crate::support::server::Server;
use crate::support::worker_config::document;

/// That of the corpus, in `secrets.js`.
const OTHER_WEBHOOK_SECRET: &str = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6";

/// The fewest cases that must pass, because a corpus that could not be read would have none.
const CASES: usize = 1_400;

/// The longest time on a slow machine under load. Alone it takes half a minute.
const TIME: Duration = Duration::from_mins(5);

fn attacks(server: &Server, log: &Path) -> Command {
    let mut command = Command::new(checkout("node_modules/.bin/node"));
    command.arg(checkout("tests/attacks/run.js"));
    command.args(["--url", &server.url("")]);
    command.arg("--storage").arg(server.storage()).arg("--log").arg(log);
    command
}

/// The number before `what` in the last line that the runner prints.
fn count(last: &str, what: &str) -> usize {
    let words: Vec<_> = last.split([' ', ',']).collect();
    let at = words.iter().position(|word| *word == what);
    at.and_then(|at| words.get(at - 1)?.parse().ok()).unwrap_or_else(|| panic!("{last}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_attack_gets_in_or_disturbs_an_innocent_client() {
    // The corpus says for each token which issuer and audience it has.
    let server = Server::start_with(|setup| {
        let tokens = &mut setup.document()["tokens"];
        tokens["issuer"] = Value::Null;
        tokens["audience"] = Value::Null;
        let company = std::fs::read_to_string(checkout("tests/attacks/company.json")).unwrap();
        setup.presets(&format!(r#"["sessions", {company}]"#));
        // Another tenant with the same token key.
        let mut other = document(&["https://other.example.com"]);
        other["webhooks"][0]["secret"] = OTHER_WEBHOOK_SECRET.into();
        setup.tenants.push(("other".to_owned(), other));
    })
    .await;
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    server.log().copy_to(File::create(&log).unwrap());
    let ran = end_within(TIME, start(&mut attacks(&server, &log))).await;
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let last = ran.stdout.lines().last().unwrap_or_default();
    assert_eq!(count(last, "failed"), 0, "{last}");
    assert!(count(last, "passed") >= CASES, "{last}");
}
