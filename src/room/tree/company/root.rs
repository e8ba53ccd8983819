//! The root decides who is here, and tells its members and its relays.
//!
//! A root that comes back into memory knows neither who is at its relays nor what was told. Nobody notices while nothing changes. Before
//! it tells anything it calls all relays, waits a little for their answers, and then tells everyone the list.

use super::letters::{Reply, Say, Shows};
use super::roll::Changes;
use super::Tree;
use crate::limits::{PRESENCE_GATHER_MS, ROLL_MS};
use crate::protocol::relay::RelayName;
use crate::protocol::time::Timestamp;
use crate::room::members::Members;
use crate::room::presence::Presence;
use crate::room::told::Told;
use crate::room::Effect;

impl Presence {
    /// Persons have come to a relay, show something else there, or have gone.
    fn apply(&mut self, relay: RelayName, changes: Changes) {
        let Changes { here, gone } = changes;
        // What members were told is not known either, so all of them will be told everything.
        let forgot = self.tree.forgot;
        for Shows(user, shown) in here {
            let relays = &mut self.here.entry(user.clone()).or_default().relays;
            relays.retain(|(other, _)| *other != relay);
            relays.push((relay, shown));
            if !forgot {
                self.touched.insert(user);
            }
        }
        for user in gone {
            let Some(here) = self.here.get_mut(&user) else { continue };
            here.relays.retain(|(other, _)| *other != relay);
            if here.is_nowhere() {
                self.here.remove(&user);
            }
            if !forgot {
                self.touched.insert(user);
            }
        }
    }

    /// Whether something has to be told, or somebody waits to be told who is here.
    fn is_wanted(&self) -> bool {
        let waiting = !self.newcomers.is_empty() || !self.askers.is_empty();
        self.tree.stirred || waiting || !self.touched.is_empty()
    }
}

impl Members {
    /// A relay says how its persons have changed. Returns which of what it says has been taken.
    pub(super) fn hear_relay(&mut self, say: Say) -> Option<u64> {
        let (relay, number) = (say.relay, say.number);
        let (taken, changes) = self.presence.tree.roll.hear(say);
        let is_old = changes.is_none() && taken.is_some();
        debug_assert!(changes.is_none() || taken == Some(number));
        self.presence.tree.stirred |= self.presence.tree.forgot && !is_old;
        if let Some(changes) = changes {
            self.presence.apply(relay, changes);
        }
        taken
    }

    /// A relay has answered a letter, or not.
    pub(super) fn relay_replied(&mut self, letter: (RelayName, u64), reply: Option<Reply>) {
        if let Some(changes) = self.presence.tree.roll.replied(letter, reply) {
            self.presence.apply(letter.0, changes);
        }
    }

    pub(super) fn turn_at_root(&mut self, tree: &Tree, now: Timestamp, effects: &mut Vec<Effect>) {
        for (relay, gone) in self.presence.tree.roll.lose(|relay| !tree.knows(relay)) {
            self.presence.tree.stirred |= self.presence.tree.forgot;
            self.presence.apply(relay, Changes { here: Vec::new(), gone });
        }
        if self.presence.tree.forgot {
            self.recall(tree, now, effects);
        } else if !self.presence.is_waiting() && !self.presence.touched.is_empty() {
            self.tell_difference(effects);
        }
        if !self.presence.tree.forgot {
            self.presence.tree.readers = false;
            self.tell_newcomers(now, effects);
            self.tell_relays(tree, now, effects);
        }
        if self.presence.tree.roll.is_waiting() && !self.presence.is_waiting() {
            self.presence.wait(PRESENCE_GATHER_MS, effects);
        }
    }

    /// Calls the relays, if something has to be told or read, and tells everyone the list when all of them have answered.
    fn recall(&mut self, tree: &Tree, now: Timestamp, effects: &mut Vec<Effect>) {
        let is_wanted = self.presence.is_wanted();
        let presence = &mut self.presence;
        if !is_wanted && !presence.tree.readers {
            return;
        }
        effects.extend(presence.tree.roll.call(|relay| tree.knows(relay), now));
        let is_over = presence.tree.held == Some(true);
        if !is_over && !presence.tree.roll.is_complete(|relay| tree.knows(relay)) {
            if !presence.is_waiting() {
                presence.tree.held = Some(false);
                presence.wait(ROLL_MS, effects);
            }
            return;
        }
        (presence.tree.readers, presence.tree.held) = (false, None);
        if is_wanted {
            self.tell_all(effects);
        }
    }

    /// Tells everyone who is here.
    fn tell_all(&mut self, effects: &mut Vec<Effect>) {
        let people = self.people();
        let count = people.len();
        let presence = &mut self.presence;
        presence.told = Told::of(people, count);
        presence.touched.clear();
        (presence.tree.forgot, presence.tree.stirred) = (false, false);
        let list = presence.told.list(self.limits.presence_listed);
        self.tell_attending(&list, effects);
        if !self.presence.is_waiting() {
            self.presence.wait(PRESENCE_GATHER_MS, effects);
        }
    }

    /// Tells relays what members are told, and calls those of which nothing is known.
    fn tell_relays(&mut self, tree: &Tree, now: Timestamp, effects: &mut Vec<Effect>) {
        let presence = &mut self.presence;
        let roll = &mut presence.tree.roll;
        effects.extend(roll.call(|relay| tree.knows(relay), now));
        if roll.has_listeners() {
            let listed = presence.told.listed(self.limits.presence_listed);
            roll.tellings.update(presence.told.count, listed, now);
            effects.extend(roll.tell(now));
        }
    }
}
