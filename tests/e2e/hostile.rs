//! Clients that ask for too much and read nothing, and captured requests: how much they may cost all other clients.

use std::time::Duration;

use roomcast::limits::{LOG_BURSTS, RECOVERY_BYTES, STATE_EVERY_MS, STUCK_BYTES};
use serde_json::{json, Value};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{timeout, Instant};

use crate::support::client::Client;
use crate::support::clock::now;
use crate::support::events::{created, event, renamed, renames};
use crate::support::memory::resident;
use crate::support::publisher::signature;
use crate::support::server::Server;
use crate::support::wire::{frame, upgrading};
use crate::support::worker_config::WEBHOOK_SECRET;
use crate::support::WAIT;

const SESSION: &str = "s-1";

/// The memory of the server in megabytes, if the system reports it.
fn megabytes(server: &Server) -> Option<u64> {
    resident(server.process()).map(|bytes| bytes >> 20)
}

/// Fills the state to about a megabyte. Returns the head.
async fn fill_state(server: &Server) -> u64 {
    let large = |number: usize| {
        let payload = json!({"cycle_id": format!("c-{number}"), "component_type": "part",
            "summary": "x".repeat(50_000)});
        event(&format!("f-{number}"), "component.output_updated", "Session/s-1", payload)
    };
    for post in 0..5 {
        let events: Vec<_> = (post * 4..post * 4 + 4).map(large).collect();
        server.publisher().post(&events).await;
    }
    20
}

/// A connection that never reads.
struct Deaf(TcpStream);

impl Deaf {
    /// Upgrades, and asks to be sent everything after `resume`.
    async fn open(server: &Server, resume: &str) -> Self {
        Self(upgrading(server, SESSION, resume).await)
    }

    /// The status of the answer, without reading any further.
    async fn status(&mut self) -> String {
        let mut line = [0; 12];
        timeout(WAIT, self.0.read_exact(&mut line)).await.unwrap().unwrap();
        String::from_utf8_lossy(&line[9..]).into_owned()
    }
}

