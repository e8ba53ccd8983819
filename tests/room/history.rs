//! Pages of the log: everything that is kept, in order, once, and only what the reader sees.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::limits::RoomLimits;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::label::Label;
use roomcast::protocol::page::Range;
use roomcast::protocol::update::Update;
use roomcast::room::view::View;
use serde_json::Value;

use crate::updates::labelled;
use crate::views::topics;
use crate::world::World;

const ALL: Range = Range { from: 1, to: u64::MAX, limit: 1_000 };

fn page(world: &mut World, view: &View, range: Range) -> Value {
    let read = world.with_runner(|runner, world| runner.page(view.of("ada"), range, world));
    serde_json::from_str(&read.unwrap()).unwrap()
}

fn seqs(page: &Value) -> Vec<u64> {
    let updates = page["updates"].as_array().unwrap();
    updates.iter().map(|update| update["seq"].as_u64().unwrap()).collect()
}

/// Reads page after page.
fn all_pages(world: &mut World, view: &View, range: Range) -> Vec<u64> {
    let (mut read, mut from) = (Vec::new(), range.from);
    loop {
        let one = page(world, view, Range { from, ..range });
        assert!(seqs(&one).len() <= range.limit);
        read.extend(seqs(&one));
        let Some(next) = one["next"].as_u64() else { return read };
        assert!(next > from, "each page goes on");
        from = next;
    }
}

fn everything() -> View {
    View::of_all(Dialect::V1)
}

fn about(id: &str, topic: &str) -> Update {
    labelled(id, id, 1, Label { topic: Some(topic), audience: None })
}

/// Sixty updates, of which every third is about `b`, in bursts of one to three.
fn filled(world: &mut World) {
    let mut number = 0;
    while number < 60 {
        let burst = (1 + number % 3).min(60 - number);
        let one = |at: u64| about(&format!("e-{at}"), if at.is_multiple_of(3) { "b" } else { "a" });
        world.post((number + 1..=number + burst).map(one).collect());
        number += burst;
    }
}

#[test]
fn pages_of_any_size_have_everything_in_order_and_once() {
    let mut world = World::new();
    filled(&mut world);
    for limit in [1, 2, 7, 60, 1_000] {
        let range = Range { limit, ..ALL };
        assert_eq!(all_pages(&mut world, &everything(), range), (1..=60).collect::<Vec<_>>());
        world.evict();
    }
    let some = Range { from: 14, to: 31, limit: 5 };
    assert_eq!(all_pages(&mut world, &everything(), some), (14..=31).collect::<Vec<_>>());
    let last = page(&mut world, &everything(), Range { from: 60, ..ALL });
    assert_eq!((seqs(&last), &last["next"], &last["head"]), (vec![60], &Value::Null, &60.into()));
}

#[test]
fn a_page_shows_what_the_reader_sees_and_nothing_else() {
    let mut world = World::new();
    filled(&mut world);
    let view = View { topics: topics(&["b"]), ..everything() };
    let wanted: Vec<u64> = (1..=20).map(|third| third * 3).collect();
    for limit in [1, 4, 1_000] {
        assert_eq!(all_pages(&mut world, &view, Range { limit, ..ALL }), wanted);
    }
    let nothing = View { topics: topics(&["c"]), ..everything() };
    let empty = page(&mut world, &nothing, ALL);
    assert_eq!((seqs(&empty), &empty["head"], &empty["next"]), (vec![], &0.into(), &Value::Null));
}

#[test]
fn what_the_log_has_forgotten_is_not_shown_and_the_page_says_so() {
    let limits = RoomLimits { log_bursts: 8, checkpoint_bursts: 4, ..RoomLimits::default() };
    let mut world = World::with_limits(limits);
    for number in 1..=40 {
        world.post(vec![about(&format!("e-{number}"), "a")]);
    }
    let all = page(&mut world, &everything(), ALL);
    let first = all["first"].as_u64().unwrap();
    assert!(first > 30, "{first}");
    assert_eq!(seqs(&all), (first..=40).collect::<Vec<_>>());
}

#[test]
fn large_bursts_are_shown_on_several_pages() {
    let mut world = World::new();
    for number in 0..8 {
        let mut update = about(&format!("e-{number}"), "a");
        let long = format!("\"{}\"", "x".repeat(250_000));
        update.content = update.content.replace("\"id\":", &format!("\"long\":{long},\"id\":"));
        update.entry.bytes = update.content.len();
        update.entry.parts = None;
        world.post(vec![update]);
    }
    let first = page(&mut world, &everything(), ALL);
    assert!((2..8).contains(&seqs(&first).len()), "{:?}", seqs(&first));
    assert_eq!(all_pages(&mut world, &everything(), ALL), (1..=8).collect::<Vec<_>>());
}

#[test]
fn a_room_that_never_was_has_an_empty_log_and_does_not_begin() {
    let mut world = World::new();
    let empty = page(&mut world, &everything(), ALL);
    assert_eq!(empty["epoch"], "0000000000000000");
    assert_eq!((seqs(&empty), &empty["first"], &empty["next"]), (vec![], &1.into(), &Value::Null));
    assert!(world.trace.is_empty());
}
