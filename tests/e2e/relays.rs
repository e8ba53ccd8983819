//! Rooms that are larger than one object: their members are connected to relays, and notice nothing of it.

use std::collections::BTreeMap;

use serde_json::{json, Value};

use crate::support::client::Client;
use crate::support::connecting::Connecting;
use crate::support::events::{renamed, renames};
use crate::support::feed::{Feed, Published};
use crate::support::follower::Followed;
use crate::support::server::Server;
use crate::support::token::token;
use crate::trust::revoke;

const SESSION: &str = "s-1";

/// A server whose rooms spread when they have so many members.
async fn spreading(above: usize) -> Server {
    Server::start_with(|setup| setup.limit("spread_above", &json!(above))).await
}

fn titles(updates: &[Value]) -> Vec<&str> {
    updates.iter().map(|update| update["data"]["title"].as_str().expect("a title")).collect()
}

/// How many clients each object of the room let in.
fn members(server: &Server) -> BTreeMap<String, usize> {
    let mut members = BTreeMap::new();
    for line in server.log().events("connection.accepted") {
        let room = line["room"].as_str().expect("a room").to_owned();
        *members.entry(room).or_default() += 1;
    }
    members
}

/// A new client that has been sent the state.
async fn ready(connecting: Connecting) -> Client {
    let mut client = connecting.open().await;
    assert_eq!(client.next_frame().await["type"], "dashboard.state");
    client
}

