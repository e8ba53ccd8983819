//! Ring 2: properties of a room that has spread. Whatever is lost, late, doubled or out of order, whoever fails, and wherever clients
//! come and go: each shows exactly what its view shows of everything, the room never has more members than it may, and in the
//! end nothing of the tree is left.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use roomcast::limits::RoomLimits;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::{ClientId, Seq};
use roomcast::protocol::update::Update;
use roomcast::room::tree::KeptTree;
use roomcast::room::view::View;
use serde_json::json;

use crate::client::{fold, Client};
use crate::forest::{Forest, Place};
use crate::updates::labelled;
use crate::view_properties::{list, permissions, visible, with_label, USERS};

/// One thing that happens. Numbers select objects, clients and letters.
#[derive(Debug, Clone)]
enum Event {
    Post(Vec<(u8, u8, u8)>, bool),
    Watch(usize, u8, bool),
    Leave(usize, usize, bool),
    Return(usize),
    Say(usize, usize, &'static str, u8),
    Ack(usize, usize),
    Deliver(usize),
    DeliverAll,
    Lose(usize),
    Double(usize),
    Evict(usize),
    Kill(usize),
    /// The next effects of an object fail.
    Fail(usize, usize),
    Look(usize),
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let some = any::<usize>;
    let posts = vec((any::<u8>(), 0..6_u8, 0..12_u8), 1..5);
    prop_oneof![
        6 => (posts, any::<bool>()).prop_map(|(posted, alone)| Event::Post(posted, alone)),
        5 => (some(), any::<u8>(), any::<bool>()).prop_map(|(user, bits, reads)| Event::Watch(user, bits, reads)),
        3 => (some(), some(), any::<bool>()).prop_map(|(place, who, back)| Event::Leave(place, who, back)),
        3 => some().prop_map(Event::Return),
        1 => (some(), some(), prop_oneof![Just("subscribe"), Just("unsubscribe")], any::<u8>())
            .prop_map(|(place, who, kind, bits)| Event::Say(place, who, kind, bits)),
        1 => (some(), some()).prop_map(|(place, who)| Event::Ack(place, who)),
        12 => some().prop_map(Event::Deliver),
        3 => Just(Event::DeliverAll),
        1 => some().prop_map(Event::Lose),
        1 => some().prop_map(Event::Double),
        2 => some().prop_map(Event::Evict),
        1 => some().prop_map(Event::Kill),
        1 => (some(), 1..8_usize).prop_map(|(place, effects)| Event::Fail(place, effects)),
        2 => some().prop_map(Event::Look),
        2 => (1..3_000_u64).prop_map(Event::Pass),
        1 => (1_000..150_000_u64).prop_map(Event::Pass),
    ]
}

fn limits() -> RoomLimits {
    RoomLimits {
        log_bursts: 6,
        seen_ids: 1_000,
        checkpoint_bursts: 3,
        checkpoint_bytes: 1_000,
        replay_bytes: 900,
        deflate_members: 1,
        ..RoomLimits::default()
    }
}

/// How many clients there are at most that a room has no place for.
const TOO_MANY: usize = 2;

fn updates(posted: &[(u8, u8, u8)]) -> Vec<Update> {
    let one = |(id, key, label): &(u8, u8, u8)| {
        with_label(*label, |label| {
            labelled(&format!("e-{id}"), &format!("k-{key}"), usize::from(key % 4), label)
        })
    };
    posted.iter().map(one).collect()
}

fn place(forest: &Forest, index: usize) -> Place {
    *forest.objects.keys().nth(index % forest.objects.len()).unwrap()
}

fn pick(forest: &Forest, at: usize, who: usize) -> Option<(Place, ClientId)> {
    let place = place(forest, at);
    let clients = &forest.objects[&place].clients;
    let client = clients.keys().nth(who % clients.len().max(1))?;
    Some((place, client.clone()))
}

fn watch(forest: &mut Forest, user: usize, bits: u8, reads: bool) {
    let (topics, permissions, deflate) = (list(bits), permissions(reads), user.is_multiple_of(2));
    let view = View { topics, permissions, deflate, ..View::of_all(Dialect::V1) };
    let client = Client::of(view, USERS.get(user % 3).unwrap(), None);
    let front = user % forest.fronts.len();
    forest.bring(client, front);
}

/// `clients` is how many there are, connected or not, or on their way.
fn happen(forest: &mut Forest, event: &Event, clients: &mut usize) {
    match event {
        Event::Post(posted, alone) => {
            forest.post(updates(posted));
            if *alone {
                forest.settle();
            }
        }
        Event::Watch(user, bits, reads) => {
            if *clients < forest.most.unwrap() + TOO_MANY {
                *clients += 1;
                watch(forest, *user, *bits, *reads);
            }
        }
        Event::Leave(at, who, back) => {
            let left = leave(forest, *at, *who);
            if *back {
                forest.away.extend(left);
            } else {
                *clients -= usize::from(left.is_some());
            }
        }
        Event::Return(front) => {
            if let Some(client) = forest.away.pop() {
                let front = front % forest.fronts.len();
                forest.bring(client, front);
            }
        }
        Event::Say(at, who, kind, bits) => say(forest, (*at, *who), kind, *bits),
        Event::Ack(at, who) => {
            let Some((place, client)) = pick(forest, *at, *who) else { return };
            forest.at(place).ack(&client, 0);
            forest.after(place);
        }
        Event::Pass(ms) => forest.pass(*ms),
        other => disturb(forest, other),
    }
    // So that no two things happen at the same time.
    forest.pass(1);
}

fn leave(forest: &mut Forest, at: usize, who: usize) -> Option<Client> {
    let (place, client) = pick(forest, at, who)?;
    let world = forest.at(place);
    let left = world.clients.remove(&client).map(Client::again);
    world.disconnect(&client);
    forest.after(place);
    left
}

fn say(forest: &mut Forest, (at, who): (usize, usize), kind: &str, bits: u8) {
    let Some((place, client)) = pick(forest, at, who) else { return };
    let text = json!({"type": kind, "topics": list(bits)}).to_string();
    forest.at(place).send(&client, &text);
    forest.after(place);
}

/// What happens to objects and to letters.
fn disturb(forest: &mut Forest, event: &Event) {
    let letters = forest.letters.len().max(1);
    match event {
        Event::DeliverAll => forest.deliver_all(),
        Event::Deliver(index) if !forest.letters.is_empty() => forest.deliver(index % letters),
        Event::Lose(index) if !forest.letters.is_empty() => forest.lose(index % letters),
        Event::Double(index) if !forest.letters.is_empty() => forest.double(index % letters),
        Event::Evict(at) => forest.evict(place(forest, *at)),
        Event::Kill(at) => {
            let place = place(forest, *at);
            forest.settle();
            forest.kill(place);
        }
        Event::Fail(at, effects) => {
            let place = place(forest, *at);
            forest.at(place).fails = Some(*effects);
        }
        Event::Look(at) => {
            let place = place(forest, *at);
            if forest.at(place).window.is_some() {
                forest.at(place).look_at_window();
                forest.after(place);
                forest.settle();
            }
        }
        _ => {}
    }
}

/// Everyone comes back, and everything arrives.
fn come_right(forest: &mut Forest, clients: usize) {
    for world in forest.objects.values_mut() {
        world.fails = None;
    }
    forest.calm(10_000);
    for round in 0..8 {
        let away = std::mem::take(&mut forest.away);
        for client in away {
            forest.bring(client, round % 3);
        }
        forest.calm(70_000);
        if forest.away.is_empty() {
            break;
        }
    }
    let (members, most) = (forest.all_members(), forest.most.unwrap());
    assert_eq!(members, clients.min(most), "everyone has a place while there is one");
}

fn check_level(forest: &mut Forest) -> Result<(), TestCaseError> {
    let head = forest.root().head();
    let history = forest.root().history.clone();
    for place in forest.objects.keys().copied().collect::<Vec<_>>() {
        if forest.members(place) == 0 && place.is_some() {
            continue;
        }
        prop_assert_eq!(&forest.at(place).head(), &head, "{:?} is level", place);
        for client in forest.objects[&place].clients.values() {
            prop_assert!(
                client.try_position().is_some(),
                "the state that it was promised has come"
            );
            let shown = fold(&history, client.shown.iter().copied());
            prop_assert_eq!(shown, visible(&history, client.viewer()), "{:?}", client.view);
        }
        for user in USERS {
            for bits in [0, 1, 6, 16, 255] {
                let view = View { topics: list(bits), ..View::of_all(Dialect::V1) };
                let at_root = forest.root().read(&view, user);
                let read = forest.at(place).read(&view, user);
                prop_assert_eq!(&read, &at_root, "{:?} shows the same", place);
                let seqs = read.1.iter().map(|one| one["seq"].as_u64().unwrap());
                prop_assert_eq!(seqs.collect::<BTreeSet<Seq>>(), visible(&history, view.of(user)));
            }
        }
        forest.after(place);
    }
    Ok(())
}

/// Everyone leaves: in the end nothing of the tree is left, and the root wakes for nothing but its own end.
fn check_end(forest: &mut Forest) -> Result<(), TestCaseError> {
    for place in forest.objects.keys().copied().collect::<Vec<_>>() {
        let clients: Vec<ClientId> = forest.at(place).clients.keys().cloned().collect();
        for client in clients {
            forest.at(place).disconnect(&client);
            forest.after(place);
        }
    }
    forest.calm(900_000);
    for (place, world) in &forest.objects {
        prop_assert_eq!(&world.disk.tree, &KeptTree::default(), "{:?}", place);
        let ended = place.is_none() || (!world.disk.has_begun() && world.alarm.is_none());
        prop_assert!(ended, "{:?} is still there", place);
    }
    let root = &forest.objects[&None];
    let next = root.alarm.map_or(u64::MAX, |at| at.ms_since(root.now));
    prop_assert!(next > 86_400_000, "the root wakes in {} ms", next);
    prop_assert!(root.runner.is_resting());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_in_a_tree_everyone_shows_exactly_what_its_view_shows(
        (above, most) in (1..4_usize, 4..18_usize),
        events in vec(event(), 1..160),
    ) {
        let (mut forest, mut clients) = (Forest::with_limits(above, Some(most), limits()), 0);
        for event in &events {
            happen(&mut forest, event, &mut clients);
        }
        come_right(&mut forest, clients);
        check_level(&mut forest)?;
        check_end(&mut forest)?;
    }
}
