//! The roll: which persons are at each relay, as the root knows it, and what it has told each relay.
//!
//! A relay says what changes, and the root takes that only if it has all that came before; else it *calls* the relay, which answers
//! with all its persons. A root that comes back into memory knows nobody at its relays, so it calls all of them before it tells its
//! members anything. It calls until it is answered or the relay is lost, and so it tells. So nothing is stored.
//!
//! What a person shows, and what members are told, is decided in `presence`.

use std::collections::BTreeSet;

use super::letters::{Letter, Persons, Reply, Say, Shows};
use super::line::Line;
use super::tellings::Tellings;
use crate::protocol::gather::gathered;
use crate::protocol::relay::RelayName;
use crate::protocol::time::Timestamp;
use crate::room::company::Shown;
use crate::room::tree::by_relay::ByRelay;
use crate::room::Effect;

/// Where a letter goes, and its number, with which the answer comes back.
pub type Addressee = (Option<RelayName>, u64);

/// Which persons are at each relay.
#[derive(Debug, Default)]
pub(in crate::room) struct Roll {
    relays: ByRelay<Entry>,
    pub(in crate::room) tellings: Tellings,
    /// Counts letters.
    letters: u64,
}

/// A relay, as the root knows it.
#[derive(Debug, Default)]
struct Entry {
    /// The number of what the root knows of it: 0 if nobody is there, `None` if the relay has to be called.
    has: Option<u64>,
    /// The number of the last letter that was taken.
    last: u64,
    users: BTreeSet<String>,
    /// Whether it has members that are told who is here.
    listens: bool,
    /// The number of what they were told.
    told: Option<u64>,
    call: Line,
    ear: Line,
    /// Whether something was taken from it since it was told something last. Then what it answers may be older than that.
    overtaken: bool,
}

/// How the persons at relays have changed.
#[derive(Debug, Default)]
pub(in crate::room) struct Changes {
    pub(in crate::room) here: Vec<Shows>,
    pub(in crate::room) gone: Vec<String>,
}

impl Roll {
    /// Of a root that comes back into memory, and does not know any more who is at these relays.
    pub(in crate::room) fn of(relays: impl Iterator<Item = RelayName>) -> Self {
        let mut roll = Self::default();
        relays.for_each(|relay| roll.relays.put(relay, Entry::default()));
        roll
    }

    pub(super) fn go_on_after(&mut self, letter: u64) {
        self.letters = letter;
        self.tellings.go_on_after(letter);
    }

    pub(super) fn last_letter(&self) -> u64 {
        self.letters.max(self.tellings.number())
    }

    /// Whether it knows of each relay who is there, as far as the relay is there itself.
    pub(in crate::room) fn is_complete(&self, is_there: impl Fn(RelayName) -> bool) -> bool {
        self.relays.iter().all(|(relay, entry)| entry.has.is_some() || !is_there(relay))
    }

    /// Whether a relay has members that are told who is here.
    pub(in crate::room) fn has_listeners(&self) -> bool {
        self.relays.iter().any(|(_, entry)| entry.listens)
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.relays.iter().flat_map(|(_, entry)| [&entry.call, &entry.ear])
    }

    /// Whether no letter is under way or waits to be written again.
    pub(in crate::room) fn is_resting(&self) -> bool {
        self.lines().all(Line::is_free)
    }

    /// Whether a letter waits to be written again.
    pub(in crate::room) fn is_waiting(&self) -> bool {
        self.lines().any(Line::is_waiting)
    }

    pub(in crate::room) fn tick(&mut self) {
        for (_, entry) in self.relays.iter_mut() {
            entry.call.tick();
            entry.ear.tick();
        }
    }

    /// A relay says how its persons have changed. Returns what is answered, and the changes if they count.
    pub(in crate::room) fn hear(&mut self, say: Say) -> (Option<u64>, Option<Changes>) {
        // Of one that is new, nobody is there.
        if !self.relays.has(say.relay) {
            self.relays.put(say.relay, Entry { has: Some(0), ..Entry::default() });
        }
        let Some(entry) = self.relays.get_mut(say.relay) else { return (None, None) };
        if say.number <= entry.last {
            return (Some(entry.last), None);
        }
        if say.after.is_none() || say.after != entry.has {
            entry.has = None;
            return (None, None);
        }
        entry.last = say.number;
        entry.has = Some(if say.listens { say.number } else { 0 });
        (entry.listens, entry.told, entry.overtaken) = (say.listens, say.told, true);
        for gone in &say.gone {
            entry.users.remove(gone);
        }
        entry.users.extend(say.here.iter().map(|Shows(user, _)| user.clone()));
        (Some(say.number), Some(Changes { here: say.here, gone: say.gone }))
    }