async fn open(server: &Server, clients: usize) -> Vec<Client> {
    let mut opened = Vec::new();
    for _ in 0..clients {
        opened.push(ready(server.client(SESSION)).await);
    }
    opened
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_of_two_levels_shows_everyone_the_same() {
    let server = spreading(2).await;
    let publisher = server.publisher();
    publisher.post_one(renamed("e-1", SESSION)).await;
    let mut clients = open(&server, 20).await;
    let before = members(&server);
    assert_eq!(before.get("demo/s-1"), Some(&2), "{before:?}");
    assert!(before.contains_key("demo/s-1#any.6"), "a relay of a relay: {before:?}");
    assert!(before.values().all(|count| *count <= 2), "{before:?}");
    for post in 0..30 {
        publisher.post(&renames(&format!("f-{post}"), SESSION, 1 + post % 3)).await;
    }
    let last = 1 + (0..30).map(|post| 1 + post % 3).sum::<usize>() as u64;
    for client in &mut clients {
        client.updates_until(last).await;
        assert_eq!(client.hello["sessionId"], SESSION);
        assert_eq!(client.seen.updates.len() as u64, last - 1);
    }
    let wanted = titles(&clients[0].seen.updates);
    assert!(clients.iter().all(|client| titles(&client.seen.updates) == wanted));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_goes_on_at_any_object_from_where_it_was() {
    let server = spreading(1).await;
    let publisher = server.publisher();
    publisher.post_one(renamed("e-1", SESSION)).await;
    let mut clients = open(&server, 6).await;
    for round in 0..20 {
        publisher.post(&renames(&format!("r-{round}"), SESSION, 2)).await;
        // Each comes back at another object, as it has a new id; every second one before it has read what is new.
        let mut client = clients.remove(0);
        if round % 2 == 0 {
            client.updates_until(1 + 2 * (round + 1)).await;
        }
        let known = client.seen.clone();
        drop(client);
        let again = server.client(SESSION).after(known).open().await;
        assert_eq!(again.hello["recovery"], "replayed", "{:?}", again.hello);
        clients.push(again);
    }
    for client in &mut clients {
        client.updates_until(41).await;
        assert_eq!(client.seen.snapshots, 1);
    }
    assert!(members(&server).len() > 4, "{:?}", members(&server));
}

fn assert_saw_all(followed: &Followed, published: &Published) {
    assert_eq!(followed.seen.snapshots, 0);
    let wanted: Vec<&str> = published.values().map(String::as_str).collect();
    assert_eq!(titles(&followed.seen.updates), wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_the_server_of_a_tree_is_killed() {
    let mut server = spreading(2).await;
    let mut feed = Feed::start(&server, SESSION, 16, 240).await;
    for kill in 1..=8 {
        feed.reached(240 * kill / 9).await;
        server.restart().await;
    }
    let (published, followed) = feed.end().await;
    for followed in &followed {
        assert_saw_all(followed, &published);
    }
    assert!(members(&server).len() > 6, "{:?}", members(&server));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_objects_of_a_tree_are_evicted() {
    let server = spreading(2).await;
    let feed = Feed::start(&server, SESSION, 16, 300).await;
    let objects: Vec<String> = members(&server).into_keys().collect();
    let mut evicted = 0;
    while feed.is_running() {
        for object in &objects {
            evicted += usize::from(server.try_evict(object).await.is_ok());
        }
    }
    let (published, followed) = feed.end().await;
    for followed in followed {
        assert_saw_all(&followed, &published);
        assert_eq!(followed.connections, 1);
    }
    assert!(evicted > 10, "only {evicted} evictions");
}

/// A document whose rooms may have seven members.
async fn of_seven(above: usize) -> Server {
    Server::start_with(|setup| {
        let mut sessions: Value =
            serde_json::from_str(include_str!("../../presets/sessions.json")).expect("a document");
        sessions["room"] = json!({"clients": 7});
        setup.presets(&json!([sessions]).to_string());
        setup.limit("spread_above", &json!(above));
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tree_has_exactly_as_many_members_as_the_room_may_have() {
    let server = of_seven(3).await;
    let mut clients = Vec::new();
    for _ in 0..7 {
        clients.push(server.client(SESSION).plain().open().await);
    }
    for _ in 0..3 {
        let refused = server.client(SESSION).plain().declined().await;
        assert_eq!((refused.status, &refused.body["code"]), (503, &json!("room_full")));
    }
    assert_eq!(members(&server).values().sum::<usize>(), 7, "{:?}", members(&server));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_suspended_or_revoked_is_closed_at_each_relay() {
    let server = spreading(1).await;
    server.publisher().post_one(renamed("e-1", SESSION)).await;
    let of = |name: &str| -> Connecting {
        server.client(SESSION).with_token(Some(token(SESSION).of(name).text()))
    };
    let mut ada = [ready(of("ada")).await, ready(of("ada")).await, ready(of("ada")).await];
    let mut eve = [ready(of("eve")).await, ready(of("eve")).await];
    assert!(members(&server).len() >= 4, "{:?}", members(&server));
    let (status, told) = revoke(&server, json!({"user": "ada"})).await;
    assert_eq!(status, 200, "{told}");
    for client in &mut ada {
        assert_eq!(client.expect_close().await, (4401, "token_revoked".to_owned()));
    }
    for client in &mut eve {
        client.ping().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_is_made_near_its_viewers() {
    let server = Server::start_with(|setup| {
        setup.limit("spread_above", &json!(1));
        setup.counted = true;
    })
    .await;
    server.publisher().post_one(renamed("e-1", SESSION)).await;
    let mut clients = Vec::new();
    for continent in ["EU", "EU", "AS", "NA", "AN"] {
        clients.push(ready(server.client(SESSION).on(continent)).await);
    }
    server.publisher().post_one(renamed("e-2", SESSION)).await;
    for client in &mut clients {
        client.updates_until(2).await;
    }
    let named = server.log().events("room.named");
    let hint =
        |room: &str| named.iter().find(|line| line["name"] == room).map(|line| &line["hint"]);
    assert_eq!(hint("demo/s-1"), Some(&Value::Null), "{named:?}");
    assert_eq!(hint("demo/s-1#weur.0"), Some(&json!("weur")));
    assert_eq!(hint("demo/s-1#apac.0"), Some(&json!("apac")));
    assert_eq!(hint("demo/s-1#enam.0"), Some(&json!("enam")));
    assert_eq!(hint("demo/s-1#any.0"), Some(&Value::Null), "nobody knows a hint for Antarctica");
}
