//! The tree of a room that is larger than one object: the room itself is its root, relays hold the members that the root does not.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`asking`] | what a relay asks its parent |
//! | [`placing`] | which relays there are, and which take members |
//! | [`feeding`] | which bursts each child still lacks, and what it is sent |
//! | [`adopting`] | what a relay does with that |
//! | [`company`] | who is here, and signals, over all objects |
//! | `by_relay` | what is known of relays, by their names |
//!
//! A relay is a room like any other, with one difference: it does not number updates. It takes the bursts of its parent as they
//! are, with the same epoch and numbers, so that a client can resume at any of them. Only the root knows events, only leaves of
//! the tree are empty, and only what the platform does between two objects is the shell's.

pub mod adopting;
pub mod asking;
mod by_relay;
pub mod company;
pub mod feeding;
pub mod placing;

use serde::{Deserialize, Serialize};

use crate::limits::{RELAY_KEPT_MS, RELAY_LOST_MS, RELAY_SILENT_MS};
use crate::protocol::ids::SessionId;
use crate::protocol::relay::RelayName;
use crate::protocol::time::Timestamp;

use super::effect::Effect;
use super::timers::{Timers, Wanted};
use super::Room;
use by_relay::ByRelay;
use feeding::Child;
use placing::Placed;

/// What a room stores of its tree. A room without relays stores nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptTree {
    /// The relays that the root has placed.
    #[serde(default, skip_serializing_if = "ByRelay::is_empty")]
    placed: ByRelay<Placed>,
    /// The relays that this object feeds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    children: Vec<RelayName>,
    /// Since when the parent of this relay has not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alone: Option<Timestamp>,
}

/// A room's place in its tree, and what it knows of what is below it.
#[derive(Debug, Default)]
pub struct Tree {
    /// The name of this relay; `None` at the root.
    place: Option<RelayName>,
    placed: ByRelay<Placed>,
    children: ByRelay<Child>,
    /// When each relay was last heard of. Not those that are closed.
    heard: ByRelay<Timestamp>,
    /// How many members the relays below had when they were last heard of.
    members: ByRelay<usize>,
    stored: KeptTree,
    /// Counts what children ask, so that an answer to what was sent before is known as that. It begins with the time, because answers
    /// may still come that are for a room that has failed.
    asked: u64,
    /// Whether a wait is under way, at whose end children are fed again.
    waits: bool,
    /// Since when a question of this relay has been under way.
    asking: Option<Timestamp>,
    /// Since when its parent has not answered.
    alone: Option<Timestamp>,
}

impl Tree {
    /// The tree of a room that is restored now.
    pub fn restore(place: Option<RelayName>, stored: KeptTree, now: Timestamp) -> Self {
        let (placed, alone, asked) = (stored.placed.clone(), stored.alone, now.0);
        let (mut children, mut heard) = (ByRelay::default(), ByRelay::default());
        for child in &stored.children {
            children.put(*child, Child::unknown(asked));
            heard.put(*child, now);
        }
        for (relay, _) in placed.iter().filter(|(_, placed)| !placed.is_closed()) {
            heard.put(relay, now);
        }
        Self { place, placed, children, heard, stored, asked, alone, ..Self::default() }
    }

    /// Whether this is a relay.
    pub fn is_relay(&self) -> bool {
        self.place.is_some()
    }

    /// Whether there is nothing below.
    pub fn is_leaf(&self) -> bool {
        self.placed.is_empty() && self.children.is_empty()
    }

    /// Whether nothing of it happens within seconds.
    pub fn is_resting(&self) -> bool {
        !self.waits && self.children.iter().all(|(_, child)| child.is_resting())
    }

    /// Notes that a relay exists.
    fn hear(&mut self, relay: RelayName, now: Timestamp) {
        self.heard.put(relay, now);
    }

    /// Closes relays that were not heard of for long. A relay asks what it lacks, in case that it missed something while nobody
    /// knew of it.
    pub(super) fn sweep(&mut self, now: Timestamp) -> Option<Effect> {
        for relay in self.silent(RELAY_LOST_MS, now) {
            self.close(relay, false, now);
        }
        self.free_closed(now);
        self.look_for_answers(now);
        self.is_relay().then_some(Effect::AskParent)
    }

    /// Has children be asked what they have that should have asked long ago. Says whether there are any.
    pub(super) fn doubt(&mut self, now: Timestamp) -> bool {
        let mut doubts = false;
        for relay in self.silent(RELAY_SILENT_MS, now) {
            if let Some(child) = self.children.get_mut(relay) {
                child.doubt();
                doubts = true;
            }
        }
        doubts
    }

    /// The relays that were not heard of for so long.
    fn silent(&self, ms: u64, now: Timestamp) -> Vec<RelayName> {
        let heard = self.heard.iter().filter(|(_, at)| now.ms_since(**at) >= ms);
        heard.map(|(relay, _)| relay).collect()
    }

    /// A relay has ended, as it says, or as it does not answer.
    fn close(&mut self, relay: RelayName, answers: bool, now: Timestamp) {
        self.children.remove(relay);
        self.heard.remove(relay);
        self.members.remove(relay);
        if let Some(placed) = self.placed.get_mut(relay) {
            placed.close(answers, now);
        }
    }

    /// This object has ended, and asks nobody any more.
    pub(super) fn end(&mut self) {
        (self.alone, self.stored) = (None, KeptTree::default());
    }

    /// The end of a turn: what has to be stored.
    pub(super) fn store(&mut self) -> Option<Effect> {
        let (children, stored, alone) = (&self.children, &self.stored, self.alone);
        let same = self.placed == stored.placed && alone == stored.alone;
        if same && children.relays().eq(stored.children.iter().copied()) {
            return None;
        }
        let (placed, children) = (self.placed.clone(), children.relays().collect());
        self.stored = KeptTree { placed, children, alone };
        Some(Effect::KeepTree(self.stored.clone()))
    }
}

impl Room {
    /// Gives a restored room its place in its tree.
    #[must_use]
    pub fn in_tree(mut self, place: Option<RelayName>, kept: KeptTree, now: Timestamp) -> Self {
        if place.is_none() && kept == KeptTree::default() {
            return self;
        }
        self.tree = Tree::restore(place, kept, now);
        self.members.presence.forget(&self.tree);
        if place.is_some() {
            self.limits.retention_ms = RELAY_KEPT_MS;
        }
        let (refresh_ms, ends) = (self.members.refresh_ms(), self.members.next_end());
        let wanted = Wanted { sweeps: !self.is_empty(), refresh_ms, ends };
        self.timers = Timers::restore(&self.object(), wanted, now);
        self
    }

    /// Whether it has neither a member nor a relay.
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.tree.is_leaf()
    }

    /// What tells its object from others, as far as they should not do the same at the same time.
    fn object(&self) -> String {
        let relay = self.tree.place.map(|relay| format!("#{relay}")).unwrap_or_default();
        let session: &SessionId = &self.session;
        format!("{session}{relay}")
    }
}
