//! The leases of a seat among simulated rooms: attempts, questions and answers in any order, crashes at any point.
//!
//! There are never more connections than the limit, and afterwards every place that is free can be used.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;
use roomcast::limits::{LEASE_JOINS_MS, LEASE_MS, SEAT_PATIENCE_MS, VERIFY_ROOM_MS, VOID_MS};
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::lease::Leased;
use roomcast::protocol::time::Timestamp;
use roomcast::quota::allotments::Allotment;
use roomcast::quota::leases::{Attempt, Leases, Round, Step};

const LIMIT: u32 = 3;
const ROOMS: usize = 4;

/// What a room knows: who is in it, and whom it lets in no more.
#[derive(Debug, Default, Clone)]
struct Room {
    members: BTreeSet<ClientId>,
    void: HashMap<ClientId, Timestamp>,
    /// The life of the seat before which leases do not count, and since when.
    life: Option<(Timestamp, Timestamp)>,
}

/// A question on its way to a room, or its answer on its way back.
#[derive(Debug, Clone)]
struct Asked {
    round: Round,
    room: String,
    since: Timestamp,
    answer: Option<Vec<ClientId>>,
}

/// A user, the seat, the rooms, and all that is on its way between them.
#[derive(Debug, Default)]
struct World {
    now: Timestamp,
    clients: u64,
    seat: Leases,
    /// The rows of the seat.
    stored: BTreeMap<u32, Allotment>,
    /// What was stored, each time that something was.
    rows: usize,
    lives: u64,
    rooms: BTreeMap<String, Room>,
    attempts: Vec<(Attempt, (ClientId, String), Timestamp)>,
    joining: Vec<(ClientId, String, Leased)>,
    asked: Vec<Asked>,
    /// Rounds, and how many of their rooms have not answered.
    rounds: Vec<(Round, usize)>,
    refused: usize,
}

impl World {
    fn new() -> Self {
        let rooms = (0..ROOMS).map(|room| (format!("t/{room}"), Room::default())).collect();
        Self { now: Timestamp(1_767_780_000_000), rooms, ..Self::default() }
    }

    fn connected(&self) -> usize {
        self.rooms.values().map(|room| room.members.len()).sum()
    }

    /// A client attempts to connect to a room.
    fn attempt(&mut self, room: usize) {
        self.clients += 1;
        let client = ClientId::from_random(self.clients.to_be_bytes());
        let (who, now) = ((client, format!("t/{}", room % ROOMS)), self.now);
        self.attempts.push((self.seat.attempt(who.0.clone(), who.1.clone(), now), who, now));
    }

    /// One of the attempts looks again.
    fn step(&mut self, which: usize) {
        if self.attempts.is_empty() {
            return;
        }
        let index = which % self.attempts.len();
        let (attempt, (client, room), came) = self.attempts[index].clone();
        match self.seat.step(&attempt, LIMIT, self.now) {
            Step::Granted(leased, stored) => {
                self.rows += usize::from(stored.is_some());
                self.stored.extend(stored.map(|one| (one.slot, one)));
                self.joining.push((client, room, leased));
                self.attempts.swap_remove(index);
            }
            Step::Full => {
                self.refused += 1;
                self.attempts.swap_remove(index);
            }
            Step::Wait(ms) => {
                assert!(ms > 0 && self.now.ms_since(came) + ms <= SEAT_PATIENCE_MS, "{ms}");
            }
            Step::Ask(round) => {
                for room in round.questions.keys() {
                    let (round, room) = (round.clone(), room.clone());
                    self.asked.push(Asked { round, room, since: self.now, answer: None });
                }
                let rooms = round.questions.len();
                assert!(rooms > 0);
                self.rounds.push((round, rooms));
            }
        }
    }

    /// A connection gets to its room, or too late.
    fn join(&mut self, which: usize) {
        if self.joining.is_empty() {
            return;
        }
        let (client, room, leased) = self.joining.swap_remove(which % self.joining.len());
        let (room, now) = (self.rooms.get_mut(&room).unwrap(), self.now);
        room.void.retain(|_, since| now.ms_since(*since) < VOID_MS);
        let lost = room
            .life
            .is_some_and(|(life, since)| now.ms_since(since) < VOID_MS && leased.life < life);
        if now.ms_since(leased.at) <= LEASE_MS && !room.void.contains_key(&client) && !lost {
            room.members.insert(client);
        }
    }

    /// A question gets to its room; or its answer, in time or not, gets back to the seat.
    fn travel(&mut self, which: usize) {
        if self.asked.is_empty() {
            return;
        }
        let index = which % self.asked.len();
        let late = self.now.ms_since(self.asked[index].since) > VERIFY_ROOM_MS;
        let asked = &mut self.asked[index];
        if asked.answer.is_none() {
            let room = self.rooms.get_mut(&asked.room).unwrap();
            let question = asked.round.questions[&asked.room].clone();
            let (mut present, absent): (Vec<_>, Vec<_>) =
                question.clients.into_iter().partition(|client| room.members.contains(client));
            if question.all {
                room.life = Some((self.seat.life(), self.now));
                present = room.members.iter().cloned().collect();
            }
            room.void.extend(absent.into_iter().map(|client| (client, self.now)));
            asked.answer = Some(present);
            return;
        }
        let Asked { round, room, answer, .. } = self.asked.swap_remove(index);
        let answer = answer.filter(|_| !late);
        self.seat.answered(&round, &room, answer.as_deref());
        for (one, left) in &mut self.rounds {
            if *one == round {
                *left -= 1;
                if *left == 0 {
                    self.seat.asked(&round);
                }
            }
        }
        self.rounds.retain(|(_, left)| *left > 0);
    }

