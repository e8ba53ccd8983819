//! Views: topics, audiences, subscriptions, and what a member is sent because of them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::limits::RoomLimits;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::label::{Audience, Label};
use roomcast::protocol::topics::Topics;
use roomcast::protocol::update::Update;
use roomcast::room::view::View;
use roomcast::room::Effect;
use serde_json::{json, Value};

use crate::updates::{labelled, update};
use crate::world::World;

pub(crate) fn topics(list: &[&str]) -> Topics {
    Topics::parse(list.iter().copied()).unwrap()
}

fn view(list: &[&str]) -> View {
    View { topics: topics(list), ..View::of_all(Dialect::V1) }
}

fn permitted(permissions: &[&str]) -> View {
    let permissions: Vec<_> = permissions.iter().map(ToString::to_string).collect();
    View { permissions: permissions.into(), ..View::of_all(Dialect::V1) }
}

fn about(id: &str, topic: &str) -> Update {
    labelled(id, id, 1, Label { topic: Some(topic), audience: None })
}

fn for_users(id: &str, users: &[&str]) -> Update {
    let users = users.iter().map(ToString::to_string).collect();
    let audience = Audience { users, permissions: Vec::new() };
    labelled(id, id, 1, Label { topic: None, audience: Some(&audience) })
}

fn for_permission(id: &str, permission: &str) -> Update {
    let audience = Audience { users: Vec::new(), permissions: vec![permission.to_owned()] };
    labelled(id, id, 1, Label { topic: None, audience: Some(&audience) })
}

/// The frames of a client after its greeting.
fn frames<'w>(world: &'w World, client: &ClientId) -> &'w [Value] {
    &world.clients[client].frames[1..]
}

/// The type, `prev` and `seq` of each of them.
fn steps(world: &World, client: &ClientId) -> Vec<Value> {
    let step = |frame: &Value| json!([frame["type"], frame["prev"], frame["seq"]]);
    frames(world, client).iter().map(step).collect()
}

fn ids(frame: &Value) -> Vec<&str> {
    let updates = frame["updates"].as_array().unwrap();
    updates.iter().map(|update| update["data"]["id"].as_str().unwrap()).collect()
}

#[test]
fn a_member_is_sent_the_topics_of_its_subscription_and_what_has_no_topic() {
    let mut world = World::new();
    let member = world.watch(view(&["a", "p:*"]), "ada", None);
    for (id, topic) in [("e-1", "a"), ("e-2", "b"), ("e-3", "p:7"), ("e-4", "ab")] {
        world.post(vec![about(id, topic)]);
    }
    world.publish(&["e-5"]);
    assert_eq!(world.clients[&member].applied, ["e-1", "e-3", "e-5"]);
}

#[test]
fn a_member_without_topics_is_sent_what_has_no_topic() {
    let mut world = World::new();
    let member = world.watch(view(&[]), "ada", None);
    world.post(vec![about("e-1", "a"), update("e-2", "k", 1)]);
    assert_eq!(world.clients[&member].applied, ["e-2"]);
}

#[test]
fn an_update_names_the_last_one_before_it_that_its_receiver_saw() {
    let mut world = World::new();
    let member = world.watch(view(&["a"]), "ada", None);
    world.post(vec![about("e-1", "a")]);
    world.post(vec![about("e-2", "b")]);
    world.post(vec![about("e-3", "a")]);
    world.post(vec![about("e-4", "a"), about("e-5", "b"), about("e-6", "a")]);
    let expected = [
        json!(["dashboard.update", null, 1]),
        json!(["dashboard.updates", 1, 3]),
        json!(["dashboard.updates", 3, 6]),
    ];
    assert_eq!(steps(&world, &member), expected);
    assert_eq!(ids(&frames(&world, &member)[2]), ["e-4", "e-6"]);
}

#[test]
fn an_evicted_room_knows_what_each_view_saw_last() {
    let mut world = World::new();
    let member = world.watch(view(&["a"]), "ada", None);
    world.post(vec![about("e-1", "a")]);
    world.post(vec![about("e-2", "b")]);
    world.evict();
    world.post(vec![about("e-3", "a")]);
    assert_eq!(steps(&world, &member)[1], json!(["dashboard.updates", 1, 3]));
}

#[test]
fn nothing_is_sent_because_of_an_update_that_nobody_sees() {
    let mut world = World::new();
    world.watch(view(&["a"]), "ada", None);
    world.watch(permitted(&["read"]), "bob", None);
    let sends = world.sends;
    world.post(vec![for_permission("e-1", "audit"), for_users("e-2", &["eve"])]);
    assert_eq!(world.sends, sends);
}

