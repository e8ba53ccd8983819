//! The network: questions and answers between programs, which it delays, loses and lets overtake each other.
//!
//! A question may be lost before it arrives, or its answer after it was carried out; whoever has asked cannot tell which, and hears
//! nothing for a while. A connection is in order: see [`crate::line`].

use crate::events::{Answer, Asker, Call, Event, To};
use crate::system::System;

impl System {
    /// How long a message is under way.
    pub(crate) fn delay(&mut self) -> u64 {
        if self.chance.happens(self.weather.late) {
            return self.chance.between(200, 9_000);
        }
        self.chance.between(1, 40)
    }

    /// Whether the network is down between these two objects of a room.
    fn is_cut_off(&self, to: &To, call: &Call, asker: Asker) -> bool {
        let Some(relay) = &self.cut_off else { return false };
        let relay = To::Room(relay.clone());
        let from = self.undertakings.get(&asker.0).and_then(|one| one.of.as_ref());
        let within = matches!(call, Call::Feed(_) | Call::Hunger(_) | Call::Letter(_));
        within && (*to == relay || from == Some(&relay))
    }

    pub(crate) fn is_lost(&mut self) -> bool {
        let lost = self.chance.happens(self.weather.lost);
        self.counts.lost += u64::from(lost);
        lost
    }

    /// Asks. Whatever happens, the asker hears of it once: after so many milliseconds at the latest, that there is no answer.
    pub(crate) fn ask(&mut self, (to, call): (To, Call), asker: Asker, patience_ms: u64) {
        self.open.insert(asker);
        let never = self.is_cut_off(&to, &call, asker) || self.is_lost();
        let mute = !never && self.is_lost();
        if !never {
            let delay = self.delay();
            let asker = (!mute).then_some(asker);
            self.later(delay, Event::Arrive { to, call, asker });
        }
        // Whoever runs into a cut connection learns of it sooner than whoever waits.
        let notice = if never || mute { self.chance.between(1, patience_ms) } else { patience_ms };
        self.later(notice, Event::Reply { asker, answer: Answer::Lost });
    }

    /// Tells something to which nobody waits for an answer.
    pub(crate) fn tell(&mut self, to: To, call: Call) {
        if !self.is_lost() {
            let delay = self.delay();
            self.later(delay, Event::Arrive { to, call, asker: None });
        }
    }

    pub(crate) fn reply(&mut self, asker: Option<Asker>, answer: Answer) {
        if let Some(asker) = asker {
            let delay = self.delay();
            self.later(delay, Event::Reply { asker, answer });
        }
    }
}
