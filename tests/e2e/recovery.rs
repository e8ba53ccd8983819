//! Coming back: to a room that went on, that was out of memory, or whose process was killed.

use std::collections::BTreeMap;

use roomcast::limits::LOG_BURSTS;
use serde_json::{json, Value};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::support::client::Client;
use crate::support::events::{created, renamed, renames};
use crate::support::follower::{follow, Followed};
use crate::support::publisher::Publisher;
use crate::support::server::Server;

const ROOM: &str = "demo/s-1";
const NO_EPOCH: &str = "0000000000000000";

/// Each event of these feeds is a rename to its own id.
fn ids(updates: &[Value]) -> Vec<&str> {
    let titles = updates.iter().map(|update| &update["data"]["title"]);
    titles.map(|title| title.as_str().expect("a title")).collect()
}

async fn expect_snapshot(client: &mut Client, head: u64) {
    let hello = &client.hello;
    assert_eq!((&hello["recovery"], &hello["seq"]), (&json!("snapshot"), &json!(head)));
    let state = client.next_frame().await;
    assert_eq!((&state["type"], &state["seq"]), (&json!("dashboard.state"), &json!(head)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_sent_exactly_what_it_missed_even_from_within_a_burst() {
    let server = Server::start().await;
    let mut before = server.client("s-1").open().await;
    server.publisher().post(&renames("e", "s-1", 10)).await;
    server.publisher().post(&renames("f", "s-1", 3)).await;
    let all = before.updates_until(13).await;
    let epoch = before.seen.epoch.clone();
    for seq in 0..=13 {
        let mut client = server.client("s-1").resume(&format!("{epoch}:{seq}")).open().await;
        assert_eq!(
            (&client.hello["recovery"], &client.hello["seq"]),
            (&json!("replayed"), &json!(13))
        );
        assert_eq!(client.updates_until(13).await, all[seq..]);
    }
    // Where nothing was missed, nothing comes but the tail.
    let mut client = server.client("s-1").resume(&format!("{epoch}:13")).open().await;
    server.publisher().post_one(renamed("g-1", "s-1")).await;
    assert_eq!(client.next_frame().await["seq"], 14);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_whose_position_means_nothing_here_gets_the_state() {
    let server = Server::start().await;
    server
        .publisher()
        .post(&[created("e-1", "s-1"), renamed("e-2", "s-1"), renamed("e-3", "s-1")])
        .await;
    let mut new = server.client("s-1").open().await;
    expect_snapshot(&mut new, 3).await;
    let seqs: Vec<_> = new.seen.state.iter().map(|update| update["seq"].clone()).collect();
    assert_eq!(seqs, [1, 3]);
    let ahead = format!("{}:4", new.seen.epoch);
    for position in [format!("{NO_EPOCH}:3"), format!("{NO_EPOCH}:0"), ahead] {
        expect_snapshot(&mut server.client("s-1").resume(&position).open().await, 3).await;
    }
    // In a room without updates there is no state to get.
    let empty = server.client("s-2").resume(&format!("{NO_EPOCH}:7")).open().await;
    assert_eq!((&empty.hello["recovery"], &empty.hello["seq"]), (&json!("none"), &json!(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_too_far_behind_gets_the_state_at_the_head() {
    let mut server = Server::start().await;
    let publisher = server.publisher();
    let epoch = server.client("s-1").open().await.seen.epoch;
    // One burst each, twelve more than the log keeps.
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
    // What the log has forgotten is taken for new, what it keeps is a duplicate.
    let kept = publisher.post_one(renamed("e-13", "s-1")).await;
    assert_eq!(
        (kept.results("status"), kept.results("seq")),
        (vec![json!("duplicate")], vec![json!(13)])
    );
    let forgotten = publisher.post_one(renamed("e-12", "s-1")).await;
    assert_eq!(forgotten.results("status"), ["accepted"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_evicted_room_comes_back_for_each_event_with_its_clients() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let mut v1 = [server.client("s-1").open().await, server.client("s-1").open().await];
    let mut plain = server.client("s-1").plain().open().await;
    for seq in 1..=100 {
        let mark = server.log().mark();
        server.evict(ROOM).await;
        publisher.post_one(renamed(&format!("e-{seq}"), "s-1")).await;
        let restored = server.restored(mark, ROOM, 3).await;
        assert_eq!(restored["seq"], seq - 1);
        for client in &mut v1 {
            assert_eq!(client.next_frame().await["seq"], seq);
        }
        assert_eq!(plain.next_frame().await["seq"], seq);
    }
    assert_eq!(server.log().events("connection.accepted").len(), 3);
}

/// Posts a feed, each post as often as it takes; tells how many events are through.
fn feed(
    publisher: Publisher,
    name: &str,
    posts: usize,
    progress: watch::Sender<usize>,
) -> JoinHandle<BTreeMap<u64, String>> {
    let name = name.to_owned();
    tokio::spawn(async move {
        let mut by_seq = BTreeMap::new();
        for post in 0..posts {
            let events = renames(&format!("{name}-{post}"), "s-1", 1 + post % 3);
            let answer = publisher.post_safely(&events).await;
            for (seq, id) in answer.results("seq").iter().zip(answer.results("eventId")) {
                let id = id.as_str().unwrap().to_owned();
                assert_eq!(by_seq.insert(seq.as_u64().unwrap(), id), None, "{seq} twice");
            }
            progress.send_modify(|done| *done += 1);
        }
        by_seq
    })
}

async fn join(feeds: Vec<JoinHandle<BTreeMap<u64, String>>>) -> BTreeMap<u64, String> {
    let mut all = BTreeMap::new();
    for feed in feeds {
        for (seq, id) in feed.await.unwrap() {
            assert_eq!(all.insert(seq, id), None, "{seq} was given to two events");
        }
    }
    all
}

/// So many events are in a feed of so many posts.
fn events_in(posts: usize) -> u64 {
    (0..posts).map(|post| 1 + post as u64 % 3).sum()
}

fn assert_saw_all(followed: &Followed, published: &BTreeMap<u64, String>) {
    assert_eq!(followed.seen.snapshots, 0);
    let wanted: Vec<&str> = published.values().map(String::as_str).collect();
    assert!(published.keys().copied().eq(1..=published.len() as u64));
    assert_eq!(ids(&followed.seen.updates), wanted);
}

/// Evicts the room over and over under a running feed. The clients stay connected throughout.
async fn evict_under_a_feed(clients: usize, posts: usize, evictions: usize) {
    let server = Server::start().await;
    let (progress, _) = watch::channel(0);
    let last = 2 * events_in(posts);
    let followers: Vec<_> = (0..clients).map(|_| follow(server.client("s-1"), last)).collect();
    while server.log().events("connection.accepted").len() < clients {
        tokio::task::yield_now().await;
    }
    let feeds: Vec<_> =
        ["a", "b"].map(|name| feed(server.publisher(), name, posts, progress.clone())).into();
    let mut evicted = 0;
    while *progress.borrow() < 2 * posts {
        evicted += usize::from(server.try_evict(ROOM).await.is_ok());
    }
    assert!(evicted >= evictions, "evicted only {evicted} times");
    let published = join(feeds).await;
    for follower in followers {
        let followed = follower.await.unwrap();
        assert_saw_all(&followed, &published);
        assert_eq!(followed.connections, 1);
    }
    let restored = server.log().events("room.restored");
    let with_all = restored.iter().filter(|line| line["clients"] == clients);
    assert!(with_all.count() >= evictions / 2, "of {evicted}: {}", restored.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_a_room_is_evicted_under_a_running_feed() {
    evict_under_a_feed(3, 300, 50).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_a_room_is_evicted_while_a_burst_gathers() {
    // So many clients that a window is open after each burst.
    evict_under_a_feed(40, 100, 20).await;
}

/// Kills the server over and over under running feeds.
async fn kill_under_a_feed(clients: usize, posts: usize, kills: usize) {
    let mut server = Server::start().await;
    let (progress, mut progressed) = watch::channel(0);
    let last = 2 * events_in(posts);
    let followers: Vec<_> = (0..clients).map(|_| follow(server.client("s-1"), last)).collect();
    while server.log().events("connection.accepted").len() < clients {
        tokio::task::yield_now().await;
    }
    let feeds: Vec<_> =
        ["a", "b"].map(|name| feed(server.publisher(), name, posts, progress.clone())).into();
    for kill in 1..=kills {
        let due = 2 * posts * kill / (kills + 1);
        progressed.wait_for(|done| *done >= due).await.unwrap();
        server.restart().await;
    }
    let published = join(feeds).await;
    assert_eq!(published.len() as u64, last);
    for follower in followers {
        let followed = follower.await.unwrap();
        assert_saw_all(&followed, &published);
        assert!(followed.connections > kills / 2, "{} connections", followed.connections);
    }
    // And it is still there for who comes next.
    server.restart().await;
    let mut new = server.client("s-1").open().await;
    expect_snapshot(&mut new, last).await;
    assert_eq!(ids(&new.seen.state), [published[&last].as_str()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_the_server_is_killed_under_a_running_feed() {
    kill_under_a_feed(4, 240, 24).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_the_server_is_killed_while_a_burst_gathers() {
    kill_under_a_feed(40, 60, 6).await;
}