#[test]
fn an_update_for_users_is_sent_to_all_their_connections_and_to_nobody_else() {
    let mut world = World::new();
    let all = View::of_all(Dialect::V1);
    let (ada, bob) = (world.watch(all.clone(), "ada", None), world.watch(all.clone(), "bob", None));
    let second = world.watch(all, "ada", None);
    let elsewhere = world.watch(view(&["a"]), "ada", None);
    world.post(vec![update("e-1", "k", 1)]);
    world.post(vec![for_users("e-2", &["ada"]), update("e-3", "k", 1)]);
    world.post(vec![update("e-4", "k", 1)]);
    for client in [&ada, &second, &elsewhere] {
        assert_eq!(world.clients[client].applied, ["e-1", "e-2", "e-3", "e-4"]);
    }
    assert_eq!(world.clients[&bob].applied, ["e-1", "e-3", "e-4"]);
    let groups = world.groups.values().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(groups.len(), 2, "users do not split groups");
}

#[test]
fn an_update_for_a_permission_is_sent_to_those_who_have_it() {
    let mut world = World::new();
    let auditor = world.watch(permitted(&["audit", "read"]), "ada", None);
    let reader = world.watch(permitted(&["read"]), "bob", None);
    world.post(vec![for_permission("e-1", "audit")]);
    world.post(vec![for_permission("e-2", "read")]);
    assert_eq!(world.clients[&auditor].applied, ["e-1", "e-2"]);
    assert_eq!(world.clients[&reader].applied, ["e-2"]);
}

#[test]
fn a_client_whose_topic_was_forgotten_gets_what_it_missed() {
    let mut world = World::new();
    let client = world.watch(view(&["quiet"]), "ada", None);
    world.publish(&["e-1"]);
    let gone = world.clients.remove(&client).unwrap();
    world.lose(&client);
    let unkept = |id: String, topic: String| {
        let update = about(&id, &topic);
        Update { entry: roomcast::protocol::update::Entry { keep: 0, ..update.entry }, ..update }
    };
    world.post(vec![unkept("missed".into(), "quiet".into())]);
    let others = (0..5_000).map(|number| unkept(format!("o-{number}"), format!("other-{number}")));
    world.post(others.collect());
    world.rest();
    let back = world.come_back(gone);
    assert_eq!(world.clients[&back].applied, ["e-1", "missed"]);
}

#[test]
fn the_state_of_a_view_has_what_it_shows_and_its_tag_changes_with_that_only() {
    let mut world = World::new();
    world.post(vec![about("e-1", "a"), update("e-2", "k", 1), for_users("e-3", &["ada"])]);
    let some = view(&["a"]);
    let tags = |world: &mut World| {
        let read = |(view, user)| world.read(view, user).0;
        [(&some, "bob"), (&some, "ada"), (&View::of_all(Dialect::V1), "bob")].map(read)
    };
    let before = tags(&mut world);
    world.post(vec![about("e-4", "b"), for_users("e-5", &["eve"])]);
    let after = tags(&mut world);
    assert_eq!(after[..2], before[..2]);
    assert_ne!(after[2], before[2]);
    assert_ne!(before[0], before[1], "ada sees one more");
    let (_, state) = world.read(&some, "ada");
    assert_eq!(ids(&json!({"updates": state})), ["e-1", "e-2", "e-3"]);
}

