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
fn members_of_a_large_room_are_told_with_the_greeting_and_once_more_when_it_has_four_thousand() {
    let mut world = World::new();
    let plain = enter(&mut world, Dialect::Plain, 1);
    let members = enter(&mut world, Dialect::V1, 4_100);
    let of = |number: usize| told(&world, &members[number]);
    assert_eq!(of(0), [4_000]);
    assert_eq!(of(499), [501, 4_000]);
    assert_eq!(of(3_998), [4_000, 4_000], "the one who makes it that large");
    assert_eq!(of(3_999), [4_001]);
    assert_eq!(of(4_099), [4_101]);
    assert!(told(&world, &plain[0]).is_empty());
}

#[test]
fn a_storm_of_two_thousand_into_one_room_sends_nothing_but_greetings() {
    let mut world = World::new();
    let members = enter(&mut world, Dialect::V1, 2_000);
    let frames = members.iter().map(|client| world.clients[client].frames.len());
    assert_eq!(frames.max(), Some(1));
}

/// How many thousandths of members come back in the first second, if all lose the room and each comes back at a random moment within what it
/// knows.
fn first_second(world: &World, members: &[ClientId]) -> u64 {
    let within = |client| told(world, client).last().copied().unwrap_or(500);
    members.iter().map(|client| 1_000_000 / within(client).max(1_000)).sum()
}

#[test]
fn however_a_room_grows_few_of_its_members_come_back_in_the_same_second() {
    let mut world = World::new();
    let mut members = Vec::new();
    for many in [999, 3_999, 6_000] {
        members.extend(enter(&mut world, Dialect::V1, many - members.len()));
        let first = first_second(&world, &members);
        assert!(first < 2_400_000, "{first} thousandths of {many} in the first second");
    }
}

#[test]
fn a_room_that_was_out_of_memory_tells_its_members_only_if_it_has_not_yet() {
    let mut world = World::new();
    let members = enter(&mut world, Dialect::V1, 3_999);
    world.evict();
    enter(&mut world, Dialect::V1, 1);
    assert_eq!(told(&world, &members[0]), [4_000], "it was not as large yet");
    world.evict();
    enter(&mut world, Dialect::V1, 1);
    assert_eq!(told(&world, &members[0]), [4_000]);
}

#[test]
fn a_room_that_was_small_again_tells_its_members_again() {
    let mut world = World::new();
    let mut members = enter(&mut world, Dialect::V1, 4_000);
    for client in members.split_off(900) {
        world.disconnect(&client);
    }
    enter(&mut world, Dialect::V1, 3_100);
    assert_eq!(told(&world, &members[0]), [4_000, 4_000]);
}
