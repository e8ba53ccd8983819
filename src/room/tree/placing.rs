//! Placing: which relays a room has, and which of them take members.
//!
//! Each relay has an *allowance*, and refuses whoever comes beyond it. The allowances and the members of the root are together
//! never more than the room may have. So the limit holds although nobody counts all members. A front Worker that meets a full
//! relay tells the root, which names others or adds some: half as many as there are, so that a crowd is placed in a few steps.
//! Relays say how many members they have when they ask for what they lack, so that those that are no longer full are known.
//!
//! A relay that has ended is *closed* for a while: nobody else gets its places, because a front Worker may still remember it. If that
//! brings it another client, or if there is no other place, it is open again.

use serde::{Deserialize, Serialize};

use super::Tree;
use crate::limits::{RELAYS_IN_REGION, RELAY_CLOSED_MS};
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
    /// Since when it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed: Option<Timestamp>,
}

impl Placed {
    fn new(most: usize, full: bool) -> Self {
        Self { most, full, closed: None }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// It has ended. One that does not answer counts as full: nobody is sent there.
    pub(super) fn close(&mut self, answers: bool, now: Timestamp) {
        (self.closed, self.full) = (Some(now), !answers);
    }

    /// Whether it has said that it has ended.
    fn has_ended(&self) -> bool {
        self.is_closed() && !self.full
    }

    /// It exists, and has so many members.
    fn count(&mut self, members: usize) {
        self.closed = None;
        self.most = self.most.max(members);
        // One that has just room again for a few would be full again at once.
        let few = (self.most / 8).max(1);
        self.full &= members + few > self.most;
    }
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
        self.placed.iter().map(|(_, placed)| placed.most).sum()
    }

    /// Which objects take members. May place new relays. `members` are those of the root.
    pub fn place(&mut self, seeking: &Seeking, members: usize, now: Timestamp) -> Placement {
        self.free_closed(now);
        self.refused(&seeking.full);
        if !self.has_spread(members, seeking.above) {
            return Placement::Root;
        }
        let mut open = self.open(Some(seeking.region));
        if open.is_empty() {
            self.grow(seeking, members, now);
            open = self.open(Some(seeking.region));
        }
        if open.is_empty() {
            self.begin_again(None, now);
            open = self.open(None);
        }
        let room = seeking.most.unwrap_or(usize::MAX).saturating_sub(self.allowed());
        if open.is_empty() && members < room.min(seeking.above) {
            return Placement::Root;
        }
        if open.is_empty() {
            open = self.nearly_full();
        }
        if open.is_empty() {
            return Placement::Full;
        }
        Placement::Relays(open)
    }

    /// Notes that relays have refused somebody.
    fn refused(&mut self, full: &[RelayName]) {
        for relay in full {
            if let Some(placed) = self.placed.get_mut(*relay) {
                placed.full = true;
                self.members.put(*relay, placed.most);
            }
        }
    }

    /// The relays that count as full and have places all the same. That is better than nothing.
    fn nearly_full(&self) -> Vec<(RelayName, usize)> {
        let has_room = |relay, most| self.members.get(relay).is_some_and(|has| *has < most);
        self.named(|relay, placed| has_room(relay, placed.most))
    }

    fn open(&self, region: Option<Region>) -> Vec<(RelayName, usize)> {
        self.named(|relay, placed| {
            !placed.full && region.is_none_or(|region| region == relay.region())
        })
    }

    /// Some of the relays that are not closed, and how many members each takes.
    fn named(&self, which: impl Fn(RelayName, &Placed) -> bool) -> Vec<(RelayName, usize)> {
        let placed = self
            .placed
            .iter()
            .filter(|(relay, placed)| !placed.is_closed() && which(*relay, placed));
        placed.map(|(relay, placed)| (relay, placed.most)).collect()
    }

    /// The places of relays that have been closed for long can be given to others.
    pub(super) fn free_closed(&mut self, now: Timestamp) {
        self.placed.retain(|placed| {
            placed.closed.is_none_or(|since| now.ms_since(since) < RELAY_CLOSED_MS)
        });
    }

    /// Opens relays that have ended, as if they were new.
    fn begin_again(&mut self, region: Option<Region>, now: Timestamp) -> bool {
        let near = |relay: RelayName| region.is_none_or(|region| region == relay.region());
        let ended = self.placed.iter().filter(|(relay, placed)| near(*relay) && placed.has_ended());
        let again: Vec<RelayName> = ended.map(|(relay, _)| relay).collect();
        for relay in &again {
            self.hear(*relay, now);
            if let Some(placed) = self.placed.get_mut(*relay) {
                placed.closed = None;
            }
        }
        !again.is_empty()
    }

    fn grow(&mut self, seeking: &Seeking, members: usize, now: Timestamp) {
        let region = seeking.region;
        if self.begin_again(Some(region), now) {
            return;
        }
        let there = self.placed.relays().filter(|relay| relay.region() == region).count();
        let free = (0..RELAYS_IN_REGION).filter_map(|number| RelayName::new(region, number));
        let free = free.filter(|relay| !self.placed.has(*relay));
        for relay in free.take((there / 2).max(1)).collect::<Vec<_>>() {
            let left = seeking.most.unwrap_or(usize::MAX);
            let left = left.saturating_sub(members).saturating_sub(self.allowed());
            let most = seeking.above.min(left);
            if most == 0 {
                return;
            }
            self.placed.put(relay, Placed::new(most, false));
            self.hear(relay, now);
        }
    }

    /// Notes how many members relays have. The root may meet one that it thought to have ended long ago: it is full, whatever it was
    /// allowed.
    pub(super) fn count(&mut self, members: &[(RelayName, usize)], now: Timestamp) {
        for (relay, count) in members {
            self.hear(*relay, now);
            self.members.put(*relay, *count);
            match self.placed.get_mut(*relay) {
                Some(placed) => placed.count(*count),
                None if self.place.is_none() && *count > 0 => {
                    self.placed.put(*relay, Placed::new(*count, true));
                }
                None => {}
            }
        }
    }

    /// How many members the relays below had when they were last heard of.
    pub(super) fn counts(&self) -> Vec<(RelayName, usize)> {
        self.members.iter().map(|(relay, count)| (relay, *count)).collect()
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
