//! Topics that end: for all that have them, at once, and for good until somebody joins them anew.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::protocol::client_frame::ClientFrame;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::label::Label;
use roomcast::protocol::pattern::Pattern;
use roomcast::protocol::topics::Topics;
use roomcast::room::view::View;
use roomcast::room::{Input, Said};
use serde_json::json;

use crate::updates::labelled;
use crate::views::topics;
use crate::world::World;

const LIFE_MS: u64 = 40_000;

/// Clients of Socket.IO that may join the topics of projects, which end, and those of users, which do not.
fn dialect() -> Dialect {
    let emits = json!([
        {"on": "join", "do": "subscribe", "topic": "project:{id}:*", "ttl_s": LIFE_MS / 1_000},
        {"on": "be", "do": "subscribe", "topic": "user:{id}"}
    ]);
    let form = serde_json::from_value(json!({"emits": emits})).unwrap();
    Dialect::SocketIo { form, namespace: "/".to_owned() }
}

fn member(world: &mut World) -> ClientId {
    let view = View { topics: Topics::none(), ..View::of_all(dialect()) };
    world.watch(view, "ada", None)
}

fn say(world: &mut World, client: &ClientId, frame: ClientFrame) {
    world.ping(client);
    world.step(Input::Frame { client, said: Said::Frame { frame, reference: None } });
}

fn subscribe(world: &mut World, client: &ClientId, list: &[&str]) {
    say(world, client, ClientFrame::Subscribe { topics: topics(list), most: None });
}

fn has(world: &World, client: &ClientId) -> Vec<Pattern> {
    world.members[client].view.topics.patterns()
}

/// What a client was sent.
fn sent<'w>(world: &'w World, client: &ClientId) -> impl DoubleEndedIterator<Item = &'w str> {
    let own = world.packets.iter().filter(move |(to, _)| to == client);
    own.map(|(_, packet)| &**packet).collect::<Vec<_>>().into_iter()
}

/// What a client was told last, without what it recovers by.
fn told(world: &World, client: &ClientId) -> String {
    let last = sent(world, client).next_back().unwrap();
    last.split(",\"").next().unwrap().to_owned()
}

#[test]
fn a_topic_ends_for_all_that_have_it_counted_from_the_first() {
    for evict in [false, true] {
        let mut world = World::new();
        let (early, late, other) = (member(&mut world), member(&mut world), member(&mut world));
        subscribe(&mut world, &early, &["project:7:*"]);
        world.pass_ms(LIFE_MS / 2);
        subscribe(&mut world, &late, &["project:7:*", "user:ada"]);
        subscribe(&mut world, &other, &["project:8:*"]);
        if evict {
            world.evict();
        }
        world.pass_ms(LIFE_MS / 2 - 1);
        assert_eq!((has(&world, &early).len(), has(&world, &late).len()), (1, 2));
        world.pass_ms(1);
        assert_eq!(has(&world, &early), []);
        assert_eq!(has(&world, &late), [Pattern("user:ada".to_owned())]);
        assert_eq!(told(&world, &early), r#"42["unsubscribed",{"topics":[]}"#);
        assert_eq!(told(&world, &late), r#"42["unsubscribed",{"topics":["user:ada"]}"#);
        assert_eq!(has(&world, &other).len(), 1, "another topic has a life of its own");
        world.pass_ms(LIFE_MS / 2);
        assert_eq!((has(&world, &other), has(&world, &late).len()), (vec![], 1));
    }
}

#[test]
fn whoever_joins_a_topic_that_has_ended_begins_it_anew() {
    let mut world = World::new();
    let client = member(&mut world);
    for _ in 0..2 {
        subscribe(&mut world, &client, &["project:7:*"]);
        world.pass_ms(LIFE_MS - 1);
        assert_eq!(has(&world, &client).len(), 1);
        world.pass_ms(1);
        assert_eq!(has(&world, &client), []);
    }
}

#[test]
fn to_join_again_does_not_prolong_a_topic_and_to_leave_it_ends_it() {
    let mut world = World::new();
    let client = member(&mut world);
    subscribe(&mut world, &client, &["project:7:*"]);
    world.pass_ms(LIFE_MS / 2);
    subscribe(&mut world, &client, &["project:7:*"]);
    subscribe(&mut world, &client, &["user:ada"]);
    world.pass_ms(LIFE_MS / 2);
    assert_eq!(has(&world, &client), [Pattern("user:ada".to_owned())]);
    subscribe(&mut world, &client, &["project:7:*"]);
    world.pass_ms(LIFE_MS / 2);
    say(&mut world, &client, ClientFrame::Unsubscribe { topics: topics(&["project:7:*"]) });
    subscribe(&mut world, &client, &["project:7:*"]);
    world.pass_ms(LIFE_MS - 1);
    assert_eq!(has(&world, &client).len(), 2, "nobody had it, so it began anew");
}

#[test]
fn whoever_comes_back_has_the_topic_until_it_ends_for_those_who_stayed() {
    let mut world = World::new();
    let (client, stays) = (member(&mut world), member(&mut world));
    subscribe(&mut world, &client, &["project:7:*"]);
    subscribe(&mut world, &stays, &["project:7:*"]);
    world.pass_ms(LIFE_MS / 2);
    let head = world.head();
    world.lose(&client);
    let view = View { topics: topics(&["project:7:*"]), ..View::of_all(dialect()) };
    let back = world.watch(view, "ada", Some(head));
    world.pass_ms(LIFE_MS / 2);
    assert_eq!((has(&world, &back), has(&world, &stays)), (vec![], vec![]));
}

#[test]
fn what_is_posted_to_a_topic_that_has_ended_is_sent_to_nobody() {
    let mut world = World::new();
    let client = member(&mut world);
    subscribe(&mut world, &client, &["project:7:*"]);
    let label = Label { topic: Some("project:7:tasks"), audience: None };
    let task = |id: &str| labelled(id, id, 1, label);
    world.post(vec![task("before")]);
    assert!(told(&world, &client).contains("before"));
    // The alarm is late: the post that comes first finds the topic ended.
    world.now = world.now.plus_ms(LIFE_MS);
    world.post(vec![task("after")]);
    world.rest();
    assert!(told(&world, &client).contains("unsubscribed"));
    let was_sent = |text: &str| sent(&world, &client).any(|packet| packet.contains(text));
    assert!(was_sent("before") && !was_sent("after"));
}
