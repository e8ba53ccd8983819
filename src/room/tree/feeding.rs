//! Feeding: which bursts each child still lacks, and what it is sent.
//!
//! A child is a cursor over the log: it says which burst it has last, and is sent what comes after. One request to a child is
//! under way at a time. What is stored meanwhile goes with the next, so a child that is slow is sent more at once and never
//! holds up the others. If the log has forgotten what a child lacks, or the child is of another epoch, it is sent the state
//! instead. A child that does not answer is fed again, less and less often.
//!
//! A child that was fed by a room that has been lost is asked with the next burst what it has. Nobody is woken for that: a relay
//! asks by itself with each of its sweeps.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::Tree;
use crate::limits::{FEED_AGAIN_MS, FEED_TIMES};
use crate::protocol::ids::{Epoch, Position};
use crate::protocol::relay::RelayName;
use crate::protocol::time::Timestamp;
use crate::room::log::Log;
use crate::room::row::{BurstRow, CheckpointRow, Corrupt, Stored};
use crate::room::{Effect, Room};

/// What a relay has of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Has {
    /// The epoch.
    pub epoch: Epoch,
    /// The number of its last burst.
    pub burst: u64,
}

/// A relay asks its parent for what it lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunger {
    /// The relay.
    pub relay: RelayName,
    /// What it has; `None` if it has never begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has: Option<Has>,
    /// What a client of it has seen, if that is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wants: Option<String>,
    /// How many members it has, and the relays below it had when they were last heard of.
    pub members: Vec<(RelayName, usize)>,
}

/// What a relay answers that was fed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ate {
    /// It has this now.
    Has(Has),
    /// It has ended.
    Gone,
}

/// What a child is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meal {
    /// The epoch of the log.
    pub epoch: Epoch,
    /// The state at the head, if the bursts alone are not enough.
    pub checkpoint: Option<Rc<CheckpointRow>>,
    /// The bursts; `None` if there is none.
    pub bursts: Option<RangeInclusive<u64>>,
}

/// The same, with the bursts read from storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The epoch of the log.
    pub epoch: Epoch,
    /// The state at the head.
    pub checkpoint: Option<CheckpointRow>,
    /// The bursts, in order.
    pub bursts: Vec<BurstRow>,
}

/// To whom a meal goes: the child, and the number of the question with which it came.
pub type Guest = (RelayName, u64);

/// A relay that this object feeds.
#[derive(Debug, Default)]
pub(super) struct Child {
    /// What it has; `None` if that is not known.
    has: Option<Has>,
    under_way: bool,
    /// How often in a row it did not answer.
    failed: u32,
    /// The burst after which it is fed again, if it did not answer; [`u64::MAX`] while a wait is under way.
    paused: Option<u64>,
    /// Which question of it was answered last.
    asked: u64,
}

impl Child {
    pub(super) fn is_resting(&self) -> bool {
        !self.under_way
    }

    fn is_hungry(&self, log: &Log) -> bool {
        let paused = self.paused.is_some_and(|after| log.last_burst() <= after);
        !self.under_way && !paused && self.has.as_ref() != Some(&log.has())
    }
}

impl Tree {
    /// Feeds the children that lack something: one effect for all that lack the same.
    pub(in crate::room) fn feed(&mut self, log: &Log) -> Vec<Effect> {
        let mut lacking = BTreeMap::<Option<u64>, Vec<Guest>>::new();
        for (relay, child) in &mut self.children {
            if !child.is_hungry(log) {
                continue;
            }
            child.under_way = true;
            // If nobody knows what it has, its answer says so.
            let has = child.has.as_ref().filter(|has| has.epoch == log.has().epoch);
            let unknown = child.has.is_none().then(|| log.last_burst().saturating_sub(1));
            let after = has.map(|has| has.burst).or(unknown);
            lacking.entry(after).or_default().push((*relay, child.asked));
        }
        let meals = lacking.into_iter();
        meals.map(|(after, to)| Effect::Feed { to, meal: log.meal(after) }).collect()
    }

