//! A room in memory, as a platform would run it: its storage and connections are kept, and what was sent can be looked at.
//!
//! Time stands still until the room waits, and alarms do not go off.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::rc::Rc;

use roomcast::dialect::Received;
use roomcast::limits::RoomLimits;
use roomcast::protocol::bearer::Bearer;
use roomcast::protocol::company::Company;
use roomcast::protocol::grant::Grant;
use roomcast::protocol::ids::{ClientId, Epoch};
use roomcast::protocol::report::Report;
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::update::Update;
use roomcast::room::groups::GroupId;
use roomcast::room::member::Member;
use roomcast::room::occupancy::Kept;
use roomcast::room::publish::{Post, PostId, Posted};
use roomcast::room::row::{BurstRow, Head, Stored};
use roomcast::room::tree::KeptTree;
use roomcast::room::view::View;
use roomcast::room::{Effect, Input, Resume};
use roomcast::runner::{
    Alarm, Asked, Failure, Identity, Platform, Readers, RoomFailed, Runner, Wait,
};

/// When everything here begins.
pub const NOW: Timestamp = Timestamp(1_767_780_000_000);

/// Waits that are ended after a turn. A room that waits for longer has more to do than any input here asks for.
const WAITS: usize = 1_000;

/// A room, its storage and its connections.
#[derive(Debug)]
pub struct Stage {
    runner: Runner,
    held: Held,
}

/// What the platform holds.
#[derive(Debug)]
struct Held {
    now: Timestamp,
    limits: RoomLimits,
    stored: Stored,
    /// Every burst, also those that the checkpoint covers.
    bursts: Vec<BurstRow>,
    members: BTreeMap<ClientId, Member>,
    /// What the room waits for, and until when.
    waits: Vec<(Timestamp, Wait)>,
    sent: Vec<Rc<str>>,
    outcomes: Vec<Posted>,
    failure: Option<Failure>,
}

impl Default for Stage {
    /// A room that has never begun.
    fn default() -> Self {
        Self::of(Stored::default(), RoomLimits::default())
    }
}

impl Stage {
    /// A room with this storage.
    pub fn of(stored: Stored, limits: RoomLimits) -> Self {
        let bursts = stored.tail.clone();
        let held = Held {
            now: NOW,
            limits,
            stored,
            bursts,
            members: BTreeMap::new(),
            waits: Vec::new(),
            sent: Vec::new(),
            outcomes: Vec::new(),
            failure: None,
        };
        Self { runner: Runner::default(), held }
    }

    /// What is stored.
    pub fn stored(&self) -> &Stored {
        &self.held.stored
    }

    /// The outcomes of the updates that were published.
    pub fn outcomes(&self) -> &[Posted] {
        &self.held.outcomes
    }

    /// Why the room failed last, if it did.
    pub fn failure(&self) -> Option<&Failure> {
        self.held.failure.as_ref()
    }

    /// The frames that were sent since this was last asked.
    pub fn take_sent(&mut self) -> Vec<Rc<str>> {
        std::mem::take(&mut self.held.sent)
    }

    /// Drops the room from memory, with what it waits for.
    pub fn evict(&mut self) {
        self.runner.forget();
        self.held.waits.clear();
    }

    /// A client of this number joins, and wants what clients of its dialect get.
    ///
    /// # Errors
    /// The room has failed.
    pub fn join(&mut self, number: u8, view: View, resume: Resume) -> Result<(), RoomFailed> {
        let (client, grant) = (client(number), Grant::new("ada".to_owned(), Timestamp::NEVER));
        self.turn(Input::Connected {
            client,
            grant,
            view,
            company: Company { presence: true, signals: true },
            resume,
            resume_topics: None,
            address: None,
        })
    }

    /// The client of this number sends a text.
    ///
    /// # Errors
    /// The room has failed.
    pub fn hear(&mut self, number: u8, text: &str) -> Result<(), RoomFailed> {
        let heard = self.runner.hear(&client(number), Received::Text(text), &mut self.held);
        self.settle(heard)
    }

