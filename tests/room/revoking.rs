//! Revoked tokens, and rooms whose tenant has ended.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::protocol::codes::{CloseReason, Refusal};
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::grant::Grant;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::revocation::Revocation;
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::topics::Topics;
use roomcast::room::Effect;
use roomcast::runner::Runner;

use crate::joining::GRANTED_MS;
use crate::updates::update;
use crate::world::World;

impl World {
    /// Revokes tokens. Returns how many connections were closed.
    pub(crate) fn revoke(&mut self, revocation: &Revocation) -> usize {
        let mut closed = 0;
        self.take_turn(|runner, world| {
            let (alarm, count) = runner.revoke(revocation.clone(), world)?;
            closed = count;
            Ok(alarm)
        });
        closed
    }

    /// The tenant of the room ends.
    pub(crate) fn abolish(&mut self) {
        self.take_turn(Runner::abolish);
    }
}

fn join(world: &mut World, user: &str, token: Option<&str>, issued: Option<u64>) -> ClientId {
    let (token, issued) = (token.map(str::to_owned), issued.map(Timestamp));
    let expires = world.now.plus_ms(GRANTED_MS);
    world.join_with(Dialect::V1, Grant { token, issued, ..Grant::new(user.to_owned(), expires) })
}

fn revocation(user: &str, token: Option<&str>) -> Revocation {
    let token = token.map(str::to_owned);
    Revocation { user: user.to_owned(), token, issued_until: Timestamp(500) }
}

/// The reasons with which connections were closed.
fn reasons(world: &World) -> Vec<CloseReason> {
    let reason = |effect: &Effect| match effect {
        Effect::Close { reason, .. } => Some(*reason),
        _ => None,
    };
    world.trace.iter().filter_map(reason).collect()
}

#[test]
fn the_connections_of_a_revoked_user_are_closed_and_those_of_others_stay() {
    let mut world = World::new();
    let old =
        [join(&mut world, "ada", None, Some(500)), join(&mut world, "ada", Some("t-1"), None)];
    let new = join(&mut world, "ada", Some("t-2"), Some(501));
    let bob = join(&mut world, "bob", None, None);
    let nobody = world.join_with(Dialect::V1, Grant::anonymous(Topics::default()));
    world.evict();
    assert_eq!(world.revoke(&revocation("ada", None)), 2);
    assert!(old.iter().all(|client| !world.clients.contains_key(client)));
    assert!([new, bob, nobody].iter().all(|client| world.clients.contains_key(client)));
    let revoked = CloseReason::from(Refusal::TokenRevoked);
    assert_eq!(reasons(&world), [revoked; 2]);
    assert_eq!(revoked.close().number(), 4401);
    assert_eq!(world.revoke(&revocation("ada", None)), 0, "once");
}

#[test]
fn a_revoked_token_ends_its_own_connections_only() {
    let mut world = World::new();
    let one = join(&mut world, "ada", Some("t-1"), Some(900));
    let other = join(&mut world, "ada", Some("t-2"), Some(100));
    let of_bob = join(&mut world, "bob", Some("t-1"), Some(100));
    assert_eq!(world.revoke(&revocation("ada", Some("t-1"))), 1);
    assert!(!world.clients.contains_key(&one));
    assert!(world.clients.contains_key(&other) && world.clients.contains_key(&of_bob));
}

#[test]
fn a_revocation_reads_no_log_and_begins_no_room() {
    let mut world = World::new();
    assert_eq!(world.revoke(&revocation("ada", None)), 0);
    assert_eq!((world.disk.loads, world.disk.rows, world.alarm), (0, 0, None));
    let client = join(&mut world, "ada", None, None);
    world.evict();
    let (loads, rows) = (world.disk.loads, world.disk.rows);
    assert_eq!(world.revoke(&revocation("ada", None)), 1);
    assert!(!world.clients.contains_key(&client));
    assert_eq!((world.disk.loads, world.disk.rows), (loads, rows));
}

#[test]
fn a_room_whose_tenant_has_ended_closes_everyone_and_forgets_everything() {
    let mut world = World::new();
    let clients = [join(&mut world, "ada", None, None), join(&mut world, "bob", None, None)];
    world.publish(&["e-1"]);
    let before = world.head();
    world.evict();
    let loads = world.disk.loads;
    world.abolish();
    assert!(clients.iter().all(|client| !world.clients.contains_key(client)));
    assert_eq!(reasons(&world), [CloseReason::from(Refusal::TenantUnknown); 2]);
    assert_eq!((world.disk.rows, world.alarm, world.disk.loads), (0, None, 0));
    assert!(loads > 0 && world.trace.last() == Some(&Effect::End));
    assert_ne!(world.head(), before, "the room has never begun");
}

#[test]
fn a_room_that_ends_answers_what_it_has_gathered_and_its_waits_are_void() {
    let mut world = World::new();
    world.crowd();
    world.publish(&["e-1"]);
    let waiting = world.post_together(vec![update("e-2", "k", 1)]);
    assert!(world.window.is_some() && !world.answers.contains_key(&waiting));
    world.abolish();
    assert!(world.answers.contains_key(&waiting));
    assert!(world.window.is_none() && world.clients.is_empty());
    world.crowd();
    world.publish(&["e-3"]);
    assert_eq!(world.head().seq, 1, "a room of the same name begins anew");
    assert!(world.window.is_some());
    world.pass_stale_waits();
}

#[test]
fn the_end_of_a_room_that_never_was_does_nothing() {
    let mut world = World::new();
    world.abolish();
    assert_eq!((world.disk.loads, world.disk.rows, world.alarm), (0, 0, None));
}
