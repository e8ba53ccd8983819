//! Ring 2: a client that cannot keep up is lost at any point, on any rung, and comes back with its position or an earlier one, as when what it
//! was sent last never arrived.
//!
//! The rung belongs to the connection: whoever comes back is on none, and gets what it missed, or the state, in the turn in which it joins,
//! whether or not its old connection is still held. The client of the world checks that there is neither a gap nor a duplicate.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use roomcast::limits::{RoomLimits, FRAMES_FLOOD_MS, LADDER_HELD_MS, LADDER_STAY_MS};
use roomcast::protocol::ids::{ClientId, Position};
use roomcast::room::ladder::Rung;

use crate::updates::update;
use crate::world::World;

#[derive(Debug, Clone)]
enum Event {
    /// So many updates.
    Post(u8),
    /// The client acknowledges what it has, or less.
    Ack(u64),
    Ping,
    /// Its connection is lost, of which the room hears or not, and it comes back with the position that it had so many events ago.
    Return(bool, usize),
    Evict,
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        10 => (1..20_u8).prop_map(Event::Post),
        3 => (0..3_u64).prop_map(Event::Ack),
        1 => Just(Event::Ping),
        3 => (any::<bool>(), 0..4_usize).prop_map(|(told, ago)| Event::Return(told, ago)),
        2 => Just(Event::Evict),
        1 => (1..20_000_u64).prop_map(Event::Pass),
    ]
}

/// An update takes about 110 bytes. A short log makes some returns snapshots.
fn limits(short: bool) -> RoomLimits {
    let log_bursts = if short { 8 } else { RoomLimits::default().log_bursts };
    let checkpoint_bursts = if short { 4 } else { RoomLimits::default().checkpoint_bursts };
    let small = RoomLimits { conflate_bytes: 600, hold_bytes: 1_500, ..RoomLimits::default() };
    RoomLimits { log_bursts, checkpoint_bursts, ..small }
}

struct Run {
    world: World,
    slow: ClientId,
    quick: ClientId,
    /// Positions that the slow client has had.
    had: Vec<Position>,
    posted: usize,
    /// How often it came back while it was held.
    from_held: usize,
}

impl Run {
    fn new(short: bool) -> Self {
        let mut world = World::with_limits(limits(short));
        let (slow, quick) = (world.connect(), world.connect());
        world.publish(&["first"]);
        world.ack(&slow, 0);
        let had = vec![world.head()];
        Self { world, slow, quick, had, posted: 0, from_held: 0 }
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::Post(updates) => {
                (0..*updates).for_each(|_| self.post());
                self.world.rest();
            }
            Event::Ack(less) => {
                self.world.now = self.world.now.plus_ms(100);
                self.world.ack(&self.slow, *less);
            }
            Event::Ping => self.world.ping(&self.slow),
            Event::Return(told, ago) => self.come_back(*told, *ago),
            Event::Evict => self.world.evict(),
            Event::Pass(ms) => {
                self.world.ping(&self.slow);
                self.world.ping(&self.quick);
                self.world.pass_ms(*ms);
            }
        }
        match self.world.clients.get(&self.slow) {
            // It was closed because it was held for too long.
            None => self.come_back(true, 0),
            Some(slow) => self.had.extend(slow.try_position()),
        }
    }

    fn post(&mut self) {
        self.posted += 1;
        self.world.now = self.world.now.plus_ms(20);
        let key = format!("k-{}", self.posted % 16);
        self.world.post(vec![update(&format!("e-{}", self.posted), &key, 1)]);
        self.world.ping(&self.quick);
    }

    fn come_back(&mut self, told: bool, ago: usize) {
        let rung = self.world.members.get(&self.slow).map(|member| member.view.rung);
        self.from_held += usize::from(rung == Some(Rung::Held));
        if told && rung.is_some() {
            self.world.lose(&self.slow);
        }
        self.had.truncate(self.had.len().saturating_sub(ago).max(1));
        let position = self.had.last().unwrap().clone();
        let slow = self.world.resume(&position);
        let client = self.world.clients.get(&slow).unwrap();
        assert!(client.is_level(), "it gets what it missed, or the state, in the same turn");
        assert_eq!(self.world.members[&slow].view.rung, Rung::All);
        self.slow = slow;
    }

    /// Lets it catch up: it acknowledges, and is sent all frames again.
    fn catch_up(&mut self) {
        self.world.rest();
        self.world.all_acknowledge();
        self.world.ping(&self.slow);
        self.world.pass_ms(LADDER_STAY_MS + FRAMES_FLOOD_MS);
        self.world.all_acknowledge();
    }
}

#[test]
fn many_clients_come_back_that_were_held() {
    let mut runner = TestRunner::deterministic();
    let mut from_held = 0;
    for _ in 0..64 {
        let mut run = Run::new(false);
        for event in vec(event(), 40).new_tree(&mut runner).unwrap().current() {
            run.happen(&event);
        }
        from_held += run.from_held;
    }
    assert!(from_held > 30, "{from_held}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_client_that_is_lost_on_any_rung_comes_back_to_the_lowest_and_misses_nothing(
        short in any::<bool>(),
        events in vec(event(), 1..50),
    ) {
        let mut run = Run::new(short);
        for event in &events {
            run.happen(event);
        }
        // From being held to conflated frames, and from there to all.
        (0..2).for_each(|_| run.catch_up());
        let head = run.world.head();
        let (slow, quick) = (&run.world.clients[&run.slow], &run.world.clients[&run.quick]);
        prop_assert_eq!(slow.position(), head.clone());
        prop_assert_eq!(quick.position(), head);
        prop_assert_eq!(quick.applied.len(), run.posted + 1, "the others are sent all frames");
        prop_assert_eq!(run.world.members[&run.slow].view.rung, Rung::All);
    }

    /// Nobody answers for a connection that is gone, so it is not held for ever.
    #[test]
    fn an_old_connection_that_is_held_ends_without_the_new_one(posts in 16..20_u8) {
        let mut run = Run::new(false);
        while run.world.members[&run.slow].view.rung != Rung::Held {
            run.happen(&Event::Post(posts));
            prop_assert!(run.posted < 500, "it is held before long");
        }
        let old = run.slow.clone();
        run.come_back(false, 0);
        for _ in 0..8 {
            run.happen(&Event::Pass(LADDER_HELD_MS / 4));
            run.happen(&Event::Post(1));
            run.happen(&Event::Ack(0));
        }
        prop_assert!(!run.world.clients.contains_key(&old));
        run.catch_up();
        prop_assert_eq!(run.world.clients[&run.slow].position(), run.world.head());
    }
}
