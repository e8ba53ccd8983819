//! All objects of a room that has spread: a world for the root and for each relay, and what is under way between them.
//!
//! It does what the shell does between objects (`src/shell/room_host/tree.rs`), one letter at a time: a test says which letter arrives
//! next, which is lost, and which comes twice. A question that is lost, or whose answer is, comes back without an answer, as a
//! request that fails. `fronts.rs` has those who bring clients. After each step the invariants of the whole tree are checked.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use roomcast::limits::RoomLimits;
use roomcast::protocol::ids::Position;
use roomcast::protocol::relay::{Region, RelayName};
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::update::Update;
use roomcast::room::tree::feeding::{Ate, Guest, Hunger, Served};
use roomcast::room::Input;
use roomcast::runner::{RoomFailed, Runner};

use crate::client::Client;
use crate::fronts::{Front, Joining};
use crate::posts::Posted;
use crate::world::World;

/// Which object of the room: `None` is the root.
pub(crate) type Place = Option<RelayName>;

/// Milliseconds in which each object does what is due, before the next does.
const SLICE_MS: u64 = 5_000;

/// What is under way.
pub(crate) enum Letter {
    /// A relay asks its parent.
    Hunger { from: RelayName, number: u64, hunger: Hunger },
    /// What it is answered; `None` if it gets no answer.
    Answer { to: RelayName, number: u64, served: Option<Served> },
    /// A child is fed.
    Feed { from: Place, guest: Guest, served: Served },
    /// What it answers; `None` if the parent gets no answer.
    Ate { to: Place, guest: Guest, ate: Option<Ate> },
    /// A client on its way, or an answer to its front Worker.
    Join(Box<Joining>),
}

/// Who waits for an answer of the parent.
pub(crate) enum Waiter {
    Client(Box<Joining>),
    Child { from: RelayName, number: u64, hunger: Hunger },
    Nobody,
}

/// A question of a relay to its parent, and who waits for the answer after how many questions.
struct Question {
    number: u64,
    waiting: Vec<(Waiter, u8)>,
}

pub(crate) struct Forest {
    pub(crate) objects: BTreeMap<Place, World>,
    pub(crate) letters: Vec<Letter>,
    /// What objects have written to each other of who is here.
    pub(crate) posts: Vec<Posted>,
    pub(crate) fronts: Vec<Front>,
    /// Clients that are not connected.
    pub(crate) away: Vec<Client>,
    /// Members from which the room spreads.
    pub(crate) above: usize,
    /// How many members it may have.
    pub(crate) most: Option<usize>,
    questions: BTreeMap<RelayName, Question>,
    limits: RoomLimits,
    asked: u64,
}

/// A relay of the region that nobody knows.
pub(crate) fn relay(number: u16) -> RelayName {
    RelayName::new(Region::Any, number).unwrap()
}

impl Forest {
    pub(crate) fn new(above: usize, most: Option<usize>) -> Self {
        Self::with_limits(above, most, RoomLimits::default())
    }

    pub(crate) fn with_limits(above: usize, most: Option<usize>, limits: RoomLimits) -> Self {
        let objects = BTreeMap::from([(None, World::with_limits(limits))]);
        let fronts =
            vec![Front::new(Region::Any), Front::new(Region::Any), Front::new(Region::Asia)];
        let (letters, away, questions) = (Vec::new(), Vec::new(), BTreeMap::new());
        let posts = Vec::new();
        Self { objects, letters, posts, fronts, away, above, most, questions, limits, asked: 0 }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.objects[&None].now
    }

    pub(crate) fn root(&mut self) -> &mut World {
        self.at(None)
    }

    /// An object, which is there as soon as somebody addresses it.
    pub(crate) fn at(&mut self, place: Place) -> &mut World {
        let (limits, now) = (self.limits, self.now());
        self.objects.entry(place).or_insert_with(|| {
            let mut world = World::with_limits(limits);
            (world.relay, world.now) = (place, now);
            world
        })
    }

    /// How many members an object has.
    pub(crate) fn members(&self, place: Place) -> usize {
        self.objects.get(&place).map_or(0, |world| world.members.len())
    }

    /// How many members the room has.
    pub(crate) fn all_members(&self) -> usize {
        self.objects.values().map(|world| world.members.len()).sum()
    }

    pub(crate) fn post(&mut self, updates: Vec<Update>) {
        self.root().post_together(updates);
        self.after(None);
    }

    pub(crate) fn publish(&mut self, ids: &[&str]) {
        self.root().publish(ids);
        self.after(None);
    }