    /// Updates are published.
    ///
    /// # Errors
    /// The room has failed.
    pub fn publish(&mut self, updates: Vec<Update>) -> Result<(), RoomFailed> {
        self.turn(Input::Published(Post { id: PostId(1), signed: NOW, updates, pace_ms: None }))
    }

    /// The state that a viewer gets over HTTP.
    ///
    /// # Errors
    /// The room has failed.
    pub fn read(&mut self, view: &View, user: &str) -> Result<(String, String), RoomFailed> {
        self.runner.read(view.of(user), &mut self.held)
    }

    fn turn(&mut self, input: Input<'_>) -> Result<(), RoomFailed> {
        let turned = self.runner.turn(input, &mut self.held);
        self.settle(turned)
    }

    /// Ends all waits.
    fn settle(&mut self, turned: Result<Alarm, RoomFailed>) -> Result<(), RoomFailed> {
        turned?;
        for _ in 0..WAITS {
            let waits = self.held.waits.iter().enumerate();
            let Some((first, _)) = waits.min_by_key(|(_, (end, _))| *end) else { return Ok(()) };
            let (end, wait) = self.held.waits.remove(first);
            self.held.now = self.held.now.max(end);
            self.runner.waited(wait, &mut self.held)?;
        }
        panic!("the room waits without end");
    }
}

fn client(number: u8) -> ClientId {
    ClientId::from_random([number; 8])
}

impl Platform for Held {
    // No tenant answers.
    fn verify(&mut self, _: Bearer, _: Asked) {}

    // No operator watches.
    fn report(&mut self, _: Report, _: Readers) {}

    fn now(&self) -> Timestamp {
        self.now
    }

    fn identity(&self) -> Result<Identity, Failure> {
        Ok(Identity {
            session: "s-1".parse().unwrap(),
            relay: None,
            limits: self.limits,
            occupancy: Kept::default(),
            tree: KeptTree::default(),
        })
    }

    fn members(&mut self) -> Vec<(ClientId, Member)> {
        self.members.clone().into_iter().collect()
    }

    fn load(&mut self) -> Result<(Stored, Epoch), Failure> {
        Ok((self.stored.clone(), Epoch::from_random([0xe; 8])))
    }

    fn read(&mut self, numbers: &RangeInclusive<u64>) -> Result<Vec<BurstRow>, Failure> {
        let wanted = self.bursts.iter().filter(|burst| numbers.contains(&burst.number));
        Ok(wanted.cloned().collect())
    }

    fn pinged(&mut self) -> Vec<(ClientId, Timestamp)> {
        Vec::new()
    }

    fn enter(&mut self, _: &ClientId, _: GroupId) {}

    fn perform(&mut self, effect: Effect, frames: &[Rc<str>]) -> Result<(), Failure> {
        self.sent.extend(frames.iter().cloned());
        match effect {
            Effect::Found(epoch) => self.stored.epoch = Some(epoch),
            Effect::Append { row, at, signed, ids } => self.append(row, (at, signed), ids),
            Effect::Checkpoint(row) => {
                self.stored.tail.retain(|burst| burst.number > row.number);
                self.stored.checkpoint = Some(row);
            }
            Effect::Remember { client, member } => drop(self.members.insert(client, member)),
            Effect::Left { client, .. } | Effect::Close { client, .. } => {
                drop(self.members.remove(&client));
            }
            Effect::Answer { outcomes, .. } => self.outcomes.extend(outcomes),
            _ => {}
        }
        Ok(())
    }

    fn wait(&mut self, ms: u64, wait: Wait) {
        self.waits.push((self.now.plus_ms(ms), wait));
    }

    fn failed(&mut self, failure: &Failure) {
        self.failure = Some(failure.clone());
        self.members.clear();
    }
}

impl Held {
    fn append(&mut self, row: BurstRow, (at, signed): (Timestamp, Timestamp), ids: String) {
        let BurstRow { number, first, last, .. } = row;
        let bytes = row.body.len();
        self.stored.heads.push(Head { number, first, last, bytes, at, signed, ids });
        self.stored.tail.push(row.clone());
        self.bursts.push(row);
    }
}
