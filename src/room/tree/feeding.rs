//! Feeding: which bursts each child still lacks, and what it is sent.
//!
//! A child is a cursor over the log: it says which burst it has last, and is sent what comes after. One request to a child is
//! under way at a time. What is stored meanwhile goes with the next, so a child that is slow is sent more at once and never
//! holds up the others. If the log has forgotten what a child lacks, or the child is of another epoch, it is sent the state
//! instead. A child that does not answer is fed again, less and less often.
//!
//! A child that was fed by a room that has been lost is asked with the next burst what it has. Nobody is woken for that: a relay
//! asks by itself with each of its sweeps.

use std::ops::RangeInclusive;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::Tree;
use crate::limits::{FEED_AGAIN_MS, FEED_TIMES};
use crate::protocol::ids::Epoch;
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

impl Has {
    /// Whether whoever has this lacks something of the other.
    fn lacks(&self, other: &Self) -> bool {
        self.epoch != other.epoch || self.burst < other.burst
    }
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
    /// It has nothing yet, and waits for the answer to its question.
    Asks,
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
    /// One of which nothing is known.
    pub(super) fn unknown(asked: u64) -> Self {
        Self { asked, ..Self::default() }
    }

    pub(super) fn is_resting(&self) -> bool {
        !self.under_way
    }

    /// Nobody knows any more what it has.
    pub(super) fn doubt(&mut self) {
        (self.has, self.paused) = (None, None);
    }

    fn is_hungry(&self, head: &Has) -> bool {
        let paused = self.paused.is_some_and(|after| head.burst <= after);
        let lacks = self.has.as_ref().is_none_or(|has| has.lacks(head));
        !self.under_way && !paused && lacks
    }

    /// What it has, as far as it has answered. Returns whether it has got on.
    fn has_now(&mut self, has: Option<Has>) -> bool {
        self.under_way = false;
        let got_on = has.is_some() && has != self.has;
        self.has = has;
        if got_on {
            (self.failed, self.paused) = (0, None);
        }
        got_on
    }

    /// It did not get on. Says whether it is worth to feed it again without a burst, and when.
    fn fail(&mut self, head: u64) -> Option<u64> {
        self.failed += 1;
        let gives_up = self.failed > FEED_TIMES;
        self.paused = Some(if gives_up { head } else { u64::MAX });
        (!gives_up).then(|| FEED_AGAIN_MS << (self.failed - 1))
    }
}

impl Tree {
    /// Feeds the children that lack something: one effect for all that lack the same.
    pub(in crate::room) fn feed(&mut self, log: &Log) -> Vec<Effect> {
        if self.children.is_empty() {
            return Vec::new();
        }
        let mut lacking = Vec::<(Option<u64>, Vec<Guest>)>::new();
        let head = log.has();
        for (relay, child) in self.children.iter_mut() {
            if !child.is_hungry(&head) {
                continue;
            }
            child.under_way = true;
            // If nobody knows what it has, its answer says so.
            let has = child.has.as_ref().filter(|has| has.epoch == head.epoch);
            let unknown = child.has.is_none().then(|| head.burst.saturating_sub(1));
            let after = has.map(|has| has.burst).or(unknown);
            let guest = (relay, child.asked);
            match lacking.iter_mut().find(|(others, _)| *others == after) {
                Some((_, guests)) => guests.push(guest),
                None => lacking.push((after, vec![guest])),
            }
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
        let waits = |child: &&mut Child| child.asked == asked && child.under_way;
        let child = self.children.get_mut(relay).filter(waits)?;
        let has = match ate {
            Some(Ate::Gone) => {
                self.close(relay, true, now);
                return None;
            }
            Some(Ate::Has(has)) => Some(has),
            Some(Ate::Asks) | None => None,
        };
        let answered = has.is_some();
        let again = if child.has_now(has) { None } else { child.fail(head) };
        if answered {
            self.hear(relay, now);
        }
        let ms = again.filter(|_| !self.waits)?;
        self.waits = true;
        Some(Effect::FeedLater { ms })
    }

    /// The wait of [`Effect::FeedLater`] is over.
    pub(in crate::room) fn feed_again(&mut self) {
        self.waits = false;
        for (_, child) in self.children.iter_mut() {
            child.paused = child.paused.filter(|after| *after != u64::MAX);
        }
    }

    /// A child asks for what it lacks.
    fn ask(&mut self, hunger: &Hunger, log: &Log, now: Timestamp) -> Meal {
        self.count(&hunger.members, now);
        self.asked += 1;
        // What is sent now is all that it lacks, so what was sent before does not matter any more.
        let child = Child { has: Some(log.has()), asked: self.asked, ..Child::default() };
        self.children.put(hunger.relay, child);
        self.hear(hunger.relay, now);
        let has = hunger.has.as_ref().filter(|has| has.epoch == log.has().epoch);
        log.meal(has.map(|has| has.burst))
    }
}

impl Room {
    /// Answers a child that asks for what it lacks. Returns the effects, and the meal if the room has begun and is not a relay whose own
    /// parent does not answer.
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
        // One that cannot ask its own parent must not keep others.
        if !turn.log.has_begun() || turn.tree.is_alone() {
            return Ok((effects, None));
        }
        // What a client is sent from here on, its own or that of a child, is the same.
        turn.flush(now, &mut effects);
        let meal = turn.tree.ask(hunger, turn.log, now);
        self.end_turn(was_empty, now, &mut effects);
        Ok((effects, Some(meal)))
    }
}
