//! Letters between the objects of a room about who is here, one at a time: a test says which arrives next, which is lost, and which
//! comes twice. A letter that is lost, or whose answer is, comes back without an answer.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::limits::PRESENCE_GATHER_MS;
use roomcast::protocol::company::Company;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::relay::{Region, RelayName};
use roomcast::room::tree::company::letters::{Letter, Reply};
use roomcast::room::tree::company::roll::Addressee;
use roomcast::room::tree::placing::Seeking;
use roomcast::room::view::View;
use roomcast::room::Input;
use roomcast::runner::{Alarm, Failure};

use crate::forest::{Forest, Place, Waiter};

/// What is under way.
#[derive(Debug, Clone)]
pub(crate) enum Posted {
    Letter { from: Place, to: Addressee, letter: Letter },
    Reply { from: Addressee, to: Place, reply: Option<Reply> },
}

impl Forest {
    /// Begins a relay, and those above it. Whoever joins any object may do this.
    pub(crate) fn open(&mut self, relay: RelayName, company: Company) {
        let mut full = Vec::new();
        // Only a room that has as many members as it takes itself spreads.
        self.root().company = Company::default();
        let member = self.come(None, "");
        while !self.knows(relay) {
            assert!(full.len() < 100, "it is placed");
            let seeking = Seeking { region: Region::Any, above: 1, most: None, full };
            self.root().answered(|runner, world| runner.place(&seeking, world));
            let named = serde_json::to_value(&self.objects[&None].disk.tree).unwrap();
            let named = named["placed"].as_array().unwrap().iter();
            full = named.map(|placed| placed[0].as_str().unwrap().parse().unwrap()).collect();
        }
        self.quit(None, &member);
        self.root().company = company;
        // The ids of clients differ between objects, as they are random.
        let others = self.objects.len() as u64;
        let world = self.at(Some(relay));
        (world.company, world.joined) = (company, others << 32);
        self.up_to_date(Some(relay), None, (Waiter::Nobody, 0));
        self.after(None);
        self.deliver_all();
    }

    fn knows(&self, relay: RelayName) -> bool {
        let tree = serde_json::to_value(&self.objects[&None].disk.tree).unwrap();
        let mut placed = tree["placed"].as_array().into_iter().flatten();
        placed.any(|placed| placed[0] == relay.to_string())
    }

    /// A client of this user joins an object.
    pub(crate) fn come(&mut self, place: Place, user: &str) -> ClientId {
        let client = self.at(place).watch(View::of_all(Dialect::V1), user, None);
        self.after(place);
        client
    }

    pub(crate) fn quit(&mut self, place: Place, client: &ClientId) {
        self.at(place).disconnect(client);
        self.after(place);
    }

    pub(crate) fn say(&mut self, place: Place, client: &ClientId, text: &str) {
        self.at(place).send(client, text);
        self.after(place);
    }

    /// What is under way arrives.
    pub(crate) fn hand_over(&mut self, index: usize) {
        match self.posts.remove(index) {
            Posted::Letter { from, to, letter } => {
                let (place, number) = to;
                // One that has never begun, or has ended.
                let reply = if self.at(place).disk.has_begun() {
                    self.at(place).answered(|runner, world| runner.receive(letter, world))
                } else {
                    Some(Reply::Gone)
                };
                if number > 0 {
                    self.posts.push(Posted::Reply { from: to, to: from, reply });
                }
                self.after(place);
            }
            Posted::Reply { from, to, reply } => {
                self.at(to).step(Input::Replied { to: from, reply });
                self.after(to);
            }
        }
    }

    /// What is under way is lost.
    pub(crate) fn mislay(&mut self, index: usize) {
        match self.posts.remove(index) {
            Posted::Letter { from, to, .. } | Posted::Reply { from: to, to: from, .. } => {
                if to.1 > 0 {
                    self.posts.push(Posted::Reply { from: to, to: from, reply: None });
                }
            }
        }
    }

    /// A letter comes once more.
    pub(crate) fn copy(&mut self, index: usize) {
        if let letter @ Posted::Letter { .. } = self.posts[index].clone() {
            self.posts.push(letter);
        }
    }

    /// Everything that is under way arrives, in order.
    pub(crate) fn hand_all_over(&mut self) {
        for round in 0.. {
            if self.posts.is_empty() {
                return;
            }
            assert!(round < 10_000, "it comes to rest");
            self.hand_over(0);
        }
    }

    /// So many milliseconds pass at all objects.
    pub(crate) fn pass_second(&mut self) {
        let places: Vec<Place> = self.objects.keys().copied().collect();
        for place in places {
            let world = self.at(place);
            world.clients.values_mut().for_each(|client| client.pinged = Some(world.now));
            world.pass_ms(PRESENCE_GATHER_MS);
            world.gather_if_due();
            world.feed_again_if_due();
            self.after(place);
        }
    }

    /// Seconds pass in which everything arrives.
    pub(crate) fn gather(&mut self, seconds: usize) {
        for _ in 0..seconds {
            self.deliver_all();
            self.hand_all_over();
            self.pass_second();
        }
        self.deliver_all();
        self.hand_all_over();
    }

    /// An object fails, and its clients connect again.
    pub(crate) fn fail(&mut self, place: Place) {
        let world = self.at(place);
        let had = world.clients.len();
        world.fails = Some(1);
        world.answered(|runner, world| {
            let failure = Failure { stage: "test", cause: "as the test says".into() };
            Err::<(Alarm, ()), _>(runner.fail(&failure, world))
        });
        world.fails = None;
        world.pass_stale_waits();
        for client in std::mem::take(&mut world.dropped) {
            world.come_back(client);
        }
        assert_eq!(world.clients.len(), had);
        self.after(place);
    }

    /// Evicts an object, if the platform may. Says whether it did.
    pub(crate) fn evict_company(&mut self, place: Place) -> bool {
        let rests = self.at(place).runner.is_resting();
        if rests {
            self.at(place).runner.forget();
        }
        rests
    }
}
