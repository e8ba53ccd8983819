//! Which connections a room has, and which can no longer join: so those who count them are right.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::limits::{CLOCKS_DIFFER_MS, LEASE_JOINS_MS, LEASE_MS, VOID_MS};
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::grant::Grant;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::lease::{Leased, RollCall, Subject};
use roomcast::protocol::revocation::Revocation;
use roomcast::protocol::time::Timestamp;
use roomcast::room::leases::Barred;
use roomcast::runner::{Failure, Runner};

use crate::world::World;

impl World {
    fn present(&mut self, clients: &[&ClientId]) -> Vec<ClientId> {
        let clients = clients.iter().map(|client| (*client).clone()).collect();
        self.call(RollCall { clients, all: None })
    }

    fn call(&mut self, roll: RollCall) -> Vec<ClientId> {
        self.with_runner(|runner, world| runner.present(roll, world)).unwrap()
    }

    fn bars(&mut self, client: &ClientId, leases: &[(Subject, Leased)]) -> Option<Barred> {
        let grant = Grant::new("ada".into(), Timestamp::NEVER);
        self.with_runner(|runner, world| runner.bars(client, (&grant, leases), world)).unwrap()
    }

    fn is_overtaken(&mut self, client: &ClientId, leased: Option<Timestamp>) -> bool {
        let lease = |at| (Subject::User("ada".into()), Leased::new(at, Timestamp(1)));
        let shown: Vec<_> = leased.map(lease).into_iter().collect();
        let barred = self.bars(client, &shown);
        assert_ne!(barred, Some(Barred::Revoked));
        barred == Some(Barred::Overtaken)
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
fn a_room_that_has_failed_still_refuses_whom_it_said_to_be_absent() {
    let mut world = World::new();
    let (late, leased) = (stranger(1), Some(world.now));
    assert_eq!(world.present(&[&late]), []);
    world.fails = Some(1);
    world.connect();
    assert_eq!(world.failures, 1);
    assert!(world.is_overtaken(&late, leased));
    world.now = world.now.plus_ms(VOID_MS);
    assert!(!world.is_overtaken(&late, None), "forgotten");
}

#[test]
fn a_client_whose_grant_has_ended_on_the_way_does_not_join() {
    let mut world = World::new();
    let (client, end) = (stranger(1), world.now.plus_ms(100));
    let grant = Grant::new("ada".into(), end);
    let barred = |world: &mut World| {
        world.with_runner(|runner, world| runner.bars(&client, (&grant, &[]), world)).unwrap()
    };
    assert_eq!(barred(&mut world), None);
    world.now = end;
    assert_eq!(barred(&mut world), Some(Barred::Overtaken));
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

/// The second life of a seat asks for all of its connections.
fn all(subject: Subject) -> RollCall {
    RollCall { clients: Vec::new(), all: Some((subject, Timestamp(2))) }
}

#[test]
fn a_room_names_all_connections_of_a_user_or_an_address() {
    let mut world = World::new();
    let ada = world.connect();
    let expires = world.now.plus_ms(1_000_000);
    let bob = world.join_with(Dialect::V1, Grant::new("bob".into(), expires));
    let grant = Grant::new("ada".into(), expires);
    let counted = world.join_from(Some("10.0.0.1/admin"), Dialect::V1, grant);
    world.evict();
    assert_eq!(world.call(all(Subject::User("ada".into()))), [ada, counted.clone()]);
    assert_eq!(world.call(all(Subject::User("bob".into()))), [bob]);
    assert_eq!(world.call(all(Subject::Address("10.0.0.1/admin".into()))), [counted]);
    assert_eq!(world.call(all(Subject::Address("10.0.0.1".into()))), [], "another seat");
}

#[test]
fn leases_that_their_seat_has_forgotten_count_no_longer() {
    let mut world = World::new();
    let subject = Subject::Address("10.0.0.1".into());
    let lease = |world: &World, life| [(subject.clone(), Leased::new(world.now, Timestamp(life)))];
    let (old, new) = (lease(&world, 1), lease(&world, 2));
    assert_eq!(world.bars(&stranger(1), &old), None);
    world.call(all(subject.clone()));
    assert_eq!(world.bars(&stranger(1), &old), Some(Barred::Overtaken));
    assert_eq!(world.bars(&stranger(1), &new), None);
    let other = [(Subject::Address("10.0.0.2".into()), old[0].1)];
    assert_eq!(world.bars(&stranger(1), &other), None, "another subject");
    world.now = world.now.plus_ms(VOID_MS);
    assert_eq!(world.bars(&stranger(1), &lease(&world, 1)), None, "forgotten");
}

#[test]
fn a_question_of_an_earlier_life_that_comes_late_changes_nothing() {
    let mut world = World::new();
    let subject = Subject::User("ada".into());
    let old = [(subject.clone(), Leased::new(world.now, Timestamp(1)))];
    world.call(all(subject.clone()));
    let late = RollCall { clients: Vec::new(), all: Some((subject, Timestamp(1))) };
    world.call(late);
    assert_eq!(world.bars(&stranger(1), &old), Some(Barred::Overtaken));
}

#[test]
fn a_revoked_token_that_is_on_its_way_does_not_join() {
    let mut world = World::new();
    let (client, issued_until) = (stranger(1), world.now);
    world.revoke(&Revocation { user: "ada".into(), token: None, issued_until });
    assert_eq!(world.bars(&client, &[]), Some(Barred::Revoked));
    let later = Grant {
        issued: Some(issued_until.plus_ms(1)),
        ..Grant::new("ada".into(), Timestamp::NEVER)
    };
    let barred = world.with_runner(|runner, world| runner.bars(&client, (&later, &[]), world));
    assert_eq!(barred.unwrap(), None, "it was issued afterwards");
    world.now = world.now.plus_ms(VOID_MS);
    assert_eq!(world.bars(&client, &[]), None, "its seat refuses it, and it would come too late");
}

/// A lease for which its front Worker had to wait, given so many milliseconds ago.
fn late(world: &World, given_ms: u64) -> [(Subject, Leased); 1] {
    let given = Timestamp(world.now.0 - given_ms);
    [(Subject::User("ada".into()), Leased { late: true, ..Leased::new(given, Timestamp(1)) })]
}

#[test]
fn a_lost_object_lets_in_nobody_whom_it_has_said_to_be_absent() {
    let mut world = World::new();
    let slow = stranger(1);
    world.pass_ms(LEASE_JOINS_MS);
    let leases = late(&world, LEASE_JOINS_MS);
    assert_eq!(world.present(&[&slow]), []);
    world.kill();
    assert_eq!(world.bars(&slow, &leases), Some(Barred::Overtaken));
    // However its clock and that of the seat differ.
    for ms in [0, CLOCKS_DIFFER_MS / 2, CLOCKS_DIFFER_MS - 1] {
        let ahead = [(leases[0].0.clone(), Leased { at: world.now.plus_ms(ms), ..leases[0].1 })];
        assert_eq!(world.bars(&slow, &ahead), Some(Barred::Overtaken), "{ms}");
    }
    let once = late(&world, 0);
    world.pass_ms(CLOCKS_DIFFER_MS);
    assert_eq!(world.bars(&slow, &once), Some(Barred::Overtaken));
    let (comes_back, again) = (stranger(2), late(&world, 0));
    assert_eq!(world.bars(&comes_back, &again), None, "with a new lease it gets in, however slow");
}

#[test]
fn a_lost_object_sends_no_connection_away_that_is_in_time() {
    let mut world = World::new();
    let (client, other) = (stranger(1), stranger(2));
    let given = world.now;
    let lease = [(Subject::User("ada".into()), Leased::new(given, Timestamp(1)))];
    world.evict();
    assert_eq!(world.bars(&client, &lease), None, "it wakes the room");
    world.kill();
    for clock_ms in [0, 900, 1_800] {
        world.now = given.plus_ms(clock_ms);
        assert_eq!(world.bars(&client, &lease), None, "{clock_ms}");
    }
    // The memory of the room is older than the lease, so it has forgotten nothing.
    world.pass_ms(CLOCKS_DIFFER_MS + LEASE_JOINS_MS);
    let slow = late(&world, LEASE_JOINS_MS);
    assert_eq!(world.bars(&other, &slow), None);
    world.fails = Some(1);
    world.connect();
    assert_eq!(world.bars(&other, &slow), None, "a room that fails forgets nothing");
}

#[test]
fn an_object_that_fails_before_it_has_restored_its_room_does_not_know_what_the_one_before_has_said()
{
    let mut world = World::new();
    let slow = stranger(1);
    world.pass_ms(LEASE_JOINS_MS);
    let leases = late(&world, LEASE_JOINS_MS);
    assert_eq!(world.present(&[&slow]), []);
    world.kill();
    world.runner = Runner::default();
    let failure = Failure { stage: "identity", cause: "as the test says".into() };
    world.with_runner(|runner, world| runner.fail(&failure, world));
    assert_eq!(world.bars(&slow, &leases), Some(Barred::Overtaken));
}
