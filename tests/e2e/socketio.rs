//! Socket.IO: what the programs of `tests/socketio/` check, and what needs a server that is killed, evicted or left alone.

use std::time::Duration;

use reqwest::{Client as Http, Response};
use serde_json::{json, Value};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::{timeout, Instant};

use crate::support::checkout;
use crate::support::events::event;
use crate::support::program::{assert_passed, end_within, start};
use crate::support::server::Server;
use crate::support::token::token;
use crate::support::watch::Watch;
use crate::support::worker_config::{ORIGIN, TOKEN_SECRET, WEBHOOK_SECRET};
use crate::support::WAIT;

/// The room of both documents.
const ROOM: &str = "demo/all";

/// The longest time that a program may take on a slow machine under load.
const TIME: Duration = Duration::from_mins(9);

/// The time between two sweeps, on a slow machine.
const SWEEP: Duration = Duration::from_secs(90);

/// The number of tests in both conformance suites.
const CONFORMANCE_TESTS: usize = 25 + 32;

/// Those of them that workerd does not let pass. `conformance.js` names them.
const NOT_ON_WORKERD: usize = 3;

/// A document in `tests/socketio/`.
fn document(name: &str) -> Value {
    let file = checkout("tests/socketio").join(name);
    let text = std::fs::read_to_string(file).expect("a document");
    serde_json::from_str(&text).expect("JSON")
}

async fn serving(document: &Value) -> Server {
    Server::start_with(|setup| setup.presets(&document.to_string())).await
}

/// A program in `tests/socketio/`.
fn node(program: &str) -> Command {
    let mut command = Command::new(checkout("node_modules/.bin/node"));
    command.arg(checkout("tests/socketio").join(program));
    command.env("DEMO_TOKEN_SECRET", TOKEN_SECRET).env("DEMO_WEBHOOK_SECRET", WEBHOOK_SECRET);
    command
}

/// Runs a program against a server, of whose checks so many have to pass.
async fn check(url: &str, (program, arguments): (&str, &[&str]), at_least: usize) {
    let mut command = node(program);
    command.args(["--url", url]).args(arguments);
    assert_passed(&end_within(TIME, start(&mut command)).await, at_least);
}

/// Runs the checks with stock clients in one file.
async fn board(file: &str, at_least: usize) {
    checks_with("board.json", file, at_least).await;
}

async fn checks_with(name: &str, file: &str, at_least: usize) {
    let server = serving(&document(name)).await;
    let arguments = ["--origin", ORIGIN, "--only", file];
    check(&server.url(""), ("run.js", &arguments), at_least).await;
}

