//! Tallies: exact whatever the order of arrival, however often events are repeated or the room is evicted.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use roomcast::limits::RoomLimits;
use roomcast::preset::event::{Aggregate, Event};
use roomcast::preset::Preset;
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::update::Update;
use roomcast::room::publish::Posted;
use serde_json::{json, Value};

use crate::world::World;

const KINDS: [(&str, &str); 3] =
    [("task.created", "open"), ("task.started", "busy"), ("task.done", "done")];

pub(crate) fn preset() -> Preset {
    let document = json!({"name": "board", "session": "all", "tallies": [{
        "emit": "stats", "key": "stats", "entity": "@Task", "final": ["done"],
        "events": {"task.created": {"bucket": "open"}, "task.started": {"bucket": "busy"},
            "task.done": {"bucket": "done", "sums": {"hours": "hours"}}},
        "data": {"open": {"count": "open"}, "busy": {"count": "busy"}, "done": {"count": "done"},
            "hours": {"sum": "hours"}, "total": "total"}}]});
    Preset::parse(&document.to_string()).unwrap()
}

/// A task, what happened to it, when, and an amount.
pub(crate) type Happened = (u8, u8, u8, u8);

/// The update of the event with this number, whose id is the number.
pub(crate) fn update(
    preset: &Preset,
    number: usize,
    (task, kind, minute, hours): Happened,
) -> Update {
    let event = Event {
        id: format!("e-{number}"),
        kind: KINDS[usize::from(kind)].0.into(),
        aggregate: Aggregate { kind: "Task".into(), id: format!("t-{task}") },
        occurred_at: format!("2026-01-07T10:{minute:02}:00Z"),
        payload: json!({"hours": hours}).as_object().cloned().unwrap(),
        metadata: <_>::default(),
        correlation_id: None,
        audience: None,
        trace: None,
    };
    preset.map(&event, &"all".parse().unwrap()).unwrap().remove(0)
}

/// What the tally has to show: of each task, the event that occurred last counts.
fn expected(preset: &Preset, happened: &[Happened]) -> Value {
    let mut latest = BTreeMap::<u8, (Timestamp, u32, Happened)>::new();
    for (number, one) in happened.iter().enumerate() {
        let step = update(preset, number, *one).entry.step.unwrap();
        let newer = |(at, tie, _): &(Timestamp, u32, Happened)| (step.at, step.tie) >= (*at, *tie);
        if latest.get(&one.0).is_none_or(newer) {
            latest.insert(one.0, (step.at, step.tie, *one));
        }
    }
    let count = |wanted: u8| latest.values().filter(|(_, _, one)| one.1 == wanted).count();
    let done = latest.values().filter(|(_, _, one)| one.1 == 2);
    let hours: u64 = done.map(|(_, _, one)| u64::from(one.3)).sum();
    json!({"open": count(0), "busy": count(1), "done": count(2), "hours": hours, "total": latest.len()})
}

fn shown(world: &mut World) -> Value {
    world.rest();
    world.state().last().map_or(Value::Null, |update| update["data"].clone())
}

#[test]
fn a_member_is_sent_the_tally_after_each_event_that_counts() {
    let (preset, mut world) = (preset(), World::new());
    let member = world.connect();
    world.post(vec![update(&preset, 0, (1, 0, 1, 0)), update(&preset, 1, (2, 0, 1, 0))]);
    world.post(vec![update(&preset, 2, (1, 2, 5, 3))]);
    let late = world.post(vec![update(&preset, 3, (1, 1, 4, 0))]);
    world.rest();
    assert_eq!(world.answers[&late], [Posted::Superseded(3)]);
    let frames = &world.clients[&member].frames;
    let both = frames[1]["updates"].as_array().unwrap();
    assert_eq!((&both[0]["data"]["total"], &both[1]["data"]["total"]), (&json!(1), &json!(2)));
    let data = json!({"open": 1, "busy": 0, "done": 1, "hours": 3, "total": 2});
    assert_eq!((frames.len(), &frames[2]["data"]), (3, &data));
}

#[test]
fn nothing_is_sent_when_the_numbers_stay_the_same() {
    let (preset, mut world) = (preset(), World::new());
    let member = world.connect();
    world.post(vec![update(&preset, 0, (1, 0, 1, 0))]);
    let same = world.post(vec![update(&preset, 1, (1, 0, 9, 0))]);
    world.rest();
    assert_eq!(world.answers[&same], [Posted::Accepted(2)], "it counts");
    assert_eq!(world.clients[&member].frames.len(), 2, "but nobody is told");
    world.evict();
    let late = world.post(vec![update(&preset, 2, (1, 1, 5, 0))]);
    world.rest();
    assert_eq!(world.answers[&late], [Posted::Superseded(2)], "also after an eviction");
    world.post(vec![update(&preset, 3, (1, 1, 10, 0))]);
    let told = world.clients[&member].frames.last().unwrap();
    let busy = &told["updates"][0]["data"]["busy"];
    assert_eq!((&told["prev"], &told["seq"], busy), (&json!(1), &json!(3), &json!(1)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tally_is_exact_under_repeats_disorder_evictions_and_failures(
        happened in vec((0..6_u8, 0..3_u8, 0..60_u8, 0..9_u8), 1..24),
        order in vec((any::<prop::sample::Index>(), any::<bool>(), prop::option::weighted(0.2, 1..6_usize)), 0..40),
    ) {
        let preset = preset();
        let limits = RoomLimits { checkpoint_bursts: 3, log_bursts: 6, ..RoomLimits::default() };
        let mut world = World::with_limits(limits);
        let post = |world: &mut World, number: usize| {
            world.post_together(vec![update(&preset, number, happened[number])]);
        };
        // In any order, some several times and some not, with evictions and failures in between.
        for (index, evict, fails) in order {
            world.fails = fails;
            post(&mut world, index.index(happened.len()));
            world.fails = None;
            if evict && world.runner.is_resting() {
                world.evict();
            }
        }
        world.rest();
        // A publisher repeats until each event is answered.
        for number in (0..happened.len()).rev() {
            post(&mut world, number);
        }
        prop_assert_eq!(shown(&mut world), expected(&preset, &happened));
        world.evict();
        prop_assert_eq!(shown(&mut world), expected(&preset, &happened));
    }
}