    /// A child that was fed has answered; `None` if it did not.
    pub(in crate::room) fn fed(
        &mut self,
        (relay, asked): Guest,
        ate: Option<Ate>,
        head: u64,
        now: Timestamp,
    ) -> Option<Effect> {
        let child = self.children.get_mut(&relay).filter(|child| child.asked == asked)?;
        child.under_way = false;
        match ate {
            Some(Ate::Has(has)) => {
                *child = Child { has: Some(has), asked, ..Child::default() };
                self.hear(relay, now);
            }
            Some(Ate::Gone) => self.forget(relay),
            None => {
                child.failed += 1;
                child.has = None;
                let gives_up = child.failed > FEED_TIMES;
                child.paused = Some(if gives_up { head } else { u64::MAX });
                let ms = FEED_AGAIN_MS << child.failed.min(FEED_TIMES).saturating_sub(1);
                if !gives_up && !std::mem::replace(&mut self.waits, true) {
                    return Some(Effect::FeedLater { ms });
                }
            }
        }
        None
    }

    /// The wait of [`Effect::FeedLater`] is over.
    pub(in crate::room) fn feed_again(&mut self) {
        self.waits = false;
        for child in self.children.values_mut() {
            child.paused = child.paused.filter(|after| *after != u64::MAX);
        }
    }

    /// A child asks for what it lacks.
    fn ask(&mut self, hunger: &Hunger, log: &Log, now: Timestamp) -> Meal {
        self.count(&hunger.members, now);
        self.asked += 1;
        // What is sent now is all that it lacks, so what was sent before does not matter any more.
        let child = Child { has: Some(log.has()), asked: self.asked, ..Child::default() };
        self.children.insert(hunger.relay, child);
        self.hear(hunger.relay, now);
        let has = hunger.has.as_ref().filter(|has| has.epoch == log.has().epoch);
        log.meal(has.map(|has| has.burst))
    }

    /// What this relay asks its parent.
    pub(in crate::room) fn hunger(
        &self,
        has: Option<Has>,
        members: usize,
        wants: Option<&Position>,
    ) -> Option<Hunger> {
        let relay = self.place?;
        let members = self.counts().into_iter().chain([(relay, members)]).collect();
        Some(Hunger { relay, has, wants: wants.map(ToString::to_string), members })
    }
}

impl Room {
    /// Answers a child that asks for what it lacks. Returns the effects, and the meal if the room has begun.
    ///
    /// # Errors
    /// As for [`Room::handle`].
    pub fn serve<E: From<Corrupt>>(
        &mut self,
        hunger: &Hunger,
        now: Timestamp,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<(Vec<Effect>, Option<Meal>), E> {
        let was_empty = self.is_empty();
        let mut effects = Vec::new();
        let mut turn = self.turn(load)?;
        if !turn.log.has_begun() {
            return Ok((effects, None));
        }
        // What a client is sent from here on, its own or that of a child, is the same.
        turn.flush(now, &mut effects);
        let meal = turn.tree.ask(hunger, turn.log, now);
        self.end_turn(was_empty, now, &mut effects);
        Ok((effects, Some(meal)))
    }

    /// What this relay asks its parent, if it is one. A client may have seen more than it has.
    ///
    /// # Errors
    /// As for [`Room::handle`].
    pub fn hunger<E: From<Corrupt>>(
        &mut self,
        wants: Option<&Position>,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<Option<Hunger>, E> {
        let members = self.members.len();
        let turn = self.turn(load)?;
        let has = turn.log.has_begun().then(|| turn.log.has());
        Ok(turn.tree.hunger(has, members, wants))
    }

    /// Whether this relay may lack what a client has seen that has this position; without one, whether it has never begun.
    ///
    /// # Errors
    /// As for [`Room::handle`].
    pub fn lacks<E: From<Corrupt>>(
        &mut self,
        position: Option<&Position>,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<bool, E> {
        let is_relay = self.tree.is_relay();
        Ok(self.turn(load)?.is_behind(position) && is_relay)
    }
}