    /// Takes up what an object wants of others, and checks what must always hold.
    pub(crate) fn after(&mut self, place: Place) {
        let world = self.at(place);
        let (meals, asks) = (std::mem::take(&mut world.meals), world.asks_parent);
        world.asks_parent = false;
        let dropped = std::mem::take(&mut world.dropped);
        let from = place;
        let written = std::mem::take(&mut world.written).into_iter();
        self.posts.extend(written.map(|(to, letter)| Posted::Letter { from, to, letter }));
        let feeds = meals.into_iter().map(|(guest, served)| Letter::Feed { from, guest, served });
        self.letters.extend(feeds);
        self.away.extend(dropped.into_iter().map(Client::again));
        if let Some(relay) = place.filter(|_| asks) {
            self.ask(relay, None, (Waiter::Nobody, 2));
        }
        self.check();
    }

    fn check(&mut self) {
        let Self { objects, .. } = self;
        let root = &objects[&None];
        let (head, known) = (root.disk.head(), root.history.len());
        let behind = objects.values().any(|world| world.history.len() != known);
        let history = behind.then(|| root.history.clone());
        for (place, world) in objects {
            assert!(world.disk.head() <= head, "{place:?} has what is not stored");
            if let Some(history) = &history {
                world.history.clone_from(history);
            }
        }
        assert!(self.most.is_none_or(|most| self.all_members() <= most), "too many members");
    }

    /// A relay asks its parent, or waits for the answer to what it has asked already.
    fn ask(&mut self, relay: RelayName, wants: Option<&Position>, waiter: (Waiter, u8)) {
        if let Some(question) = self.questions.get_mut(&relay) {
            question.waiting.push(waiter);
            return;
        }
        let asking = |runner: &mut Runner, world: &mut World| runner.hunger(wants, world);
        let hunger = self.at(Some(relay)).with_runner(asking);
        let Ok(Some(hunger)) = hunger else { return self.release(waiter, None) };
        self.asked += 1;
        let number = self.asked;
        self.questions.insert(relay, Question { number, waiting: vec![waiter] });
        self.letters.push(Letter::Hunger { from: relay, number, hunger });
    }

    /// Has somebody go on when the relay lacks nothing that he has seen.
    pub(crate) fn up_to_date(
        &mut self,
        place: Place,
        position: Option<&Position>,
        (waiter, asked): (Waiter, u8),
    ) -> Option<Waiter> {
        let lacking = |runner: &mut Runner, world: &mut World| runner.lacks(position, world);
        match (self.at(place).with_runner(lacking), place) {
            (Err(RoomFailed), _) => self.release((waiter, asked), None),
            (Ok(true), Some(relay)) if asked < 2 => self.ask(relay, position, (waiter, asked + 1)),
            _ => return Some(waiter),
        }
        None
    }

    /// The question for which somebody waits was answered, or not.
    fn release(&mut self, (waiter, asked): (Waiter, u8), answered: Option<()>) {
        match waiter {
            Waiter::Client(joining) if answered.is_some() => self.join_again(*joining, asked),
            Waiter::Client(joining) => self.away.push(joining.client),
            Waiter::Child { from, number, hunger } if answered.is_some() => {
                self.serve((from, number), hunger, asked);
            }
            Waiter::Child { from, number, .. } => {
                self.letters.push(Letter::Answer { to: from, number, served: None });
            }
            Waiter::Nobody => {}
        }
    }

    /// A letter arrives.
    pub(crate) fn deliver(&mut self, index: usize) {
        match self.letters.remove(index) {
            Letter::Hunger { from, number, hunger } => self.serve((from, number), hunger, 0),
            Letter::Answer { to, number, served } => self.answer(to, number, served),
            Letter::Feed { from, guest, served } => {
                let ate =
                    self.at(Some(guest.0)).answered(|runner, world| runner.eat(served, world));
                self.after(Some(guest.0));
                self.letters.push(Letter::Ate { to: from, guest, ate });
            }
            Letter::Ate { to, guest, ate } => {
                self.at(to).step(Input::Fed { guest, ate });
                self.after(to);
            }
            Letter::Join(joining) => self.arrive(*joining),
        }
    }

    fn serve(&mut self, (from, number): (RelayName, u64), hunger: Hunger, asked: u8) {
        let place = from.parent();
        let wants = hunger.wants.as_deref().and_then(|wants| wants.parse().ok());
        let waiter = Waiter::Child { from, number, hunger };
        let waiter = self.up_to_date(place, wants.as_ref(), (waiter, asked));
        let Some(Waiter::Child { hunger, .. }) = waiter else { return self.after(place) };
        let serving = |runner: &mut Runner, world: &mut World| runner.serve(&hunger, world);
        let served = self.at(place).answered(serving).flatten();
        self.letters.push(Letter::Answer { to: from, number, served });
        self.after(place);
    }

