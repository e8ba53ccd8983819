//! Properties of presence: whatever happens, members know who is here.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use roomcast::limits::RoomLimits;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::ClientId;
use roomcast::room::view::View;
use roomcast::room::Effect;
use serde_json::{json, Value};

use crate::presence::{fold, open, read, show, Told};
use crate::world::World;

#[derive(Debug, Clone)]
enum Event {
    Enter(u8, bool),
    Leave(usize),
    Show(usize, u8),
    Ask(usize),
    Signal(usize),
    Gather,
    Pass(u64),
    Publish,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        5 => (0..7_u8, any::<bool>()).prop_map(|(user, plain)| Event::Enter(user, plain)),
        4 => any::<usize>().prop_map(Event::Leave),
        4 => (any::<usize>(), 0..4_u8).prop_map(|(who, data)| Event::Show(who, data)),
        1 => any::<usize>().prop_map(Event::Ask),
        1 => any::<usize>().prop_map(Event::Signal),
        4 => Just(Event::Gather),
        1 => (1..40_000_u64).prop_map(Event::Pass),
        1 => Just(Event::Publish),
    ]
}

/// What each connection has set last, in the order in which that was set.
type Shown = Vec<(ClientId, Value)>;

fn happen(world: &mut World, event: &Event, shown: &mut Shown) {
    let pick = |world: &World, index: usize| {
        let count = world.clients.len();
        (count > 0).then(|| world.clients.keys().nth(index % count).cloned()).flatten()
    };
    match event {
        Event::Enter(user, plain) => {
            let dialect = if *plain { Dialect::Plain } else { Dialect::V1 };
            // User 0 is nobody.
            let user = if *user == 0 { String::new() } else { format!("user-{user}") };
            world.watch(View::of_all(dialect), &user, None);
        }
        Event::Leave(index) => {
            if let Some(client) = pick(world, *index) {
                world.disconnect(&client);
            }
        }
        Event::Show(index, number) => {
            if let Some(client) = pick(world, *index) {
                world.pass_ms(50);
                let data = if *number == 0 { Value::Null } else { json!({"n": number}) };
                show(world, &client, &data);
                shown.push((client, data));
            }
        }
        Event::Ask(index) | Event::Signal(index) => {
            let ask = matches!(event, Event::Ask(_));
            if let Some(client) = pick(world, *index) {
                world.pass_ms(50);
                let signal = r#"{"type":"signal","data":[1]}"#;
                world.send(&client, if ask { r#"{"type":"presence.get"}"# } else { signal });
            }
        }
        Event::Gather if world.gathering.is_some() => world.pass_gathering(),
        Event::Gather => {}
        Event::Pass(ms) => world.pass_ms(*ms),
        Event::Publish => drop(world.publish(&[&format!("e-{}", world.now.0)])),
    }
    shown.retain(|(client, _)| world.clients.contains_key(client));
}

/// Who is here, from what has happened.
fn expected(world: &World, shown: &Shown) -> Told {
    let users = world.clients.values().map(|client| client.user.clone());
    let mut people: BTreeMap<_, _> =
        users.filter(|user| !user.is_empty()).map(|user| (user, Value::Null)).collect();
    for (client, data) in shown {
        if let Some(person) = people.get_mut(&world.clients[client].user) {
            *person = data.clone();
        }
    }
    (people.len() as u64, people)
}

fn limits() -> RoomLimits {
    RoomLimits { presence_listed: 4, ..RoomLimits::default() }
}

fn check(world: &mut World, shown: &Shown) {
    let (count, people) = expected(world, shown);
    for client in world.clients.values() {
        let (told, names) = fold(&client.frames);
        assert_eq!(told, count);
        if count <= 4 {
            assert_eq!(names, people);
        }
    }
    let mut state = read(world);
    state["type"] = "presence.state".into();
    let (told, names) = fold([&state]);
    let first: BTreeMap<_, _> = people.into_iter().take(4).collect();
    assert_eq!((told, names), (count, first));
}

/// The world after these events. If `evict` is set, the room is evicted after each marked event at which it rests.
fn live(events: &[(Event, bool)], evict: bool) -> (World, Shown) {
    let (mut world, mut shown) = (open(limits()), Shown::new());
    for (event, evicted) in events {
        happen(&mut world, event, &mut shown);
        if evict && *evicted && world.runner.is_resting() {
            world.evict();
        }
    }
    world.rest();
    // Sweeps have closed those that were silent.
    shown.retain(|(client, _)| world.clients.contains_key(client));
    (world, shown)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_member_knows_in_the_end_who_is_here(events in vec((event(), any::<bool>()), 1..60)) {
        let published = events.iter().filter(|(event, _)| matches!(event, Event::Publish)).count();
        let (mut world, shown) = live(&events, true);
        check(&mut world, &shown);
        prop_assert!(world.disk.head() <= published as u64, "only events are in the log");
    }

    #[test]
    fn an_evicted_room_tells_of_the_same_persons_as_one_that_was_never_evicted(
        events in vec((event(), any::<bool>()), 1..60),
    ) {
        let (stayed, evicted) = (live(&events, false).0, live(&events, true).0);
        let own = |world: &World| {
            let effects = world.trace.iter();
            let own = effects.filter(|effect| !matches!(effect, Effect::Broadcast { .. }));
            own.cloned().collect::<Vec<_>>()
        };
        prop_assert_eq!(own(&stayed), own(&evicted));
    }

    /// The room fails at random effects, and its clients connect again.
    #[test]
    fn after_any_failure_members_know_who_is_here(
        events in vec((event(), prop::option::weighted(0.3, 1..6_usize)), 1..40),
    ) {
        let (mut world, mut shown) = (open(limits()), Shown::new());
        for (event, fails) in &events {
            world.fails = *fails;
            happen(&mut world, event, &mut shown);
            world.fails = None;
            world.pass_stale_waits();
            for client in std::mem::take(&mut world.dropped) {
                world.come_back(client);
            }
        }
        world.rest();
        check(&mut world, &shown);
    }
}
