//! Ring 2: properties of views. For any events, views, subscriptions, evictions and failures, each client shows exactly
//! what its view shows of everything that was stored, and learns nothing else.
//!
//! The clients of the world check every frame: that all its updates are visible, that none is missing between the
//! positions that it names, and that it names the previous visible one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use roomcast::limits::RoomLimits;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::grant::Grant;
use roomcast::protocol::ids::{ClientId, Seq};
use roomcast::protocol::label::{Audience, Label};
use roomcast::protocol::topics::{Permissions, Topics};
use roomcast::protocol::update::Update;
use roomcast::room::view::{View, Viewer};
use roomcast::room::Verdict;
use serde_json::{json, Value};

use crate::client::{fold, History};
use crate::joining::GRANTED_MS;
use crate::updates::labelled;
use crate::views::topics;
use crate::world::World;

pub(crate) const USERS: [&str; 3] = ["ada", "bob", "eve"];

/// One update: the number of its event, its key, its label, and how long it may wait.
type Posted = (u8, u8, u8, u8);

/// One thing that happens. Numbers select clients.
#[derive(Debug, Clone)]
enum Event {
    Watch(usize, u8, bool),
    Subscribe(usize, u8),
    Unsubscribe(usize, u8),
    Pace(usize, u32),
    Post(Vec<Posted>),
    PostTogether(Vec<Posted>),
    Crowd,
    Look,
    PassPace,
    Pass(u64),
    Leave(usize),
    /// Returns for the same topics, or for others.
    Return(Option<u8>),
    AskState(usize),
    /// Acknowledges all that it has, or less.
    Ack(usize, u64),
    Ping(usize),
    /// A new token, which allows these topics, and may allow to read.
    Renew(usize, u8, bool),
    /// The tenant answers.
    Answer,
}

fn event() -> impl Strategy<Value = Event> {
    let posts = || vec((0..60_u8, 0..6_u8, 0..12_u8, 0..8_u8), 1..6);
    prop_oneof![
        3 => (any::<usize>(), any::<u8>(), any::<bool>()).prop_map(|(user, list, reads)| Event::Watch(user, list, reads)),
        3 => (any::<usize>(), any::<u8>()).prop_map(|(who, list)| Event::Subscribe(who, list)),
        2 => (any::<usize>(), any::<u8>()).prop_map(|(who, list)| Event::Unsubscribe(who, list)),
        2 => (any::<usize>(), 0..3_000_u32).prop_map(|(who, ms)| Event::Pace(who, ms)),
        2 => Just(Event::PassPace),
        5 => posts().prop_map(Event::Post),
        4 => posts().prop_map(Event::PostTogether),
        1 => Just(Event::Crowd),
        4 => Just(Event::Look),
        1 => (1..30_000_u64).prop_map(Event::Pass),
        2 => any::<usize>().prop_map(Event::Leave),
        3 => prop::option::of(any::<u8>()).prop_map(Event::Return),
        1 => any::<usize>().prop_map(Event::AskState),
        3 => (any::<usize>(), 0..3_u64).prop_map(|(who, less)| Event::Ack(who, less)),
        1 => any::<usize>().prop_map(Event::Ping),
        3 => (any::<usize>(), any::<u8>(), any::<bool>())
            .prop_map(|(who, list, reads)| Event::Renew(who, list, reads)),
        3 => Just(Event::Answer),
    ]
}

/// Some of the topics, by the bits of a number.
pub(crate) fn list(bits: u8) -> Topics {
    let all = ["a", "b", "c:1", "c:2", "c:*", "*"];
    // All topics at once are rare.
    let chosen =
        all.iter().enumerate().filter(|(bit, name)| bits & (1 << bit) != 0 && **name != "*");
    let everything = (bits == 255).then_some("*");
    topics(&chosen.map(|(_, name)| *name).chain(everything).collect::<Vec<_>>())
}

