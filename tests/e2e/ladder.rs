//! A client that stops reading among many under a flood: the others lose nothing, the memory of the process stays bounded,
//! and the client is level again as soon as it reads on.

use std::time::Duration;

use serde_json::{json, Value};
use tokio::time::{sleep_until, Instant};

use crate::support::client::Client;
use crate::support::events::{event, renamed};
use crate::support::memory::resident;
use crate::support::server::Server;
use crate::support::wire::Skimmer;
use crate::support::WAIT;

const SESSION: &str = "s-1";

/// Clients of the room, of which one stops. `scripts/bench --only m` measures it among a thousand, and what the others notice.
const CLIENTS: usize = 50;

/// Posts of 200 KB each: more than a connection may leave unacknowledged before it is sent nothing.
const POSTS: usize = 32;

/// Bytes of such a post. The platform copies it for each client, and may hold the next while the memory of the last is not
/// free yet.
const POST_BYTES: u64 = 200_000;

/// Bytes that the client that has stopped may hold in the process, and what else a flood leaves there.
const MOST_MORE: u64 = 16 << 20;

/// A post of four updates, each under a key of its own, so that none takes the place of another.
fn large(post: usize) -> Vec<Value> {
    let one = |number: usize| {
        let payload = json!({"cycle_id": format!("c-{post}-{number}"), "component_type": "part",
            "summary": "x".repeat(50_000)});
        event(&format!("f-{post}-{number}"), "component.output_updated", "Session/s-1", payload)
    };
    (0..4).map(one).collect()
}

/// Posts, and waits until all others have it. Returns the last number.
async fn post(server: &Server, events: &[Value], others: &mut [Skimmer]) -> u64 {
    let answer = server.publisher().post(events).await;
    let seq = answer.results("seq").last().and_then(Value::as_u64).unwrap();
    for other in others {
        other.reaches(seq).await;
    }
    seq
}

/// Reads on, and acknowledges once a second like any client, until the client has been sent the state at `head`.
async fn catch_up(client: &mut Client, head: u64) {
    let (until, mut due) = (Instant::now() + WAIT, None);
    while client.seen.snapshots == 0 || client.seen.seq() < head {
        assert!(Instant::now() < until, "it stays at {}", client.seen.position());
        tokio::select! {
            biased;
            () = sleep_until(due.unwrap_or(until)) => {
                due = None;
                client.send(&json!({"type": "ack", "seq": client.seen.seq()})).await;
            }
            frame = client.next_frame() => {
                let soon = Instant::now() + Duration::from_secs(1);
                due = due.or((frame["type"] != "error").then_some(soon));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_stops_reading_costs_the_others_nothing_and_catches_up_at_once() {
    let server = Server::start().await;
    let mut others = Vec::new();
    for _ in 1..CLIENTS {
        others.push(Skimmer::open(&server, SESSION).await);
    }
    let mut stopped = server.client(SESSION).asking("topics=*").open().await;
    let first = post(&server, &[renamed("first", SESSION)], &mut others).await;
    stopped.updates_until(first).await;
    stopped.send(&json!({"type": "ack", "seq": first})).await;
    post(&server, &large(0), &mut others).await;
    let before = resident(server.process());
    for number in 1..POSTS {
        post(&server, &large(number), &mut others).await;
    }
    server.log().wait("room.slowed", |line| line["conflated"].as_u64() > Some(0)).await;
    let after = resident(server.process());
    if let (Some(before), Some(after)) = (before, after) {
        let most = before + 2 * CLIENTS as u64 * POST_BYTES + MOST_MORE;
        assert!(after < most, "{before} -> {after}");
    }
    let head = post(&server, &[renamed("head", SESSION)], &mut others).await;
    catch_up(&mut stopped, head).await;
    // What it has now is what a client has that comes anew, and the tracker has seen no update twice.
    let mut anew = server.client(SESSION).asking("topics=*").open().await;
    anew.next_frame().await;
    assert_eq!(anew.seen.state, stopped.seen.state);
    let sent = stopped.seen.updates.len() as u64;
    assert!(sent < head, "what came while it was held was not sent");
    let last = post(&server, &[renamed("last", SESSION)], &mut others).await;
    stopped.updates_until(last).await;
    assert_eq!(stopped.seen.updates.last().unwrap()["seq"], last);
}
