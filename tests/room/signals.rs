//! Signals: what members tell each other that counts now only.

use roomcast::limits::RoomLimits;
use roomcast::protocol::company::Company;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::topics::Topics;
use roomcast::room::view::View;
use roomcast::room::Effect;
use serde_json::{json, Value};

use crate::world::World;

fn world_of(limits: RoomLimits) -> World {
    let mut world = World::with_limits(limits);
    world.company = Company { presence: false, signals: true };
    world
}

fn world() -> World {
    world_of(RoomLimits::default())
}

fn enter(world: &mut World, topics: &[&str], user: &str) -> ClientId {
    let topics = Topics::parse(topics.iter().copied()).unwrap();
    world.watch(View { topics, ..View::of_all(Dialect::V1) }, user, None)
}

fn signal(world: &mut World, client: &ClientId, topic: Option<&str>) {
    let mut frame = json!({"type": "signal", "data": {"x": 1}, "ref": "7"});
    if let Some(topic) = topic {
        frame["topic"] = topic.into();
    }
    world.send(client, &frame.to_string());
}

/// The signals that a client was sent.
fn signals<'w>(world: &'w World, client: &ClientId) -> Vec<&'w Value> {
    let frames = world.clients[client].frames.iter();
    frames.filter(|frame| frame["type"] == "signal").collect()
}

fn error(world: &World, client: &ClientId) -> Value {
    world.clients[client].frames.last().unwrap()["code"].clone()
}

#[test]
fn a_signal_reaches_the_others_who_see_its_topic_and_nobody_else() {
    let mut world = world();
    let ada = enter(&mut world, &["*"], "ada");
    let tab = enter(&mut world, &["a"], "ada");
    let (bob, cyn) = (enter(&mut world, &["a", "b"], "bob"), enter(&mut world, &["b"], "cyn"));
    let plain = world.watch(View::of_all(Dialect::Plain), "dan", None);
    world.company = Company::default();
    let deaf = enter(&mut world, &["a"], "eve");
    signal(&mut world, &ada, Some("a"));
    let sent = json!({"type": "signal", "topic": "a", "user": "ada", "clientId": ada.as_str(),
        "data": {"x": 1}});
    for hears in [&tab, &bob, &plain] {
        assert_eq!(signals(&world, hears), [&sent]);
    }
    for silent in [&ada, &cyn, &deaf] {
        assert_eq!(world.clients[silent].types(), ["connected"]);
    }
}

#[test]
fn a_signal_without_a_topic_reaches_everyone_else() {
    let mut world = world();
    let nobody = enter(&mut world, &[], "");
    let (ada, bob) = (enter(&mut world, &["a"], "ada"), enter(&mut world, &["b"], "bob"));
    signal(&mut world, &nobody, None);
    let sent = json!({"type": "signal", "clientId": nobody.as_str(), "data": {"x": 1}});
    assert_eq!((signals(&world, &ada), signals(&world, &bob)), (vec![&sent], vec![&sent]));
    assert_eq!(signals(&world, &nobody).len(), 0);
}

#[test]
fn a_topic_that_the_token_does_not_allow_is_refused() {
    let mut world = world();
    let topics = Topics::parse(["a"]).unwrap();
    let view = View { topics: topics.clone(), ..View::of_all(Dialect::V1) };
    let (ada, bob) = (world.watch_allowed(view, topics), enter(&mut world, &["*"], "bob"));
    signal(&mut world, &ada, Some("b"));
    assert_eq!((error(&world, &ada), signals(&world, &bob).len()), (json!("topic_refused"), 0));
}

#[test]
fn where_signals_are_off_they_get_an_error() {
    let mut world = world();
    let bob = enter(&mut world, &["*"], "bob");
    world.company = Company { presence: true, signals: false };
    let ada = enter(&mut world, &["*"], "ada");
    signal(&mut world, &ada, None);
    assert_eq!((error(&world, &ada), signals(&world, &bob).len()), (json!("not_allowed"), 0));
    assert_eq!(world.clients[&ada].frames.last().unwrap()["ref"], "7");
}

#[test]
fn a_client_may_send_ten_signals_a_second() {
    let mut world = world();
    let (ada, bob) = (enter(&mut world, &["*"], "ada"), enter(&mut world, &["*"], "bob"));
    for _ in 0..10 {
        signal(&mut world, &ada, None);
    }
    assert_eq!(world.clients[&ada].types(), ["connected"]);
    world.evict();
    signal(&mut world, &ada, None);
    assert_eq!(error(&world, &ada), "rate_limited", "also after an eviction");
    world.pass_ms(100);
    signal(&mut world, &ada, None);
    signal(&mut world, &ada, None);
    assert_eq!(signals(&world, &bob).len(), 11);
}

#[test]
fn whoever_is_behind_is_sent_no_signals_until_it_has_pinged_and_is_not_closed_for_them() {
    let limits =
        RoomLimits { unread_bytes: 2_000, signal_behind_bytes: 500, ..RoomLimits::default() };
    let mut world = world_of(limits);
    let (ada, bob) = (enter(&mut world, &["*"], "ada"), enter(&mut world, &["*"], "bob"));
    let send = |world: &mut World| {
        world.pass_ms(100);
        signal(world, &ada, None);
        signals(world, &bob).len()
    };
    for _ in 0..200 {
        send(&mut world);
    }
    let most = send(&mut world);
    assert!((2..100).contains(&most), "{most}");
    world.ask_pings();
    assert!(world.clients.contains_key(&bob), "it is not closed for that");
    world.ping(&bob);
    // The room looks at the pings once a second.
    for _ in 0..10 {
        send(&mut world);
    }
    assert!(send(&mut world) > most, "it has read everything");
}

#[test]
fn signals_are_neither_stored_nor_wait_for_anything() {
    let mut world = world();
    let (ada, bob) = (enter(&mut world, &["*"], "ada"), enter(&mut world, &["*"], "bob"));
    world.rest();
    let (rows, begun) = (world.disk.rows, world.trace.len());
    world.evict();
    signal(&mut world, &ada, None);
    assert!(world.runner.is_resting() && world.runner.head().is_none());
    assert_eq!((world.disk.rows, signals(&world, &bob).len()), (rows, 1));
    let effects = &world.trace[begun..];
    assert!(matches!(effects, [Effect::Remember { .. }, Effect::SendToEach { .. }]), "{effects:?}");
}