/// The longest time from a post to the client's frame, over several posts.
async fn slowest(server: &Server, client: &mut Client, posts: usize, prefix: &str) -> Duration {
    let mut slowest = Duration::ZERO;
    for number in 0..posts {
        let began = Instant::now();
        let event = renamed(&format!("{prefix}-{number}"), SESSION);
        let answer = server.publisher().post_one(event).await;
        let seq = answer.results("seq")[0].as_u64().unwrap();
        client.updates_until(seq).await;
        slowest = slowest.max(began.elapsed());
    }
    slowest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_asks_for_the_state_over_and_over_gets_it_once_a_second() {
    let server = Server::start().await;
    let head = fill_state(&server).await;
    let mut client = server.client(SESSION).open().await;
    client.updates_until(head).await;
    let began = Instant::now();
    for _ in 0..30 {
        client.send(&json!({"type": "request.state"})).await;
    }
    let mut states = 0;
    client.send(&json!({"type": "ping", "ref": "behind them"})).await;
    while client.next_frame().await["type"] != "pong" {
        states += 1;
    }
    assert!(states <= 1, "{states} states for 30 requests");
    while states < 1 {
        states += u64::from(client.next_frame().await["type"] == "dashboard.state");
    }
    let least = Duration::from_millis(STATE_EVERY_MS / 2);
    assert!(
        began.elapsed() > least,
        "the first state came right after `connected`: {:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_floods_gets_errors_and_is_closed_and_others_are_not_disturbed() {
    let server = Server::start().await;
    let mut innocent = server.client(SESSION).open().await;
    let mut client = server.client(SESSION).open().await;
    for _ in 0..400 {
        client.send(&json!({"type": "ping", "ref": "x"})).await;
    }
    let mut errors = 0;
    let ended = loop {
        match client.try_frame().await {
            Ok(frame) => errors += u64::from(frame["code"] == "rate_limited"),
            Err(ended) => break ended,
        }
    };
    assert_eq!(ended, (4429, "rate_limited".to_owned()));
    assert!((30..=60).contains(&errors), "{errors}");
    server.publisher().post_one(renamed("e-1", SESSION)).await;
    assert_eq!(innocent.next_frame().await["seq"], 1);
}

/// 400 requests of 30 bytes were once answered with 400 MB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_ask_for_the_state_and_do_not_read_do_not_fill_the_memory() {
    let server = Server::start().await;
    let head = fill_state(&server).await;
    let mut innocent = server.client(SESSION).open().await;
    innocent.updates_until(head).await;
    let quiet = slowest(&server, &mut innocent, 20, "q").await;
    let Some(before) = megabytes(&server) else { return };
    let mut deaf = Vec::new();
    for _ in 0..5 {
        let mut one = Deaf::open(&server, "").await;
        assert_eq!(one.status().await, "101");
        // The room closes the connection in the middle of this flood.
        let flood = frame(r#"{"type":"request.state"}"#).repeat(400);
        one.0.write_all(&flood).await.unwrap();
        deaf.push(one);
    }
    let flooded = |line: &Value| line["code"] == 4429;
    for _ in 0..5 {
        server.log().wait("connection.closed", flooded).await;
    }
    let attacked = slowest(&server, &mut innocent, 20, "a").await;
    let after = megabytes(&server).unwrap_or(before);
    println!("memory {before} -> {after} MB; slowest of 20 updates {quiet:?} -> {attacked:?}");
    assert!(after < before + 60, "{before} -> {after} MB");
}

/// 60 upgrades of 428 bytes were once answered with 225 MB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recoveries_that_are_not_read_are_bounded_and_other_clients_still_get_in() {
    let server = Server::start().await;
    let epoch = server.client(SESSION).open().await.seen.epoch().to_owned();
    let head = fill_state(&server).await;
    let mut innocent = server.client(SESSION).resume(&format!("{epoch}:{head}")).open().await;
    let Some(before) = megabytes(&server) else { return };
    let mut deaf = Vec::new();
    let mut refused = 0;
    for _ in 0..60 {
        let mut one = Deaf::open(&server, &format!("?resume={epoch}:0")).await;
        assert_eq!(one.status().await, "101");
        deaf.push(one);
    }
    for line in server.log().events("connection.refused") {
        assert_eq!(line["reason"], "room_busy");
        refused += 1;
    }
    let after = megabytes(&server).unwrap_or(before);
    println!("memory {before} -> {after} MB; {refused} of 60 refused");
    assert!(refused > 0 && refused < 60, "{refused}");
    let bound = (RECOVERY_BYTES as u64 >> 20) * 2 + 20;
    assert!(after < before + bound, "{before} -> {after} MB");
    // A client that needs no recovery gets in, and a client that is in the room is not disturbed.
    let answer = server.publisher().post_one(renamed("e-1", SESSION)).await;
    let seq = answer.results("seq")[0].as_u64().unwrap();
    innocent.updates_until(seq).await;
    server.client(SESSION).resume(&format!("{epoch}:{seq}")).open().await.ping().await;
    // When the deaf connections are gone, every client can recover again.
    drop(deaf);
    let gone = |line: &Value| line["code"] == 1006;
    server.log().wait("connection.closed", gone).await;
    let patience = Instant::now() + WAIT;
    loop {
        let mut back = match server.client(SESSION).resume(&format!("{epoch}:0")).try_open().await {
            Ok(back) => back,
            Err(why) => {
                assert!(Instant::now() < patience, "{why:?}");
                continue;
            }
        };
        back.updates_until(seq).await;
        break;
    }
}

/// A connection that closes without reading keeps what it was sent in memory, and so does the platform. When that is
/// too much, the room ends all connections. All other clients connect again and miss nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_close_without_reading_are_ended_before_they_fill_the_memory() {
    let server = Server::start().await;
    let epoch = server.client(SESSION).open().await.seen.epoch().to_owned();
    let head = fill_state(&server).await;
    let mut innocent = server.client(SESSION).resume(&format!("{epoch}:{head}")).open().await;
    let Some(before) = megabytes(&server) else { return };
    let close = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
    let mut deaf = Vec::new();
    let aborted = |line: &Value| line["stage"] == "backlog";
    let mut most = before;
    while server.log().events("room.failed").is_empty() {
        assert!(deaf.len() < 200, "the room does not end them");
        let mut one = Deaf::open(&server, &format!("?resume={epoch}:0")).await;
        one.status().await;
        one.0.write_all(&close).await.unwrap();
        deaf.push(one);
        most = most.max(megabytes(&server).unwrap_or(0));
    }
    server.log().wait("room.failed", aborted).await;
    println!("{} closed connections: memory {before} -> {most} MB at most", deaf.len());
    let bound = (STUCK_BYTES as u64 >> 20) * 2;
    assert!(most < before + bound, "{before} -> {most} MB");
    // The other clients connect again, and continue from their positions.
    let ended = loop {
        if let Err(ended) = innocent.try_frame().await {
            break ended;
        }
    };
    assert_eq!(ended.0, 1006, "{ended:?}");
    let answer = server.publisher().post_safely(&[renamed("e-1", SESSION)]).await;
    let seq = answer.results("seq")[0].as_u64().unwrap();
    let mut back = server.client(SESSION).after(innocent.seen).open().await;
    back.updates_until(seq).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_captured_request_has_no_effect_however_many_events_came_in_between() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let mut client = server.client(SESSION).open().await;
    let body = json!([event("e-1", "session.renamed", "Session/s-1", json!({"title": "old"}))]);
    let body = body.to_string();
    let headers = signature(WEBHOOK_SECRET, now(), body.as_bytes());
    let send = || {
        let request = publisher.unsigned().body(body.clone());
        let header = |request: reqwest::RequestBuilder, (name, value): &(&str, String)| {
            request.header(*name, value)
        };
        headers.iter().fold(request, header).send()
    };
    assert_eq!(send().await.unwrap().status(), 202);
    // These are more bursts than the log keeps.
    for other in renames("o", SESSION, usize::try_from(LOG_BURSTS).unwrap() + 20) {
        publisher.post_one(other).await;
    }
    server.evict("demo/s-1").await;
    let again: Value = send().await.unwrap().json().await.unwrap();
    assert_eq!(again["results"][0]["status"], "duplicate");
    assert_eq!(again["results"][0]["seq"], 1);
    let last = publisher.post_one(renamed("z", SESSION)).await.results("seq")[0].as_u64().unwrap();
    let updates = client.updates_until(last).await;
    let old = updates.iter().filter(|update| update["data"]["title"] == "old");
    assert_eq!(old.count(), 1, "the old title is not shown again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_of_an_older_event_does_not_move_an_aggregate_back() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let named = |id: &str, session: &str, at: &str| {
        let mut event = event(id, "cycle.created", "Cycle/c-1", json!({"session_id": session}));
        event["occurred_at"] = json!(at);
        event
    };
    publisher.post_one(named("e-1", "s-1", "2026-11-18T08:00:00Z")).await;
    publisher.post_one(named("e-2", "s-2", "2026-11-18T09:00:00Z")).await;
    publisher.post_one(named("e-1", "s-1", "2026-11-18T08:00:00Z")).await;
    let started = event("e-3", "component.started", "Cycle/c-1", json!({"component_type": "x"}));
    assert_eq!(publisher.post_one(started).await.results("session"), ["s-2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_new_sessions_cost_few_rows_and_unknown_aggregates_cost_none() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let events: Vec<_> =
        (0..250).map(|number| created(&format!("e-{number}"), &format!("new-{number}"))).collect();
    let began = Instant::now();
    let cost = publisher.post(&events).await.cost;
    println!("250 new sessions: {} rows in {:?}", cost.rows_written, began.elapsed());
    assert_eq!((cost.requests, cost.rows_written), (250, 250 * 4));
    let before = server.pointer_files();
    let unknown = |number: usize| {
        let payload = json!({"component_type": "x"});
        event(&format!("u-{number}"), "component.started", &format!("Cycle/u-{number}"), payload)
    };
    let events: Vec<_> = (0..500).map(unknown).collect();
    let asked = publisher.post(&events).await;
    assert!(asked.results("reason").iter().all(|reason| reason == "no_session"));
    assert!(asked.cost.requests <= 32, "{}", asked.cost);
    assert_eq!(asked.cost.rows_written, 0);
    let again = publisher.post(&events[..1]).await.cost;
    assert_eq!(again.requests, 0, "an unknown aggregate is remembered for a while");
    assert!(server.pointer_files() - before <= 32);
}