#[test]
fn a_subscription_is_answered_with_the_state_of_what_is_new() {
    let mut world = World::new();
    let member = world.watch(view(&["a"]), "ada", None);
    world.post(vec![
        about("e-1", "b"),
        about("e-2", "a"),
        update("e-3", "k", 1),
        about("e-4", "c"),
    ]);
    world.send(&member, r#"{"type":"subscribe","topics":["b","a"],"ref":"7"}"#);
    let answer = &frames(&world, &member)[1];
    assert_eq!((&answer["type"], &answer["ref"]), (&json!("subscribed"), &json!("7")));
    assert_eq!((&answer["topics"], &answer["seq"]), (&json!(["a", "b"]), &json!(3)));
    assert_eq!(ids(answer), ["e-1"]);
    world.post(vec![about("e-5", "b")]);
    assert_eq!(world.clients[&member].applied.last().unwrap(), "e-5");
}

#[test]
fn a_subscription_in_the_middle_of_a_burst_leaves_no_gap_and_no_duplicate() {
    let mut world = World::new();
    let member = world.watch(view(&["a"]), "ada", None);
    world.crowd();
    world.post_together(vec![about("e-1", "b"), about("e-2", "a")]);
    world.post_together(vec![about("e-3", "b"), about("e-4", "a")]);
    world.look_at_window();
    world.send(&member, r#"{"type":"subscribe","topics":["b"]}"#);
    world.rest();
    let all: Vec<u64> = (1..=4).collect();
    assert!(world.clients[&member].shown.iter().eq(&all));
}

#[test]
fn a_member_is_no_longer_sent_the_topics_that_it_leaves() {
    let mut world = World::new();
    let member = world.watch(view(&["a", "b"]), "ada", None);
    world.send(&member, r#"{"type":"unsubscribe","topics":["b"],"ref":"8"}"#);
    let answer = json!({"type": "unsubscribed", "ref": "8", "topics": ["a"]});
    assert_eq!(frames(&world, &member), [answer]);
    world.post(vec![about("e-1", "b"), about("e-2", "a")]);
    assert_eq!(world.clients[&member].applied, ["e-2"]);
    world.evict();
    world.post(vec![about("e-3", "b"), about("e-4", "a")]);
    assert_eq!(world.clients[&member].applied, ["e-2", "e-4"], "also after an eviction");
}

#[test]
fn a_subscription_beyond_the_token_or_the_limit_is_refused() {
    let mut world = World::new();
    let member = world.watch_allowed(view(&["a"]), topics(&["a*"]));
    let errors = |world: &mut World, list: &[String]| {
        let frame = json!({"type": "subscribe", "topics": list, "ref": "9"}).to_string();
        world.send(&member, &frame);
        let error = world.clients[&member].frames.last().unwrap();
        assert_eq!(error["ref"], "9");
        error["code"].clone()
    };
    assert_eq!(errors(&mut world, &["b".to_owned()]), "topic_refused");
    assert_eq!(errors(&mut world, &["*".to_owned()]), "topic_refused");
    let halves = [0, 1].map(|half| -> Vec<_> {
        let name = |number| format!("a-{half}-{number}-{}", "x".repeat(80));
        (0..25).map(name).collect()
    });
    assert_eq!(errors(&mut world, &halves[0]), Value::Null);
    assert_eq!(errors(&mut world, &halves[1]), "bad_topic", "both halves are too much");
    assert_eq!(errors(&mut world, &["ab".to_owned()]), Value::Null);
}

#[test]
fn a_client_that_comes_back_for_other_topics_gets_what_it_missed_and_what_is_new() {
    let mut world = World::new();
    let member = world.watch(view(&["a", "b"]), "ada", None);
    let ids = [("e-1", "a"), ("e-2", "b"), ("e-3", "c")];
    world.post(ids.map(|(id, topic)| about(id, topic)).to_vec());
    let client = world.clients.remove(&member).unwrap();
    world.disconnect(&member);
    let ids = [("e-4", "a"), ("e-5", "b"), ("e-6", "c")];
    world.post(ids.map(|(id, topic)| about(id, topic)).to_vec());
    let back = world.come_back_for(client, &topics(&["a", "c"]));
    let types: Vec<_> = world.clients[&back].types();
    assert_eq!(types, ["connected", "dashboard.updates", "subscribed"]);
    assert!(world.clients[&back].shown.iter().eq(&[1, 3, 4, 6]));
    world.post(vec![about("e-7", "c"), about("e-8", "b")]);
    assert!(world.clients[&back].shown.contains(&7));
}

#[test]
fn a_client_of_a_quiet_topic_has_missed_nothing_however_much_the_log_has_forgotten() {
    let mut world = World::with_limits(RoomLimits {
        log_bursts: 4,
        checkpoint_bursts: 2,
        ..RoomLimits::default()
    });
    let member = world.watch(view(&["quiet"]), "ada", None);
    world.post(vec![about("e-0", "quiet")]);
    let client = world.clients.remove(&member).unwrap();
    world.disconnect(&member);
    for number in 1..20 {
        world.post(vec![about(&format!("e-{number}"), "loud")]);
    }
    let back = world.come_back(client);
    assert_eq!(world.clients[&back].frames[0]["recovery"], "replayed");
    assert_eq!(world.clients[&back].frames.len(), 1);
}

#[test]
fn a_plain_client_can_subscribe() {
    let mut world = World::new();
    let plain = View { topics: topics(&[]), ..View::of_all(Dialect::Plain) };
    let member = world.watch(plain, "ada", None);
    world.post(vec![about("e-1", "a")]);
    world.send(&member, r#"{"type":"subscribe","topics":["a"],"ref":"7"}"#);
    let answer = json!({"type": "subscribed", "ref": "7", "topics": ["a"]});
    assert_eq!(frames(&world, &member)[0], answer);
    assert_eq!(frames(&world, &member)[1]["topic"], "a");
}

#[test]
fn updates_of_the_same_key_with_different_labels_do_not_replace_each_other() {
    let mut world = World::new();
    let label = |topic| Label { topic: Some(topic), audience: None };
    world.post(vec![labelled("e-1", "k", 1, label("a"))]);
    world.post(vec![labelled("e-2", "k", 1, label("b"))]);
    assert_eq!(ids(&json!({"updates": world.read(&view(&["a"]), "ada").1})), ["e-1"]);
}

#[test]
fn members_with_the_same_view_are_sent_one_encoding() {
    let mut world = World::new();
    for number in 0..100 {
        world.watch(view(&[&format!("t-{}", number % 10)]), "ada", None);
    }
    let begun = world.trace.len();
    world.publish(&["e-1"]);
    world.post(vec![about("e-2", "t-3")]);
    let sent = world.trace[begun..].iter();
    let sent =
        sent.filter(|effect| matches!(effect, Effect::Broadcast { .. } | Effect::Send { .. }));
    assert_eq!(sent.count(), 11, "one for each of ten groups, then one for the group of the topic");
}
