//! A room survives eviction and `kill -9` under a running feed.
//!
//! No event may be lost, come twice, or have another seq than its backend was told.

use serde_json::{json, Value};

use crate::support::client::Client;
use crate::support::events::renamed;
use crate::support::feed::Feed;
use crate::support::feed::Published;
use crate::support::follower::Followed;
use crate::support::server::Server;

const SESSION: &str = "s-1";
const ROOM: &str = "demo/s-1";

/// A number of clients with which a room opens a window after each burst.
const BUSY: usize = 40;

/// A number of clients with which the windows store and answer before they send.
const CROWD: usize = 200;

/// The event ids of updates. The events of these feeds are renames, each to its own id.
fn ids(updates: &[Value]) -> Vec<&str> {
    let titles = updates.iter().map(|update| &update["data"]["title"]);
    titles.map(|title| title.as_str().expect("a title")).collect()
}

fn assert_saw_all(followed: &Followed, published: &Published) {
    assert_eq!(followed.seen.snapshots, 0);
    assert!(published.keys().copied().eq(1..=published.len() as u64));
    let wanted: Vec<&str> = published.values().map(String::as_str).collect();
    assert_eq!(ids(&followed.seen.updates), wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_evicted_room_comes_back_with_its_clients_for_each_event() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let mut v1 = [server.client(SESSION).open().await, server.client(SESSION).open().await];
    let mut plain = server.client(SESSION).plain().open().await;
    for seq in 1..=100 {
        let mark = server.log().mark();
        server.evict(ROOM).await;
        publisher.post_one(renamed(&format!("e-{seq}"), SESSION)).await;
        server.restored(mark, ROOM, 3).await;
        for client in &mut v1 {
            assert_eq!(client.next_frame().await["seq"], seq);
        }
        assert_eq!(plain.next_frame().await["seq"], seq);
    }
    assert_eq!(server.log().events("connection.accepted").len(), 3);
}

/// Evicts the room over and over. The clients stay connected all the time.
async fn evict_under_a_feed(clients: usize, posts: usize, at_least: usize) {
    let server = Server::start().await;
    let feed = Feed::start(&server, SESSION, clients, posts).await;
    let mut evicted = 0;
    while feed.is_running() {
        evicted += usize::from(server.try_evict(ROOM).await.is_ok());
    }
    let (published, followed) = feed.end().await;
    for followed in followed {
        assert_saw_all(&followed, &published);
        assert_eq!(followed.connections, 1);
    }
    let restored = server.log().events("room.restored");
    let with_all = restored.iter().filter(|line| line["clients"] == clients).count();
    assert!(evicted.min(with_all) >= at_least, "{evicted} evictions, {with_all} returns");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_a_room_is_evicted() {
    evict_under_a_feed(3, 400, 30).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_a_busy_room_is_evicted() {
    // A window is open most of the time, and a room cannot be evicted then, so this needs a longer feed.
    evict_under_a_feed(BUSY, 1_600, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_joins_in_the_middle_of_a_feed_misses_nothing_after_that() {
    let server = Server::start().await;
    let feed = Feed::start(&server, SESSION, CROWD, 400).await;
    let mut joined = Vec::new();
    while feed.is_running() {
        let client = server.client(SESSION);
        let known = joined.last().map(|client: &Client| client.seen.clone());
        // Every second client resumes from the position of the client before it.
        let known = known.filter(|_| joined.len() % 2 == 0);
        let mut client = known.map_or(client.clone(), |known| client.after(known)).open().await;
        client.next_frame().await;
        joined.push(client);
    }
    let (published, _) = feed.end().await;
    let wanted: Vec<&str> = published.values().map(String::as_str).collect();
    for client in &mut joined {
        client.updates_until(published.len() as u64).await;
        let seen = ids(&client.seen.updates);
        assert_eq!(seen, wanted[wanted.len() - seen.len()..]);
    }
    assert!(joined.len() > 10, "only {} joined", joined.len());
}

/// Kills the server over and over, and starts it again.
async fn kill_under_a_feed(clients: usize, posts: usize, kills: usize) {
    let mut server = Server::start().await;
    let mut feed = Feed::start(&server, SESSION, clients, posts).await;
    for kill in 1..=kills {
        feed.reached(posts * kill / (kills + 1)).await;
        server.restart().await;
    }
    let (published, followed) = feed.end().await;
    for followed in &followed {
        assert_saw_all(followed, &published);
    }
    let connections: usize = followed.iter().map(|followed| followed.connections).sum();
    assert!(connections > clients * kills / 2, "{connections} connections");
    // A new client gets the state after another restart.
    server.restart().await;
    let mut new = server.client(SESSION).open().await;
    assert_eq!(new.hello["recovery"], "snapshot");
    assert_eq!(new.next_frame().await["seq"], json!(published.len()));
    assert_eq!(ids(&new.seen.state), [published.values().last().unwrap()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_the_server_is_killed() {
    kill_under_a_feed(4, 500, 24).await;
}

/// Updates that wait for their window are in memory only, so they must not have been sent or answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_the_server_is_killed_while_bursts_gather() {
    kill_under_a_feed(BUSY, 200, 10).await;
}
