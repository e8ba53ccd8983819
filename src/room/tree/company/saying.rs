//! Saying: what a relay tells the root of its own persons.
//!
//! It says what has changed since it said something last, with a number, and says the same again until it is answered. What has changed
//! meanwhile comes after that. A relay that does not know what the root has, because it has been evicted or the root lacks
//! something, only says that; then it is called, and answers with all its persons.

use std::collections::BTreeMap;

use super::letters::{Letter, Persons, Reply, Say, Shows};
use super::line::Line;
use super::roll::next;
use crate::limits::LIST_AGAIN_TICKS;
use crate::protocol::relay::RelayName;
use crate::protocol::time::Timestamp;
use crate::room::company::Shown;
use crate::room::Effect;

/// What a relay has said.
#[derive(Debug, Default)]
pub(in crate::room) struct Saying {
    /// The number of what the root has been told of: 0 for nobody; `None` if that is not known.
    after: Option<u64>,
    number: u64,
    /// The persons of whom the root was told.
    said: BTreeMap<String, Option<Shown>>,
    /// Whether it was told that somebody listens.
    listens: bool,
    /// What was not answered yet.
    pending: Option<Say>,
    line: Line,
    letters: u64,
    /// For how many ticks it waits until it asks again for what its members are to be told.
    waits: u32,
}

/// How the relay is now.
pub(in crate::room) struct Now {
    pub(in crate::room) relay: RelayName,
    pub(in crate::room) listens: bool,
    pub(in crate::room) told: Option<u64>,
    /// Whether members wait to be told who is here.
    pub(in crate::room) wants: bool,
    /// Whether it says how it is although nothing has changed.
    pub(in crate::room) must: bool,
    /// Persons who may be other than was said, with what they show; `None` for one who is not here.
    pub(in crate::room) touched: Vec<(String, Option<Shows>)>,
}

impl Saying {
    /// Of a relay that has just come into memory, and may have members.
    pub(in crate::room) fn begin(listens: bool) -> Self {
        Self { after: (!listens).then_some(0), listens, ..Self::default() }
    }

    pub(super) fn go_on_after(&mut self, letter: u64) {
        (self.number, self.letters) = (letter, letter);
    }

    pub(super) fn last_letter(&self) -> u64 {
        self.number.max(self.letters)
    }

    /// Whether the root has been told last that somebody listens.
    pub(super) fn has_said_that_it_listens(&self) -> bool {
        self.listens
    }

    pub(in crate::room) fn is_resting(&self) -> bool {
        self.line.is_free() && self.pending.is_none()
    }

    /// Whether it has to write again later.
    pub(in crate::room) fn is_waiting(&self) -> bool {
        self.line.is_waiting() || (self.pending.is_some() && self.line.is_free())
    }

    pub(in crate::room) fn tick(&mut self) {
        self.line.tick();
        self.waits = self.waits.saturating_sub(1);
    }

    /// Whether something that has changed can be said now, and not only again what was said before.
    pub(in crate::room) fn takes_more(&self) -> bool {
        self.pending.is_none() && self.line.is_free()
    }

    /// Says again what was not answered.
    pub(in crate::room) fn repeat(&mut self, now: Timestamp) -> Option<Effect> {
        if !self.line.is_free() {
            return None;
        }
        let say = self.pending.clone()?;
        Some(self.write(say, now))
    }

    /// Says what has changed, if something has.
    pub(in crate::room) fn say(&mut self, is: Now, now: Timestamp) -> Option<Effect> {
        let Now { relay, listens, told, wants, must, touched } = is;
        let (here, gone) = self.changes(touched);
        let asks = must || wants && self.waits == 0;
        if here.is_empty() && gone.is_empty() && listens == self.listens && !asks {
            return None;
        }
        if wants {
            self.waits = LIST_AGAIN_TICKS;
        }
        let after = self.after;
        let number = next(&mut self.number, now);
        (self.after, self.listens) = (after.map(|_| if listens { number } else { 0 }), listens);
        let (here, gone) = if after.is_some() { (here, gone) } else { Default::default() };
        Some(self.write(Say { relay, after, number, listens, told, here, gone }, now))
    }

    /// Says that nobody is here any more.
    pub(super) fn part(&mut self, relay: RelayName, now: Timestamp) -> Option<Effect> {
        let (listens, told, wants, must, touched) = (false, None, false, true, Vec::new());
        self.say(Now { relay, listens, told, wants, must, touched }, now)
    }

    fn changes(&mut self, touched: Vec<(String, Option<Shows>)>) -> (Vec<Shows>, Vec<String>) {
        let (mut here, mut gone) = (Vec::new(), Vec::new());
        for (user, shows) in touched {
            match shows {
                None if self.said.remove(&user).is_some() || self.after.is_none() => {
                    gone.push(user);
                }
                None => {}
                Some(Shows(_, shown)) if self.said.get(&user) == Some(&shown) => {}
                Some(shows) => {
                    self.said.insert(user, shows.1.clone());
                    here.push(shows);
                }
            }
        }
        (here, gone)
    }

    /// Nothing has changed since.
    fn nothing_more(&mut self, relay: RelayName, told: Option<u64>, now: Timestamp) -> Say {
        let (after, listens, number) = (self.after, self.listens, next(&mut self.number, now));
        self.after = Some(if listens { number } else { 0 });
        let (here, gone) = (Vec::new(), Vec::new());
        Say { relay, after, number, listens, told, here, gone }
    }

    fn write(&mut self, say: Say, now: Timestamp) -> Effect {
        let number = next(&mut self.letters, now);
        self.line.write(number);
        self.pending = Some(say.clone());
        Effect::Write { to: vec![(None, number)], letter: Letter::Say(say) }
    }

    /// The root has answered, or not.
    pub(in crate::room) fn replied(&mut self, number: u64, reply: Option<&Reply>) {
        let has = match reply {
            Some(Reply::Has(has)) => Some(*has),
            _ => None,
        };
        let pending = self.pending.as_ref().map(|say| say.number);
        let is_taken = has.is_some() && (pending.is_none() || has == Some(pending));
        if !self.line.answered(number, is_taken) {
            return;
        }
        match has {
            _ if is_taken => self.pending = None,
            // It has been told something with a number beyond all of this relay, by another clock.
            Some(Some(has)) if Some(has) > pending => {
                (self.after, self.number) = (None, has);
                if let Some(say) = &mut self.pending {
                    (say.after, say.number) = (None, next(&mut self.number, Timestamp::default()));
                    (say.here, say.gone) = Default::default();
                }
            }
            // It calls, or is asked again.
            _ => {}
        }
    }

    /// All persons, for a root that calls. Whether it gets them is not known. So if there was something to say, a further letter makes
    /// sure.
    pub(in crate::room) fn persons(
        &mut self,
        is: &Now,
        here: BTreeMap<String, Option<Shown>>,
        now: Timestamp,
    ) -> Persons {
        let Now { relay, listens, told, .. } = *is;
        let is_unsaid = self.pending.is_some() || !is.touched.is_empty();
        let number = next(&mut self.number, now);
        self.line.calm();
        (self.after, self.listens) = (Some(if listens { number } else { 0 }), listens);
        self.pending = is_unsaid.then(|| self.nothing_more(relay, told, now));
        let all = here.iter().map(|(user, shown)| Shows(user.clone(), shown.clone())).collect();
        self.said = here;
        Persons { number, listens, told, here: all }
    }
}
