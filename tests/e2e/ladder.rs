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

/// Posts of 200 KB each: more than a connection may leave unacknowledged before it is sent nothing.
const POSTS: usize = 32;

/// Posts of which the times are taken, before and after a client has stopped.
const SMALL_POSTS: usize = 100;

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

/// The median and the 99th percentile of the times from a post to a client's frame, over small posts, one after the other.
async fn latency(server: &Server, prefix: &str, others: &mut [Skimmer]) -> [Duration; 2] {
    let mut all = Vec::new();
    for number in 0..SMALL_POSTS {
        let began = Instant::now();
        let event = renamed(&format!("{prefix}-{number}"), SESSION);
        let answer = server.publisher().post_one(event).await;
        let seq = answer.results("seq")[0].as_u64().unwrap();
        for other in &mut *others {
            all.push(other.reaches(seq).await - began);
        }
    }
    all.sort_unstable();
    [all[all.len() / 2], all[all.len() * 99 / 100]]
}

/// Has one of so many clients stop reading under a flood.
async fn one_stops(clients: usize) {
    let server = Server::start().await;
    let mut others = Vec::new();
    for _ in 1..clients {
        others.push(Skimmer::open(&server, SESSION).await);
    }
    let mut stopped = server.client(SESSION).asking("topics=*").open().await;
    let first = post(&server, &[renamed("first", SESSION)], &mut others).await;
    stopped.updates_until(first).await;
    stopped.send(&json!({"type": "ack", "seq": first})).await;
    post(&server, &large(0), &mut others).await;
    let quiet = latency(&server, "quiet", &mut others).await;
    let before = resident(server.process());
    for number in 1..POSTS {
        post(&server, &large(number), &mut others).await;
    }
    server.log().wait("room.slowed", |line| line["conflated"] == 1).await;
    let after = resident(server.process());
    let flooded = latency(&server, "flooded", &mut others).await;
    println!("p50 and p99 {quiet:?} before, {flooded:?} after it has stopped");
    if let (Some(before), Some(after)) = (before, after) {
        println!("memory {} -> {} MB", before >> 20, after >> 20);
        let most = before + 2 * clients as u64 * POST_BYTES + MOST_MORE;
        assert!(after < most, "{before} -> {after}");
    }
    let head = post(&server, &[renamed("head", SESSION)], &mut others).await;
    let began = Instant::now();
    catch_up(&mut stopped, head).await;
    println!("level after {:?}, {} of {head} updates", began.elapsed(), stopped.seen.updates.len());
    let sent = stopped.seen.updates.len() as u64;
    assert!(sent < head, "what came while it was held was not sent");
    let last = post(&server, &[renamed("last", SESSION)], &mut others).await;
    stopped.updates_until(last).await;
    assert_eq!(stopped.seen.updates.last().unwrap()["seq"], last);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_stops_reading_costs_the_others_nothing_and_catches_up_at_once() {
    one_stops(300).await;
}

/// With `--ignored --nocapture` it prints the figures of `docs/performance.md`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement with more clients"]
async fn a_client_among_a_thousand_that_stops_reading_costs_them_nothing() {
    one_stops(1_000).await;
}