    fn answer(&mut self, to: RelayName, number: u64, served: Option<Served>) {
        if self.questions.get(&to).is_none_or(|question| question.number != number) {
            return;
        }
        let question = self.questions.remove(&to).unwrap();
        let world = self.at(Some(to));
        let answered = served.is_some();
        let taken = world.answered(|runner, world| {
            let alarm = match served {
                Some(served) => runner.adopt(served, world)?,
                None => runner.unanswered(world)?,
            };
            Ok((alarm, ()))
        });
        let taken = taken.filter(|()| answered);
        self.after(Some(to));
        for waiter in question.waiting {
            self.release(waiter, taken);
        }
        self.after(Some(to));
    }

    /// Nobody waits any more for what a relay has asked.
    pub(crate) fn give_up(&mut self, relay: RelayName) {
        let waiting = self.questions.get_mut(&relay).map(|question| &mut question.waiting);
        for waiter in waiting.map(std::mem::take).unwrap_or_default() {
            self.release(waiter, None);
        }
    }

    /// A letter is lost, or a client gives up.
    pub(crate) fn lose(&mut self, index: usize) {
        let back = match self.letters.remove(index) {
            Letter::Hunger { from: to, number, .. } | Letter::Answer { to, number, .. } => {
                Letter::Answer { to, number, served: None }
            }
            Letter::Feed { from: to, guest, .. } | Letter::Ate { to, guest, .. } => {
                Letter::Ate { to, guest, ate: None }
            }
            Letter::Join(joining) => return self.away.push(joining.client),
        };
        self.letters.push(back);
    }

    /// A letter between objects comes twice.
    pub(crate) fn double(&mut self, index: usize) {
        let again = match &self.letters[index] {
            Letter::Hunger { from, number, hunger } => {
                Letter::Hunger { from: *from, number: *number, hunger: hunger.clone() }
            }
            Letter::Feed { from, guest, served } => {
                Letter::Feed { from: *from, guest: *guest, served: served.clone() }
            }
            Letter::Answer { .. } | Letter::Ate { .. } | Letter::Join(_) => return,
        };
        self.letters.push(again);
    }

    /// Everything that is under way arrives, in order.
    pub(crate) fn deliver_all(&mut self) {
        for round in 0.. {
            if self.letters.is_empty() {
                return;
            }
            assert!(round < 10_000, "it comes to rest");
            self.deliver(0);
        }
    }

    /// Lets time pass. Everyone pings.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now().plus_ms(ms);
        while self.now() < end {
            let slice = end.ms_since(self.now()).min(SLICE_MS);
            for place in self.objects.keys().copied().collect::<Vec<_>>() {
                let world = self.at(place);
                world.clients.values_mut().for_each(|client| client.pinged = Some(world.now));
                world.pass_ms(slice);
                world.feed_again_if_due();
                world.pace_if_due();
                world.gather_if_due();
                self.after(place);
            }
        }
    }

    /// Lets time pass in which everything arrives soon.
    pub(crate) fn calm(&mut self, ms: u64) {
        for _ in 0..ms.div_ceil(SLICE_MS) {
            self.settle();
            self.deliver_all();
            self.pass(SLICE_MS);
        }
        self.settle();
        self.deliver_all();
    }

    /// Lets all windows pass, and sends what is owed.
    pub(crate) fn settle(&mut self) {
        for place in self.objects.keys().copied().collect::<Vec<_>>() {
            let world = self.at(place);
            while world.window.is_some() || world.states.is_some() {
                if world.window.is_some() {
                    world.pass_window();
                } else {
                    world.pass_states();
                }
            }
            self.after(place);
        }
        let latest = self.objects.values().map(|world| world.now).max().unwrap();
        for place in self.objects.keys().copied().collect::<Vec<_>>() {
            let world = self.at(place);
            world.pass_ms(latest.ms_since(world.now));
            self.after(place);
        }
    }

    /// Evicts an object, if the platform may.
    pub(crate) fn evict(&mut self, place: Place) {
        let asks = place.is_some_and(|relay| self.questions.contains_key(&relay));
        let world = self.at(place);
        if world.runner.is_resting() && !asks {
            world.runner.forget();
        }
    }

    /// An object is lost, with all its connections and what it has asked.
    pub(crate) fn kill(&mut self, place: Place) {
        let world = self.at(place);
        let lost = std::mem::take(&mut world.clients).into_values();
        let lost: Vec<Client> = lost.map(Client::again).collect();
        world.kill();
        self.away.extend(lost);
        let question = place.and_then(|relay| self.questions.remove(&relay));
        for waiter in question.into_iter().flat_map(|question| question.waiting) {
            self.release(waiter, None);
        }
        self.after(place);
    }
}
