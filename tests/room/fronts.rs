//! Those who bring clients to the objects of a room, as `src/shell/placement.rs` does: what they remember may be old.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use roomcast::limits::{LEASE_MS, PLACEMENT_MS, PLACEMENT_TRIES};
use roomcast::protocol::capacity::{Capacity, WhenFull};
use roomcast::protocol::relay::{Region, RelayName};
use roomcast::protocol::time::Timestamp;
use roomcast::room::tree::placing::{Placement, Seeking};
use roomcast::room::{Door, Entry, Resume};
use roomcast::runner::Runner;

use crate::client::Client;
use crate::forest::{Forest, Letter, Place, Waiter};
use crate::world::World;

/// A front Worker: where its clients are, and which relays take members, as far as it remembers.
pub(crate) struct Front {
    region: Region,
    known: Option<(Vec<(RelayName, usize)>, Timestamp)>,
    brought: usize,
}

/// A client that one of them brings.
pub(crate) struct Joining {
    pub(crate) client: Client,
    pub(crate) place: Place,
    front: usize,
    entry: Entry,
    /// When it set out.
    since: Timestamp,
    tries: usize,
    /// What the room has said of its places, on the way to the front Worker.
    told: Option<Placement>,
}

impl Front {
    pub(crate) fn new(region: Region) -> Self {
        Self { region, known: None, brought: 0 }
    }

    /// Whether it remembers that a relay takes members.
    pub(crate) fn knows(&self, relay: RelayName) -> bool {
        self.known.iter().any(|(relays, _)| relays.iter().any(|(known, _)| *known == relay))
    }

    pub(crate) fn forget(&mut self) {
        self.known = None;
    }

    fn pick(&mut self, now: Timestamp) -> Option<(RelayName, usize)> {
        let (relays, _) = self.known.as_ref().filter(|(_, until)| *until > now)?;
        self.brought += 1;
        relays.get(self.brought % relays.len()).copied()
    }
}

impl Forest {
    /// A client sets out. It goes on where it was.
    pub(crate) fn bring(&mut self, client: Client, front: usize) {
        let (since, tries) = (self.now(), PLACEMENT_TRIES);
        let (place, entry, told) = (None, Entry::default(), None);
        self.send(Joining { client, place, front, entry, since, tries, told });
    }

    /// Sends a client to the relay that its front Worker picks, or to the root.
    fn send(&mut self, mut joining: Joining) {
        let now = self.now();
        let relay = self.fronts[joining.front].pick(now);
        joining.place = relay.map(|(relay, _)| relay);
        let clients = relay.map(|(_, most)| most).or(self.most);
        joining.entry.capacity = Capacity { clients, when_full: WhenFull::Refuse };
        joining.entry.above = relay.is_none().then_some(self.above);
        self.letters.push(Letter::Join(Box::new(Joining { since: now, ..joining })));
    }

    pub(crate) fn arrive(&mut self, mut joining: Joining) {
        // Its lease has ended, or nobody waits for the answer any more.
        if self.now().ms_since(joining.since) > LEASE_MS {
            return self.away.push(joining.client);
        }
        if let Some(placement) = joining.told.take() {
            return self.go_on(joining, placement);
        }
        match self.door(&joining, None) {
            Some(Door::Behind) => self.join_again(joining, 0),
            door => self.enter(joining, door),
        }
    }

    /// A client that a relay could not let in before it has asked its parent.
    pub(crate) fn join_again(&mut self, joining: Joining, asked: u8) {
        let (place, position) = (joining.place, joining.client.try_position());
        let waiter = (Waiter::Client(Box::new(joining)), asked);
        let waiter = self.up_to_date(place, position.as_ref(), waiter);
        let Some(Waiter::Client(joining)) = waiter else { return self.after(place) };
        let lacking = |runner: &mut Runner, world: &mut World| runner.lacks(None, world);
        if self.at(place).with_runner(lacking) != Ok(false) {
            return self.away.push(joining.client);
        }
        let door = match self.door(&joining, None) {
            Some(Door::Behind) => self.door(&joining, Some(Resume::State)),
            door => door,
        };
        self.enter(*joining, door);
    }

    fn door(&mut self, joining: &Joining, resume: Option<Resume>) -> Option<Door> {
        let (client, entry) = (&joining.client, joining.entry);
        let own = client.view.dialect.resume(client.try_position());
        let resume = resume.unwrap_or(own);
        let admit = |runner: &mut Runner, world: &mut World| {
            runner.admit(client.viewer(), (&resume, entry), world)
        };
        let door = self.at(joining.place).with_runner(admit).ok();
        self.after(joining.place);
        door
    }

    fn enter(&mut self, joining: Joining, door: Option<Door>) {
        let place = joining.place;
        match door {
            Some(Door::Open) => {
                let epoch = self.root().head().epoch;
                let seen = joining.client.try_position().filter(|seen| seen.epoch == epoch);
                self.at(place).come_back(joining.client);
                let head = self.at(place).disk.head();
                assert!(seen.is_none_or(|seen| seen.seq <= head), "nobody goes backwards");
                self.after(place);
            }
            Some(Door::Spread) => self.seek(joining, Vec::new()),
            Some(Door::Full) if place.is_some() => self.seek(joining, place.into_iter().collect()),
            _ => self.away.push(joining.client),
        }
    }

    /// The front Worker asks the root which relays take members. The answer is under way.
    fn seek(&mut self, mut joining: Joining, full: Vec<RelayName>) {
        joining.tries -= 1;
        let region = self.fronts[joining.front].region;
        let seeking = Seeking { region, above: self.above, most: self.most, full };
        let placed = self.root().answered(|runner, world| runner.place(&seeking, world));
        self.after(None);
        match placed {
            Some(placement) if joining.tries > 0 => {
                (joining.told, joining.since) = (Some(placement), self.now());
                self.letters.push(Letter::Join(Box::new(joining)));
            }
            _ => self.away.push(joining.client),
        }
    }

    fn go_on(&mut self, mut joining: Joining, placement: Placement) {
        match placement {
            Placement::Relays(relays) => {
                let until = self.now().plus_ms(PLACEMENT_MS);
                self.fronts[joining.front].known = Some((relays, until));
                self.send(joining);
            }
            Placement::Root => {
                let capacity = Capacity { clients: self.most, when_full: WhenFull::Refuse };
                joining.entry = Entry { capacity, above: None };
                (joining.place, joining.since) = (None, self.now());
                self.letters.push(Letter::Join(Box::new(joining)));
            }
            Placement::Full => self.away.push(joining.client),
        }
    }
}