pub(crate) fn with_label(number: u8, act: impl FnOnce(Label<'_>) -> Update) -> Update {
    let topic = ["a", "b", "c:1", "c:2"].get(usize::from(number % 6)).copied();
    let users =
        || USERS.iter().take(usize::from(number % 2) + 1).map(ToString::to_string).collect();
    let audience = match number / 6 {
        0 => None,
        _ if number.is_multiple_of(3) => {
            Some(Audience { users: Vec::new(), permissions: vec!["read".to_owned()] })
        }
        _ => Some(Audience { users: users(), permissions: Vec::new() }),
    };
    act(Label { topic, audience: audience.as_ref() })
}

fn updates(posted: &[Posted]) -> Vec<Update> {
    let one = |(id, key, label, patience): &Posted| {
        let mut update = with_label(*label, |label| {
            labelled(&format!("e-{id}"), &format!("k-{key}"), usize::from(key % 4), label)
        });
        // A few end what is known under the next key, or under all keys.
        let ended = format!("k-{}", (key + 1) % 6);
        update.entry.drops = match id % 16 {
            0 => vec![ended],
            1 => vec!["k-*".to_owned()],
            _ => Vec::new(),
        };
        // Most updates may not wait, some may for up to a second, and few are urgent.
        update.entry.patience_ms = u32::from(*patience).saturating_sub(4) * 300;
        update.entry.urgent = *patience == 0;
        update
    };
    posted.iter().map(one).collect()
}

fn limits() -> RoomLimits {
    RoomLimits {
        log_bursts: 6,
        seen_ids: 1_000,
        checkpoint_bursts: 3,
        checkpoint_bytes: 1_000,
        burst_bytes: 400,
        replay_bytes: 900,
        // So that whoever acknowledges late is on each rung within a few events.
        conflate_bytes: 400,
        hold_bytes: 900,
        deflate_members: 1,
        ..RoomLimits::default()
    }
}

fn pick(world: &World, index: usize) -> Option<ClientId> {
    let watching: Vec<_> = world.clients.keys().collect();
    watching.get(index % watching.len().max(1)).map(|client| (*client).clone())
}

fn watch(world: &mut World, user: usize, bits: u8, reads: bool) -> ClientId {
    let (topics, permissions, deflate) = (list(bits), permissions(reads), user.is_multiple_of(2));
    let view = View { topics, permissions, deflate, ..View::of_all(Dialect::V1) };
    world.watch(view, USERS.get(user % 3).unwrap(), None)
}

fn say(world: &mut World, who: usize, kind: &str, bits: u8) {
    if let Some(client) = pick(world, who) {
        world.send(&client, &json!({"type": kind, "topics": list(bits)}).to_string());
    }
}

pub(crate) fn permissions(reads: bool) -> Permissions {
    let list = if reads { vec!["read".to_owned()] } else { Vec::new() };
    list.into()
}

fn renew(world: &mut World, who: usize, bits: u8, reads: bool) {
    let Some(client) = pick(world, who) else { return };
    let user = world.clients.get(&client).unwrap().user.clone();
    let grant = Grant::new(user, world.now.plus_ms(GRANTED_MS));
    let grant = Grant { topics: list(bits), permissions: permissions(reads), ..grant };
    let token = format!("token-{}", world.verdicts.len());
    world.send(&client, &json!({"type": "auth.refresh", "token": token}).to_string());
    world.verdicts.insert(token, Verdict::Granted(grant));
}

fn happen(world: &mut World, event: &Event, away: &mut Vec<crate::client::Client>) {
    match event {
        Event::Watch(user, bits, reads) => drop(watch(world, *user, *bits, *reads)),
        Event::Subscribe(who, bits) => say(world, *who, "subscribe", *bits),
        Event::Unsubscribe(who, bits) => say(world, *who, "unsubscribe", *bits),
        Event::Post(posted) => drop(world.post(updates(posted))),
        Event::PostTogether(posted) => drop(world.post_together(updates(posted))),
        Event::Crowd => (0..40).for_each(|_| drop(world.connect())),
        Event::Look if world.window.is_some() => world.look_at_window(),
        Event::PassPace if !world.paces.is_empty() => world.pass_pace(),
        Event::Renew(who, bits, reads) => renew(world, *who, *bits, *reads),
        Event::Answer if !world.asked.is_empty() => world.answer_next(),
        Event::Look | Event::PassPace | Event::Answer => {}
        Event::Pace(who, ms) => {
            if let Some(client) = pick(world, *who) {
                world.send(&client, &json!({"type": "pace", "ms": ms}).to_string());
            }
        }
        Event::Pass(ms) => world.pass_ms(*ms),
        Event::Ack(who, less) => {
            if let Some(client) = pick(world, *who) {
                world.ack(&client, *less);
            }
        }
        Event::Ping(who) => {
            if let Some(client) = pick(world, *who) {
                world.ping(&client);
            }
        }
        Event::Leave(who) => {
            if let Some(client) = pick(world, *who) {
                away.extend(world.clients.remove(&client));
                world.disconnect(&client);
            }
        }
        Event::Return(other) => {
            if let Some(client) = away.pop() {
                let topics = other.map_or_else(|| client.view.topics.clone(), list);
                world.come_back_for(client, &topics);
            }
        }
        Event::AskState(who) => {
            if let Some(client) = pick(world, *who) {
                world.send(&client, r#"{"type":"request.state"}"#);
            }
        }
    }
}

pub(crate) fn visible(history: &History, viewer: Viewer<'_>) -> BTreeSet<Seq> {
    let visible = history.iter().filter(|(_, entry)| viewer.sees(entry.label()));
    fold(history, visible.map(|(seq, _)| *seq))
}

fn check_all(world: &World) -> Result<(), TestCaseError> {
    for client in world.clients.values() {
        prop_assert!(client.try_position().is_some(), "the state that it was promised has come");
        let shown = fold(&world.history, client.shown.iter().copied());
        prop_assert_eq!(shown, visible(&world.history, client.viewer()), "{:?}", client.view);
    }
    Ok(())
}

/// Lets everyone return, and posts again what has no answer.
fn recover(world: &mut World) {
    world.pass_stale_waits();
    for client in std::mem::take(&mut world.dropped) {
        world.come_back(client);
    }
    let asks = !world.asked.is_empty();
    if world.window.is_none() && world.states.is_none() && world.paces.is_empty() && !asks {
        for updates in std::mem::take(&mut world.unanswered).into_values() {
            world.post(updates);
            world.rest();
        }
    }
}

/// What the frames of a client say, without the numbers.
fn told(world: &World, client: &ClientId) -> Vec<Value> {
    let told = |frame: &Value| {
        let list = frame["updates"].as_array().cloned();
        let updates = list.unwrap_or_else(|| vec![frame.clone()]);
        let data: Vec<_> = updates.iter().map(|update| update["data"].clone()).collect();
        let kind = frame["type"].as_str().unwrap().trim_end_matches('s').to_owned();
        json!([kind, frame["topics"], data])
    };
    world.clients.get(client).unwrap().frames.iter().map(told).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_client_shows_exactly_what_its_view_shows_of_everything(
        events in vec((event(), any::<bool>()), 1..60),
    ) {
        let (mut world, mut away) = (World::with_limits(limits()), Vec::new());
        for (event, evict) in &events {
            happen(&mut world, event, &mut away);
            if *evict && world.runner.is_resting() {
                world.evict();
            }
        }
        world.rest();
        for client in away {
            world.come_back(client);
        }
        world.all_acknowledge();
        check_all(&world)?;
        for user in USERS {
            for bits in [0, 1, 6, 16, 255] {
                let view = View { topics: list(bits), ..View::of_all(Dialect::V1) };
                let (_, state) = world.read(&view, user);
                let seqs: BTreeSet<Seq> = state.iter().map(|one| one["seq"].as_u64().unwrap()).collect();
                prop_assert_eq!(seqs, visible(&world.history, view.of(user)));
            }
        }
    }

    #[test]
    fn after_any_failure_every_client_shows_exactly_what_its_view_shows(
        events in vec((event(), prop::option::weighted(0.3, 1..8_usize)), 1..40),
    ) {
        let (mut world, mut away) = (World::with_limits(limits()), Vec::new());
        for (event, fails) in &events {
            world.fails = *fails;
            happen(&mut world, event, &mut away);
            world.fails = None;
            recover(&mut world);
        }
        world.rest();
        recover(&mut world);
        world.all_acknowledge();
        check_all(&world)?;
    }

    /// In a small room, where updates do not wait for each other.
    #[test]
    fn a_client_is_told_the_same_whether_or_not_there_are_updates_that_it_does_not_see(
        (user, bits, reads) in (any::<usize>(), any::<u8>(), any::<bool>()),
        events in vec(event(), 1..40),
    ) {
        let run = |hide: bool| {
            let mut world = World::with_limits(RoomLimits { seen_ids: 1_000, ..RoomLimits::default() });
            let watcher = watch(&mut world, user, bits, reads);
            let view = world.clients[&watcher].view.clone();
            let mut ids = BTreeSet::new();
            for event in &events {
                if let Event::Post(posted) | Event::PostTogether(posted) = event {
                    let mut posted = updates(posted);
                    // A duplicate of a hidden event would be new where that is left out.
                    posted.retain(|update| ids.insert(update.event_id.clone()));
                    let sees = |update: &Update| view.of(USERS[user % 3]).sees(update.entry.label());
                    posted.retain(|update| !hide || sees(update));
                    // Held back, updates would meet others or not, depending on what else happens.
                    for update in &mut posted {
                        update.entry.patience_ms = 0;
                    }
                    world.post(posted);
                }
                if let Event::AskState(_) = event {
                    world.send(&watcher, r#"{"type":"request.state"}"#);
                    world.rest();
                }
            }
            told(&world, &watcher)
        };
        prop_assert_eq!(run(false), run(true));
    }
}