    /// A relay has answered a letter, or not. Returns how its persons have changed.
    pub(in crate::room) fn replied(
        &mut self,
        (relay, number): (RelayName, u64),
        reply: Option<Reply>,
    ) -> Option<Changes> {
        let entry = self.relays.get_mut(relay)?;
        if entry.call.answered(number, matches!(&reply, Some(Reply::Persons(_) | Reply::Gone))) {
            return match reply {
                Some(Reply::Persons(persons)) => Some(entry.replace(persons)),
                Some(Reply::Gone) => Some(entry.empty()),
                _ => None,
            };
        }
        if !entry.ear.answered(number, matches!(&reply, Some(Reply::Has(_) | Reply::Gone))) {
            return None;
        }
        match reply {
            Some(Reply::Has(told)) => {
                self.tellings.surpass(told);
                if !entry.overtaken {
                    entry.told = told;
                }
                None
            }
            Some(Reply::Gone) if !entry.overtaken => Some(entry.empty()),
            _ => None,
        }
    }

    /// Forgets relays that nobody has heard of for long. Returns who was there.
    pub(in crate::room) fn lose(&mut self, is_lost: impl Fn(RelayName) -> bool) -> Lost {
        let mut lost = Lost::new();
        for (relay, entry) in self.relays.iter_mut() {
            if entry.is_in_use() && is_lost(relay) {
                lost.push((relay, entry.empty().gone));
                // It may still be there, and then it has to be called.
                entry.has = None;
            }
        }
        lost
    }

    /// Calls the relays of which it does not know who is there.
    pub(in crate::room) fn call(
        &mut self,
        is_there: impl Fn(RelayName) -> bool,
        now: Timestamp,
    ) -> Option<Effect> {
        let Self { relays, letters, .. } = self;
        let unknown = relays.iter_mut().filter(|(relay, entry)| {
            entry.has.is_none() && entry.call.is_free() && is_there(*relay)
        });
        let to: Vec<_> = unknown
            .map(|(relay, entry)| {
                let number = next(letters, now);
                entry.call.write(number);
                (Some(relay), number)
            })
            .collect();
        (!to.is_empty()).then_some(Effect::Write { to, letter: Letter::Call })
    }

    /// Tells relays what their members are told, if that is not what they were told last: one effect for all that lack the same.
    pub(in crate::room) fn tell(&mut self, now: Timestamp) -> Vec<Effect> {
        let Self { relays, letters, tellings } = self;
        let (mut a_step, mut all) = (Vec::new(), Vec::new());
        for (relay, entry) in relays.iter_mut() {
            let lacks = entry.listens && entry.told != Some(tellings.number());
            if lacks && entry.ear.is_free() {
                let number = next(letters, now);
                entry.ear.write(number);
                entry.overtaken = false;
                let to = if tellings.follows(entry.told) { &mut a_step } else { &mut all };
                to.push((Some(relay), number));
            }
        }
        let letter = |is_next| Letter::Tell(tellings.telling(is_next));
        let lacking = [(true, a_step), (false, all)].into_iter().filter(|(_, to)| !to.is_empty());
        lacking.map(|(is_next, to)| Effect::Write { to, letter: letter(is_next) }).collect()
    }
}

/// Who was at relays that are lost.
pub(in crate::room) type Lost = Vec<(RelayName, Vec<String>)>;

/// The next number of a letter.
pub(super) fn next(letters: &mut u64, now: Timestamp) -> u64 {
    *letters = (*letters + 1).max(now.0);
    *letters
}

impl Entry {
    fn is_in_use(&self) -> bool {
        self.listens || !self.users.is_empty() || !self.call.is_free() || !self.ear.is_free()
    }

    fn replace(&mut self, persons: Persons) -> Changes {
        let Persons { number, listens, told, here } = persons;
        let users = gathered(here.iter().map(|Shows(user, _)| user.clone()));
        let before = std::mem::replace(&mut self.users, users);
        (self.listens, self.told, self.overtaken) = (listens, told, true);
        (self.last, self.has) = (number, Some(if listens { number } else { 0 }));
        let gone = before.into_iter().filter(|user| !self.users.contains(user)).collect();
        Changes { here, gone }
    }

    /// Nobody is there.
    fn empty(&mut self) -> Changes {
        let users = std::mem::take(&mut self.users);
        *self = Self { has: Some(0), last: self.last, ..Self::default() };
        Changes { here: Vec::new(), gone: users.into_iter().collect() }
    }
}

/// What each relay shows of a person that is there.
pub(in crate::room) type Elsewhere = Vec<(RelayName, Option<Shown>)>;
