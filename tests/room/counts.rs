//! Counts of effects, sends and rows for each event and for each burst.
//!
//! These numbers are what a room costs. They are the same on every machine, so they can be tested, unlike speed.
//! Allocations are counted in `tests/allocations.rs`.

use roomcast::limits::{CHECKPOINT_BURSTS, WINDOW_SOON_MS};
use roomcast::protocol::dialect::Dialect;
use roomcast::room::Effect;

use crate::world::World;

/// The effects of a lone event in a room with clients: store, send, answer. No window opens: nobody is waited for.
const EFFECTS_ALONE: usize = 3;
/// The effects of a lone event in a room without clients: nothing is sent.
const EFFECTS_UNHEARD: usize = 2;
/// Enough bursts to go round the ring once, and for about ten checkpoints.
const BURSTS: usize = 640;

/// Resets the counts.
fn forget(world: &mut World) {
    world.trace.clear();
    world.sends = 0;
}

#[test]
fn a_burst_is_sent_once_however_many_clients_and_updates_there_are() {
    for clients in [1, 10, 100] {
        for events in [1, 100] {
            let mut world = World::new();
            for _ in 0..clients {
                world.connect();
            }
            forget(&mut world);
            let ids: Vec<String> = (0..events).map(|number| format!("e-{number}")).collect();
            world.publish(&ids.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(world.sends, 1, "{events} updates to {clients} clients");
        }
    }
}

#[test]
fn each_update_is_sent_once_to_all_plain_clients() {
    let mut world = World::new();
    for _ in 0..10 {
        world.join(Dialect::Plain, None);
    }
    forget(&mut world);
    world.publish(&["e-1", "e-2", "e-3"]);
    assert_eq!(world.sends, 3);
}

#[test]
fn a_lone_event_has_one_effect_per_thing_to_do() {
    for (clients, effects) in [(0, EFFECTS_UNHEARD), (1, EFFECTS_ALONE), (100, EFFECTS_ALONE)] {
        let mut world = World::new();
        world.publish(&["e-1"]);
        for _ in 0..clients {
            world.connect();
        }
        world.pass_ms(WINDOW_SOON_MS);
        forget(&mut world);
        world.publish(&["e-2"]);
        assert_eq!(world.trace.len(), effects, "{clients} clients: {:?}", world.trace);
    }
}

#[test]
fn a_window_without_events_stores_and_sends_nothing() {
    let mut world = World::new();
    world.crowd();
    world.publish(&["e-1"]);
    forget(&mut world);
    world.pass_window();
    let looks = world.trace.iter().all(|effect| matches!(effect, Effect::OpenWindow { .. }));
    assert!(looks, "{:?}", world.trace);
}

#[test]
fn a_burst_takes_one_row_and_a_64th_of_its_checkpoint() {
    assert_eq!(CHECKPOINT_BURSTS, 64);
    let mut world = World::new();
    world.connect();
    let begun = world.disk.rows;
    for number in 0..BURSTS {
        world.publish(&[&format!("e-{number}")]);
    }
    assert_eq!(world.disk.rows - begun, BURSTS + (BURSTS - 1) / 64);
}

#[test]
fn all_events_during_a_window_take_one_row() {
    let mut world = World::new();
    world.crowd();
    world.publish(&["e-0"]);
    let begun = world.disk.rows;
    forget(&mut world);
    for number in 1..=32 {
        world.publish(&[&format!("e-{number}")]);
    }
    world.pass_window();
    assert_eq!((world.disk.rows - begun, world.sends), (1, 1));
}
