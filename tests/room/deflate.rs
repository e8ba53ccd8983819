//! Compressed frames: when a group is sent them. The world's clients read each, so that one that refers to what they do not have
//! fails the test.

#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::limits::DEFLATE_MEMBERS;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::label::{Audience, Label};
use roomcast::protocol::update::Update;
use roomcast::room::view::View;

use crate::updates::{labelled, update};
use crate::world::World;

fn watch(world: &mut World, many: usize) -> Vec<ClientId> {
    let view = || View { deflate: true, ..View::of_all(Dialect::V1) };
    (0..many).map(|_| world.watch(view(), "ada", None)).collect()
}

fn for_bob(id: &str) -> Update {
    let audience = Audience { users: vec!["bob".into()], permissions: Vec::new() };
    labelled(id, id, 1, Label { topic: None, audience: Some(&audience) })
}

#[test]
fn a_group_gets_compressed_frames_from_eight_members_on() {
    let mut world = World::new();
    world.connect();
    let mut members = watch(&mut world, DEFLATE_MEMBERS - 1);
    world.publish(&["e-1"]);
    assert_eq!(world.deflated, 0);
    members.extend(watch(&mut world, 1));
    world.publish(&["e-2"]);
    world.publish(&["e-3", "e-4"]);
    assert_eq!(world.deflated, 2, "once for each burst");
    assert_eq!(world.clients[&members[0]].applied, ["e-1", "e-2", "e-3", "e-4"]);
    world.disconnect(&members[1]);
    world.publish(&["e-5"]);
    assert_eq!(world.deflated, 2, "they are too few again");
    watch(&mut world, 1);
    world.publish(&["e-6"]);
    assert_eq!(world.deflated, 3);
    assert_eq!(world.clients[&members[0]].applied.last().map(String::as_str), Some("e-6"));
}

#[test]
fn what_one_of_a_group_is_sent_alone_changes_nothing_for_the_others() {
    let mut world = World::new();
    let members = watch(&mut world, DEFLATE_MEMBERS);
    let view = View { deflate: true, ..View::of_all(Dialect::V1) };
    let bob = world.watch(view, "bob", None);
    world.publish(&["e-1"]);
    let both = vec![for_bob("e-2"), update("e-3", "e-3", 1)];
    world.post(both);
    world.publish(&["e-4"]);
    assert_eq!(world.deflated, 3, "the others cannot tell that there is an update for bob");
    assert_eq!(world.clients[&bob].applied, ["e-1", "e-2", "e-3", "e-4"]);
    assert_eq!(world.clients[&members[0]].applied, ["e-1", "e-3", "e-4"]);
    world.disconnect(&members[0]);
    watch(&mut world, 1);
    world.publish(&["e-5"]);
    world.publish(&["e-6"]);
    assert_eq!(world.clients[&bob].applied.last().map(String::as_str), Some("e-6"));
}

#[test]
fn an_evicted_room_begins_anew() {
    let mut world = World::new();
    let members = watch(&mut world, DEFLATE_MEMBERS);
    for id in ["e-1", "e-2", "e-3"] {
        world.publish(&[id]);
        world.evict();
    }
    assert_eq!(world.deflated, 3);
    assert_eq!(world.clients[&members[0]].applied, ["e-1", "e-2", "e-3"]);
}