    /// Somebody closes a connection.
    fn leave(&mut self, which: usize) {
        let members = self.rooms.iter();
        let all: Vec<(String, ClientId)> = members
            .flat_map(|(name, room)| room.members.iter().map(|one| (name.clone(), one.clone())))
            .collect();
        if !all.is_empty() {
            let (room, client) = &all[which % all.len()];
            self.rooms.get_mut(room).unwrap().members.remove(client);
        }
    }

    /// The object of the seat is lost. What is stored and what rooms know stays, and whoever has been let in goes on.
    fn lose_seat(&mut self) {
        self.lives += 1;
        // Clocks move only now and then, but nothing is read from storage twice in the same moment.
        let life = Timestamp(self.lives);
        self.seat = Leases::new(self.stored.values().cloned().collect(), life);
        self.attempts.clear();
        self.asked.clear();
        self.rounds.clear();
    }

    /// The process is killed: nothing stays but what is stored.
    fn crash(&mut self) {
        self.lose_seat();
        self.joining.clear();
        self.rooms.values_mut().for_each(|room| *room = Room::default());
    }

    /// Lets everything that is under way come to its end.
    fn settle(&mut self) {
        for _ in 0..2_000 {
            while !self.joining.is_empty() {
                self.join(0);
            }
            while !self.asked.is_empty() {
                self.travel(0);
            }
            if self.attempts.is_empty() {
                return;
            }
            for which in 0..self.attempts.len() {
                self.step(which);
            }
            self.now = self.now.plus_ms(50);
        }
        panic!("it does not come to an end: {self:#?}");
    }
}

#[derive(Debug, Clone)]
enum Event {
    Attempt(usize),
    Step(usize),
    Join(usize),
    Travel(usize),
    Leave(usize),
    Time(u64),
    LoseSeat,
    Crash,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => any::<usize>().prop_map(Event::Attempt),
        12 => any::<usize>().prop_map(Event::Step),
        6 => any::<usize>().prop_map(Event::Join),
        10 => any::<usize>().prop_map(Event::Travel),
        3 => any::<usize>().prop_map(Event::Leave),
        4 => (0_u64..600).prop_map(Event::Time),
        1 => (5_000_u64..20_000).prop_map(Event::Time),
        1 => Just(Event::LoseSeat),
        1 => Just(Event::Crash),
    ]
}

impl World {
    fn happen(&mut self, event: &Event) {
        match event {
            Event::Attempt(room) => self.attempt(*room),
            Event::Step(which) => self.step(*which),
            Event::Join(which) => self.join(*which),
            Event::Travel(which) => self.travel(*which),
            Event::Leave(which) => self.leave(*which),
            Event::Time(ms) => self.now = self.now.plus_ms(*ms),
            Event::LoseSeat => self.lose_seat(),
            Event::Crash => self.crash(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn there_are_never_more_connections_than_the_limit_and_no_place_is_lost(
        events in prop::collection::vec(event(), 1..250),
    ) {
        let mut world = World::new();
        for event in events {
            world.happen(&event);
            prop_assert!(world.connected() <= LIMIT as usize, "{world:#?}");
            prop_assert!(world.stored.len() <= LIMIT as usize);
        }
        world.settle();
        prop_assert!(world.connected() <= LIMIT as usize);
        world.now = world.now.plus_ms(LEASE_JOINS_MS);
        let free = LIMIT as usize - world.connected();
        for room in 0..free {
            world.attempt(room);
        }
        world.settle();
        prop_assert_eq!(world.connected(), LIMIT as usize, "each free place could be used");
        world.now = world.now.plus_ms(LEASE_JOINS_MS);
        let refused = world.refused;
        world.attempt(0);
        world.settle();
        prop_assert_eq!(world.refused, refused + 1, "and no more than these");
    }
}

#[test]
fn fifty_attempts_at_once_fill_exactly_the_places_there_are() {
    let mut world = World::new();
    for room in 0..50 {
        world.attempt(room);
    }
    world.settle();
    assert_eq!((world.connected(), world.refused), (LIMIT as usize, 50 - LIMIT as usize));
    world.leave(1);
    world.attempt(2);
    world.settle();
    assert_eq!((world.connected(), world.refused), (LIMIT as usize, 50 - LIMIT as usize));
}

#[test]
fn a_user_who_comes_back_to_a_room_stores_nothing() {
    let mut world = World::new();
    for _ in 0..LIMIT {
        world.attempt(0);
    }
    world.settle();
    assert_eq!((world.connected(), world.rows), (LIMIT as usize, 1));
    for life in 0..10 {
        world.leave(0);
        world.now = world.now.plus_ms(LEASE_JOINS_MS);
        if life % 2 == 1 {
            world.lose_seat();
        }
        world.attempt(0);
        world.settle();
        assert_eq!((world.connected(), world.rows), (LIMIT as usize, 1));
    }
}
