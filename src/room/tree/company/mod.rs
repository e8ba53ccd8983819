//! Company in a room with relays: who is here, and signals, over all its objects.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`letters`] | what objects tell each other |
//! | `root` | the root decides who is here, and tells its members and relays |
//! | [`roll`] | what the root knows of each relay |
//! | `tellings` | what the root tells relays |
//! | `relay` | a relay tells its members what the root says |
//! | `saying` | what a relay says of its own persons |
//! | `passing` | signals on their way |
//! | `line` | what was not answered is written again |
//!
//! Relays and the root write to each other directly, whoever feeds the relay: only relays with members that see who is here take part,
//! and each letter is answered, or written again. So no object rests before all have been told. Signals go along the edges of the tree, are
//! written once, and nobody waits for an answer.
//!
//! Nothing of it is stored, and a room in which nobody sees who is here writes no letter.

pub mod letters;
mod line;
pub(in crate::room) mod passing;
pub(in crate::room) mod relay;
pub mod roll;
pub(in crate::room) mod root;
pub(in crate::room) mod saying;
pub(in crate::room) mod tellings;

use super::Tree;
use crate::protocol::company::note::Note;
use crate::protocol::relay::RelayName;
use crate::protocol::time::Timestamp;
use crate::room::members::Members;
use crate::room::presence::{InTree, Presence};
use crate::room::told::Told;
use crate::room::{Effect, Room};
use letters::{Letter, Reply, Shows};
use roll::{Addressee, Roll};
use saying::Saying;

impl InTree {
    /// A wait of a second is over, or that for the relays.
    pub(in crate::room) fn tick(&mut self) {
        self.held = self.held.map(|_| true);
        self.roll.tick();
        self.saying.tick();
    }

    /// Whether all letters were answered.
    pub(in crate::room) fn is_resting(&self) -> bool {
        self.roll.is_resting() && self.saying.is_resting()
    }
}

impl Presence {
    /// The object comes back into memory in its tree: what members were told is not known any more.
    pub(in crate::room) fn forget(&mut self, tree: &Tree) {
        let roll = Roll::of(tree.known());
        let saying = Saying::begin(self.attending > 0);
        let forgot = tree.has_others();
        if forgot {
            self.told = Told::default();
        }
        self.tree = InTree { forgot, roll, saying, ..InTree::default() };
    }

    /// The object has failed, and did maybe not tell everything. Its numbers go on after that of its last letter. If it `gathers`, a wait
    /// is under way, at whose end it tells.
    pub(in crate::room) fn distrust(&mut self, letter: u64, gathers: bool) {
        self.expect_wait(gathers);
        self.tree.stirred = self.tree.forgot;
        self.tree.roll.go_on_after(letter);
        self.tree.saying.go_on_after(letter);
    }

    /// The highest number that it has given to a letter, or to what one says.
    pub(in crate::room) fn last_letter(&self) -> u64 {
        self.tree.roll.last_letter().max(self.tree.saying.last_letter())
    }
}

impl Members {
    /// The object ends. A relay that has failed, and maybe did not say that its persons have gone, says so.
    pub(in crate::room) fn part(&mut self, tree: &Tree, now: Timestamp) -> Option<Effect> {
        let relay = tree.place.filter(|_| self.presence.tree.stirred);
        let said = relay.and_then(|relay| self.presence.tree.saying.part(relay, now));
        self.presence.end(tree);
        said
    }

    /// The end of a turn: tells members and other objects what has changed of who is here.
    pub(in crate::room) fn turn_presence(
        &mut self,
        tree: &Tree,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        match tree.place {
            Some(relay) => self.turn_at_relay(relay, now, effects),
            None => self.turn_at_root(tree, now, effects),
        }
        self.pass_signals(tree, effects);
    }

    /// What a person shows who is here; `None` if it is not.
    fn shows(&self, user: &str) -> Option<Shows> {
        self.presence.here.get(user)?;
        Some(Shows(user.to_owned(), self.latest(user).cloned()))
    }
}

impl Room {
    /// Takes a letter from another object of the room. Returns the effects, and the answer.
    pub fn receive(&mut self, letter: Letter, now: Timestamp) -> (Vec<Effect>, Reply) {
        let was_empty = self.is_empty();
        let mut effects = Vec::new();
        self.members.expire(now, &mut effects);
        let reply = match (letter, self.tree.place) {
            (Letter::Say(say), None) => {
                self.tree.hear(say.relay, now);
                Reply::Has(self.members.hear_relay(say))
            }
            (Letter::Call, Some(relay)) => self.members.answer_roll_call(relay, now),
            (Letter::Tell(telling), Some(_)) => self.members.take_telling(telling, &mut effects),
            (Letter::Signal(signal), _) => {
                effects.extend(self.members.pass_on(signal, now));
                Reply::Has(None)
            }
            _ => Reply::Gone,
        };
        self.end_turn(was_empty, now, &mut effects);
        (effects, reply)
    }

    /// Another object has answered a letter, or not.
    pub(in crate::room) fn replied(&mut self, (to, number): Addressee, reply: Option<Reply>) {
        match to {
            None => self.members.presence.tree.saying.replied(number, reply.as_ref()),
            Some(relay) => self.members.relay_replied((relay, number), reply),
        }
    }

    /// Whether other objects may wait for what it has not told yet of who is here.
    pub fn owes_company(&self) -> bool {
        let presence = &self.members.presence;
        self.tree.has_others() && (presence.is_waiting() || !presence.touched.is_empty())
    }

    /// Who is here, whatever members were told.
    pub fn who_is_here(&self) -> Note {
        self.members.who_is_here()
    }

    /// Somebody wants to read who is here. Returns the effects, and whether that is known.
    pub fn seek_who_is_here(&mut self, now: Timestamp) -> (Vec<Effect>, bool) {
        if !self.members.presence.tree.forgot {
            return (Vec::new(), true);
        }
        let was_empty = self.is_empty();
        let mut effects = Vec::new();
        self.members.presence.tree.readers = true;
        self.end_turn(was_empty, now, &mut effects);
        (effects, !self.seeks_who_is_here())
    }

    /// Whether somebody who wants to read who is here still has to wait.
    pub fn seeks_who_is_here(&self) -> bool {
        self.members.presence.tree.readers
    }
}

impl Tree {
    /// The relays of which it has heard.
    pub(in crate::room) fn known(&self) -> impl Iterator<Item = RelayName> + '_ {
        self.heard.relays()
    }

    /// Whether there are other objects of the room.
    fn has_others(&self) -> bool {
        self.is_relay() || self.known().next().is_some()
    }

    fn knows(&self, relay: RelayName) -> bool {
        self.heard.has(relay)
    }
}
