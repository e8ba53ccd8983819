//! The `roomcast` binary against a real server.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::{json, Value};
use tempfile::TempDir;

use crate::support::checkout;
use crate::support::connecting::Carrier;
use crate::support::events::{event, renamed};
use crate::support::program::{end, roomcast, run, start, Ran};
use crate::support::server::Server;
use crate::support::worker_config::ADMIN_TOKEN;

const SESSION: &str = "demo-session";

fn example() -> String {
    checkout("examples/decision-session.jsonl").display().to_string()
}

fn seqs(json_lines: &str) -> Vec<u64> {
    let updates = json_lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    updates.map(|update| update["seq"].as_u64().expect("a seq")).collect()
}

fn lines(folder: &TempDir, events: &[Value]) -> String {
    let text: Vec<String> = events.iter().map(Value::to_string).collect();
    let file: PathBuf = folder.path().join("events.jsonl");
    fs::write(&file, text.join("\n")).unwrap();
    file.display().to_string()
}

fn assert_ended(ran: &Ran, code: i32, says: &str) {
    assert_eq!(ran.code, code, "{ran:?}");
    assert!(ran.stderr.contains(says), "{says:?} is not in {ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_with_a_minted_token_shows_what_is_published() {
    let server = Server::start().await;
    let url = server.url("");
    let minted = run(&mut roomcast(&url, &["token", "--session", SESSION, "--user", "anna"])).await;
    assert_ended(&minted, 0, "");
    let token = minted.stdout.trim();
    let with_token = server.client(SESSION).with_token(Some(token.to_owned()));
    with_token.in_the(Carrier::Authorization).open().await;
    let arguments = ["tail", SESSION, "--count", "84", "--json", "--token", token];
    let tail = start(&mut roomcast(&url, &arguments));
    server.log().wait_for("connection.accepted", 2).await;
    let published = run(&mut roomcast(&url, &["publish", &example()])).await;
    assert_ended(&published, 0, "84 accepted, 0 duplicate, 0 ignored");
    let tail = end(tail).await;
    assert_ended(&tail, 0, "");
    assert_eq!(seqs(&tail.stdout), (1..=84).collect::<Vec<_>>());
    let again = run(&mut roomcast(&url, &["publish", &example()])).await;
    assert_ended(&again, 0, "0 accepted, 84 duplicate, 0 ignored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publish_and_tail_continue_after_the_server_is_killed() {
    let mut server = Server::start().await;
    let url = server.url("");
    let tail = start(&mut roomcast(&url, &["tail", SESSION, "--count", "84", "--json"]));
    server.log().wait_for("connection.accepted", 1).await;
    let mut watching = server.client(SESSION).open().await;
    let publish = start(&mut roomcast(&url, &["publish", &example(), "--every", "10ms", "--json"]));
    watching.updates_until(30).await;
    server.kill_9();
    server.restart().await;
    let (publish, tail) = (end(publish).await, end(tail).await);
    // The event that was under way at the kill may be repeated and then be a duplicate.
    assert_ended(&publish, 0, "0 ignored");
    assert_eq!(seqs(&publish.stdout), (1..=84).collect::<Vec<_>>());
    assert_ended(&tail, 0, "connecting again from ");
    assert_eq!(seqs(&tail.stdout), (1..=84).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exit_code_says_what_went_wrong() {
    let mut server = Server::start().await;
    let url = server.url("");
    let wrong_input = [
        (vec!["publish", "/nowhere.jsonl"], "/nowhere.jsonl cannot be read"),
        (vec!["publish", r#"{"event_id": "#], "line 1"),
        (vec!["tail", "a/b"], "a/b"),
        (vec!["nonsense"], "nonsense"),
    ];
    for (arguments, says) in wrong_input {
        assert_ended(&run(&mut roomcast(&url, &arguments)).await, 2, says);
    }
    let other_key = "another key that has 32 bytes ..";
    let wrong_token =
        run(roomcast(&url, &["tail", SESSION]).env("DEMO_TOKEN_SECRET", other_key)).await;
    assert_ended(&wrong_token, 1, "DEMO_TOKEN_SECRET");
    let other_secret = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6";
    let mut publish = roomcast(&url, &["publish", &example()]);
    let wrong_secret = run(publish.env("DEMO_WEBHOOK_SECRET", other_secret)).await;
    assert_ended(&wrong_secret, 1, "401 signature_invalid");
    for (arguments, setting) in [
        (vec!["publish", "{}"], "DEMO_WEBHOOK_SECRET"),
        (vec!["tail", SESSION], "DEMO_TOKEN_SECRET"),
        (vec!["token", "--session", SESSION, "--user", "anna"], "DEMO_TOKEN_SECRET"),
    ] {
        let missing = run(roomcast(&url, &arguments).env_remove(setting)).await;
        assert_ended(&missing, 3, &format!("{setting} is not set"));
    }
    server.kill_9();
    let nobody = run(&mut roomcast(&url, &["publish", &example(), "--retries", "0"])).await;
    assert_ended(&nobody, 1, "could not reach");
    assert_ended(&run(&mut roomcast(&url, &["tail", SESSION])).await, 1, "could not reach");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_the_server_refuses_is_reported_with_its_line() {
    let server = Server::start().await;
    let folder = TempDir::new().unwrap();
    let untitled = event("e-3", "session.renamed", "Session/s-1", serde_json::json!({}));
    let events = [renamed("e-1", "s-1"), renamed("e-2", "s-1"), untitled, renamed("e-4", "s-1")];
    let file = lines(&folder, &events);
    let refused = run(&mut roomcast(&server.url(""), &["publish", &file])).await;
    assert_ended(&refused, 1, "422 malformed");
    assert_ended(&refused, 1, "line 3: payload.title");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_starts_with_the_state_or_from_a_given_position() {
    let server = Server::start().await;
    let url = server.url("");
    run(&mut roomcast(&url, &["publish", &example(), "--quiet"])).await;
    let mut client = server.client(SESSION).open().await;
    client.updates_until(84).await;
    let kept = client.seen.state.len().to_string();
    let state = run(&mut roomcast(&url, &["tail", SESSION, "--count", &kept, "--json"])).await;
    let wanted = client.seen.state.iter().map(|update| update["seq"].as_u64().unwrap());
    assert_eq!(seqs(&state.stdout), wanted.collect::<Vec<_>>());
    let from = format!("{}:80", client.seen.epoch());
    let arguments = ["tail", SESSION, "--from", &from, "--count", "4", "--json"];
    let rest = run(&mut roomcast(&url, &arguments)).await;
    assert_eq!(seqs(&rest.stdout), [81, 82, 83, 84]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_types_of_the_wire_are_printed_without_a_server() {
    for module in ["protocol", "company"] {
        let printed = run(&mut roomcast("http://127.0.0.1:1", &["types", module])).await;
        assert_ended(&printed, 0, "");
        let kept = checkout(&format!("client/src/{module}.ts"));
        assert_eq!(printed.stdout, fs::read_to_string(kept).unwrap());
    }
    let nonsense = run(&mut roomcast("http://127.0.0.1:1", &["types", "nonsense"])).await;
    assert_ended(&nonsense, 2, "protocol, company");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documents_of_the_wire_are_printed_without_a_server() {
    for document in ["openapi", "asyncapi"] {
        let printed = run(&mut roomcast("http://127.0.0.1:1", &["spec", document])).await;
        assert_ended(&printed, 0, "");
        let kept = checkout(&format!("docs/{document}.json"));
        assert_eq!(printed.stdout, fs::read_to_string(kept).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_is_checked_and_tried_without_a_server() {
    let preset = async |arguments: &[&str]| {
        let arguments = [&["preset"], arguments].concat();
        run(&mut roomcast("http://127.0.0.1:1", &arguments)).await
    };
    let document = checkout("presets/stats.json").display().to_string();
    let events = checkout("examples/stats.jsonl").display().to_string();
    assert_ended(&preset(&["check", &document]).await, 0, "");
    let tried =
        preset(&["try", &document, &events, "--topic", "tasks", "--user", "mira.sol"]).await;
    assert_ended(&tried, 0, "");
    let frames: Vec<Value> =
        tried.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let counts = |frame: &Value| frame["payload"].clone();
    assert_eq!(frames[0], json!({"type": "connected"}));
    let zeros = json!({"pending": 0, "inProgress": 0, "completed": 0, "total": 0});
    assert_eq!((&frames[1]["type"], counts(&frames[1])), (&json!("stats:tasks"), zeros));
    let last = frames.iter().rfind(|frame| frame["type"] == "stats:tasks").unwrap();
    let all = json!({"pending": 2, "inProgress": 3, "completed": 10, "total": 15});
    assert_eq!(counts(last), all);
    let kinds: BTreeSet<_> = frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["connected", "stats:tasks", "task:assigned"]));
    let folder = TempDir::new().unwrap();
    let wrong = folder.path().join("wrong.json");
    let text =
        fs::read_to_string(&document).unwrap().replace(r#""on": "task.assigned""#, r#""in": "x""#);
    fs::write(&wrong, text).unwrap();
    let checked = preset(&["check", &wrong.display().to_string()]).await;
    assert_ended(&checked, 2, "needs mending");
    assert!(checked.stdout.contains("events[0].in: unknown field `in`"), "{}", checked.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_are_listed_and_say_how_they_stand() {
    let server = Server::start().await;
    let url = server.url("");
    let rooms = |arguments: &[&str]| {
        let mut command = roomcast(&url, &[&["rooms", "demo"], arguments].concat());
        command.env("ADMIN_TOKEN", ADMIN_TOKEN);
        command
    };
    let _there = server.client("s-1").open().await;
    server.publisher().post_one(renamed("e-1", "s-1")).await;
    // A room tells its tenant after it has answered.
    let listed = loop {
        let listed = run(&mut rooms(&[])).await;
        if !listed.stdout.is_empty() {
            break listed;
        }
    };
    assert_eq!((listed.code, listed.stdout.as_str()), (0, "s-1\n"), "{listed:?}");
    let shown = run(&mut rooms(&["s-1"])).await;
    assert_ended(&shown, 0, "");
    assert!(shown.stdout.contains("members    1 (1 roomcast.v1)"), "{shown:?}");
    assert!(shown.stdout.contains(":1\n"), "the head: {shown:?}");
    let read: Value =
        serde_json::from_str(&run(&mut rooms(&["s-1", "--json"])).await.stdout).unwrap();
    assert_eq!((&read["name"], &read["room"]["head"]), (&json!("s-1"), &json!(1)));
    assert_ended(&run(&mut rooms(&["s-9"])).await, 1, "no such room");
    assert_ended(&run(&mut rooms(&["a*b"])).await, 2, "cannot be a room's name");
}
