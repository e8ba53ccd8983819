//! A relay tells its members what the root says, and the root which persons are there.
//!
//! It decides nothing. Members that join before the root has said anything wait until it has.

use std::collections::BTreeMap;

use super::letters::{Listed, Reply, Shows, Telling};
use super::saying::Now;
use crate::limits::PRESENCE_GATHER_MS;
use crate::protocol::gather::gathered;
use crate::protocol::relay::RelayName;
use crate::protocol::time::Timestamp;
use crate::room::members::Members;
use crate::room::presence::{InTree, Presence};
use crate::room::told::Told;
use crate::room::Effect;

impl Presence {
    /// The number of what members were told; `None` if that is not known.
    fn told_number(&self) -> Option<u64> {
        (!self.tree.forgot).then_some(self.tree.told)
    }

    /// Whether members wait to be told who is here.
    fn keeps_waiting(&self) -> bool {
        !self.newcomers.is_empty() || !self.askers.is_empty()
    }
}

impl Members {
    /// The root calls: says who is there.
    pub(super) fn answer_roll_call(&mut self, relay: RelayName, now: Timestamp) -> Reply {
        let shows = self.presence.here.keys().filter_map(|user| self.shows(user));
        let here: BTreeMap<_, _> = gathered(shows.map(|Shows(user, shown)| (user, shown)));
        let presence = &mut self.presence;
        let touched = std::mem::take(&mut presence.touched).into_iter();
        let touched = touched.map(|user| (user, None)).collect();
        let (listens, told) = (presence.attending > 0, presence.told_number());
        let is = Now { relay, listens, told, wants: false, must: false, touched };
        Reply::Persons(presence.tree.saying.persons(&is, here, now))
    }

    /// Takes what the root tells. Members are told what is different for them.
    pub(super) fn take_telling(&mut self, telling: Telling, effects: &mut Vec<Effect>) -> Reply {
        let (number, presence) = (telling.number, &mut self.presence);
        let InTree { told, forgot, .. } = presence.tree;
        let is_left = presence.attending == 0;
        if is_left && !presence.tree.saying.has_said_that_it_listens() {
            return Reply::Gone;
        }
        if number < told || number == told && !forgot {
            return Reply::Has(Some(told));
        }
        if is_left {
            // The root is told so in order with everything else. Until then, nobody lacks this.
            presence.tree.told = number;
            return Reply::Has(Some(number));
        }
        if telling.after.is_some() && telling.after != presence.told_number() {
            return Reply::Has(None);
        }
        self.tell_of(telling, effects);
        let tree = &mut self.presence.tree;
        // It does not know whether that is the latest, so the root is told what it has been told.
        tree.stirred |= forgot;
        (tree.forgot, tree.told) = (false, number);
        Reply::Has(Some(number))
    }

    fn tell_of(&mut self, telling: Telling, effects: &mut Vec<Effect>) {
        let Telling { after, count, put, gone, .. } = telling;
        let most = self.limits.presence_listed;
        if self.presence.tree.forgot {
            let people = gathered(put.into_iter().map(|Listed(user, data)| (user, data)));
            self.presence.told = Told::of(people, count);
            let list = self.presence.told.list(most);
            self.tell_attending(&list, effects);
            return;
        }
        let told = &mut self.presence.told;
        let gone = if after.is_some() { gone } else { told.unlisted(&put) };
        let mut difference = told.begin();
        for user in gone {
            told.take(user, None, &mut difference);
        }
        for Listed(user, data) in put {
            told.take(user, Some(data), &mut difference);
        }
        if told.end(count, &difference) {
            if let Some(note) = told.note(&difference, most) {
                self.tell_attending(&note, effects);
            }
        }
    }

    pub(super) fn turn_at_relay(
        &mut self,
        relay: RelayName,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let presence = &mut self.presence;
        if presence.attending == 0 {
            presence.tree.forgot = true;
            presence.told = Told::default();
        } else if !presence.tree.forgot {
            self.tell_newcomers(now, effects);
        }
        effects.extend(self.presence.tree.saying.repeat(now));
        if !self.presence.is_waiting() && self.presence.tree.saying.takes_more() {
            self.say_what_has_changed(relay, now, effects);
        }
        let presence = &mut self.presence;
        let again = presence.tree.saying.is_waiting() || presence.keeps_waiting();
        if again && !presence.is_waiting() {
            presence.wait(PRESENCE_GATHER_MS, effects);
        }
    }

    fn say_what_has_changed(
        &mut self,
        relay: RelayName,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let touched = std::mem::take(&mut self.presence.touched).into_iter();
        let touched: Vec<_> = touched.map(|user| (user.clone(), self.shows(&user))).collect();
        let presence = &mut self.presence;
        let (listens, told) = (presence.attending > 0, presence.told_number());
        let wants = presence.tree.forgot && presence.keeps_waiting();
        let must = std::mem::take(&mut presence.tree.stirred);
        let is = Now { relay, listens, told, wants, must, touched };
        let said = presence.tree.saying.say(is, now);
        if let Some(said) = said {
            effects.push(said);
            presence.wait(PRESENCE_GATHER_MS, effects);
        }
    }
}
