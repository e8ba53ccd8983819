//! Placing: which relays a room has, and which of them take members.
//!
//! Each relay has an *allowance*, and refuses whoever comes beyond it. The allowances and the members of the root are together
//! never more than the room may have. So the limit holds although nobody counts all members. A front Worker that meets a full
//! relay tells the root, which names others or adds some: half as many as there are, so that a crowd is placed in a few steps.
//! Relays say how many members they have when they ask for what they lack, so that those that are no longer full are known.

use serde::{Deserialize, Serialize};

use super::Tree;
use crate::limits::RELAYS_IN_REGION;
use crate::protocol::relay::{Region, RelayName};
use crate::protocol::time::Timestamp;
use crate::room::{Effect, Room};

/// A relay that takes members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// How many it takes.
    most: usize,
    /// Whether it has so many.
    full: bool,
}

/// What a front Worker asks that wants to connect clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeking {
    /// Where the clients are.
    pub region: Region,
    /// Members from which the room spreads, and how many a relay takes.
    pub above: usize,
    /// How many members the room may have in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<usize>,
    /// Relays that have just refused somebody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub full: Vec<RelayName>,
}

/// Which objects of a room take members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// The room itself.
    Root,
    /// Any of these relays, each up to its allowance.
    Relays(Vec<(RelayName, usize)>),
    /// None: the room is full.
    Full,
}

impl Tree {
    /// Whether a room with so many members has spread, or has to.
    pub(in crate::room) fn has_spread(&self, members: usize, above: usize) -> bool {
        self.place.is_none() && (!self.placed.is_empty() || members >= above)
    }

    /// How many members the relays may have in all.
    pub(in crate::room) fn allowed(&self) -> usize {
        self.placed.values().map(|placed| placed.most).sum()
    }

    /// Which objects take members. May place new relays. `members` are those of the root.
    pub fn place(&mut self, seeking: &Seeking, members: usize, now: Timestamp) -> Placement {
        for relay in &seeking.full {
            if let Some(placed) = self.placed.get_mut(relay) {
                placed.full = true;
            }
        }
        if !self.has_spread(members, seeking.above) {
            return Placement::Root;
        }
        let mut open = self.open(Some(seeking.region));
        if open.is_empty() {
            self.grow(seeking, members, now);
            open = self.open(Some(seeking.region));
        }
        if open.is_empty() {
            open = self.open(None);
        }
        let room = seeking.most.unwrap_or(usize::MAX).saturating_sub(self.allowed());
        match open {
            open if !open.is_empty() => Placement::Relays(open),
            _ if members < room.min(seeking.above) => Placement::Root,
            _ => Placement::Full,
        }
    }

    fn open(&self, region: Option<Region>) -> Vec<(RelayName, usize)> {
        let open = self.placed.iter().filter(|(relay, placed)| {
            !placed.full && region.is_none_or(|region| region == relay.region())
        });
        open.map(|(relay, placed)| (*relay, placed.most)).collect()
    }

    fn grow(&mut self, seeking: &Seeking, members: usize, now: Timestamp) {
        let region = seeking.region;
        let there = self.placed.keys().filter(|relay| relay.region() == region).count();
        let free = (0..RELAYS_IN_REGION).filter_map(|number| RelayName::new(region, number));
        let free = free.filter(|relay| !self.placed.contains_key(relay));
        for relay in free.take((there / 2).max(1)).collect::<Vec<_>>() {
            let left = seeking.most.unwrap_or(usize::MAX);
            let left = left.saturating_sub(members).saturating_sub(self.allowed());
            let most = seeking.above.min(left);
            if most == 0 {
                return;
            }
            self.placed.insert(relay, Placed { most, full: false });
            self.hear(relay, now);
        }
    }

    /// Notes how many members relays have.
    pub(super) fn count(&mut self, members: &[(RelayName, usize)], now: Timestamp) {
        for (relay, count) in members {
            self.hear(*relay, now);
            self.members.insert(*relay, *count);
            if let Some(placed) = self.placed.get_mut(relay) {
                // One that has just room again for a few would be full again at once.
                placed.full &= *count > placed.most - placed.most / 8;
            }
        }
    }

    /// How many members the relays below had when they were last heard of.
    pub(super) fn counts(&self) -> Vec<(RelayName, usize)> {
        self.members.iter().map(|(relay, count)| (*relay, *count)).collect()
    }
}

impl Room {
    /// Whether it has spread over relays, or has to.
    pub fn has_spread(&self, above: usize) -> bool {
        self.tree.has_spread(self.members.len(), above)
    }

    /// Which objects of the room take members. May place new relays; then the effects store that.
    pub fn place(&mut self, seeking: &Seeking, now: Timestamp) -> (Vec<Effect>, Placement) {
        let (was_empty, mut effects) = (self.is_empty(), Vec::new());
        let placement = self.tree.place(seeking, self.members.len(), now);
        self.end_turn(was_empty, now, &mut effects);
        (effects, placement)
    }
}