/// The same, in rooms that take one member themselves, and send the others to relays that take one each.
async fn board_in_a_tree(file: &str, at_least: usize) {
    let server = Server::start_with(|setup| {
        setup.presets(&document("board.json").to_string());
        setup.limit("spread_above", &json!(1));
    })
    .await;
    // Who has the room's only place.
    let _member = server.client("all").with_token(Some(token("all").text())).open().await;
    let arguments = ["--origin", ORIGIN, "--only", file];
    check(&server.url(""), ("run.js", &arguments), at_least).await;
    let accepted = server.log().events("connection.accepted");
    let at_relays = accepted.iter().filter(|line| line["room"].as_str().unwrap().contains('#'));
    assert!(at_relays.count() > accepted.len() / 3, "{accepted:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_clients_at_relays_connect_recover_and_emit_as_at_any_room() {
    board_in_a_tree("connecting", 15).await;
    board_in_a_tree("recovery", 6).await;
    board_in_a_tree("acknowledgements", 5).await;
    board_in_a_tree("emits", 9).await;
}

/// As by a WebSocket: `relays::a_relay_is_made_near_its_viewers`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_is_made_near_a_stock_client_that_is_the_first_there() {
    let server = Server::start_with(|setup| {
        setup.presets(&document("board.json").to_string());
        setup.limit("spread_above", &json!(1));
        setup.counted = true;
    })
    .await;
    let _member = server.client("all").with_token(Some(token("all").text())).open().await;
    let open = Http::new().get(server.url("/socket.io/?EIO=4&transport=polling"));
    let answer = open.header("x-continent", "AS").send().await.expect("an answer");
    let opening = answer.text().await.expect("a packet");
    assert!(opening.contains(r#""sid":"apac.0."#), "{opening}");
    let named = server.log().wait("room.named", |line| line["name"] == "demo/all#apac.0").await;
    assert_eq!(named["hint"], "apac");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_conformance_suites_of_socket_io_pass_as_far_as_workerd_lets_them() {
    let server = serving(&document("conformance.json")).await;
    let passed = CONFORMANCE_TESTS - NOT_ON_WORKERD;
    check(&server.url(""), ("conformance.js", &["--on-workerd"]), passed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_client_recovers_before_its_first_event() {
    board("untouched", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_client_connects_with_any_transport_and_any_carrier_of_its_token() {
    board("connecting", 15).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_client_that_is_refused_learns_what_to_do() {
    board("refusals", 11).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_client_that_comes_back_gets_what_it_missed() {
    board("recovery", 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_client_that_was_away_for_too_long_gets_the_state() {
    board("too-late", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_stock_client_emits_is_acknowledged_also_after_it_was_offline() {
    board("acknowledgements", 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_sent_to_a_stock_client_again_until_it_is_acknowledged() {
    checks_with("redelivery.json", "redelivery", 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_clients_see_each_other_and_signal() {
    checks_with("company.json", "company", 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_client_may_emit_what_the_document_names_and_nothing_else() {
    board("emits", 9).await;
}

fn job(id: &str) -> Value {
    event(id, "job.done", &format!("Job/{id}"), json!({"id": id}))
}

/// Whoever runs the server learns of what a client has never acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_that_a_stock_client_never_acknowledges_is_given_up_with_a_log_line() {
    let document = document("redelivery.json");
    let attempts = &document["events"][2]["acknowledged"]["attempts"];
    let sent = usize::try_from(attempts.as_u64().expect("a number")).unwrap();
    for transports in ["websocket", "polling"] {
        let server = serving(&document).await;
        let mut watch = Watch::deaf(&server, transports).await;
        let accepted = server.log().wait("connection.accepted", |_| true).await;
        // An attempt too many of the first would come before the last of the second.
        for (seq, id) in [(1, "first"), (2, "second")] {
            server.publisher().post_one(job(id)).await;
            let given_up = server.log().wait("update.unacknowledged", |it| it["seq"] == seq).await;
            let wanted = json!({"event": "update.unacknowledged", "room": ROOM,
                "client": accepted["client"], "seq": seq, "attempts": attempts});
            assert_eq!(given_up, wanted);
        }
        watch.until(|line| line["data"]["id"] == "second", sent).await;
        let wanted = [vec!["first"; sent], vec!["second"; sent]].concat();
        assert_eq!(watch.got("job_done", "id"), [wanted], "{transports}");
        assert_eq!(server.log().events("update.unacknowledged").len(), 2);
    }
}

/// The server of the Socket.IO project, and its address.
async fn reference(document: &str) -> (tokio::process::Child, String) {
    let mut command = node("reference.js");
    let file = checkout("tests/socketio").join(document);
    command.arg("--document").arg(file).args(["--origin", ORIGIN]);
    let mut program = start(&mut command);
    let mut lines = BufReader::new(program.stdout.take().expect("its output")).lines();
    let line = timeout(WAIT, lines.next_line()).await.expect("an address in time");
    (program, line.expect("its output").expect("an address"))
}

/// If it did not, a check would ask for what Socket.IO cannot do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_of_the_socket_io_project_passes_all_checks() {
    let (_program, url) = reference("redelivery.json").await;
    check(&url, ("run.js", &["--origin", ORIGIN]), 52).await;
    let (_program, url) = reference("conformance.json").await;
    check(&url, ("conformance.js", &[]), CONFORMANCE_TESTS).await;
}

fn status(name: &str) -> Value {
    event(name, "system.status", "System/system", json!({"status": name}))
}

fn task(id: &str, project: &str) -> Value {
    event(id, "task.created", &format!("Task/{id}"), json!({"id": id, "project": project}))
}

/// Posts these statuses, each in a request of its own.
async fn post(server: &Server, names: &[String]) {
    for name in names {
        server.publisher().post_safely(&[status(name)]).await;
    }
}

fn names(round: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{round}-{number}")).collect()
}

/// Whether a server that was killed comes back as another release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Same,
    Release,
}

/// Kills the server while the clients are away, while they are connected, and before they have got anything.
async fn survives_kills(transports: &str, next: Next) {
    let mut server = serving(&document("board.json")).await;
    let mut watch = Watch::start(&server, (2, transports), None).await;
    let mut all = Vec::new();
    for round in ["nothing-before", "away", "connected"] {
        let missed = names(round, 5);
        let is_away = round != "connected";
        let before = watch.events("disconnect").len();
        if is_away {
            watch.unplug().await;
            watch.count("disconnect", before + 2).await;
        }
        match next {
            Next::Same => server.restart().await,
            Next::Release => server.release(round).await,
        }
        post(&server, &missed).await;
        if is_away {
            watch.plug().await;
        }
        watch.count("connect", before + 4).await;
        all.extend(missed);
        watch.until(|line| line["data"]["status"] == all.last().unwrap().as_str(), 2).await;
    }
    assert_eq!(watch.got("system_status", "status"), [all.clone(), all]);
    let recovered: Vec<bool> = watch.events("connect")[2..]
        .iter()
        .map(|line| line["recovered"].as_bool().expect("whether it has recovered"))
        .collect();
    assert_eq!(recovered, [true; 6]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_clients_with_a_websocket_recover_when_the_server_is_killed() {
    survives_kills("websocket", Next::Same).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_clients_that_poll_recover_when_the_server_is_killed() {
    survives_kills("polling", Next::Same).await;
}

/// The data on the disk is that of the release before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_clients_with_a_websocket_recover_when_another_release_takes_over() {
    survives_kills("websocket", Next::Release).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_clients_that_poll_recover_when_another_release_takes_over() {
    survives_kills("polling", Next::Release).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_evicted_room_comes_back_with_its_stock_clients_who_can_recover_after_that() {
    let server = serving(&document("board.json")).await;
    let mut watch = Watch::start(&server, (3, "websocket"), Some("p")).await;
    let tasks = names("task", 10);
    for id in &tasks {
        let mark = server.log().mark();
        server.evict(ROOM).await;
        server.publisher().post_one(task(id, "p")).await;
        server.restored(mark, ROOM, 3).await;
        watch.until(|line| line["data"]["id"] == id.as_str(), 3).await;
    }
    assert!(watch.events("disconnect").is_empty());
    server.evict(ROOM).await;
    watch.unplug().await;
    watch.count("disconnect", 3).await;
    let missed = names("missed", 5);
    for id in &missed {
        server.publisher().post_one(task(id, "p")).await;
    }
    watch.plug().await;
    watch.until(|line| line["data"]["id"] == "missed-4", 3).await;
    let connects = watch.events("connect");
    assert!(connects[3..].iter().all(|line| line["recovered"] == true), "{connects:?}");
    let each = [tasks, missed].concat();
    assert_eq!(watch.got("task_created", "id"), [each.clone(), each.clone(), each]);
}

/// Evicts the room as soon as it can be.
async fn evict_soon(server: &Server) {
    let evicted = async { while server.try_evict(ROOM).await.is_err() {} };
    timeout(WAIT, evicted).await.expect("a room that can be evicted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_with_silent_stock_clients_wakes_once_a_minute_and_no_oftener() {
    const CLIENTS: usize = 1_000;
    let server = serving(&document("board.json")).await;
    let mut watch = Watch::start(&server, (CLIENTS, "websocket"), None).await;
    let mark = server.log().mark();
    evict_soon(&server).await;
    server.log().wait_about((mark, SWEEP), ("room.restored", ROOM), 1).await;
    let first = Instant::now();
    // The pings of the sweep are answered now, by the runtime if the room is out of memory.
    evict_soon(&server).await;
    let woken = server.log().wait_about((mark, SWEEP), ("room.restored", ROOM), 2).await;
    assert!(first.elapsed() > Duration::from_secs(50), "it woke after {:?}", first.elapsed());
    assert!(woken.iter().all(|line| line["clients"] == CLIENTS), "{woken:?}");
    server.publisher().post_one(status("after")).await;
    watch.count("system_status", CLIENTS).await;
    assert!(watch.events("disconnect").is_empty());
}

/// A request of a client that polls.
async fn poll(server: &Server, sid: Option<&str>, post: Option<&str>) -> Response {
    let sid = sid.map(|sid| format!("&sid={sid}")).unwrap_or_default();
    let url = server.url(&format!("/socket.io/?EIO=4&transport=polling{sid}"));
    let request = match post {
        Some(body) => Http::new().post(url).body(body.to_owned()),
        None => Http::new().get(url),
    };
    timeout(WAIT, request.send()).await.expect("an answer in time").expect("an answer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_polling_session_whose_client_goes_away_is_forgotten() {
    let mut document = document("board.json");
    document["socket_io"]["ping_interval_ms"] = json!(300);
    document["socket_io"]["ping_timeout_ms"] = json!(200);
    let server = serving(&document).await;
    let opening = poll(&server, None, None).await.text().await.expect("a handshake");
    let opening = opening.strip_prefix('0').expect("an opening packet");
    let opening: Value = serde_json::from_str(opening).expect("JSON");
    let sid = opening["sid"].as_str();
    let connect = format!("40{}", json!({"token": token("all").text()}));
    assert_eq!(poll(&server, sid, Some(&connect)).await.status(), 200);
    server.log().wait("connection.accepted", |line| line["room"] == ROOM).await;
    // It never polls again.
    server.log().wait("connection.closed", |line| line["room"] == ROOM).await;
    let late = poll(&server, sid, None).await;
    assert_eq!(late.status(), 400);
    let body: Value = late.json().await.expect("JSON");
    assert_eq!(body["code"], 1, "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_client_beyond_a_limit_is_told_to_wait() {
    let server = Server::start_with(|setup| {
        setup.presets(&document("board.json").to_string());
        setup.limit("connections_per_user", &json!(1));
    })
    .await;
    for transports in ["websocket", "polling"] {
        let mut watch = Watch::dial(&server, (2, transports), None);
        let refused = watch.count("connect_error", 1).await;
        assert_eq!(refused["message"], "user_full");
        let data = &refused["data"];
        assert_eq!((&data["action"], &data["status"]), (&json!("wait"), &json!(429)));
        watch.count("connect", 1).await;
        // A client that polls can be gone for long before that is noticed, so it is the last.
        if transports == "websocket" {
            drop(watch);
            server.log().wait_for("connection.closed", 1).await;
        }
    }
}
