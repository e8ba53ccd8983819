//! Clients that come back get the updates that they missed, or the state at the head.

use roomcast::limits::{LOG_BURSTS, REPLAY_BYTES, REPLAY_FRAME_BYTES};
use serde_json::json;

use crate::support::client::Client;
use crate::support::events::{created, renamed, renames};
use crate::support::server::Server;

const NO_EPOCH: &str = "0000000000000000";

async fn expect_snapshot(client: &mut Client, head: u64) {
    let hello = &client.hello;
    assert_eq!((&hello["recovery"], &hello["seq"]), (&json!("snapshot"), &json!(head)));
    let state = client.next_frame().await;
    assert_eq!((&state["type"], &state["seq"]), (&json!("dashboard.state"), &json!(head)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_gets_exactly_what_it_missed_even_from_within_a_burst() {
    let server = Server::start().await;
    let mut before = server.client("s-1").open().await;
    server.publisher().post(&renames("e", "s-1", 10)).await;
    server.publisher().post(&renames("f", "s-1", 3)).await;
    let all = before.updates_until(13).await;
    let epoch = before.seen.epoch().to_owned();
    for seq in 0..=13 {
        let mut client = server.client("s-1").resume(&format!("{epoch}:{seq}")).open().await;
        assert_eq!(
            (&client.hello["recovery"], &client.hello["seq"]),
            (&json!("replayed"), &json!(13))
        );
        assert_eq!(client.updates_until(13).await, all[seq..]);
    }
    // A client that missed nothing gets only the tail.
    let mut client = server.client("s-1").resume(&format!("{epoch}:13")).open().await;
    server.publisher().post_one(renamed("g-1", "s-1")).await;
    assert_eq!(client.next_frame().await["seq"], 14);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_without_a_valid_position_gets_the_state() {
    let server = Server::start().await;
    server
        .publisher()
        .post(&[created("e-1", "s-1"), renamed("e-2", "s-1"), renamed("e-3", "s-1")])
        .await;
    let mut new = server.client("s-1").open().await;
    expect_snapshot(&mut new, 3).await;
    let seqs: Vec<_> = new.seen.state.iter().map(|update| update["seq"].clone()).collect();
    assert_eq!(seqs, [1, 3]);
    let ahead = format!("{}:4", new.seen.epoch());
    for position in [format!("{NO_EPOCH}:3"), format!("{NO_EPOCH}:0"), ahead] {
        expect_snapshot(&mut server.client("s-1").resume(&position).open().await, 3).await;
    }
    // A room without updates has no state to send.
    let empty = server.client("s-2").resume(&format!("{NO_EPOCH}:7")).open().await;
    assert_eq!((&empty.hello["recovery"], &empty.hello["seq"]), (&json!("none"), &json!(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_too_far_behind_gets_the_state_at_the_head() {
    let mut server = Server::start().await;
    let publisher = server.publisher();
    let epoch = server.client("s-1").open().await.seen.epoch().to_owned();
    // Each of these is one burst, twelve more than the log keeps.
    let head = LOG_BURSTS + 12;
    for number in 1..=head {
        publisher.post_one(renamed(&format!("e-{number}"), "s-1")).await;
    }
    for restarted in [false, true] {
        if restarted {
            server.restart().await;
        }
        let at = |seq: u64| server.client("s-1").resume(&format!("{epoch}:{seq}"));
        let mut last_kept = at(head - LOG_BURSTS).open().await;
        assert_eq!(last_kept.hello["recovery"], "replayed");
        assert_eq!(last_kept.updates_until(head).await.len() as u64, LOG_BURSTS);
        for seq in [head - LOG_BURSTS - 1, 1, 0] {
            expect_snapshot(&mut at(seq).open().await, head).await;
        }
    }
    // An event that the log has forgotten is remembered while its request could be sent again.
    for number in [13, 12, 1] {
        let again = publisher.post_one(renamed(&format!("e-{number}"), "s-1")).await;
        assert_eq!(
            (again.results("status"), again.results("seq")),
            (vec![json!("duplicate")], vec![json!(number)])
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_replay_is_several_frames_and_the_state_replaces_a_very_long_one() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let epoch = server.client("s-1").open().await.seen.epoch().to_owned();
    let long = |number: usize| {
        let mut event = renamed(&format!("e-{number}"), "s-1");
        event["payload"]["title"] = json!("x".repeat(40_000));
        event
    };
    for post in 0..10 {
        publisher.post(&[long(2 * post), long(2 * post + 1)]).await;
    }
    let at = |seq: u64| server.client("s-1").resume(&format!("{epoch}:{seq}"));
    let mut client = at(1).open().await;
    let mut frames = 0;
    while client.seen.seq() < 20 {
        client.next_frame().await;
        frames += 1;
    }
    assert_eq!(
        (client.hello["recovery"].as_str(), client.seen.updates.len()),
        (Some("replayed"), 19)
    );
    let bytes = 19 * 40_000;
    assert!((bytes / REPLAY_FRAME_BYTES..10).contains(&frames), "{frames} frames");
    let enough = REPLAY_BYTES / 40_000 + 2;
    for number in 20..enough {
        publisher.post_one(long(number)).await;
    }
    expect_snapshot(&mut at(1).open().await, enough as u64).await;
    assert_eq!(at(20).open().await.hello["recovery"], "replayed");
}
