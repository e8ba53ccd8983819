//! Which connections a room has, and which can no longer join: so those who count them are right.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use roomcast::limits::{LEASE_MS, VOID_MS};
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::time::Timestamp;

use crate::world::World;

impl World {
    fn present(&mut self, clients: &[&ClientId]) -> Vec<ClientId> {
        let clients = clients.iter().map(|client| (*client).clone()).collect();
        self.with_runner(|runner, world| runner.present(clients, world)).unwrap()
    }

    fn is_overtaken(&mut self, client: &ClientId, leased: Option<Timestamp>) -> bool {
        self.with_runner(|runner, world| runner.is_overtaken(client, leased, world)).unwrap()
    }
}

fn stranger(number: u8) -> ClientId {
    ClientId::from_random([0xf0, 0, 0, 0, 0, 0, 0, number])
}

#[test]
fn a_room_says_which_connections_it_has() {
    let mut world = World::new();
    let (one, two) = (world.connect(), world.connect());
    assert_eq!(world.present(&[&one, &stranger(1), &two]), [one.clone(), two.clone()]);
    world.evict();
    world.disconnect(&one);
    assert_eq!(world.present(&[&one, &two]), [two]);
}

#[test]
fn a_connection_that_was_said_to_be_absent_cannot_join_while_its_lease_lasts() {
    let mut world = World::new();
    let (late, other) = (stranger(1), stranger(2));
    let leased = Some(world.now);
    assert!(!world.is_overtaken(&late, leased));
    assert_eq!(world.present(&[&late]), []);
    assert!(world.is_overtaken(&late, leased) && world.is_overtaken(&late, None));
    assert!(!world.is_overtaken(&other, leased));
    // Whenever its lease would still let it in, the room remembers.
    for _ in 0..VOID_MS + 2 {
        assert!(world.is_overtaken(&late, leased));
        world.now = world.now.plus_ms(1);
    }
    assert!(!world.is_overtaken(&late, None), "forgotten");
}

#[test]
fn a_lease_lets_a_connection_join_for_some_seconds() {
    let mut world = World::new();
    let (client, leased) = (stranger(1), Some(world.now));
    world.now = world.now.plus_ms(LEASE_MS);
    assert!(!world.is_overtaken(&client, leased));
    world.now = world.now.plus_ms(1);
    assert!(world.is_overtaken(&client, leased));
    assert!(!world.is_overtaken(&client, None), "who is not counted needs no lease");
    let ahead = Some(world.now.plus_ms(1_000));
    assert!(!world.is_overtaken(&client, ahead), "the clock of the lease may be ahead");
}

#[test]
fn a_connection_that_was_present_is_not_refused() {
    let mut world = World::new();
    let client = world.connect();
    assert_eq!(world.present(&[&client]).len(), 1);
    assert!(!world.is_overtaken(&client, Some(world.now)));
}

#[test]
fn asking_who_is_present_reads_no_log_and_begins_no_room() {
    let mut world = World::new();
    assert_eq!(world.present(&[&stranger(1)]), []);
    assert!(!world.is_overtaken(&stranger(2), Some(world.now)));
    assert_eq!((world.disk.loads, world.disk.rows, world.alarm), (0, 0, None));
    let client = world.connect();
    world.evict();
    let loads = world.disk.loads;
    assert_eq!(world.present(&[&client]), [client]);
    assert_eq!(world.disk.loads, loads);
}

#[test]
fn the_room_forgets_whom_it_said_to_be_absent() {
    let mut world = World::new();
    for number in 0..=u8::MAX {
        world.present(&[&stranger(number)]);
        world.now = world.now.plus_ms(VOID_MS / 2);
        world.is_overtaken(&stranger(0), None);
    }
    assert!(!world.is_overtaken(&stranger(0), None));
    assert!(world.is_overtaken(&stranger(u8::MAX), None));
}
