//! The tree of a room that is larger than one object: the room itself is its root, relays hold the members that the root does not.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`placing`] | which relays there are, and which take members |
//! | [`feeding`] | which bursts each child still lacks, and what it is sent |
//! | [`adopting`] | what a relay does with that |
//! | [`company`] | who is here, and signals, over all objects |
//!
//! A relay is a room like any other, with one difference: it does not number updates. It takes the bursts of its parent as they
//! are, with the same epoch and numbers, so that a client can resume at any of them. Only the root knows events, only leaves of
//! the tree are empty, and only what the platform does between two objects is the shell's.

pub mod adopting;
pub mod company;
pub mod feeding;
pub mod placing;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::limits::{RELAY_KEPT_MS, RELAY_LOST_MS};
use crate::protocol::ids::SessionId;
use crate::protocol::relay::RelayName;
use crate::protocol::time::Timestamp;

use super::effect::Effect;
use super::timers::{Timers, Wanted};
use super::Room;
use feeding::Child;
use placing::Placed;

/// What a room stores of its tree. A room without relays stores nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptTree {
    /// The relays that the root has placed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    placed: BTreeMap<RelayName, Placed>,
    /// The relays that this object feeds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    children: Vec<RelayName>,
}

/// A room's place in its tree, and what it knows of what is below it.
#[derive(Debug, Default)]
pub struct Tree {
    /// The name of this relay; `None` at the root.
    place: Option<RelayName>,
    placed: BTreeMap<RelayName, Placed>,
    children: BTreeMap<RelayName, Child>,
    /// When each relay was last heard of.
    heard: BTreeMap<RelayName, Timestamp>,
    /// How many members the relays below had when they were last heard of.
    members: BTreeMap<RelayName, usize>,
    stored: KeptTree,
    /// Counts what children ask, so that an answer to what was sent before is known as that.
    asked: u64,
    /// Whether a wait is under way, at whose end children are fed again.
    waits: bool,
}

impl Tree {
    /// The tree of a room that is restored now.
    pub fn restore(place: Option<RelayName>, stored: KeptTree, now: Timestamp) -> Self {
        let placed = stored.placed.clone();
        let children = stored.children.iter().map(|child| (*child, Child::default())).collect();
        let known = stored.placed.keys().chain(&stored.children);
        let heard = known.map(|relay| (*relay, now)).collect();
        Self { place, placed, children, heard, stored, ..Self::default() }
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
        !self.waits && self.children.values().all(Child::is_resting)
    }

    /// Notes that a relay exists.
    fn hear(&mut self, relay: RelayName, now: Timestamp) {
        self.heard.insert(relay, now);
    }

    /// Forgets relays that were not heard of for long. A relay asks what it lacks, in case that it missed something while nobody
    /// knew of it.
    pub(super) fn sweep(&mut self, now: Timestamp) -> Option<Effect> {
        let lost = |at: &Timestamp| now.ms_since(*at) >= RELAY_LOST_MS;
        let lost = self.heard.iter().filter(|(_, at)| lost(at)).map(|(relay, _)| *relay);
        for relay in lost.collect::<Vec<_>>() {
            self.forget(relay);
        }
        self.is_relay().then_some(Effect::AskParent)
    }

    fn forget(&mut self, relay: RelayName) {
        self.placed.remove(&relay);
        self.children.remove(&relay);
        self.heard.remove(&relay);
        self.members.remove(&relay);
    }

    /// The end of a turn: what has to be stored.
    pub(super) fn store(&mut self) -> Option<Effect> {
        let children = &self.children;
        if self.placed == self.stored.placed && children.keys().eq(&self.stored.children) {
            return None;
        }
        let (placed, children) = (self.placed.clone(), children.keys().copied().collect());
        self.stored = KeptTree { placed, children };
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
