//! How members of a large room are told to spread their return.

use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::ClientId;
use roomcast::room::view::View;
use serde_json::Value;

use crate::world::World;

fn enter(world: &mut World, dialect: Dialect, many: usize) -> Vec<ClientId> {
    let view = View::of_all(dialect);
    (0..many).map(|_| world.watch(view.clone(), "ada", None)).collect()
}

/// What a client was told of its return, with the greeting and later.
fn told(world: &World, client: &ClientId) -> Vec<u64> {
    let said = |frame: &Value| match frame["type"].as_str() {
        Some("connected") => frame["returnWithinMs"].as_u64(),
        Some("returning") => frame["withinMs"].as_u64(),
        _ => None,
    };
    world.clients[client].frames.iter().filter_map(said).collect()
}

#[test]
fn members_of_a_small_room_are_told_nothing() {
    let mut world = World::new();
    let members = enter(&mut world, Dialect::V1, 500);
    assert!(members.iter().all(|client| told(&world, client).is_empty()));
}

#[test]
fn members_of_a_large_room_are_told_with_the_greeting_and_when_it_has_doubled() {
    let mut world = World::new();
    let plain = enter(&mut world, Dialect::Plain, 1);
    let members = enter(&mut world, Dialect::V1, 2_000);
    let of = |number: usize| told(&world, &members[number]);
    assert_eq!(of(0), [1_000, 2_000], "with the room's thousandth and two thousandth member");
    assert_eq!(of(499), [501, 1_000, 2_000]);
    assert_eq!(of(998), [1_000, 1_000, 2_000], "the one who makes it that large");
    assert_eq!(of(999), [1_001, 2_000]);
    assert_eq!(of(1_999), [2_001]);
    assert!(told(&world, &plain[0]).is_empty());
}

#[test]
fn a_room_that_was_out_of_memory_does_not_tell_its_members_again() {
    let mut world = World::new();
    let members = enter(&mut world, Dialect::V1, 1_100);
    world.evict();
    enter(&mut world, Dialect::V1, 1);
    assert_eq!(told(&world, &members[0]), [1_000]);
}
